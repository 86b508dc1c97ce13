"""Which activities and entities lie within some steps of others, by the relations used and wasGeneratedBy.

Whole histories are found by one recursive query, a few steps by one query each. An activity that is closed to the asker
is met, but nothing is followed through it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Q

from provenance.models import Used, WasGeneratedBy
from uws.times import now

__all__ = ["Direction", "Found", "chunks", "open_to", "walk"]

FEW = 12
"""Steps up to which each is a query of its own."""

CHUNK = 10_000
"""Keys that one query names at most; SQLite allows 32,766."""


class Direction(StrEnum):
    """Where to look: at what things came from, or at what became of them."""

    BACK = "BACK"
    FORTH = "FORTH"


@dataclass(slots=True)
class Found:
    """Primary keys of what was met, what was asked for included."""

    activities: set[int] = field(default_factory=set)
    entities: set[int] = field(default_factory=set)


def open_to(user: Any, prefix: str = "") -> Q:
    """The activities (or entities) that a user may see: those of everybody and the user's own; a superuser sees all.

    Parameters
    ----------
    prefix
        Of the path to them, such as ``activity__``.
    """
    if user is not None and user.is_authenticated:
        if user.is_superuser:
            return Q()
        return Q(**{f"{prefix}public_since__lte": now()}) | Q(**{f"{prefix}owner": user.pk})
    return Q(**{f"{prefix}public_since__lte": now()})


def walk(start: Found, *, user: Any, direction: Direction, depth: int | None) -> Found:
    """All that lies within `depth` relations of the start; within any number of them when `depth` is None.

    Parameters
    ----------
    start
        Activities that the user may see, and entities.
    """
    near = _Near(user, direction)
    if depth is None or depth > FEW:
        near.prefetch(start)
    found = Found(set(start.activities), set(start.entities))
    edge = Found(set(start.activities), set(start.entities))
    while (edge.activities or edge.entities) and depth != 0:
        entities = near.entities_of(edge.activities) - found.entities
        activities = near.activities_of(edge.entities) - found.activities
        found.entities |= entities
        found.activities |= activities
        edge = Found(activities, entities)
        depth = None if depth is None else depth - 1
    return found


class _Near:
    """What is one relation away, from the database or, after `prefetch`, from memory."""

    def __init__(self, user: Any, direction: Direction) -> None:
        self._user = user
        is_back = direction == Direction.BACK
        self._from_activity: Any = Used if is_back else WasGeneratedBy
        self._from_entity: Any = WasGeneratedBy if is_back else Used
        self._entities: Mapping[int, set[int]] | None = None
        self._activities: Mapping[int, set[int]] = {}

    def entities_of(self, activities: Collection[int]) -> set[int]:
        if self._entities is not None:
            return set().union(*(self._entities.get(key, ()) for key in activities))
        return {entity for _, entity in self._after(activities)}

    def activities_of(self, entities: Collection[int]) -> set[int]:
        if self._entities is not None:
            return set().union(*(self._activities.get(key, ()) for key in entities))
        return {activity for _, activity in self._before(entities)}

    def prefetch(self, start: Found) -> None:
        """Read all relations that can be met."""
        first = start.activities | {activity for _, activity in self._before(start.entities)}
        reached = self._reach(first)
        entities: dict[int, set[int]] = defaultdict(set)
        activities: dict[int, set[int]] = defaultdict(set)
        for activity, entity in self._after(reached):
            entities[activity].add(entity)
        for entity, activity in self._before(start.entities.union(*entities.values())):
            activities[entity].add(activity)
        self._entities, self._activities = entities, activities

    def _after(self, activities: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Pairs of activity and entity, for activities that are open to the user."""
        for keys in chunks(activities):
            yield from (
                self._from_activity.objects.filter(open_to(self._user, "activity__"), activity__in=keys)
                .order_by()
                .values_list("activity_id", "entity_id")
            )

    def _before(self, entities: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Pairs of entity and activity."""
        for keys in chunks(entities):
            yield from (
                self._from_entity.objects.filter(entity__in=keys).order_by().values_list("entity_id", "activity_id")
            )

    def _reach(self, first: Collection[int]) -> set[int]:
        """The activities that can be met from these, which are among them."""
        after, before = self._from_activity._meta.db_table, self._from_entity._meta.db_table
        condition, values = self._open_sql()
        reached: set[int] = set()
        for keys in chunks(first):
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
                    SELECT id FROM reached
                    """,  # noqa: S608 - names of our tables, and marks
                    [*keys, *values],
                )
                reached.update(key for (key,) in cursor.fetchall())
        return reached

    def _open_sql(self) -> tuple[str, list[Any]]:
        """`open_to` in SQL, of a table called ``activity``."""
        moment = connection.ops.adapt_datetimefield_value(now())
        if self._user is not None and self._user.is_authenticated:
            if self._user.is_superuser:
                return "TRUE", []
            return "(activity.public_since <= %s OR activity.owner_id = %s)", [moment, self._user.pk]
        return "activity.public_since <= %s", [moment]


def chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    """Keys in lists that a query can name."""
    rest = iter(keys)
    while part := list(islice(rest, CHUNK)):
        yield part
