"""Which activities and entities lie within some relations of others.

Relations are used and wasGeneratedBy; an entity leads to the collections that have it, a collection to its members and
a pipeline to its steps where that is asked for. Whole histories are found by one recursive query, a few relations by a
query each. An activity that is closed to the asker is met on the way back, but nothing is followed through it. On the
way forth it is not met: nobody learns who else works with a public data set. Nor are collections, members or steps that
are closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from provenance.chunks import KEYS, chunks
from provenance.models import Activity, HadMember, Used, WasGeneratedBy
from provenance.pause import without_collection
from provenance.visibility import open_sql, open_to
from vo.errors import ParameterError

__all__ = ["MOST", "MOST_RELATIONS", "Direction", "Found", "Way", "too_much", "walk"]

FEW = 12
"""Relations up to which each is a query of its own."""

MOST = 100_000
"""Activities and entities that one graph has at most: about 200 MB while its document is written."""

MOST_RELATIONS = 500_000
"""Relations of a kind that one graph has at most."""


class Direction(StrEnum):
    """Where to look: at what things came from, or at what became of them."""

    BACK = "BACK"
    FORTH = "FORTH"


@dataclass(frozen=True, slots=True)
class Way:
    """What is followed, and how far.

    Parameters
    ----------
    depth
        How many relations; None for all.
    members
        Whether collections lead to their members.
    steps
        Whether pipelines lead to the jobs of their steps.
    """

    direction: Direction = Direction.BACK
    depth: int | None = None
    members: bool = False
    steps: bool = False


@dataclass(slots=True)
class Found:
    """Primary keys of what was met, what was asked for included."""

    activities: set[int] = field(default_factory=set)
    entities: set[int] = field(default_factory=set)

    def __sub__(self, other: Found) -> Found:
        return Found(self.activities - other.activities, self.entities - other.entities)

    def __bool__(self) -> bool:
        return bool(self.activities or self.entities)

    def add(self, more: Found) -> None:
        """Add what else was met.

        Raises
        ------
        vo.errors.ParameterError
            When it is too much for one answer.
        """
        self.activities |= more.activities
        self.entities |= more.entities
        if len(self.activities) + len(self.entities) > MOST:
            raise too_much()


def walk(start: Found, *, user: Any, way: Way) -> Found:
    """All that lies within the depth of the start.

    Parameters
    ----------
    start
        Activities and entities that the user may see.

    Raises
    ------
    vo.errors.ParameterError
        When that is more than `MOST`.
    """
    with without_collection():
        return _walk(start, _Near(user, way), way)


def _walk(start: Found, near: _Near, way: Way) -> Found:
    if way.depth is None:
        return near.all_from(start)
    neighbours = near.next_to
    if way.depth > FEW:
        neighbours = near.neighbours_among(near.all_from(start))
    found = Found(set(start.activities), set(start.entities))
    edge = start
    for _ in range(way.depth):
        edge = neighbours(edge) - found
        if not edge:
            break
        found.add(edge)
    return found


class _Near:
    """What is one relation away from things, as far as it is open to the user."""

    def __init__(self, user: Any, way: Way) -> None:
        self._user = user
        self._way = way
        is_back = way.direction == Direction.BACK
        self._from_activity: Any = Used if is_back else WasGeneratedBy
        self._from_entity: Any = WasGeneratedBy if is_back else Used
        self._met = Q() if is_back else open_to(user, "activity__")

    def next_to(self, edge: Found) -> Found:
        """What is one relation away."""
        return Found(
            {there for _, there in (*self._before(edge.entities), *self._steps(edge.activities))},
            {there for _, there in (*self._after(edge.activities), *self._groups(edge.entities))},
        )

    def all_from(self, start: Found) -> Found:
        """What is any number of relations away.

        Groups and steps are few compared to what was used and generated; so the recursive query follows the latter
        alone, and begins again where a group or a step leads to more.
        """
        found = Found(set(start.activities), set(start.entities))
        done: set[int] = set()
        fresh = start
        while fresh:
            first = fresh.activities | {there for _, there in self._before(fresh.entities)}
            found.add(Found(first))
            reached = self._reach(first - done) - done
            done |= reached
            met = Found(reached, {there for _, there in self._after(reached)})
            entities = met.entities | fresh.entities
            found.add(met)
            fresh = (
                Found({there for _, there in self._steps(reached)}, {there for _, there in self._groups(entities)})
                - found
            )
            found.add(fresh)
        return found

    def neighbours_among(self, found: Found) -> Any:
        """`next_to`, from memory, for things that were found."""
        from_activity: dict[int, Found] = defaultdict(Found)
        from_entity: dict[int, Found] = defaultdict(Found)
        for here, there in self._after(found.activities):
            from_activity[here].entities.add(there)
        for here, there in self._steps(found.activities):
            from_activity[here].activities.add(there)
        for here, there in self._before(found.entities):
            from_entity[here].activities.add(there)
        for here, there in self._groups(found.entities):
            from_entity[here].entities.add(there)

        def next_to(edge: Found) -> Found:
            met = [from_activity[key] for key in edge.activities if key in from_activity]
            met += [from_entity[key] for key in edge.entities if key in from_entity]
            return Found(set().union(*(item.activities for item in met)), set().union(*(item.entities for item in met)))

        return next_to

    def _after(self, activities: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Pairs of activity and entity, for activities that are open to the user."""
        for keys in chunks(activities):
            opened = self._from_activity.objects.filter(open_to(self._user, "activity__"), activity__in=keys)
            yield from _pairs(opened, "activity_id", "entity_id")

    def _before(self, entities: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Pairs of entity and activity."""
        for keys in chunks(entities):
            met = self._from_entity.objects.filter(self._met, entity__in=keys)
            yield from _pairs(met, "entity_id", "activity_id")

    def _groups(self, entities: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Pairs of entity and collection, and of collection and member."""
        for keys in chunks(entities):
            collections = HadMember.objects.filter(open_to(self._user, "collection__"), entity__in=keys)
            yield from _pairs(collections, "entity_id", "collection_id")
            if self._way.members:
                members = HadMember.objects.filter(open_to(self._user, "entity__"), collection__in=keys)
                yield from _pairs(members, "collection_id", "entity_id")

    def _steps(self, activities: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Pairs of pipeline and step, for pipelines and steps that are open to the user."""
        for keys in chunks(activities if self._way.steps else ()):
            opened = Activity.objects.filter(open_to(self._user), open_to(self._user, "parent__"), parent__in=keys)
            yield from _pairs(opened, "parent_id", "id")

    def _reach(self, first: Collection[int]) -> set[int]:
        """The activities that can be met from these, which are among them; no more than one more than is allowed."""
        after, before = self._from_activity._meta.db_table, self._from_entity._meta.db_table
        condition, values = open_sql(Activity, "activity", self._user)
        met, met_values = (condition, values) if self._met else ("1 = 1", [])
        reached: set[int] = set()
        rest = set(first)
        while rest and len(reached) <= MOST:
            keys = list(islice(rest, KEYS))
            marks = ", ".join(["%s"] * len(keys))
            with connection.cursor() as cursor:
                cursor.execute(
                    f"""
                    WITH RECURSIVE reached(id) AS (
                        SELECT id FROM provenance_activity WHERE id IN ({marks})
                        UNION
                        SELECT next.activity_id
                        FROM reached
                        JOIN provenance_activity AS activity ON activity.id = reached.id AND {condition}
                        JOIN {after} AS here ON here.activity_id = reached.id
                        JOIN {before} AS next ON next.entity_id = here.entity_id
                    )
                    SELECT activity.id FROM reached JOIN provenance_activity AS activity ON activity.id = reached.id
                    WHERE {met} LIMIT {MOST + 1}
                    """,  # noqa: S608 - names of our tables, and marks
                    [*keys, *values, *met_values],
                )
                reached.update(key for (key,) in cursor.fetchall())
            rest.difference_update(keys, reached)
        return reached


def _pairs(rows: QuerySet[Any], here: str, there: str) -> list[tuple[int, int]]:
    """Two columns."""
    pairs = list(rows.order_by().values_list(here, there)[: MOST_RELATIONS + 1])
    if len(pairs) > MOST_RELATIONS:
        raise too_much()
    return pairs


def too_much() -> ParameterError:
    """What is said of a graph that is too large for one answer."""
    return ParameterError(
        "DEPTH",
        f"More than {MOST} activities and entities, or {MOST_RELATIONS} relations between them, lie within it.",
        hint="Ask for fewer relations, or begin nearer to what you look for.",
    )
