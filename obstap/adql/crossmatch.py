"""Joins of positions on cells of the sky.

Where two tables are joined by the distance of their positions, one of them is read once for each cell near its
position, and rows come together whose cells are equal. A row of the other table is in one cell only, so that each pair
is found once, whatever else the query asks of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from obstap.adql import bound
from obstap.adql.nearby import indexed, near
from obstap.metadata import Position
from vo.neighbourhood import pairing_order

__all__ = ["UPLOADS", "Pairing", "Pairings", "conjuncts", "joins_of", "leaves", "pairings"]

UPLOADS = "tap_upload."
"""How the names of tables begin that a client brought: they are the smaller ones."""

_WIDEST = 5.0
"""Degrees of a distance beyond which cells are so wide that they help no more than declinations."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """A join of two relations on cells.

    Parameters
    ----------
    near, near_position
        The relation that is read once for each cell near its position, and that position.
    other, other_position
        The relation that is not.
    order
        Of the cells.
    radius
        Degrees.
    upload
        The name of the other relation where it is a client's table: what is far from all of its rows need not be read.
    """

    near: bound.Relation
    near_position: Position
    other: bound.Relation
    other_position: Position
    order: int
    radius: float
    upload: str = ""


@dataclass(slots=True)
class Pairings:
    """The joins on cells of one SELECT, by identities: of the relation that is read for each cell, of the condition."""

    by_relation: dict[int, Pairing] = field(default_factory=dict)
    by_condition: dict[int, Pairing] = field(default_factory=dict)


def pairings(select: bound.Select) -> Pairings:
    """The joins on cells that a SELECT makes possible.

    Only conditions count that must hold for every row: parts of the WHERE clause or of an ON that stand between ANDs.
    A relation whose rows a LEFT, RIGHT or FULL JOIN keeps without a match is never multiplied for that join.
    """
    found = Pairings()
    tables = dict(leaves(select.sources))
    if len(tables) < 2:
        return found
    for condition in conjuncts(select.where):
        _add(found, condition, tables, tables)
    for join in joins_of(select.sources):
        if join.kind != "FULL":
            left, right = (dict(leaves((side,))) for side in (join.left, join.right))
            free = {"INNER": left | right, "LEFT": right, "RIGHT": left}[join.kind]
            for condition in conjuncts(join.on):
                _add(found, condition, free, tables)
    return found


def _add(found: Pairings, condition: bound.Predicate, free: Mapping[int, str], tables: Mapping[int, str]) -> None:
    """Note the join that a condition makes, if it makes one; `free` are the relations that may be multiplied."""
    limit = near(condition)
    if limit is None or limit.radius > _WIDEST:
        return
    sides = [(parts[0], indexed(*parts)) for parts in (limit.parts[:2], limit.parts[2:])]
    if any(position is None or id(column.relation) not in tables for column, position in sides):
        return
    (first, first_position), (second, second_position) = ((column.relation, position) for column, position in sides)
    if first is second:
        return
    choices = [
        (near_relation, near_position, other, other_position)
        for near_relation, near_position, other, other_position in (
            (second, second_position, first, first_position),
            (first, first_position, second, second_position),
        )
        if id(near_relation) in free and id(near_relation) not in found.by_relation
    ]
    if not choices:
        return
    chosen = next((choice for choice in choices if tables[id(choice[0])].startswith(UPLOADS)), choices[0])
    name = tables[id(chosen[2])]
    upload = name if name.startswith(UPLOADS) and not tables[id(chosen[0])].startswith(UPLOADS) else ""
    pairing = Pairing(*chosen, pairing_order(limit.radius), limit.radius, upload)
    found.by_relation[id(pairing.near)] = pairing
    found.by_condition[id(condition)] = pairing


def conjuncts(condition: bound.Predicate | None) -> Iterator[bound.Predicate]:
    """The parts of a condition that must all hold."""
    if isinstance(condition, bound.Junction) and condition.operator == "AND":
        for operand in condition.operands:
            yield from conjuncts(operand)
    elif condition is not None:
        yield condition


def leaves(sources: Sequence[bound.TableSource]) -> Iterator[tuple[int, str]]:
    """The identities of relations, and the names of those that are published tables."""
    for source in sources:
        if isinstance(source, bound.Join):
            yield from leaves((source.left, source.right))
        else:
            yield id(source.relation), source.name if isinstance(source, bound.Table) else ""


def joins_of(sources: Sequence[bound.TableSource]) -> Iterator[bound.Join]:
    """All joins of a FROM clause."""
    for source in sources:
        if isinstance(source, bound.Join):
            yield source
            yield from joins_of((source.left, source.right))
