"""Slurm's words for states and reasons (squeue(1), JOB STATE CODES and JOB REASON CODES), and what they mean here."""

from __future__ import annotations

from uws.executors.base import State

__all__ = ["END_REASONS", "LIVE", "why_waiting"]

LIVE = {
    "PENDING": State.WAITING,
    "CONFIGURING": State.WAITING,
    "REQUEUED": State.WAITING,
    "REQUEUE_FED": State.WAITING,
    "REQUEUE_HOLD": State.WAITING,
    "RESV_DEL_HOLD": State.WAITING,
    "SPECIAL_EXIT": State.WAITING,
    "RUNNING": State.RUNNING,
    "COMPLETING": State.RUNNING,
    "RESIZING": State.RUNNING,
    "SIGNALING": State.RUNNING,
    "STAGE_OUT": State.RUNNING,
    "STOPPED": State.SUSPENDED,
    "SUSPENDED": State.SUSPENDED,
}
"""States of jobs that have not ended."""

END_REASONS = {
    "TIMEOUT": "wall-limit",
    "OUT_OF_MEMORY": "memory-limit",
    "NODE_FAIL": "node-failed",
    "BOOT_FAIL": "node-failed",
    "PREEMPTED": "node-failed",
    "CANCELLED": "cancelled",
    "DEADLINE": "cancelled",
    "REVOKED": "cancelled",
}
"""States in which Slurm itself has ended a job → `uws.executors.Exit.reason`.

All others (COMPLETED, FAILED) say that the batch script has returned, and nothing of the run.
"""

_REASONS = {
    "None": "",
    "Priority": "others come first",
    "Resources": "for free nodes",
    "Dependency": "for another job",
    "BeginTime": "for its time to begin",
    "Licenses": "for a licence",
    "JobHeldAdmin": "held by the operator of the cluster",
    "JobHeldUser": "held",
    "JobArrayTaskLimit": "for other jobs of its array",
    "Reservation": "for its reservation",
    "PartitionDown": "its partition is down",
    "PartitionInactive": "its partition is closed",
    "PartitionTimeLimit": "it asks for more time than its partition gives",
    "PartitionNodeLimit": "its partition has not enough nodes",
    "BadConstraints": "no node can run it",
    "PartitionConfig": "no node of its partition can run it",
    "launch_failed_requeued_held": "its node could not start it; the operator of the cluster must release it",
}


def why_waiting(reason: str) -> str:
    """What a job in Slurm's queue waits for, in words; a reason without words is given as Slurm has it."""
    reason = reason.strip("()")
    words = _REASONS.get(reason)
    if words is None:
        words = "".join(character if character.isprintable() else " " for character in reason)[:200]
    return f"waiting in Slurm: {words}" if words else "waiting in Slurm"
