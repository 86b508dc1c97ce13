"""What a query reads of its tables: the columns that it names, and values to which its rows may be confined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from obstap.adql import bound
from obstap.adql.bound import Kind
from obstap.adql.crossmatch import conjuncts, joins_of, leaves
from obstap.adql.tokens import Place
from obstap.metadata import Column, Position, Region

__all__ = ["Reads", "reads_of"]

_LEAVES = (bound.Relation, Column, Place, Position, Region)
"""What is told of the parts of a query and is none itself."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What is read of one table.

    Parameters
    ----------
    columns
        Names of the columns whose values matter.
    only
        Columns of which rows with other values cannot be part of the answer, and these values.
    joined
        Columns that must have a value which a column of another table has: own column, other table, its column.
    """

    columns: frozenset[str]
    only: Mapping[str, frozenset[str]]
    joined: tuple[tuple[str, str, str], ...]


def reads_of(query: bound.Query, tables: Collection[str]) -> dict[str, Reads]:
    """What a resolved query reads of some tables, by their lower-case names; those that it does not name are left out.

    A condition confines the rows of a table if it does so wherever the query names the table.
    """
    relations: dict[str, list[bound.Relation]] = defaultdict(list)
    columns: dict[int, set[str]] = defaultdict(set)
    confined: dict[int, dict[str, frozenset[str]]] = {}
    joined: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for part in _parts(query):
        if isinstance(part, bound.Table):
            if part.name in tables:
                relations[part.name].append(part.relation)
        elif isinstance(part, bound.Field):
            columns[id(part.relation)].add(part.column)
        elif isinstance(part, bound.Select):
            confined.update(_confined(part))
            for table, *join in _joined(part):
                joined[table].append(tuple(join))
    found = {}
    for name, named in relations.items():
        each = [confined.get(id(relation), {}) for relation in named]
        common = set(each[0]).intersection(*each[1:])
        found[name] = Reads(
            frozenset().union(*(columns[id(relation)] for relation in named)),
            {column: frozenset().union(*(values[column] for values in each)) for column in common},
            tuple(join for join in joined[name] if join[1] in relations) if len(named) == 1 else (),
        )
    return found


def _parts(node: object) -> Iterator[object]:
    """A part of a query and all that it is made of."""
    waiting, seen = [node], set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, (list, tuple)):
            waiting.extend(part)
        elif is_dataclass(part) and not isinstance(part, _LEAVES) and id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting.extend(getattr(part, entry.name) for entry in fields(part))


def _confined(select: bound.Select) -> dict[int, dict[str, frozenset[str]]]:
    """By identities of a SELECT's own relations, the columns that its condition wants to be one of some texts.

    The condition holds of no row without a value, so that it also leaves out rows that an outer join fills up. What it
    asks of the relations of an enclosing query confines these not.
    """
    own = dict(leaves(select.sources))
    found: dict[int, dict[str, frozenset[str]]] = defaultdict(dict)
    for condition in conjuncts(select.where):
        field, values = _choice(condition)
        if field is not None and id(field.relation) in own:
            known = found[id(field.relation)]
            known[field.column] = known.get(field.column, values) & values
    return found


def _joined(select: bound.Select) -> Iterator[tuple[str, str, str, str]]:
    """Table, column, other table and other column of joins without which no row counts, each in both directions."""
    names, joins = dict(leaves(select.sources)), list(joins_of(select.sources))
    if any(join.kind != "INNER" for join in joins):
        return
    for condition in (select.where, *(join.on for join in joins)):
        for part in conjuncts(condition):
            if isinstance(part, bound.Comparison) and part.operator == "=":
                sides = [side for side in (part.left, part.right) if type(side) is bound.Field]
                ends = [(names.get(id(side.relation)), side.column) for side in sides if side.kind is Kind.TEXT]
                if len(ends) == 2 and all(name for name, _ in ends) and ends[0][0] != ends[1][0]:
                    yield (*ends[0], *ends[1])
                    yield (*ends[1], *ends[0])


def _choice(condition: bound.Predicate) -> tuple[bound.Field | None, frozenset[str]]:
    """The column that must have one of some texts, and these."""
    if isinstance(condition, bound.Comparison) and condition.operator == "=":
        sides = condition.left, condition.right
        field = next((side for side in sides if type(side) is bound.Field), None)
        values = tuple(side for side in sides if side is not field)
    elif isinstance(condition, bound.InList) and not condition.negated and type(condition.operand) is bound.Field:
        field, values = condition.operand, condition.values
    else:
        return None, frozenset()
    if field is None or not all(isinstance(value, bound.Constant) and value.kind is Kind.TEXT for value in values):
        return None, frozenset()
    return field, frozenset(str(value.value) for value in values)
