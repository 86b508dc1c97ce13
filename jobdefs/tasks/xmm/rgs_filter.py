"""xmm-rgs-filter: the filtered events of one sub-exposure of an RGS (rgsproc, stage 3)."""

from __future__ import annotations

import sys

from ..parameters import Invocation
from ..running import run_program, running
from .naming import SubExposure, product
from .observation import VERSION, final_files, rename
from .rgs import run_stage

__all__ = ["run"]


def run(call: Invocation) -> None:
    """Write the event list."""
    with running(call, VERSION) as reporter:
        reporter.stage("Filtered events")
        observation, identifier = run_stage(call, "3:filter")
        [events] = final_files("rgsproc", [f"P{observation.obsid}{identifier}EVENLI0000.FIT"])
        rename(events, product(SubExposure(observation.obsid, identifier[:2], identifier[2:]), "finalevents.fits"))


if __name__ == "__main__":
    sys.exit(run_program("xmm-rgs-filter", run))
