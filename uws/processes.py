"""Finding and ending the processes of a run. Standard library only; for the runner and for the executors."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

__all__ = ["MARK", "is_alive", "kill_all", "marked_processes", "start_ticks"]

MARK = "ATHANOR_JOB"
"""Environment variable that every process of a run inherits; its value is the job's id."""

PROC = Path("/proc")


def marked_processes(job_id: str) -> list[int]:
    """Ids of the live processes that carry a job's mark, whatever group or session they moved to (Linux)."""
    mark = f"{MARK}={job_id}".encode()
    found = []
    for entry in PROC.glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


def kill_all(job_id: str, group: int | None, number: int = signal.SIGKILL) -> bool:
    """Send a signal to a run's process group and to all that left it; whether there was any."""
    reached = False
    if group is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            reached = True
    for pid in marked_processes(job_id):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
            reached = True
    return reached


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; tells a process from a later one of the same id (Linux)."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


def is_alive(pid: int) -> bool:
    """Whether there is a process of that id that has not ended (a zombie has)."""
    try:
        os.kill(pid, 0)
        stat = (PROC / str(pid) / "stat").read_text()
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
