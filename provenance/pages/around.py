"""The graph around an activity or an entity, as far as a page can show it."""

from __future__ import annotations

from typing import Any

from provenance.graph import Graph
from provenance.models import Activity, Used, WasGeneratedBy
from provenance.pages.view import View
from provenance.reading import Detail, graph_of
from provenance.visibility import open_to
from provenance.walk import Direction, Found, Way, walk
from vo.errors import ParameterError

__all__ = ["MOST_SHOWN", "around"]

MOST_SHOWN = 25_000
"""Activities and entities that one page looks at: so many take less than a second."""

MOST_CONFIGURED = 1000
"""Activities up to which values that went from one to another are looked for."""


def around(start: Found, *, user: Any, view: View) -> tuple[Graph, list[str]]:
    """The graph, and what of it was left out, in plain words.

    Parameters
    ----------
    start
        Activities and entities that the user may see.
    """
    if view.steps:
        start = Found(start.activities | _steps(start.activities, user), set(start.entities))
    notes = []
    depth, found = _within_limits(start, user, view)
    if found is None:
        found = _cut(start, user)
        notes.append(f"Shown are {MOST_SHOWN} of the files; the others are left out.")
    elif depth < view.depth:
        notes.append(
            f"Shown are {depth} generation{'s' * (depth != 1)} in place of {view.depth}: with more there would be over "
            f"{MOST_SHOWN} nodes."
        )
    few = len(found.activities) <= MOST_CONFIGURED
    detail = Detail(agents=True, configuration=few, attributes=False, descriptions=False)
    return graph_of(found, user=user, detail=detail), notes


def _steps(activities: set[int], user: Any) -> set[int]:
    """The jobs of pipelines, and of pipelines among them."""
    steps: set[int] = set()
    edge = set(activities)
    while edge:
        children = Activity.objects.filter(open_to(user), parent__in=edge).values_list("pk", flat=True)
        edge = set(children[:MOST_SHOWN]) - steps
        steps |= edge
        if len(steps) > MOST_SHOWN:
            break
    return steps


def _within_limits(start: Found, user: Any, view: View) -> tuple[int, Found | None]:
    """What lies within the depth, or within the greatest that can be shown: found by halving, for it only grows."""
    best: tuple[int, Found | None] = (0, None)
    least, depth, most = 0, view.depth, view.depth
    while least <= most:
        found = _if_few(start, user, view.direction, depth)
        if found is None:
            most = depth - 1
        else:
            best = depth, found
            least = depth + 1
        depth = (least + most) // 2
    return best


def _if_few(start: Found, user: Any, direction: str, depth: int) -> Found | None:
    """What lies within some generations, if it can be shown."""
    try:
        found = _found(start, user, direction, depth)
    except ParameterError:  # it is more than any graph may have
        return None
    return found if len(found.activities) + len(found.entities) <= MOST_SHOWN else None


def _found(start: Found, user: Any, direction: str, depth: int) -> Found:
    """What lies within some generations; of activities always what they used and made themselves."""
    least, most = (1, 1 + 2 * depth) if start.activities else (0, 2 * depth)
    back = walk(start, user=user, way=Way(Direction.BACK, most if direction != "forth" else least))
    forth = walk(start, user=user, way=Way(Direction.FORTH, most if direction != "back" else least))
    return Found(back.activities | forth.activities, back.entities | forth.entities)


def _cut(start: Found, user: Any) -> Found:
    """The activities, and as many of their files as can be shown."""
    found = Found(set(sorted(start.activities)[:MOST_SHOWN]), set(start.entities))
    room = MOST_SHOWN - len(found.activities)
    for model in (Used, WasGeneratedBy):
        rows = model.objects.filter(open_to(user, "activity__"), activity__in=found.activities).order_by("pk")
        found.entities |= set(rows.values_list("entity_id", flat=True)[: room // 2])
    return found
