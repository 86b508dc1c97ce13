"""xmm-cif: the calibration files that an observation needs (cifbuild)."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from datetime import UTC, date, datetime
from pathlib import Path

from jobdefs.sas.odf import make_view
from jobdefs.sas.summary import read_summary
from vo.errors import ParameterError

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import TaskError
from ..running import run_program, running
from .observation import VERSION

__all__ = ["run"]

LARGEST = 16 * 2**20
"""Bytes of a summary; real ones have some ten thousand."""


def run(call: Invocation) -> None:
    """Write ``ccf.cif``."""
    with running(call, VERSION) as reporter:
        observed = _day(call, "observationdate") if call.is_given("observationdate") else _observed(call)
        told = call.text("analysisdate")
        analysed = datetime.now(UTC).date() if told.lower() == "now" else _day(call, "analysisdate")
        reporter.stage(f"Calibration files for {observed}, as known on {analysed}")
        call_task(
            "cifbuild",
            {
                "calindexset": "ccf.cif",
                "withobservationdate": "yes",
                "observationdate": observed.isoformat(),
                "analysisdate": analysed.isoformat(),
                "fullpath": "yes",
            },
            expected=["ccf.cif"],
        )


def _day(call: Invocation, name: str) -> date:
    text = call.text(name)
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        hint = "Write yyyy-mm-dd." if name == "observationdate" else "Write yyyy-mm-dd, or now."
        raise ParameterError(name, f"{text[:40]!r} is no date.", hint=hint) from error


def _observed(call: Invocation) -> date:
    """The day on which the observation began, as the summary in its ODF tells."""
    view = make_view(Path("odf").absolute(), odf=Path(call.text("odf")))
    folder = view if view.is_dir() else view.parent
    for path in sorted(folder.iterdir()):
        if re.search(r"SUM\.(ASC|SAS)(\.gz)?$", path.name, flags=re.IGNORECASE):
            start = read_summary(_content(path), source=path.name).start
            if re.match(r"\d{4}-\d\d-\d\d", start):
                return date.fromisoformat(start[:10])
    raise ParameterError("observationdate", "No summary in the ODF tells when the observation began; give the date.")


def _content(path: Path) -> str:
    """The text of a summary, of as many bytes as one can have."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            return file.read(LARGEST).decode("latin-1")
    except (EOFError, zlib.error, OSError) as error:
        raise TaskError("DatasetError", f"{path.name} can't be read: {error}") from error


if __name__ == "__main__":
    sys.exit(run_program("xmm-cif", run))
