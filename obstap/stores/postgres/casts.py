"""Answers as the text that `obstap.textform` promises, where COPY's own form of a value is another."""

# ruff: noqa: S608 - made of queries that are whole

from __future__ import annotations

from collections.abc import Sequence

from obstap.metadata import Column

__all__ = ["as_text"]


def as_text(sql: str, columns: Sequence[Column], *, rows: int | None = None) -> str:
    """A query for COPY, with the answer of `sql` in its order, and at most `rows` rows."""
    names = [f"c{number}" for number in range(len(columns))]
    values = [_value(name, column) for name, column in zip(names, columns, strict=True)]
    if values != names:
        sql = f"SELECT {', '.join(values)} FROM ({sql}) AS answer ({', '.join(names)})"
    elif rows is not None:
        sql = f"SELECT * FROM ({sql}) AS answer"
    return sql if rows is None else f"{sql} LIMIT {rows}"


def _value(name: str, column: Column) -> str:
    if column.datatype in ("char", "unicodeChar"):
        return f"replace(CAST({name} AS text), ' ', 'T')" if column.xtype == "timestamp" else name
    if column.arraysize:
        return _elements(name, column)
    return f"CASE {name} WHEN TRUE THEN 'T' WHEN FALSE THEN 'F' END" if column.datatype == "boolean" else name


def _elements(name: str, column: Column) -> str:
    """The elements of an array; a missing one is not a number, or nothing at all where numbers are whole."""
    if column.datatype in ("float", "double"):
        return f"NULLIF(array_to_string({name}, ' ', 'NaN'), '')"
    text = f"array_to_string({name}, ' ')"
    if column.datatype == "boolean":
        text = f"translate({text}, 'tf', 'TF')"
    return f"CASE WHEN array_position({name}, NULL) IS NULL THEN NULLIF({text}, '') END"
