"""How a run ended, from what Slurm says and what its runner has left: ``exit.json`` counts first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uws.executors.base import Exit
from uws.executors.slurm.queue import Entry
from uws.executors.slurm.states import END_REASONS
from uws.runner_files import asked_reason

__all__ = ["BUSY", "is_doubtful", "never_begun", "refined", "without_report"]

BUSY = 75
"""Exit code of a runner whose work directory another process had: it is to be started again."""

_UNBEGUN = {
    66: "its work directory is not there; it must lie on a file system that all nodes share",
    67: "the program's own directory is not there; it must lie on a file system that all nodes share",
    68: "Python is not there; it must be installed at the same place on all nodes",
}
"""Exit codes of ``batch.sh``."""


def is_doubtful(report: Mapping[str, Any], workdir: Path) -> bool:
    """Whether Slurm may know better: when it ends a run, the runner sees a signal, or its command fail of one."""
    match report.get("reason"):
        case "cancelled":
            return not asked_reason(workdir)
        case "exited":
            return report.get("exit_code") != 0
    return False


def refined(report: Mapping[str, Any], entry: Entry, workdir: Path) -> dict[str, Any]:
    """A runner's report with the reason for which Slurm ended the run."""
    better = END_REASONS.get(entry.state)
    if better is None or not is_doubtful(report, workdir):
        return dict(report)
    message = _message(better, entry) or report.get("message", "")
    return {**report, "reason": _asked(better, workdir), "message": message}


def without_report(entry: Entry, workdir: Path) -> Exit | None:
    """How a run ended of which the runner could not tell; None when Slurm cannot tell either."""
    reason = END_REASONS.get(entry.state)
    if reason is None:
        return None
    return Exit(reason=_asked(reason, workdir), message=_message(reason, entry), host=entry.nodes)


def never_begun(entry: Entry) -> Exit:
    """The end of a batch script that could not start the runner."""
    why = _UNBEGUN.get(entry.exit_code, f"the batch script ended with exit code {entry.exit_code}")
    return Exit(reason="failed-to-start", message=f"on the node {entry.nodes or '?'} {why}", host=entry.nodes)


def _asked(reason: str, workdir: Path) -> str:
    """The reason for which the engine had Slurm cancel a run, where it did."""
    return (asked_reason(workdir) if reason == "cancelled" else "") or reason


def _message(reason: str, entry: Entry) -> str:
    if reason == "node-failed" and entry.state == "PREEMPTED":
        return "It made room for a job of higher priority."
    if reason == "wall-limit":
        return "The job reached the time limit of the cluster and was stopped."
    return ""
