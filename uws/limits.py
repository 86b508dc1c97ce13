"""What the service grants: where a job runs, how long it may run and how long it is kept (UWS 1.1 §2.1.4-5)."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from jobdefs.definition import Definition, Limits
from uws.times import now

__all__ = ["PARENTS", "executor_of", "granted_destruction", "granted_duration", "limits_of", "slots_of"]

PARENTS = "pipeline"
"""The executor of jobs that are made of other jobs."""

UNLIMITED = sys.maxsize
"""Slots of an executor whose jobs take nothing."""


def limits_of(task: Definition) -> Limits:
    """The limits of a task; how long in-process tasks, which are queries, may run is the site's to say."""
    if task.environment != "inprocess":
        return task.limits
    duration = settings.ATHANOR_ASYNC_TIME_LIMIT
    longest = max(duration, task.limits.max_duration) if task.limits.max_duration else 0
    return replace(task.limits, duration=duration, max_duration=longest)


def executor_of(task: Definition) -> str:
    """Which executor runs a task."""
    if task.environment == "inprocess":
        return "inprocess"
    if task.environment == "pipeline":
        return PARENTS
    return task.executor or settings.ATHANOR_EXECUTOR


def slots_of(executor: str) -> int:
    """Cores that the jobs of an executor may use at a time in each engine."""
    here: int = settings.ATHANOR_LOCAL_SLOTS
    slots = {"inprocess": max(here, 2), PARENTS: UNLIMITED, "slurm": settings.ATHANOR_SLURM_SLOTS}
    return slots.get(executor, here)


def granted_duration(limits: Limits, asked: int | None) -> int:
    """Seconds that a job may run; 0, which asks for no limit, is granted where the definition sets none."""
    if asked is None:
        return limits.duration
    if not limits.max_duration:
        return asked
    return min(asked, limits.max_duration) if asked else limits.max_duration


def granted_destruction(asked: datetime | None, *, today: datetime | None = None) -> datetime:
    """When a job will be destroyed: as asked, at the latest when the service's retention time has passed from now."""
    latest = (today or now()) + timedelta(seconds=settings.ATHANOR_JOB_RETENTION)
    return latest if asked is None else min(asked, latest)
