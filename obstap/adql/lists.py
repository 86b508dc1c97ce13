"""Many comparisons of one column as one list: ``a = 1 OR a = 2 OR …`` is ``a IN (1, 2, …)``.

Engines look a value up in a list at once, while DuckDB's time to plan a row of conditions grows with its square.
"""

from __future__ import annotations

from collections.abc import Sequence

from obstap.adql import bound
from obstap.adql.bound import Kind
from obstap.adql.nearby import oriented

__all__ = ["gathered"]

_LEAST = 8
"""How many comparisons make a list; fewer are left as they were written."""

_OPERATORS = {"OR": "=", "AND": "<>"}


def gathered(junction: bound.Junction) -> Sequence[bound.Predicate]:
    """The operands of AND or OR, with comparisons of a column with constants of one type in a list."""
    if len(junction.operands) < _LEAST:
        return junction.operands
    groups: dict[object, list[bound.Constant]] = {}
    result: list[bound.Predicate | object] = []
    for operand in junction.operands:
        found = _compared(operand, _OPERATORS[junction.operator])
        if found is None:
            result.append(operand)
            continue
        field, constant = found
        key = (id(field.relation), field.column, constant.kind)
        if key not in groups:
            groups[key] = []
            result.append((key, field))
        groups[key].append(constant)
    negated = junction.operator == "AND"
    return [part for entry in result for part in _parts(entry, groups, negated)]


def _compared(operand: bound.Predicate, operator: str) -> tuple[bound.Field, bound.Constant] | None:
    """The column and the constant that a comparison has."""
    if not isinstance(operand, bound.Comparison) or operand.operator != operator:
        return None
    left, _, right = oriented(operand)
    if isinstance(left, bound.Field) and isinstance(right, bound.Constant) and right.kind is not Kind.NULL:
        return left, right
    return None


def _parts(
    entry: bound.Predicate | tuple[object, bound.Field], groups: dict[object, list[bound.Constant]], negated: bool
) -> Sequence[bound.Predicate]:
    if not isinstance(entry, tuple):
        return (entry,)
    key, field = entry
    values = groups[key]
    if len(values) >= _LEAST:
        return (bound.InList(field, tuple(values), negated),)
    operator = "<>" if negated else "="
    return tuple(bound.Comparison(operator, field, value) for value in values)
