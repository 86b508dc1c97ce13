"""Building the file of one version of one table.

The file holds one table, `DATA`: visible and hidden columns, ordered by the HEALPix cell of the first position (else by
the key), with a unique index on the key. Rows stream through DuckDB, which sorts on disk what exceeds its memory.
"""

# ruff: noqa: S608 - identifiers are quoted, and values are never part of the SQL

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.metadata import Table
from obstap.names import delimited, literal
from obstap.stores.base import TableContent
from obstap.stores.contents import arriving, duplicate_key, missing_keys
from obstap.stores.duckdb.durable import sync_file
from obstap.stores.duckdb.engine import builder
from obstap.stores.duckdb.manifest import Entry

__all__ = ["DATA", "FILE", "SUFFIX", "build_merged", "build_new", "build_without"]

DATA = "data"
"""Name of the table in its file."""

SUFFIX = ".duckdb"

FILE = re.compile(r"\w+-\d+-[0-9a-f]{8}\.duckdb(\.wal)?", re.ASCII)
"""Names of the files that are built here: table, version and a random number; no other file is ours to delete."""

_GROUP_ROWS = 20_480
"""Rows of a group, for which the engine keeps limits of values and one dictionary of each column of texts.

A query for a few rows reads whole dictionaries: with the engine's own 122,880 rows a cone costs an eighth more.
"""

_NEW = f"new.{DATA}"
_OLD = f"old.{DATA}"


def build_new(directory: Path, spill: Path, number: int, content: TableContent) -> Entry:
    """Write `content` to a new file of version `number`.

    Raises
    ------
    vo.errors.UsageError
        When rows lack their key or share it, or the batches do not have the table's schema.
    """
    table = content.table
    with builder(spill) as connection, _file(connection, directory, number, table) as file:
        with _arriving(connection, content):
            connection.execute(f"CREATE TABLE {_NEW} AS SELECT * FROM arriving{_order(table)}")
        return _finished(connection, table, file)


def build_merged(directory: Path, spill: Path, number: int, old: Entry | None, content: TableContent) -> Entry | None:
    """Write the rows of `old` (if any), replaced and added to by `content`, to a new file of version `number`.

    Of several rows in `content` that share a key the last one stays. Columns that `old` lacks are NULL in its rows.

    Returns
    -------
    Entry or None
        None when `content` changes nothing.
    """
    table = content.table
    with builder(spill) as connection:
        with _arriving(connection, content):
            connection.execute("CREATE TEMP TABLE incoming AS SELECT * FROM arriving")
        if old is not None:
            if old.table == table and _count(connection, "incoming") == 0:
                return None
            _attach_old(connection, directory, old)
        with _file(connection, directory, number, table) as file:
            connection.execute(f"CREATE TABLE {_NEW} AS SELECT * FROM incoming LIMIT 0")
            connection.execute(f"INSERT INTO {_NEW} {_merged(table, old)}{_order(table)}")
            return _finished(connection, table, file)


def _merged(table: Table, old: Entry | None) -> str:
    key = delimited(table.key)
    names = arrow_schema(table).names
    latest = f"SELECT * FROM incoming QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY rowid DESC) = 1"
    if old is None:
        return f"SELECT * FROM ({latest})"
    present = {name.lower() for name in arrow_schema(old.table).names}
    kept = ", ".join(delimited(name) if name.lower() in present else f"NULL AS {delimited(name)}" for name in names)
    return f"SELECT * FROM (SELECT {kept} FROM {_OLD} ANTI JOIN incoming USING ({key}) UNION ALL {latest})"


def build_without(directory: Path, spill: Path, number: int, old: Entry, keys: Sequence[str]) -> Entry | None:
    """Write the rows of `old` but those with these keys to a new file of version `number`.

    Returns
    -------
    Entry or None
        None when no row has one of the keys.
    """
    table = old.table
    key = delimited(table.key)
    kind = arrow_schema(table).field(table.key).type
    with builder(spill) as connection:
        connection.register("leaving", pa.table({table.key: pa.array(keys, type=kind)}))
        _attach_old(connection, directory, old)
        if _count(connection, f"{_OLD} SEMI JOIN leaving USING ({key})") == 0:
            return None
        with _file(connection, directory, number, table) as file:
            connection.execute(
                f"CREATE TABLE {_NEW} AS SELECT * FROM {_OLD} ANTI JOIN leaving USING ({key}){_order(table)}"
            )
            return _finished(connection, table, file)


@contextmanager
def _file(connection: duckdb.DuckDBPyConnection, directory: Path, number: int, table: Table) -> Iterator[str]:
    """Attach a new file as `new`; afterwards it is on disk, or gone when building failed."""
    stem = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in table.name.lower())[:100]
    file = f"{stem}-{number}-{secrets.token_hex(4)}{SUFFIX}"
    path = directory / file
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS new (ROW_GROUP_SIZE {_GROUP_ROWS})")
        yield file
        connection.execute("DETACH new")
        sync_file(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _arriving(connection: duckdb.DuckDBPyConnection, content: TableContent) -> Iterator[None]:
    """Let `connection` read the rows as the view `arriving`."""
    with arriving(content, duckdb.Error) as rows:
        connection.register("arriving", rows)
        try:
            yield
        finally:
            connection.unregister("arriving")


def _finished(connection: duckdb.DuckDBPyConnection, table: Table, file: str) -> Entry:
    if table.key:
        _index_key(connection, table)
    return Entry(table=table, file=file, rows=_count(connection, _NEW))


def _index_key(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    key = delimited(table.key)
    if missing := _count(connection, f"{_NEW} WHERE {key} IS NULL"):
        raise missing_keys(table, missing)
    try:
        connection.execute(f"CREATE UNIQUE INDEX key ON {_NEW} ({key})")
    except duckdb.ConstraintException as error:
        sql = f"SELECT {key} FROM {_NEW} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
        (shared,) = connection.execute(sql).fetchone()
        raise duplicate_key(table, shared) from error


def _order(table: Table) -> str:
    by = table.positions[0].cell if table.positions else table.key
    return f" ORDER BY {delimited(by)} NULLS LAST" if by else ""


def _attach_old(connection: duckdb.DuckDBPyConnection, directory: Path, old: Entry) -> None:
    connection.execute(f"ATTACH {literal(str(directory / old.file))} AS old (READ_ONLY)")


def _count(connection: duckdb.DuckDBPyConnection, what: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {what}").fetchone()
    return count
