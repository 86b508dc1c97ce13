"""Ended jobs of which the operator wants to be rid."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, Sum

from uws.models import Job
from uws.operating.selection import select
from uws.phases import FINAL
from uws.times import now
from vo.errors import ParameterError

__all__ = ["Purge", "plan_purge"]


@dataclass(frozen=True, slots=True)
class Purge:
    """Jobs to be forgotten, and the bytes on the disk that they and their children take."""

    jobs: list[Job]
    disk_bytes: int


def plan_purge(
    *,
    older_than: float | None = None,
    phases: Collection[str] = (),
    owner: str | None = None,
    definition: str | None = None,
) -> Purge:
    """The ended jobs that all conditions fit, archived ones only where that phase is named.

    Parameters
    ----------
    older_than
        Days since the end of a job, at least.

    Raises
    ------
    vo.errors.ParameterError
        When a phase is named in which jobs have not ended.
    vo.errors.NotFoundError
        When there is no such owner.
    """
    unfit = sorted(set(phases) - FINAL)
    if unfit:
        raise ParameterError("--phase", f"a job that is {unfit[0]} has not ended; abort it first.")
    jobs = select(owner=owner, definition=definition, phases=phases).filter(phase__in=FINAL)
    if older_than is not None:
        jobs = jobs.filter(end_time__lte=now() - timedelta(days=older_than))
    chosen = list(jobs)
    ids = [job.pk for job in chosen]
    total = Job.objects.filter(Q(pk__in=ids) | Q(parent__in=ids), deleted=False).aggregate(Sum("disk_bytes"))
    return Purge(chosen, total["disk_bytes__sum"] or 0)
