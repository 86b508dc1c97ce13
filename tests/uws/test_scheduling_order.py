"""The order of the queue: total, by priority, fair, and without starving anybody."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from uws.models import Allowance
from uws.scheduling.allowances import Allowances
from uws.scheduling.order import Line, RunningRoom, Ticket, pick, recent_cores

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Queue:
    """Jobs in memory, for `pick`."""

    def __init__(self, *jobs: tuple) -> None:
        """Each job: name, owner, and by name age in seconds, definition, priority, cores."""
        self.jobs = {}
        for name, owner, *rest in jobs:
            more = rest[0] if rest else {}
            self.add(name, owner, **more)

    def add(self, name, owner, *, at=0, definition="worker", priority=0, cores=1) -> None:
        ticket = Ticket(name, NOON + timedelta(seconds=at), cores)
        self.jobs[name] = (owner, definition, priority, ticket)

    def lines(self) -> dict[Line, list[Ticket]]:
        groups = defaultdict(list)
        for owner, definition, priority, ticket in self.jobs.values():
            groups[owner, definition, priority].append(ticket)
        made = {}
        for (owner, definition, priority), tickets in groups.items():
            tickets.sort(key=lambda ticket: (ticket.created, ticket.id))
            cores = sum(ticket.cores for ticket in tickets)
            made[Line(owner, definition, priority, priority, tickets[0].created, len(tickets), cores)] = tickets
        return made

    def pick(self, *, free, slots=None, load=None, running=None, limits=None, rows=(), most=100) -> list[str]:
        lines = self.lines()
        picked = pick(
            lines,
            load=load or {},
            room=RunningRoom(running or {}, Allowances(rows, {}), limits or {}),
            free=free,
            slots=slots or free,
            most=most,
            fetch=lambda line, number: lines[line][:number],
        )
        for name in picked:
            del self.jobs[name]
        return picked


@pytest.mark.parametrize(
    ("jobs", "asked", "expected"),
    [
        pytest.param([("b", 1, {"at": 2}), ("a", 1, {"at": 1})], {"free": 9}, "a b", id="age"),
        pytest.param([("b", 1), ("a", 1)], {"free": 9}, "a b", id="same instant: id"),
        pytest.param([("a", 1), ("b", 1, {"at": 9, "priority": 1})], {"free": 9}, "b a", id="priority before age"),
        pytest.param([("a", 1), ("b", 2, {"at": 9})], {"free": 9, "load": {1: 0.5}}, "b a", id="load before age"),
        pytest.param(
            [("a", 1, {"priority": 1}), ("b", 2)], {"free": 9, "load": {1: 99}}, "a b", id="priority before load"
        ),
        pytest.param(
            [("a1", 1), ("a2", 1, {"at": 1}), ("a3", 1, {"at": 2}), ("b1", 2, {"at": 3}), ("b2", 2, {"at": 4})],
            {"free": 9},
            "a1 b1 a2 b2 a3",
            id="owners in turn",
        ),
        pytest.param(
            [("a1", 1, {"cores": 4}), ("a2", 1, {"at": 1}), ("b1", 2, {"at": 3}), ("b2", 2, {"at": 4})],
            {"free": 9},
            "a1 b1 b2 a2",
            id="turns count cores",
        ),
        pytest.param([("a", None), ("b", 1, {"at": 1})], {"free": 1}, "a", id="nobody is an owner too"),
        pytest.param([("a", 1), ("b", 1), ("c", 1)], {"free": 2}, "a b", id="as many as cores"),
        pytest.param([("a", 1), ("b", 1), ("c", 1)], {"free": 9, "most": 1}, "a", id="as many as asked for"),
        pytest.param(
            [("a", 1, {"cores": 3}), ("b", 2, {"at": 1})],
            {"free": 2, "slots": 4},
            "",
            id="a wide job is not overtaken",
        ),
        pytest.param([("a", 1, {"cores": 9}), ("b", 1, {"at": 1})], {"free": 4}, "a", id="wider than all runs alone"),
        pytest.param(
            [("a", 1), ("b", 2, {"at": 1})],
            {"free": 9, "running": {(1, "other"): 2}, "rows": [Allowance(user_id=1, running=2)]},
            "b",
            id="limit of an owner",
        ),
        pytest.param(
            [("a", 1), ("b", 1, {"at": 1}), ("c", 1, {"definition": "other", "at": 2})],
            {"free": 9, "rows": [Allowance(user_id=1, definition="worker", running=1)]},
            "a c",
            id="limit of an owner on a task",
        ),
        pytest.param(
            [("a", 1), ("b", 2, {"at": 1}), ("c", 1, {"definition": "other", "at": 2})],
            {"free": 9, "limits": {"worker": 1}},
            "a c",
            id="limit of a task in the whole service",
        ),
        pytest.param(
            [("a", 1), ("b", 1, {"at": 1}), ("c", 2, {"at": 2}), ("d", 2, {"at": 3})],
            {"free": 9, "rows": [Allowance(running=1)]},
            "a c",
            id="limit of everybody, each",
        ),
    ],
)
def test_order(jobs, asked, expected):
    assert Queue(*jobs).pick(**asked) == expected.split()


def test_recent_use_is_that_of_a_steady_user_and_halves():
    hour = 3600.0
    steady = [(age * hour, 4 * hour) for age in range(24 * 30)]
    assert recent_cores(steady, half_life=6 * hour) == pytest.approx(4, rel=0.08)
    idle_since = [(age + 6 * hour, seconds) for age, seconds in steady]
    assert recent_cores(idle_since, half_life=6 * hour) == pytest.approx(2, rel=0.08)
    assert recent_cores([], half_life=hour) == 0


entries = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 2, 3]),
        st.fixed_dictionaries(
            {
                "at": st.integers(0, 3),
                "priority": st.integers(-1, 1),
                "definition": st.sampled_from(["x", "y"]),
                "cores": st.integers(1, 3),
            }
        ),
    ),
    max_size=30,
)


@given(jobs=entries, loads=st.dictionaries(st.sampled_from([None, 1, 2, 3]), st.floats(0, 10)), free=st.integers(1, 12))
def test_order_is_total(jobs, loads, free):
    """Neither how jobs are stored nor how many are asked for at a time changes who comes before whom."""
    named = [(f"{number:02d}", *job) for number, job in enumerate(jobs)]
    whole = Queue(*named).pick(free=1000, load=loads)
    assert sorted(whole) == [name for name, *_ in named]
    assert Queue(*reversed(named)).pick(free=1000, load=loads) == whole
    assert Queue(*named).pick(free=1000, load=loads, most=free) == whole[:free]
    some = Queue(*named).pick(free=free, slots=12, load=loads)
    assert some == whole[: len(some)]
    priorities = {name: more["priority"] for name, _, more in named}
    assert [priorities[name] for name in whole] == sorted(priorities.values(), reverse=True)


@examples(max_examples=20)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    lengths=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    slots=st.integers(1, 4),
)
def test_nobody_starves(sizes, lengths, slots):
    """However greedy the others are, each owner's job starts, and in the long run all get the same of the machine."""
    names = count()
    queue = Queue()
    half_life = 40.0
    use = defaultdict(list)
    running = []
    waited = Counter()
    worst = Counter()
    served = Counter()
    owners = dict(enumerate(zip(sizes, lengths, strict=False), start=1))
    for now in range(400):
        for owner, (cores, _) in owners.items():
            while sum(held[0] == owner for held in queue.jobs.values()) < 3:
                queue.add(f"{next(names):06d}", owner, at=now, cores=min(cores, slots))
        for end, owner, cores, length in [run for run in running if run[0] <= now]:
            running.remove((end, owner, cores, length))
            use[owner].append((now, cores * length))
        load = {
            owner: recent_cores([(now - at, seconds) for at, seconds in use[owner]], half_life=half_life)
            + sum(cores for _, runner, cores, _ in running if runner == owner)
            for owner in owners
        }
        free = slots - sum(cores for _, _, cores, _ in running)
        before = dict(queue.jobs)
        picked = [before[name] for name in queue.pick(free=free, slots=slots, load=load)] if free else []
        waited.update(owners.keys())
        for owner, _, _, ticket in picked:
            length = owners[owner][1]
            running.append((now + length, owner, ticket.cores, length))
            served[owner] += ticket.cores * length
            waited[owner] = 0
        worst |= waited
    bound = 400 / 4
    assert max(worst.values()) < bound, worst
    share = sum(served.values()) / len(owners)
    assert all(served[owner] > share / 2 for owner in owners), served
