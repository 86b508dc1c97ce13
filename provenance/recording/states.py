"""The states that a thing of the archive has had: a data set whose file has changed, a table that was replaced.

Each state is an entity. The first has the thing's own identifier, later ones have more after ``#``, which no identifier
of the archive contains; all but the last were invalidated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Q

from provenance.models import Entity

__all__ = ["CHUNK", "current", "end", "name_of_state", "parts", "states_of"]

CHUNK = 400
"""Things that one query names at most: SQLite takes a condition of 1000 terms."""


def states_of(identifiers: Iterable[str]) -> dict[str, list[Entity]]:
    """The states of each thing, in the order in which they were recorded; nothing for a thing without any."""
    found: dict[str, list[Entity]] = defaultdict(list)
    for part in parts(identifiers):
        known = Entity.objects.filter(identifier__in=part).values_list("identifier", flat=True)
        condition = Q(pk__in=())
        for identifier in known:
            condition |= Q(identifier=identifier) | _later(identifier)
        for entity in Entity.objects.filter(condition).order_by("pk"):
            found[entity.identifier.partition("#")[0]].append(entity)
    return dict(found)


def _later(identifier: str) -> Q:
    """The later states, in the form in which the database uses its index."""
    if connection.vendor == "sqlite":
        return Q(identifier__gt=f"{identifier}#", identifier__lt=f"{identifier}$")  # '$' follows '#'
    return Q(identifier__startswith=f"{identifier}#")


def current(states: Sequence[Entity]) -> Entity | None:
    """The state in which the thing is, None for one that is there no longer."""
    return next((state for state in reversed(states) if state.invalidated_at_time is None), None)


def end(states: Iterable[Entity], time: datetime) -> None:
    """Note when states ended; those that had ended before stay as they are."""
    keys = [state.pk for state in states if state.invalidated_at_time is None]
    for part in parts(keys):
        Entity.objects.filter(pk__in=part).update(invalidated_at_time=time)


def name_of_state(identifier: str, mark: str, taken: Collection[str]) -> str:
    """The identifier of a new state.

    Parameters
    ----------
    mark
        What tells it from others, such as the digest of a file; the first state needs none.
    taken
        Identifiers of the states that there are.
    """
    if identifier not in taken:
        return identifier
    name, number = f"{identifier}#{mark}", 1
    while name in taken:
        number += 1
        name = f"{identifier}#{mark}-{number}"
    return name


def parts(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Items in lists that a query can name."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
