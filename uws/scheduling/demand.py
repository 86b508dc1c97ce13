"""What waits and what runs, read in a few grouped queries however long the queue is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Min, QuerySet, Sum

from jobdefs import registry
from uws.models import Job
from uws.phases import Phase
from uws.scheduling.allowances import Allowances
from uws.scheduling.order import Line, RunningRoom, Ticket

__all__ = ["Running", "executors_with_work", "first_tickets", "lines", "running", "running_room", "waiting"]

UNCOUNTED = "pipeline"
"""Executor of jobs that only see others through: they take nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """Runs of one owner on one task, or those that are in a batch system's queue and may begin at any moment."""

    owner: int | None
    definition: str
    executor: str
    count: int
    cores: int


def waiting(executor: str) -> QuerySet[Job]:
    """Jobs that an engine may take."""
    return Job.objects.filter(phase=Phase.QUEUED, executor=executor, engine="", waiting_for=0)


def executors_with_work(names: Iterable[str]) -> list[str]:
    """Those of some executors for which jobs wait, in the order in which they are named."""
    wanted = list(names)
    queued = Job.objects.filter(phase=Phase.QUEUED, engine="", executor__in=wanted, waiting_for=0)
    found = set(queued.order_by().values_list("executor", flat=True).distinct())
    return [name for name in wanted if name in found]


def lines(executor: str, allowances: Allowances | None = None) -> list[Line]:
    """The queue of an executor; the allowances are read where they are not given."""
    grouped = list(
        waiting(executor)
        .order_by()
        .values_list("owner", "priority", "definition")  # as they follow in the index
        .annotate(Min("creation_time"), Count("pk"), Sum("cores"))
    )
    if not grouped:
        return []
    known = allowances or Allowances.read(everybody=True)
    return [
        Line(owner, definition, own, own + known.priority(owner, definition), *numbers)
        for owner, own, definition, *numbers in grouped
    ]


def first_tickets(executor: str, line: Line, most: int) -> Sequence[Ticket]:
    """The oldest jobs of a line."""
    jobs = waiting(executor).filter(owner=line.owner, definition=line.definition, priority=line.own)
    return [
        Ticket(*row) for row in jobs.order_by("creation_time", "pk").values_list("pk", "creation_time", "cores")[:most]
    ]


def running() -> list[Running]:
    """What runs now, in the whole service."""
    taken = Job.objects.filter(
        phase__in=(Phase.QUEUED, Phase.EXECUTING, Phase.SUSPENDED, Phase.UNKNOWN), engine__gt=""
    ).exclude(executor=UNCOUNTED)
    counts: Counter[tuple[int | None, str, str]] = Counter()
    cores: Counter[tuple[int | None, str, str]] = Counter()
    # Added up here: for a GROUP BY, SQLite would read the whole table in the order of its owners.
    for owner, definition, executor, wide in taken.values_list("owner", "definition", "executor", "cores"):
        key = (owner, definition, executor)
        counts[key] += 1
        cores[key] += wide
    return [Running(*key, count, cores[key]) for key, count in counts.items()]


def running_room(runs: Sequence[Running], allowances: Allowances) -> RunningRoom:
    """How much more may run, by the limits of owners and tasks."""
    counts: Counter[tuple[int | None, str]] = Counter()
    for run in runs:
        counts[run.owner, run.definition] += run.count
    limits = {name: task.limits.running for name, task in registry.all_definitions().items() if task.limits.running}
    return RunningRoom(counts, allowances, limits)
