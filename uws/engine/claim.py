"""Taking jobs from the queue: by priority, then to the owner who has the least running, then the oldest."""

from __future__ import annotations

from django.db.models import Count, Min

from uws.models import Job
from uws.phases import Phase
from uws.times import now
from uws.transitions import move

__all__ = ["claim_next"]


def claim_next(*, executor: str, engine: str) -> Job | None:
    """Take the job that is next for an executor, EXECUTING from now on; None when the queue is empty.

    Parameters
    ----------
    engine
        Identity of the engine that takes it.
    """
    while True:
        job_id = _next(executor)
        if job_id is None:
            return None
        if move(job_id=job_id, old=Phase.QUEUED, new=Phase.EXECUTING, engine=engine, start_time=now(), handle={}):
            return Job.objects.select_related("owner").get(pk=job_id)


def _next(executor: str) -> str | None:
    queued = Job.objects.filter(phase=Phase.QUEUED, executor=executor)
    heads = list(queued.order_by().values_list("priority", "owner").annotate(oldest=Min("creation_time")))
    if not heads:
        return None
    running = dict(
        Job.objects.filter(phase=Phase.EXECUTING, executor=executor).values_list("owner").annotate(Count("pk"))
    )
    priority, owner, _ = min(heads, key=lambda head: (-head[0], running.get(head[1], 0), head[2]))
    return (
        queued.filter(priority=priority, owner=owner)
        .order_by("creation_time", "pk")
        .values_list("pk", flat=True)
        .first()
    )
