"""xmm-odf: the summary of an observation (odfingest), and its sub-exposures of science as tables."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from jobdefs.sas.exposures import EPIC, RGS, imaging_ccds, scientific
from jobdefs.sas.odf import SUMMARY, make_view, with_path
from jobdefs.sas.summary import Exposure, Summary, read_summary

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import Reporter, TaskError
from ..running import run_program, running
from .observation import VERSION, use_calibration

__all__ = ["run"]

COLUMNS = ("obs_id", "instrument", "exposure", "scheduled", "mode", "filter", "ccds")


def run(call: Invocation) -> None:
    """Write the summary, ``exposures.csv`` and ``instruments.csv``.

    Raises
    ------
    TaskError
        odfingest failed.
    vo.errors.UsageError
        The ODF is none, or its summary contradicts itself.
    """
    with running(call, VERSION) as reporter:
        use_calibration(call)
        made = make_view(Path("odf").absolute(), odf=Path(call.text("odf")))
        view = made if made.is_dir() else made.parent
        for old in _summaries(view):
            old.unlink()
        os.environ["SAS_ODF"] = str(view)
        reporter.stage("Summary of the ODF")
        call_task("odfingest", {"odfdir": str(view), "outdir": str(view), "withodfdir": "yes"})
        found = _summaries(view)
        if len(found) != 1:
            raise TaskError("OutputMissing", f"odfingest ended without an error, but wrote {len(found)} summaries.")
        text = found[0].read_text(encoding="latin-1")
        # Where this run had its ODF is of no use to others, and would make each run's summary another file.
        Path(found[0].name).write_text(with_path(text, "./"), encoding="latin-1")
        _write_tables(call, read_summary(text, source=found[0].name), reporter)


def _summaries(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.name.upper().endswith(SUMMARY)]


def _write_tables(call: Invocation, summary: Summary, reporter: Reporter) -> None:
    chosen = scientific(
        summary, instruments=call.texts("instruments"), unscheduled=call.text("process_unscheduled") == "yes"
    )
    rows = []
    for instrument, exposure in chosen:
        if instrument == "PN" and exposure.ccd_modes and not imaging_ccds(exposure):
            modes = ", ".join(sorted(set(exposure.ccd_modes.values())))
            reporter.warning("NotImaging", f"PN {exposure.id} made no images ({modes}); it is left out.")
        else:
            rows.append(_row(summary, instrument, exposure))
    if not rows:
        reporter.warning("NoExposures", f"observation {summary.obsid} has no exposure of science that was asked for.")
    names = [instrument for instrument in (*EPIC, *RGS) if any(row[1] == instrument for row in rows)]
    _write("exposures.csv", COLUMNS, rows)
    _write("instruments.csv", COLUMNS[:2], [(summary.obsid, instrument) for instrument in names])
    for row in rows:
        reporter.message(f"{row[1]} {row[2]}: {row[4]}{f', filter {row[5]}' if row[5] else ''}")


def _row(summary: Summary, instrument: str, exposure: Exposure) -> tuple[str, ...]:
    ccds = ",".join(str(ccd) for ccd in imaging_ccds(exposure))
    scheduled = "yes" if exposure.scheduled else "no"
    return summary.obsid, instrument, exposure.id, scheduled, exposure.mode, exposure.filter, ccds


def _write(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([columns, *rows])


if __name__ == "__main__":
    sys.exit(run_program("xmm-odf", run))
