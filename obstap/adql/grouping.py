"""The rule of GROUP BY: what is asked of a group must be the same for all its rows, or be an aggregate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

from obstap.adql import bound
from obstap.adql.tokens import Place, Source

__all__ = ["check_grouping", "has_aggregate"]

_LEAVES = (bound.Constant, bound.Relation)

_NAMES: dict[type, tuple[str, ...]] = {}


def has_aggregate(node: object) -> bool:
    """Whether a value or condition computes an aggregate itself, not in a sub-query."""
    if isinstance(node, bound.Aggregate):
        return True
    if isinstance(node, bound.Field | bound.Query):
        return False
    return any(has_aggregate(child) for child in _children(node))


def check_grouping(node: object, keys: Sequence[bound.Value], own: set[int], source: Source, place: Place) -> None:
    """Refuse columns that are neither among the terms of GROUP BY nor in an aggregate.

    Parameters
    ----------
    own
        Identities of the relations of this query; columns of queries around it are constant here.
    place
        Where the value stands, for columns that do not know their own place.

    Raises
    ------
    vo.errors.QueryError
        At the first such column.
    """
    for field in _loose(node, keys):
        if id(field.relation) in own:
            raise source.error(
                f"{field.about.name} is not the same for all rows of a group.",
                field.place or place,
                f"Add it to GROUP BY, or take an aggregate such as MIN({field.about.name}).",
            )


def _loose(node: object, keys: Sequence[bound.Value]) -> Iterator[bound.Field]:
    """Columns outside aggregates and terms of GROUP BY, also those that sub-queries take from around them."""
    if isinstance(node, bound.Aggregate) or any(type(key) is type(node) and key == node for key in keys):
        return
    if isinstance(node, bound.Field):
        yield node
        return
    for child in _children(node):
        yield from _loose(child, keys)


def _children(node: object) -> Iterator[object]:
    """The parts of a value, condition or query."""
    if isinstance(node, tuple | list):
        yield from node
    elif is_dataclass(node) and not isinstance(node, _LEAVES):
        kind = type(node)
        if kind not in _NAMES:
            _NAMES[kind] = tuple(field.name for field in fields(node) if field.name not in ("about", "kind", "place"))
        for name in _NAMES[kind]:
            yield getattr(node, name)
