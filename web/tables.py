"""What the pages of tables show: descriptions, numbers of rows, and the keys between tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.cache import cache

from vo.errors import NotFoundError, TimeLimitError
from vo.wording import did_you_mean

if TYPE_CHECKING:
    from obstap.metadata import Column, Table
    from obstap.stores import Snapshot

__all__ = ["Key", "SchemaListing", "TableEntry", "TablePage", "listing", "page", "type_of"]

COUNT_SECONDS = 60
"""How old a number of rows may be."""

COUNT_LIMIT = 5.0
"""Seconds that counting the rows of a table may take; its page does without the number then."""

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table in the list; `rows` is None when they could not be counted in time."""

    table: Table
    rows: int | None


@dataclass(frozen=True, slots=True)
class SchemaListing:
    """A schema and its tables."""

    name: str
    description: str
    tables: tuple[TableEntry, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A foreign key, seen from either of its tables: pairs of own and other columns."""

    other: str
    columns: tuple[tuple[str, str], ...]
    description: str


@dataclass(frozen=True, slots=True)
class TablePage:
    """A table and what leads to and from it; `sample` is the position of one of its rows, in degrees."""

    table: Table
    rows: int | None
    keys: tuple[Key, ...]
    referred: tuple[Key, ...]
    targets: Mapping[str, Table]
    sample: tuple[float, float] | None

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """What is to be said of columns beside what TAP_SCHEMA has."""
        table = self.table
        told: dict[str, list[str]] = {}
        if table.key:
            told.setdefault(table.key, []).append("key")
        for position in table.positions:
            told.setdefault(position.lon, []).append("position")
            told.setdefault(position.lat, []).append("position")
        for region in table.regions:
            told.setdefault(region.text, []).append("region")
        for column in table.columns:
            for flag in ("indexed", "principal", "std"):
                if getattr(column, flag):
                    told.setdefault(column.name, []).append({"std": "standard"}.get(flag, flag))
        return {name: tuple(tags) for name, tags in told.items()}


def listing() -> list[SchemaListing]:
    """All tables by schema, in the order of TAP_SCHEMA."""
    from obstap.catalogue import schema_descriptions  # noqa: PLC0415 - Arrow and the engine come with it
    from obstap.live import all_tables  # noqa: PLC0415
    from obstap.stores import get_store  # noqa: PLC0415
    from obstap.tap_schema import ordered, schemas  # noqa: PLC0415

    with get_store().snapshot() as snapshot:
        tables = ordered(all_tables(snapshot).values())
        return [
            SchemaListing(
                schema.name,
                schema.description,
                tuple(TableEntry(table, _rows(snapshot, table)) for table in tables if table.schema == schema.name),
            )
            for schema in schemas(tables, schema_descriptions(snapshot))
        ]


def page(name: str) -> TablePage:
    """A table by its name, in any case, with or without quotes.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none.
    """
    from obstap.live import all_tables  # noqa: PLC0415 - Arrow and the engine come with the stores
    from obstap.stores import get_store  # noqa: PLC0415
    from obstap.tap.resource import find_table  # noqa: PLC0415

    with get_store().snapshot() as snapshot:
        tables = all_tables(snapshot)
        table = find_table(tables, name)
        if table is None:
            names = [known.name for known in tables.values()]
            raise NotFoundError(f"There is no table {name!r}.", hint=did_you_mean(name, names) or "/tables/ lists all.")
        return TablePage(
            table=table,
            rows=_rows(snapshot, table),
            keys=_keys(table, tables),
            referred=_referred(table, tables),
            targets=dict(tables),
            sample=_sample(snapshot, table),
        )


def _keys(table: Table, tables: Mapping[str, Table]) -> tuple[Key, ...]:
    return tuple(
        Key(tables[key.target.lower()].name, key.columns, key.description)
        for key in table.foreign_keys
        if key.target.lower() in tables
    )


def _referred(table: Table, tables: Mapping[str, Table]) -> tuple[Key, ...]:
    return tuple(
        Key(other.name, tuple((target, source) for source, target in key.columns), key.description)
        for other in tables.values()
        for key in other.foreign_keys
        if key.target.lower() == table.name.lower() and other.name != table.name
    )


def _rows(snapshot: Snapshot, table: Table) -> int | None:
    if table.name.lower() not in snapshot.tables:
        return None  # how many there are depends on who asks
    physical = snapshot.physical(table.name.lower())
    name = f"web.rows.{hashlib.sha256(physical.encode()).hexdigest()}"
    count = cache.get(name)
    if count is None:
        found = _first(snapshot, f"SELECT count(*) FROM {physical}")  # noqa: S608 - the store's own name
        count = UNKNOWN if found is None else found[0]
        cache.set(name, count, COUNT_SECONDS)
    return None if count == UNKNOWN else int(count)


def _sample(snapshot: Snapshot, table: Table) -> tuple[float, float] | None:
    """A position in the table, for examples that find something."""
    from obstap.names import delimited  # noqa: PLC0415 - with the others

    for position in table.positions:
        lon, lat, cell = (delimited(name) for name in (position.lon, position.lat, position.cell))
        physical = snapshot.physical(table.name.lower())
        sql = f"SELECT {lon}, {lat} FROM {physical} WHERE {cell} IS NOT NULL LIMIT 1"  # noqa: S608 - quoted
        found = _first(snapshot, sql)
        if found is not None:
            return float(found[0]), float(found[1])
    return None


def _first(snapshot: Snapshot, sql: str) -> Sequence | None:
    try:
        for batch in snapshot.execute(sql, time_limit=COUNT_LIMIT):
            for row in batch.to_pylist():
                return tuple(row.values())
    except TimeLimitError:
        return None
    return None


def type_of(column: Column) -> str:
    """The type of a column as people read it, such as ``double[3]`` or ``text``."""
    if column.is_text:
        return "time" if column.xtype == "timestamp" else "region" if column.xtype == "adql:REGION" else "text"
    size = f"[{column.arraysize}]" if column.arraysize else ""
    return f"{column.xtype} ({column.datatype}{size})" if column.xtype else f"{column.datatype}{size}"
