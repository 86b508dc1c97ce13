"""gtibuild: reads the text, writes the table.

Parameters and the text's language are those of gtibuild-1.5.1 of XMM-Newton SAS.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..filespec import file_and_block
from ..fitsout import Outputs
from ..gtifile import write_good_times
from ..parameters import Invocation
from ..reporting import TaskError
from ..running import running
from .grammar import FOREVER, parse_times

__all__ = ["VERSION", "run"]

VERSION = "gtibuild-1.5.1-compatible"
"""What messages, CREATOR and XPROC0 call this task."""

MOST_BYTES = 16 * 2**20
"""Of the text."""


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        The text can't be read.
    vo.errors.ParameterErrors
        Lines of it are wrong.
    """
    with running(call, VERSION) as reporter, Outputs(clobber=call.clobber) as outputs:
        target = call.text("table")
        if Path(file_and_block(target)[0]).resolve() == Path(call.text("file")).resolve():
            raise TaskError("SameDataset", f"table={target} is the text itself.")
        intervals = parse_times(_read(call.text("file")))
        if not len(intervals):
            reporter.warning("EmptyGTI", "no time is good; the list of good times is empty.")
        total = float(np.diff(intervals, axis=1).sum())
        told = "without end" if len(intervals) and intervals[-1, 1] == FOREVER else f"{total:g} s"
        reporter.message(f"{len(intervals)} intervals, {told}.")
        write_good_times(outputs, target, intervals, reporter=reporter, call=call)


def _read(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise TaskError("FileNotFound", f"there is no file {name}.") from error
    if len(data) > MOST_BYTES:
        raise TaskError("FileTooLarge", f"{name} is larger than {MOST_BYTES // 2**20} MiB; a list of times is needed.")
    if b"\0" in data or data.startswith(b"SIMPLE  ="):
        raise TaskError("NoText", f"{name} is no text; a list of times is needed, one interval a line.")
    return data.decode("utf-8", errors="replace")
