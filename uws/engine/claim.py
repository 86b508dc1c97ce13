"""Taking jobs from the queue: by priority, then to the owner who has the least running, then the oldest."""

from __future__ import annotations

from django.db.models import Count, Min

from uws.models import Job
from uws.phases import Phase
from uws.times import now
from uws.transitions import move

__all__ = ["claim"]


def claim(*, executor: str, engine: str, cores: int, queues: bool = False, most: int = 100) -> list[Job]:
    """Take the jobs that are next for an executor; none when the queue is empty.

    Parameters
    ----------
    engine
        Identity of the engine that takes them.
    cores
        That they may use together.
    queues
        Whether they stay QUEUED, for the executor has a queue of its own; else they are EXECUTING from now on.
    most
        How many are taken at once.
    """
    taken: list[Job] = []
    while len(taken) < min(cores, most):
        job_id = _next(executor)
        if job_id is None:
            break
        if _take(job_id, engine, queues=queues):
            taken.append(Job.objects.select_related("owner").get(pk=job_id))
    return taken


def _take(job_id: str, engine: str, *, queues: bool) -> bool:
    if queues:
        return bool(Job.objects.filter(pk=job_id, phase=Phase.QUEUED, engine="").update(engine=engine, handle={}))
    return move(
        job_id=job_id,
        old=Phase.QUEUED,
        new=Phase.EXECUTING,
        where={"engine": ""},
        engine=engine,
        start_time=now(),
        handle={},
    )


def _next(executor: str) -> str | None:
    queued = Job.objects.filter(phase=Phase.QUEUED, executor=executor, engine="", waiting_for=0)
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
