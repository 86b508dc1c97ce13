"""xmm-rgs-events: the events of one sub-exposure of an RGS (rgsproc, stage 1)."""

from __future__ import annotations

import sys

from ..parameters import Invocation
from ..running import run_program, running
from .observation import VERSION, final_files
from .rgs import run_stage

__all__ = ["run"]


def run(call: Invocation) -> None:
    """Leave all files of the stage, with the merged event list among them."""
    with running(call, VERSION) as reporter:
        reporter.stage("Events")
        observation, identifier = run_stage(call, "1:events")
        final_files("rgsproc", [f"P{observation.obsid}{identifier}merged0000.FIT"])


if __name__ == "__main__":
    sys.exit(run_program("xmm-rgs-events", run))
