"""The next jobs of an executor's queue, and the place of a job in it."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime

from django.db.models import Q

from uws.models import Job
from uws.phases import Phase
from uws.scheduling.allowances import Allowances
from uws.scheduling.demand import UNCOUNTED, first_tickets, lines, running, running_room, waiting
from uws.scheduling.ledger import load_of_late
from uws.scheduling.order import Line, RunningRoom, pick

__all__ = ["NextJobs", "place", "queue_position"]

FRESH_SECONDS = 60.0
"""How long the recent use of owners is remembered."""

LONG = 1000
"""Jobs from which on a queue is long."""

LONG_SECONDS = 1.0
"""How long a long queue is remembered; a job of higher priority waits so long at most."""


class NextJobs:
    """Says what is next; remembers for a minute what owners have used of late, and a long queue for a second."""

    def __init__(self) -> None:
        self._recent: dict[str, tuple[float, dict[int | None, float]]] = {}
        self._long: dict[str, tuple[float, list[Line]]] = {}

    def ids(self, *, executor: str, free: int, slots: int, most: int) -> list[str]:
        """Ids of the jobs that are next, in their order; see `uws.scheduling.order.pick`."""
        allowances = Allowances.read(everybody=True)
        runs = running()
        load = dict(self._recent_load(executor))
        for run in runs:
            if run.executor == executor:
                load[run.owner] = load.get(run.owner, 0.0) + run.cores

        def pick_from(queue: list[Line]) -> list[str]:
            unbounded = RunningRoom({}, Allowances([], {}), {})
            return pick(
                queue,
                load=load,
                room=unbounded if executor == UNCOUNTED else running_room(runs, allowances),
                free=free,
                slots=slots,
                most=most,
                fetch=lambda line, count: first_tickets(executor, line, count),
            )

        return pick_from(self._remembered(executor)) or pick_from(self._read(executor, allowances))

    def _remembered(self, executor: str) -> list[Line]:
        """A long queue as it was a moment ago: who is in it changes little, and the jobs themselves are read anew."""
        read, queue = self._long.get(executor, (float("-inf"), []))
        return queue if time.monotonic() < read + LONG_SECONDS else []

    def _read(self, executor: str, allowances: Allowances) -> list[Line]:
        queue = lines(executor, allowances)
        if sum(line.count for line in queue) >= LONG:
            self._long[executor] = (time.monotonic(), queue)
        return queue

    def _recent_load(self, executor: str) -> dict[int | None, float]:
        read, load = self._recent.get(executor, (float("-inf"), {}))
        if time.monotonic() > read + FRESH_SECONDS:
            load = load_of_late(executor)
            self._recent[executor] = (time.monotonic(), load)
        return load


def queue_position(job: Job) -> int | None:
    """About which place a job has in the queue, 1 being the next; None when it is in none, or in a batch system's.

    It counts what has a higher priority, what its owner queued before, and of each other owner so many as come before
    it when all take turns, first who has the oldest job.
    """
    if job.phase != Phase.QUEUED or job.engine or job.waiting_for:
        return None
    return place(job, lines(job.executor))


def place(job: Job, queue: list[Line]) -> int:
    """See `queue_position`; the job may also be about to be queued."""
    if not queue:
        return 1
    own = [line for line in queue if line.owner == job.owner_id]
    priority = next(
        (line.priority for line in own if (line.definition, line.own) == (job.definition, job.priority)), job.priority
    )
    peers = [line for line in queue if line.priority == priority]
    alike = Q()
    for line in peers:
        if line.owner == job.owner_id:
            alike |= Q(definition=line.definition, priority=line.own)
    older = Q(creation_time__lt=job.creation_time) | Q(creation_time=job.creation_time, pk__lt=job.pk)
    before = waiting(job.executor).filter(alike, older, owner=job.owner_id).count()
    counts: Counter[int | None] = Counter()
    heads: dict[int | None, datetime] = {}
    for line in peers:
        counts[line.owner] += line.count
        heads[line.owner] = min(line.oldest, heads.get(line.owner, line.oldest))
    own_head = min(job.creation_time, heads.get(job.owner_id, job.creation_time))
    turns = sum(
        min(count, before + (heads[owner] < own_head)) for owner, count in counts.items() if owner != job.owner_id
    )
    higher = sum(line.count for line in queue if line.priority > priority)
    return 1 + higher + before + turns
