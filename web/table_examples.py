"""Queries to start from that are made for a table: of its own columns, and about a place that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obstap.names import qualified, quoted
from web.tables import TablePage

if TYPE_CHECKING:
    from obstap.metadata import Column, Table

__all__ = ["TableExample", "examples_for"]

SHOWN = 6
"""Columns that an example selects."""

RADIUS = 0.1
"""Degrees about the place of the examples."""

CODES = frozenset({"boolean", "short"})
FEW = re.compile(r"type|class|flag|quality|status|collection|instrument|schema|band|filter", re.IGNORECASE)
"""What names of text columns have in them whose values are few."""

REALS = frozenset({"float", "double"})


@dataclass(frozen=True, slots=True)
class TableExample:
    """A query and what it asks for."""

    title: str
    adql: str


def examples_for(page: TablePage) -> list[TableExample]:
    """Queries that run on the table."""
    return list(_examples(page, page.table))


def _examples(page: TablePage, table: Table) -> Iterator[TableExample]:
    name = qualified(table.name)
    columns = _columns(table)
    yield TableExample("A look at the rows", f"SELECT TOP 20 {', '.join(columns)}\nFROM {name}")
    if page.sample is not None:
        yield _cone(page, name, columns)
        if table.regions:
            yield _covering(page, name, columns)
    if (group := _group(table)) is not None:
        column = quoted(group.name)
        yield TableExample(
            f"How many rows there are of each {group.name}",
            f"SELECT {column}, COUNT(*) AS n\nFROM {name}\nGROUP BY {column}\nORDER BY n DESC",
        )
    if (real := _real(table)) is not None:
        column = quoted(real.name)
        yield TableExample(
            f"The range of {real.name}",
            f"SELECT MIN({column}) AS smallest, AVG({column}) AS mean, MAX({column}) AS largest\nFROM {name}",
        )
    for key in page.keys[:1]:
        other = page.targets[key.other.lower()]
        on = " AND ".join(f"a.{quoted(own)} = b.{quoted(theirs)}" for own, theirs in key.columns)
        chosen = [f"a.{column}" for column in columns[: SHOWN // 2]]
        taken = {column.lower() for column in columns[: SHOWN // 2]}
        chosen += [f"b.{column}" for column in _columns(other) if column.lower() not in taken][: SHOWN // 2]
        yield TableExample(
            f"Together with {other.name}",
            f"SELECT TOP 20 {', '.join(chosen)}\nFROM {name} AS a JOIN {qualified(other.name)} AS b ON {on}",
        )


def _columns(table: Table) -> list[str]:
    """The columns that are worth showing first, as queries write them."""
    place = {name for position in table.positions for name in (position.lon, position.lat)}
    first = [column for column in table.columns if column.principal or column.name in place or column.name == table.key]
    others = [column for column in table.columns if column not in first and not column.is_array]
    chosen = {column.name for column in [*first, *others][:SHOWN]}
    return [quoted(column.name) for column in table.columns if column.name in chosen]


def _cone(page: TablePage, name: str, columns: list[str]) -> TableExample:
    position, (lon, lat) = page.table.positions[0], page.sample or (0.0, 0.0)
    distance = (
        f"DISTANCE(POINT({quoted(position.lon)}, {quoted(position.lat)}), POINT({round(lon, 5)!r}, {round(lat, 5)!r}))"
    )
    adql = (
        f"SELECT TOP 100 {', '.join(columns)},\n       {distance} AS separation\n"
        f"FROM {name}\nWHERE {distance} < {RADIUS}\nORDER BY separation"
    )
    return TableExample(f"Within {RADIUS:g} degrees of a place, the nearest first", adql)


def _covering(page: TablePage, name: str, columns: list[str]) -> TableExample:
    region, (lon, lat) = page.table.regions[0], page.sample or (0.0, 0.0)
    point = f"POINT({round(lon, 5)!r}, {round(lat, 5)!r})"
    adql = f"SELECT TOP 100 {', '.join(columns)}\nFROM {name}\nWHERE 1 = CONTAINS({point}, {quoted(region.text)})"
    return TableExample(f"Rows whose {region.text} covers a place", adql)


def _group(table: Table) -> Column | None:
    """A column that probably has few values."""
    fit = [
        column
        for column in table.columns
        if (column.datatype in CODES or (column.is_text and FEW.search(column.name)))
        and not column.is_array
        and not column.xtype
        and column.name != table.key
    ]
    fit.sort(key=lambda column: not column.principal)
    return fit[0] if fit else None


def _real(table: Table) -> Column | None:
    """A column of measured values."""
    place = {name for position in table.positions for name in (position.lon, position.lat)}
    fit = [
        column
        for column in table.columns
        if column.datatype in REALS and not column.is_array and column.name not in place
    ]
    fit.sort(key=lambda column: (not column.principal, not column.ucd.lower().startswith(("phot", "em."))))
    return fit[0] if fit else None
