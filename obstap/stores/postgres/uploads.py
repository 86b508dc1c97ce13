"""Published tables together with those that one client has brought.

An uploaded table is held as Arrow data. Each query copies it into temporary tables of its own transaction, because what
another transaction has stored is no part of the state that it reads; they are gone when the transaction is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.metadata import Table
from obstap.stores.base import Snapshot, TableContent
from obstap.stores.postgres import build
from obstap.stores.postgres.sessions import ArrowSession
from obstap.stores.postgres.state import State

__all__ = ["Uploads"]


class Uploads:
    """Tables in memory that transactions can be given."""

    def __init__(self, snapshot: Snapshot, contents: Sequence[TableContent]) -> None:
        self._contents = {content.table.name.lower(): _held(content) for content in contents}
        self._names = {name: f"upload_{number}" for number, name in enumerate(self._contents, 1)}
        described = {name: content.table for name, content in self._contents.items()}
        self.tables: Mapping[str, Table] = MappingProxyType({**snapshot.tables, **described})

    def __enter__(self) -> Uploads:
        return self

    def __exit__(self, *_: object) -> None:
        self._contents.clear()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def physical(self, name: str) -> str:
        """The engine's name of an uploaded table, in transactions that have it."""
        return f"pg_temp.{self._names[name]}"

    def begin(self, session: ArrowSession, state: State, sql: str) -> None:
        """Begin a transaction that reads `state` and the tables that `sql` names, and from then on writes nothing.

        A table that is joined with published ones needs no indexes, for they have theirs, and those of 100,000
        positions cost more than all the rest.

        Raises
        ------
        vo.errors.UsageError
            When PostgreSQL cannot hold the tables.
        """
        state.join_writing(session)
        named = {name: len(re.findall(rf"\b{word}\b", sql)) for name, word in self._names.items()}
        for name, content in self._contents.items():
            if named[name]:
                build.temporary(session, self._names[name], content, indexed=sum(named.values()) > 1)
        session.run("SET TRANSACTION READ ONLY")


def _held(content: TableContent) -> TableContent:
    """The table with its rows in memory, so that they can be read several times."""
    rows = pa.Table.from_batches(content.batches, arrow_schema(content.table))
    return TableContent(content.table, rows.to_batches())
