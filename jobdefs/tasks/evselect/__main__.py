"""``python -m jobdefs.tasks.evselect name=value …``"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from ..parameters import read_command_line
from .task import run


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (signal handlers take two)
    """End in order, so that no half-written file stays."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(read_command_line("evselect", run))
