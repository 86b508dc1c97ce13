"""The most memory that a process has had resident, asked from within."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

__all__ = ["peak_kib"]


def peak_kib() -> int:
    """KiB of this program; what `resource` tells on Linux counts the process from which it was forked, too."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
