"""What waits and what runs, read in a few grouped queries however long the queue is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet, Sum

from jobdefs import registry
from uws.models import Job
from uws.phases import Phase
from uws.scheduling.allowances import Allowances
from uws.scheduling.order import Line, RunningRoom, Ticket

__all__ = ["Running", "first_tickets", "lines", "running", "running_room", "waiting"]

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


def lines(executor: str, allowances: Allowances) -> list[Line]:
    """The queue of an executor."""
    grouped = (
        waiting(executor)
        .order_by()
        .values_list("owner", "definition", "priority")
        .annotate(Min("creation_time"), Count("pk"), Sum("cores"))
    )
    return [
        Line(owner, definition, own, own + allowances.priority(owner, definition), *numbers)
        for owner, definition, own, *numbers in grouped
    ]


def first_tickets(executor: str, line: Line, most: int) -> Sequence[Ticket]:
    """The oldest jobs of a line."""
    jobs = waiting(executor).filter(owner=line.owner, definition=line.definition, priority=line.own)
    return [
        Ticket(*row) for row in jobs.order_by("creation_time", "pk").values_list("pk", "creation_time", "cores")[:most]
    ]


def running() -> list[Running]:
    """What runs now, in the whole service."""
    active = Q(phase__in=(Phase.EXECUTING, Phase.SUSPENDED, Phase.UNKNOWN)) | Q(phase=Phase.QUEUED, engine__gt="")
    grouped = (
        Job.objects.filter(active)
        .exclude(executor=UNCOUNTED)
        .order_by()
        .values_list("owner", "definition", "executor")
        .annotate(Count("pk"), Sum("cores"))
    )
    return [Running(*row) for row in grouped]


def running_room(runs: Sequence[Running], allowances: Allowances) -> RunningRoom:
    """How much more may run, by the limits of owners and tasks."""
    counts: Counter[tuple[int | None, str]] = Counter()
    for run in runs:
        counts[run.owner, run.definition] += run.count
    limits = {name: task.limits.running for name, task in registry.all_definitions().items() if task.limits.running}
    return RunningRoom(counts, allowances, limits)
