"""The states that a thing of the archive has had: a data set whose file has changed, a table that was replaced.

Each state is an entity. The first has the thing's own identifier, later ones have more after ``#``, which no identifier
of the archive contains; all but the last were invalidated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection

from provenance.chunks import NAMES, chunks
from provenance.models import Entity, EntityKind
from provenance.recording.names import LONGEST, fitting

__all__ = ["current", "end", "is_in", "name_of_state", "state_with", "states_of"]

ROOM = 25
"""Characters that are kept for what tells later states apart."""


def states_of(identifiers: Iterable[str]) -> dict[str, list[Entity]]:
    """The states of each thing, in the order in which they were recorded; nothing for a thing without any."""
    found: dict[str, list[Entity]] = defaultdict(list)
    for part in chunks(identifiers, NAMES):
        known = list(Entity.objects.filter(identifier__in=part).values_list("pk", "identifier"))
        stems = {_stem(identifier): identifier for _, identifier in known}
        keys = [pk for pk, _ in known]
        keys += _later(stems)
        for entity in Entity.objects.filter(pk__in=keys).exclude(kind=EntityKind.VALUE).order_by("pk"):
            name = entity.identifier
            found[stems.get(_stem(name)) or stems[name.rpartition("#")[0]]].append(entity)
    return dict(found)


def _later(stems: Collection[str]) -> list[int]:
    """Keys of the later states, found in the index by which the database finds beginnings of texts."""
    if not stems:
        return []
    least, most = ("~>=~", "~<~") if connection.vendor == "postgresql" else (">=", "<")
    marks = ", ".join(["(%s)"] * len(stems))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH wanted(stem) AS (VALUES {marks}) "  # noqa: S608 - marks, and names of ours
            f"SELECT id FROM wanted JOIN {Entity._meta.db_table} "
            f"ON identifier {least} (stem || '#') AND identifier {most} (stem || '$')",  # '$' follows '#'
            list(stems),
        )
        return [pk for (pk,) in cursor.fetchall()]


def current(states: Sequence[Entity]) -> Entity | None:
    """The state in which the thing is, None for one that is there no longer."""
    return next((state for state in reversed(states) if state.invalidated_at_time is None), None)


def end(states: Iterable[Entity], time: datetime) -> None:
    """Note when states ended; those that had ended before stay as they are."""
    keys = [state.pk for state in states if state.invalidated_at_time is None]
    for part in chunks(keys):
        Entity.objects.filter(pk__in=part).update(invalidated_at_time=time)


def is_in(state: Entity, sha256: str, size: int | None) -> bool:
    """Whether a thing of that content may be in a state: it is the same, or as large as one that nobody has read."""
    if state.sha256:
        return state.sha256 == sha256
    return size is None or state.size in (None, size)


def state_with(identifier: str, sha256: str, size: int | None, states: Sequence[Entity]) -> str:
    """The identifier of the state in which a thing has that content, whether there is an entity of it or not yet.

    Parameters
    ----------
    sha256
        Empty where the content is not known: then the thing is in its present state.
    size
        In bytes.
    states
        The states that there are.
    """
    present = current(states)
    same = [state for state in states if sha256 and state.sha256 == sha256]
    if same:
        return (current(same) or same[-1]).identifier
    if present is not None and (not sha256 or is_in(present, sha256, size)):
        return present.identifier
    if not sha256:
        return states[-1].identifier
    return name_of_state(identifier, sha256[:16], {state.identifier for state in states})


def name_of_state(identifier: str, mark: str, taken: Collection[str]) -> str:
    """The identifier of a new state.

    Parameters
    ----------
    mark
        What tells it from others, such as the first digits of a digest; the first state needs none.
    taken
        Identifiers of the states that there are.
    """
    if not taken:
        return identifier
    name, number = f"{_stem(identifier)}#{mark}", 1
    while name in taken:
        number += 1
        name = f"{_stem(identifier)}#{mark}-{number}"
    return name


def _stem(identifier: str) -> str:
    """What the identifiers of later states begin with."""
    return fitting(identifier, LONGEST - ROOM)
