"""xmm-emanom: which CCDs of EPIC-MOS were in an anomalous state below 1 keV (emanom)."""

from __future__ import annotations

import sys
from pathlib import Path

from jobdefs.sas.anomalies import read_anomalies
from jobdefs.sas.version import sas_version

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import TaskError
from ..running import run_program, running
from .naming import read_sub_exposure
from .observation import VERSION, use_calibration

__all__ = ["run"]

FIRST = (19, 0, 0)
"""The first SAS whose emanom judges event lists."""


def run(call: Invocation) -> None:
    """Write the log that tells the state of each CCD; an older SAS gives none, and a warning.

    Raises
    ------
    TaskError
        `NotMos`: the list is of EPIC-pn; or emanom failed.
    """
    with running(call, VERSION) as reporter:
        use_calibration(call)
        events = call.text("eventfile")
        of = read_sub_exposure(events)
        if of.instrument == "PN":
            raise TaskError("NotMos", f"{events} is of EPIC-pn; emanom judges CCDs of EPIC-MOS.")
        if sas_version() < FIRST:
            reporter.warning("TooOld", "emanom needs SAS 19 or later; no CCD is judged.")
            return
        reporter.stage("States of the CCDs")
        call_task("emanom", {"eventfile": events, "keepcorner": "no"})
        names = (f"{of.esas}-anom.log", f"{of.instrument}{of.exposure}-anom.log")
        log = next((Path(name) for name in names if Path(name).is_file()), None)
        if log is None:
            raise TaskError("OutputMissing", f"emanom ended without an error, but did not write {names[0]}.")
        states = read_anomalies(log.read_text(encoding="latin-1"), source=log.name)
        reporter.message(", ".join(f"CCD {ccd}: {state}" for ccd, state in sorted(states.items())))


if __name__ == "__main__":
    sys.exit(run_program("xmm-emanom", run))
