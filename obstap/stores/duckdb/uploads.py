"""Published tables together with those that one client has brought.

An uploaded table is held as Arrow data. Each query copies it into temporary tables of its own connection, which no
other connection sees and which end with it: the engine knows how many rows they have and chooses the order of joins by
that, and what outgrows its memory goes to its own place on disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import duckdb
import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.metadata import Table
from obstap.names import delimited
from obstap.stores.base import Snapshot, TableContent

__all__ = ["Uploads"]


class Uploads:
    """Tables in memory that connections of one engine can be given."""

    def __init__(self, snapshot: Snapshot, contents: Sequence[TableContent]) -> None:
        self._rows = {
            content.table.name.lower(): pa.Table.from_batches(content.batches, arrow_schema(content.table))
            for content in contents
        }
        described = {content.table.name.lower(): content.table for content in contents}
        self.tables: Mapping[str, Table] = MappingProxyType({**snapshot.tables, **described})

    def __enter__(self) -> Uploads:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.clear()

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def physical(self, name: str) -> str:
        """The engine's quoted name of an uploaded table, on connections that have it."""
        return f"temp.main.{delimited(name)}"

    def load(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Give the tables to a connection; fails as a query does when they are too large for the engine."""
        for name, rows in self._rows.items():
            cursor.register("arriving", rows)
            cursor.execute(f"CREATE TEMP TABLE {delimited(name)} AS SELECT * FROM arriving")  # noqa: S608 - quoted
            cursor.unregister("arriving")
