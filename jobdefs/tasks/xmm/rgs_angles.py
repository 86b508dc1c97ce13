"""xmm-rgs-angles: the angles of the events of one sub-exposure of an RGS (rgsproc, stage 2)."""

from __future__ import annotations

import sys

from ..parameters import Invocation
from ..running import run_program, running
from .observation import VERSION
from .rgs import run_stage

__all__ = ["run"]


def run(call: Invocation) -> None:
    """Leave all files of this stage and the one before."""
    with running(call, VERSION) as reporter:
        reporter.stage("Angles")
        run_stage(call, "2:angles")


if __name__ == "__main__":
    sys.exit(run_program("xmm-rgs-angles", run))
