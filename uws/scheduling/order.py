"""Who is next: the order of the queue, as arithmetic without a database.

1. **Priority**: the job's own, raised by what its owner is allowed. A higher one always goes first.
2. **Fair share**: the owner with the least load. Load is the cores that the owner's runs hold now, plus the cores
   that the owner has used of late: processor time, each second counted 2^(-age/h) with the half-life h, over h/ln 2.
   Who has kept four cores busy for long has a recent use of four; h after the last run it is two. So whoever used the
   machine all day steps behind whoever did not, until the loads are equal; nobody waits for ever, for the load of
   those who run grows and that of those who wait falls.
3. **Age**: the oldest job; between jobs of the same instant the owner, the task and the job's id decide, so that the
   order is total.

An owner's limits, and a task's own, let a line of jobs wait without stopping those behind it. Cores do not: when the
next job needs more cores than are free, nothing overtakes it, or wide jobs would never start.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from uws.scheduling.allowances import Allowances

__all__ = ["Line", "RunningRoom", "Ticket", "pick", "recent_cores"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A queued job."""

    id: str
    created: datetime
    cores: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """The queued jobs of one owner on one task with one priority, the oldest first.

    Parameters
    ----------
    own
        The priority that the jobs have themselves.
    priority
        The priority that counts.
    oldest
        When the first was created.
    count, cores
        Jobs in it, and the cores that they need together.
    """

    owner: int | None
    definition: str
    own: int
    priority: int
    oldest: datetime
    count: int
    cores: int


class RunningRoom:
    """How many more jobs may run.

    Parameters
    ----------
    running
        Runs by owner and task.
    allowances
        Of the owners.
    limits
        Runs that a task may have in the whole service; 0 or none is no limit.
    """

    def __init__(
        self,
        running: Mapping[tuple[int | None, str], int],
        allowances: Allowances,
        limits: Mapping[str, int],
    ) -> None:
        self._allowances = allowances
        self._limits = limits
        self._of_both = Counter(running)
        self._of_owner: Counter[int | None] = Counter()
        self._of_task: Counter[str] = Counter()
        for (owner, definition), count in running.items():
            self._of_owner[owner] += count
            self._of_task[definition] += count

    def suffices(self, owner: int | None, definition: str) -> bool:
        """Whether one more job of an owner on a task may run."""
        return all(
            not limit or count < limit
            for limit, count in (
                (self._limits.get(definition, 0), self._of_task[definition]),
                (self._allowances.grant(owner).running, self._of_owner[owner]),
                (self._allowances.grant(owner, definition).running, self._of_both[owner, definition]),
            )
        )

    def take(self, owner: int | None, definition: str) -> None:
        """One more runs."""
        self._of_both[owner, definition] += 1
        self._of_owner[owner] += 1
        self._of_task[definition] += 1


def recent_cores(use: Iterable[tuple[float, float]], *, half_life: float) -> float:
    """Cores that an owner has used of late.

    Parameters
    ----------
    use
        Age and amount of processor time, in seconds both.
    half_life
        In seconds.
    """
    return sum(seconds * 2.0 ** (-max(age, 0.0) / half_life) for age, seconds in use) * math.log(2) / half_life


def pick(
    lines: Iterable[Line],
    *,
    load: Mapping[int | None, float],
    room: RunningRoom,
    free: int,
    slots: int,
    most: int,
    fetch: Callable[[Line, int], Sequence[Ticket]],
) -> list[str]:
    """The ids of the jobs that are next, in their order.

    Parameters
    ----------
    load
        Cores of each owner, see the head of this module.
    room
        Is told of each job that is picked.
    free
        Cores that are free of `slots`; a job that needs more than all has all of them.
    most
        Jobs that are picked at most.
    fetch
        Gives the first tickets of a line, so many as are asked for.
    """
    loads = dict(load)
    waiting: dict[Line, list[Ticket]] = {}

    def rank(line: Line) -> tuple[int, float, datetime, int, str, int]:
        tickets = waiting.get(line)
        oldest = tickets[-1].created if tickets else line.oldest
        return (-line.priority, loads.get(line.owner, 0.0), oldest, line.owner or 0, line.definition, line.own)

    heap = [(rank(line), line) for line in lines]
    heapq.heapify(heap)
    picked: list[str] = []
    while heap and len(picked) < most and free > 0:
        key, line = heapq.heappop(heap)
        if key != (current := rank(line)):
            heapq.heappush(heap, (current, line))
            continue
        if not room.suffices(line.owner, line.definition):
            continue
        if line not in waiting:
            tickets = fetch(line, min(free, most - len(picked), line.count))
            waiting[line] = list(reversed(tickets))
        if not waiting[line]:
            continue
        ticket = waiting[line][-1]
        needs = min(max(ticket.cores, 1), slots)
        if needs > free:
            break
        waiting[line].pop()
        picked.append(ticket.id)
        free -= needs
        room.take(line.owner, line.definition)
        loads[line.owner] = loads.get(line.owner, 0.0) + needs
        if waiting[line]:
            heapq.heappush(heap, (rank(line), line))
    return picked
