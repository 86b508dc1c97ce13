"""Whether a job may be queued: limits of jobs in the queue, of files and of processor time (UWS 1.1 §2.1.3)."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Sum

from uws.models import Job
from uws.phases import Phase
from uws.scheduling.allowances import Allowances, Grant
from uws.scheduling.ledger import hours_used, time_of_room
from uws.scheduling.turn import take_turn
from uws.times import format_time
from vo.quantities import human_size

__all__ = ["admit"]


def admit(job: Job) -> str:
    """Why a job cannot be queued now: the limit, the use, and what would free it; empty when it can.

    Limits of runs are none of these: they let a job wait in the queue. Jobs that others make for their steps come in
    with those. Called in the transaction that queues the job.
    """
    if job.parent_id is not None:
        return ""
    allowances = Allowances.read(job.owner_id)
    take_turn(f"queue {job.owner_id}")
    for definition in ("", job.definition):
        reason = _refuse(job.owner_id, definition, allowances.grant(job.owner_id, definition))
        if reason:
            return reason
    return ""


def _refuse(owner: int | None, definition: str, grant: Grant) -> str:
    whose = "You have" if owner else "Those who are not signed in have, together,"
    what = f"of {definition} " if definition else ""
    if grant.queued and (count := _queued(owner, definition, grant.queued)) >= grant.queued:
        return (
            f"{whose} {count} jobs {what}in the queue; the limit is {grant.queued}. "
            "Run this one again when some of them have started, or abort some."
        )
    if grant.disk_bytes and (size := _disk_bytes(owner, definition)) >= grant.disk_bytes:
        return (
            f"{whose} {human_size(size)} of files in jobs {what}here; the limit is "
            f"{human_size(grant.disk_bytes)}. Delete jobs that you no longer need and run this one again."
        )
    if grant.cpu_hours and (used := hours_used(owner, definition)) >= grant.cpu_hours:
        when = format_time(time_of_room(owner, definition, grant.cpu_hours))
        return (
            f"{whose} used {used:.4g} hours of processor time {f'on {definition} ' if definition else ''}in the last "
            f"{settings.ATHANOR_ACCOUNTING_DAYS} days; the limit is {grant.cpu_hours:.4g}. "
            f"Run this job again after {when}, when enough of that is longer ago."
        )
    return ""


def _queued(owner: int | None, definition: str, limit: int) -> int:
    """Jobs in the queue; the quick count takes in those that others have made for their steps, which do not count."""
    jobs = Job.objects.filter(phase=Phase.QUEUED, owner=owner, engine="")
    if definition:
        jobs = jobs.filter(definition=definition)
    count = jobs.count()
    return count if count < limit else jobs.filter(parent__isnull=True).count()


def _disk_bytes(owner: int | None, definition: str) -> int:
    jobs = Job.objects.filter(owner=owner, deleted=False)
    if definition:
        jobs = jobs.filter(definition=definition)
    return jobs.aggregate(Sum("disk_bytes"))["disk_bytes__sum"] or 0
