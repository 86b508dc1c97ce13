"""Jobs that wait for others: QUEUED, but not claimed until what they need has completed.

A `Need` row stands for one job that is waited for, `Job.waiting_for` for their number. Rows go when what is needed
ends; with the last one the input files are found, as they are for other jobs when those are queued.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q

from uws.models import Job, Need
from uws.phases import FINAL, Phase
from uws.pipelines.readiness import make_ready
from uws.times import now
from uws.transitions import move
from vo.errors import AthanorError, ParameterError

__all__ = ["forget_job", "settle_needs", "wait_for"]

logger = logging.getLogger("athanor.engine")

AT_ONCE = 500


def wait_for(*, job: Job, needed: Sequence[tuple[str, Job]]) -> None:
    """Keep which jobs a job has to wait for; to be called before it is queued, in the same transaction.

    Parameters
    ----------
    needed
        Each with the parameter that names it.

    Raises
    ------
    vo.errors.ParameterError
        When one of them waits for this job.
    """
    jobs = {item.pk: item for _, item in needed}
    list(Job.objects.select_for_update().filter(pk__in=jobs).order_by("pk").values_list("pk"))
    _check_circle(job, needed)
    Need.objects.filter(job=job).delete()
    Need.objects.bulk_create(Need(job=job, needed=item) for item in jobs.values())
    job.waiting_for, job.stage = len(jobs), _stage(list(jobs.values()))
    Job.objects.filter(pk=job.pk).update(waiting_for=job.waiting_for, stage=job.stage)


def settle_needs() -> None:
    """Let jobs go on whose needs have completed, and end those whose needs have failed."""
    ended = Q(needed__phase__in=FINAL, needed__reaped=True) | Q(needed__deleted=True)
    due = Need.objects.filter(ended | ~Q(job__phase=Phase.QUEUED)).order_by("pk")
    seen = 0
    while needs := list(due.filter(pk__gt=seen)[:AT_ONCE]):
        for need in needs:
            try:
                _settle(need)
            except AthanorError:
                logger.exception("Job %s waits for %s in vain.", need.job_id, need.needed_id)
            seen = max(seen, need.pk)


def forget_job(*, job_id: str) -> None:
    """End the jobs that wait for one that is being removed."""
    for need in Need.objects.filter(needed_id=job_id).select_related("needed"):
        _fail(need.job_id, f"It waited for the job {job_id} ({need.needed.definition}), which was removed.")


@transaction.atomic
def _settle(need: Need) -> None:
    job = Job.objects.select_for_update(of=("self",)).select_related("owner").get(pk=need.job_id)
    if not Need.objects.filter(pk=need.pk).delete()[0]:
        return
    if job.phase != Phase.QUEUED:
        Job.objects.filter(pk=job.pk).update(waiting_for=0, stage="")
        return
    needed = Job.objects.get(pk=need.needed_id)
    name = f"{needed.pk} ({needed.run_id or needed.definition})"
    if needed.deleted:
        _fail(job.pk, f"It waited for the job {name}, which was removed.")
    elif needed.phase != Phase.COMPLETED:
        _fail(job.pk, f"It waited for the job {name}, which ended {needed.phase}.", detail=needed.error_message)
    elif Need.objects.filter(job=job).exists():
        others = Job.objects.filter(needed_by__job=job)
        Job.objects.filter(pk=job.pk).update(waiting_for=F("waiting_for") - 1, stage=_stage(list(others[:AT_ONCE])))
    else:
        _release(job)


def _release(job: Job) -> None:
    """Find the files of a job whose needs have completed, so that it can be claimed."""
    try:
        with transaction.atomic():
            needed = make_ready(job)
            if needed:
                wait_for(job=job, needed=needed)
                return
    except AthanorError as error:
        _fail(job.pk, f"The jobs that it waited for have completed, but it cannot run: {error}")
        return
    Job.objects.filter(pk=job.pk).update(waiting_for=0, stage="")


def _fail(job_id: str, message: str, *, detail: str = "") -> None:
    """End a job that waits; what went wrong elsewhere may go well another time."""
    Need.objects.filter(job_id=job_id).delete()
    move(
        job_id=job_id,
        old=Phase.QUEUED,
        new=Phase.ERROR,
        where={"waiting_for__gt": 0},
        waiting_for=0,
        stage="",
        end_time=now(),
        reaped=True,
        error_type="transient",
        error_message=message,
        error_detail=detail,
    )


def _stage(needed: Sequence[Job]) -> str:
    if not needed:
        return ""
    names = ", ".join(f"{job.pk} ({job.run_id or job.definition})" for job in needed[:3])
    more = f" and {len(needed) - 3:,} others" if len(needed) > 3 else ""
    return f"waits for job{'s' if len(needed) > 1 else ''} {names}{more}"[:500]


def _check_circle(job: Job, needed: Sequence[tuple[str, Job]]) -> None:
    """Refuse to wait for a job that waits, perhaps through others, for this one."""
    front = {item.pk: parameter for parameter, item in needed}
    seen = set(front)
    while front:
        if job.pk in front:
            raise ParameterError(front[job.pk], "It names a job that waits, perhaps through others, for this one.")
        further = Need.objects.filter(job__in=front).values_list("job_id", "needed_id")
        front = {item: front[waiting] for waiting, item in further if item not in seen}
        seen.update(front)
