"""Storing rows: the table of a new version, rows merged into a table, rows taken out of one.

All of it happens in the transaction of the session that is given, so a writer that dies leaves nothing behind. Tables
are stored in the order of the HEALPix cell of their first position (else of the key), so that neighbours share pages.
"""

# ruff: noqa: S608 - identifiers are quoted, and values are never part of the SQL

from __future__ import annotations

import secrets
from collections.abc import Sequence

import adbc_driver_manager
import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.metadata import Table
from obstap.names import delimited
from obstap.stores.base import TableContent
from obstap.stores.contents import arriving, duplicate_key, missing_keys
from obstap.stores.postgres.failures import refused
from obstap.stores.postgres.manifest import SCHEMA, Entry, physical
from obstap.stores.postgres.sessions import READER, ArrowSession
from vo.errors import UsageError

__all__ = ["merge", "new", "remove", "temporary"]

_TYPES = {
    pa.bool_(): "boolean",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.timestamp("us"): "timestamp",
}

_LONGEST = 63
"""Bytes of a name; PostgreSQL would cut what is longer."""

_SYSTEM = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
"""Columns that each table has (PostgreSQL manual, 5.5)."""

_INCOMING = "incoming"

_ROOM = "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '128MB'"


def new(session: ArrowSession, number: int, content: TableContent) -> Entry:
    """Store `content` in a table of version `number`.

    Raises
    ------
    vo.errors.UsageError
        When rows lack their key or share it, the batches do not have the table's schema, or PostgreSQL cannot hold
        them.
    """
    table = content.table
    try:
        if not _order(table):
            return _straight(session, number, content)
        with _staged(session, content):
            name = _create(session, number, table)
            columns = ", ".join(map(delimited, arrow_schema(table).names))
            session.run(f"INSERT INTO {physical(name)} SELECT {columns} FROM {_INCOMING}{_order(table)}")
            return _finished(session, table, name)
    except adbc_driver_manager.Error as error:
        raise refused(error, table.name) from error


def _straight(session: ArrowSession, number: int, content: TableContent) -> Entry:
    """Store rows in the order in which they come."""
    _check_names(content.table)
    name = _create(session, number, content.table)
    with arriving(content, adbc_driver_manager.Error) as rows:
        session.load(name, rows, schema=SCHEMA)
    return _finished(session, content.table, name)


def merge(session: ArrowSession, number: int, old: Entry | None, content: TableContent) -> Entry | None:
    """Add the rows of `content` to those of `old` (if any), in place of those with the same key.

    The table of `old` is changed where the columns, the key and the indexes remain what they are; else a table of
    version `number` takes its place, in which columns that `old` lacks are NULL in its rows. Of several rows in
    `content` that share a key the last one stays.

    Returns
    -------
    Entry or None
        None when `content` changes nothing.
    """
    table = content.table
    try:
        with _staged(session, content):
            _check_keys(session, table, _INCOMING)
            key = delimited(table.key)
            latest = f"SELECT DISTINCT ON ({key}) * FROM {_INCOMING} ORDER BY {key}, ctid DESC"
            if old is None or _layout(old.table) != _layout(table):
                return _rebuilt(session, number, old, table, latest)
            return _merged(session, old, table, latest)
    except adbc_driver_manager.Error as error:
        raise refused(error, table.name) from error


def _merged(session: ArrowSession, old: Entry, table: Table, latest: str) -> Entry | None:
    names = arrow_schema(table).names
    changes = ", ".join(f"{delimited(name)} = EXCLUDED.{delimited(name)}" for name in names)
    columns = ", ".join(map(delimited, names))
    ((arrived, fresh),) = session.rows(
        f"WITH merged AS (INSERT INTO {physical(old.physical)} ({columns}) "
        f"SELECT {columns} FROM ({latest}) AS latest{_order(table)} "
        f"ON CONFLICT ({delimited(table.key)}) DO UPDATE SET {changes} RETURNING xmax = 0 AS fresh) "
        "SELECT count(*), count(*) FILTER (WHERE fresh) FROM merged"
    )
    if not arrived and old.table == table:
        return None
    return Entry(table, old.physical, old.rows + fresh)


def _rebuilt(session: ArrowSession, number: int, old: Entry | None, table: Table, latest: str) -> Entry:
    schema = arrow_schema(table)
    rows = latest
    if old is not None:
        present = {name.lower(): name for name in arrow_schema(old.table).names}
        kept = ", ".join(
            f"CAST({delimited(present[field.name.lower()]) if field.name.lower() in present else 'NULL'}"
            f" AS {_type(field.type)}) AS {delimited(field.name)}"
            for field in schema
        )
        key = delimited(table.key)
        rows = (
            f"SELECT {kept} FROM {physical(old.physical)} AS old WHERE NOT EXISTS (SELECT FROM {_INCOMING} "
            f"WHERE {_INCOMING}.{key} = old.{delimited(present[table.key.lower()])}) UNION ALL ({latest})"
            if table.key.lower() in present
            else f"SELECT {kept} FROM {physical(old.physical)} AS old UNION ALL ({latest})"
        )
    name = _create(session, number, table)
    session.run(f"INSERT INTO {physical(name)} SELECT * FROM ({rows}) AS rows{_order(table)}")
    return _finished(session, table, name)


def remove(session: ArrowSession, old: Entry, keys: Sequence[str]) -> int:
    """Take the rows with these keys out of the table; gives their number."""
    table = old.table
    key = delimited(table.key)
    kind = arrow_schema(table).field(table.key).type
    leaving = pa.table({"key": pa.array(keys, type=kind)})
    session.run(f"CREATE TEMP TABLE leaving (key {_type(kind)}) ON COMMIT DROP")
    session.load("leaving", leaving.to_reader())
    ((count,),) = session.rows(
        f"WITH gone AS (DELETE FROM {physical(old.physical)} WHERE {key} IN (SELECT key FROM leaving) RETURNING 1) "
        "SELECT count(*) FROM gone"
    )
    return count


def temporary(session: ArrowSession, name: str, content: TableContent, *, indexed: bool) -> None:
    """Store `content` in a temporary table, in the order in which rows come, that ends with the transaction.

    Parameters
    ----------
    indexed
        Whether it gets the indexes of a published table.

    Raises
    ------
    vo.errors.UsageError
        When PostgreSQL cannot hold the rows.
    """
    table = content.table
    _check_names(table)
    try:
        session.run(f"CREATE TEMP TABLE {name} ({_columns(arrow_schema(table))}) ON COMMIT DROP")
        with arriving(content, adbc_driver_manager.Error) as rows:
            session.load(name, rows)
        expressions = _indexes(table) if indexed else []
        indexes = [f"CREATE INDEX ON pg_temp.{name} {expression}" for expression in expressions]
        session.run(";".join([*indexes, f"ANALYZE pg_temp.{name}"]))
    except adbc_driver_manager.Error as error:
        raise refused(error, table.name) from error


class _staged:  # noqa: N801 - used as a function
    """The rows of `content` as the temporary table `incoming`, in the order in which they come."""

    def __init__(self, session: ArrowSession, content: TableContent) -> None:
        self._session = session
        self._content = content

    def __enter__(self) -> None:
        _check_names(self._content.table)
        schema = arrow_schema(self._content.table)
        self._session.run(f"{_ROOM}; CREATE TEMP TABLE {_INCOMING} ({_columns(schema)}) ON COMMIT DROP")
        with arriving(self._content, adbc_driver_manager.Error) as rows:
            self._session.load(_INCOMING, rows)
        self._session.run(f"ANALYZE {_INCOMING}")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._session.run(f"DROP TABLE {_INCOMING}")


def _create(session: ArrowSession, number: int, table: Table) -> str:
    """A new table without rows; gives its name."""
    stem = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in table.name.lower())[:36]
    name = f"{stem}_{number}_{secrets.token_hex(4)}"
    session.run(
        f"CREATE TABLE {physical(name)} ({_columns(arrow_schema(table))});"
        f"GRANT SELECT ON {physical(name)} TO {delimited(READER)}"
    )
    return name


def _finished(session: ArrowSession, table: Table, name: str) -> Entry:
    """Index the table, let the planner know it, and count its rows."""
    place = physical(name)
    if table.key:
        _check_keys(session, table, place)
        _index_key(session, table, place)
    for expression in _indexes(table):
        session.run(f"CREATE INDEX ON {place} {expression}")
    session.run(f"ANALYZE {place}")
    ((count,),) = session.rows(f"SELECT count(*) FROM {place}")
    return Entry(table, name, count)


def _indexes(table: Table) -> list[str]:
    """What is indexed beside the key: positions and regions for pgsphere, cells, and columns that promise it."""
    expressions = []
    for position in table.positions:
        lon, lat = delimited(position.lon), delimited(position.lat)
        expressions += [f"USING gist (spoint(radians({lon}), radians({lat})))", f"({delimited(position.cell)})"]
    for region in table.regions:
        cone = ", ".join(map(delimited, (region.x, region.y, region.z, region.radius)))
        expressions.append(f"USING gist (athanor_cone({cone}))")
        radius = delimited(region.radius)
        expressions.append(f"({radius}) WHERE {radius} >= 90")  # what athanor_cone does not hold
    of_positions = {name for position in table.positions for name in (position.lon, position.lat)}
    of_regions = {region.text for region in table.regions}
    for column in table.columns:
        if column.indexed and column.name not in of_positions | of_regions | {table.key}:
            expressions.append(f"({delimited(column.name)})")
    return expressions


def _index_key(session: ArrowSession, table: Table, place: str) -> None:
    key = delimited(table.key)
    session.run("SAVEPOINT key")
    try:
        session.run(f"CREATE UNIQUE INDEX ON {place} ({key})")
    except adbc_driver_manager.IntegrityError as error:
        session.run("ROLLBACK TO SAVEPOINT key")
        ((shared,),) = session.rows(f"SELECT {key} FROM {place} GROUP BY {key} HAVING count(*) > 1 LIMIT 1")
        raise duplicate_key(table, shared) from error
    session.run("RELEASE SAVEPOINT key")


def _check_keys(session: ArrowSession, table: Table, place: str) -> None:
    ((missing,),) = session.rows(f"SELECT count(*) FROM {place} WHERE {delimited(table.key)} IS NULL")
    if missing:
        raise missing_keys(table, missing)


def _check_names(table: Table) -> None:
    for name in arrow_schema(table).names:
        if len(name.encode()) > _LONGEST:
            raise UsageError(
                f"The column name {name!r} of {table.name} has {len(name.encode())} bytes; PostgreSQL takes {_LONGEST}."
            )
        if name in _SYSTEM:
            raise UsageError(
                f"A column of {table.name} is called {name}, which PostgreSQL keeps for itself; rename it."
            )


def _layout(table: Table) -> tuple[object, ...]:
    """What of a table decides how its rows are stored."""
    return arrow_schema(table), table.key, _indexes(table)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{delimited(field.name)} {_type(field.type)}{_collation(field.type)}" for field in schema)


def _collation(kind: pa.DataType) -> str:
    """Texts are ordered by code points, as in every engine."""
    return ' COLLATE "C"' if pa.types.is_string(kind) else ""


def _type(kind: pa.DataType) -> str:
    return f"{_TYPES[kind.value_type]}[]" if pa.types.is_list(kind) else _TYPES[kind]


def _order(table: Table) -> str:
    by = table.positions[0].cell if table.positions else table.key
    return f" ORDER BY {delimited(by)} NULLS LAST" if by else ""
