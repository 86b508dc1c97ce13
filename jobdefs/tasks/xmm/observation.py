"""The observation and the calibration on which tasks of SAS work."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from jobdefs.sas.odf import make_view
from jobdefs.sas.summary import Summary, read_summary
from vo.errors import ParameterError

from ..parameters import Invocation
from ..reporting import TaskError

__all__ = [
    "VERSION",
    "Observation",
    "final_files",
    "open_observation",
    "out_of_time_list",
    "rename",
    "split_exposure",
    "use_calibration",
]

VERSION = "1.0"
"""What the messages of these tasks call them."""


class Observation:
    """An ODF ready for SAS, in a directory of the job's own.

    Parameters
    ----------
    folder
        The directory, by its full path.
    summary
        What its summary tells.
    """

    def __init__(self, folder: Path, summary: Summary) -> None:
        self.folder = str(folder)
        self.summary = summary
        self.obsid = summary.obsid


def use_calibration(call: Invocation) -> None:
    """Let the tasks that are run find the index of the calibration files (parameter `ccf`)."""
    os.environ["SAS_CCF"] = str(Path(call.text("ccf")).absolute())


def open_observation(call: Invocation) -> Observation:
    """Make the ODF ready: parameters `odf` and `summary`, with the calibration of `ccf`.

    Raises
    ------
    vo.errors.UsageError
        When one of them is not what it should be.
    """
    use_calibration(call)
    given = Path(call.text("summary"))
    view = make_view(Path("odf").absolute(), odf=Path(call.text("odf")), summary=given)
    os.environ["SAS_ODF"] = str(view)
    return Observation(view.parent, read_summary(given.read_text(encoding="latin-1"), source=given.name))


def split_exposure(call: Invocation) -> tuple[str, str]:
    """Of the parameter `exposure` (`S003`): S or U, and the number in three digits.

    Raises
    ------
    vo.errors.ParameterError
        It is of another form.
    """
    matched = re.fullmatch(r"([SU])([0-9]{3})", call.text("exposure"))
    if matched is None:
        raise ParameterError(
            "exposure",
            f"{call.text('exposure')[:40]!r} is no sub-exposure.",
            hint="Write S (scheduled) or U (unscheduled) and three digits: S003.",
        )
    return matched[1], matched[2]


def out_of_time_list(call: Invocation, instrument: str) -> str:
    """The list of out-of-time events of EPIC-pn (parameter `ootfile`); empty for other instruments.

    Raises
    ------
    vo.errors.ParameterError
        It is not given, and the instrument is PN.
    """
    if instrument != "PN":
        return ""
    if not call.text("ootfile"):
        raise ParameterError("ootfile", "EPIC-pn needs the list of its out-of-time events.")
    return call.text("ootfile")


def final_files(task: str, patterns: Sequence[str]) -> list[Path]:
    """The files that a task must have written, one for each pattern: without an error and without them it failed too.

    Raises
    ------
    TaskError
        With every pattern that no file fits.
    """
    found = [next(iter(sorted(Path().glob(pattern))), None) for pattern in patterns]
    missing = [pattern for pattern, path in zip(patterns, found, strict=True) if path is None]
    if missing:
        raise TaskError("OutputMissing", f"{task} ended without an error, but did not write {', '.join(missing)}.")
    return [path for path in found if path is not None]


def rename(path: Path, name: str) -> None:
    """Give a product the name that it has in the chain."""
    path.replace(name)
