"""Taking jobs from the queue, so that of several engines one only takes each."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from uws.models import Job, PhaseChange
from uws.phases import Phase
from uws.scheduling import NextJobs, take_turn
from uws.times import now
from uws.wake import wake_watchers

__all__ = ["MOST", "Claimer"]

MOST = 100
"""Jobs that are taken at once: more would keep the database from others for too long."""


class Claimer:
    """Takes jobs for one engine.

    Parameters
    ----------
    engine
        Its identity.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._next = NextJobs()

    def claim(
        self, *, executor: str, free: int, slots: int | None = None, queues: bool = False, most: int = MOST
    ) -> list[Job]:
        """Take the jobs that are next for an executor, in their order.

        Engines do this in turn: limits of runs are kept exactly. The order is that of `uws.scheduling.order`.

        Parameters
        ----------
        free, slots
            Cores that are free, and that there are; a job that needs more than all runs alone.
        queues
            Whether jobs stay QUEUED, for the executor has a queue of its own; else they are EXECUTING from now on.
        """
        with transaction.atomic():
            take_turn("claim")
            ids = self._next.ids(executor=executor, free=free, slots=slots or free, most=most)
            return self._take(ids, queues=queues) if ids else []

    def _take(self, ids: Sequence[str], *, queues: bool) -> list[Job]:
        """Take those that nobody has aborted meanwhile."""
        begun = {} if queues else {"phase": Phase.EXECUTING, "start_time": now()}
        free = Job.objects.filter(pk__in=ids, phase=Phase.QUEUED, engine="", waiting_for=0)
        free.update(engine=self._engine, handle={}, **begun)
        taken = Job.objects.select_related("owner", "parent").filter(pk__in=ids, engine=self._engine)
        jobs = sorted(taken, key=lambda job: ids.index(job.pk))
        if begun:
            PhaseChange.objects.bulk_create(
                PhaseChange(job=job, phase=Phase.EXECUTING, time=job.start_time) for job in jobs
            )
            transaction.on_commit(lambda: wake_watchers(settings.ATHANOR_HOME / "run"))
        return jobs
