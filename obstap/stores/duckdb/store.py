"""Tables in DuckDB files, one for each version of each table.

A writer builds the new versions beside the old ones and then replaces the manifest that names the published files, in
one step. One writer works at a time. What it leaves behind when it dies is not named by any manifest, and the next
writer deletes it.

A reader attaches the files that the manifest names and keeps to them while it holds a snapshot. A file that is no
longer published is deleted by the next writer after a grace period. This never hurts a reader that has it attached: on
a POSIX file system a deleted file lives on while a process has it open. The grace period serves file systems shared by
machines; a reader that comes too late to attach a file reads the manifest again.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType

import duckdb

from obstap.metadata import Table
from obstap.stores.base import Snapshot, TableContent, TableStore
from obstap.stores.duckdb.queries import Batches
from obstap.stores.duckdb.reader import Reader, State, physical
from obstap.stores.duckdb.uploads import Uploads
from obstap.stores.duckdb.writer import Writer
from vo.cancellation import Cancellation
from vo.errors import NotFoundError

__all__ = ["DuckDBStore"]

_BATCH_ROWS = 8_192
"""Rows of a batch where nothing else is asked for: larger ones leave the processor's cache and are slower to write."""

_stores: weakref.WeakSet[DuckDBStore] = weakref.WeakSet()


class DuckDBStore(TableStore):
    """Published tables in the files of one directory.

    Parameters
    ----------
    directory
        Where the files live; it is made when it is missing.
    grace
        Seconds for which files are kept after they ceased to be published.
    threads
        Cores that the queries of this process may keep busy; all when None. Where several processes serve, each does
        best with its share: a small query on several cores costs half as much again as on one.
    """

    def __init__(self, directory: Path, *, grace: float = 60.0, threads: int | None = None) -> None:
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True)
        self._grace = grace
        self._threads = threads
        self._reader: Reader | None = None
        self._prepare()
        _stores.add(self)

    @contextmanager
    def snapshot(self, *, cancellation: Cancellation | None = None) -> Iterator[Snapshot]:
        """Hold the present state of all tables for reading."""
        reader = self._opened()
        state = reader.acquire()
        try:
            yield _DuckDBSnapshot(reader, state, cancellation or Cancellation())
        finally:
            reader.release(state)

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers out, so that what is read inside is still true when it is written."""
        return self._writer.exclusive()

    def replace(self, contents: Sequence[TableContent], *, drop: Sequence[str] = ()) -> None:
        """Publish `contents` in place of the tables of the same names and drop others, all in one step."""
        self._writer.publish(replaced=contents, drop=drop)

    def upsert(self, contents: Sequence[TableContent], *, replace: Sequence[TableContent] = ()) -> None:
        """Add rows to tables, replacing those with the same key, and publish `replace`, all in one step."""
        self._writer.publish(merged=contents, replaced=replace)

    def delete(self, name: str, keys: Sequence[str]) -> int:
        """Remove the rows with these keys from a table; gives the number removed."""
        return self._writer.delete(name, keys)

    def close(self) -> None:
        """Release files and connections; the store opens them again when it is used again."""
        with self._opening:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def after_fork(self) -> None:
        """Start anew in a forked process, where the parent's engine has lost its threads and its locks their owners.

        The parent's engine is kept for ever: it waits for its threads when it is let go, and they are not here.
        """
        if self._reader is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._reader))
            self._reader = None
        self._prepare()

    def _prepare(self) -> None:
        self._writer = Writer(self._directory, self._grace)
        self._opening = threading.Lock()

    def _opened(self) -> Reader:
        with self._opening:
            if self._reader is None:
                self._reader = Reader(self._directory, self._threads)
            return self._reader


class _DuckDBSnapshot(Snapshot):
    engine = "duckdb"

    def __init__(
        self, reader: Reader, state: State, cancellation: Cancellation, uploads: Uploads | None = None
    ) -> None:
        self._reader = reader
        self._state = state
        self._cancellation = cancellation
        self._uploads = uploads
        self.tables: Mapping[str, Table] = (
            MappingProxyType({name: entry.table for name, entry in state.entries.items()})
            if uploads is None
            else uploads.tables
        )

    @contextmanager
    def with_uploads(self, contents: Sequence[TableContent]) -> Iterator[Snapshot]:
        """The same state with more tables."""
        with Uploads(self, contents) as uploads:
            yield _DuckDBSnapshot(self._reader, self._state, self._cancellation, uploads)

    def physical(self, name: str) -> str:
        if self._uploads is not None and name in self._uploads:
            return self._uploads.physical(name)
        entry = self._state.entries.get(name)
        if entry is None:
            raise NotFoundError(f"There is no table {name}.")
        return physical(entry)

    def execute(
        self,
        sql: str,
        parameters: Sequence[object] = (),
        *,
        time_limit: float | None = None,
        count_waiting: bool = True,
        batch_rows: int = _BATCH_ROWS,
    ) -> Batches:
        reader, state = self._reader, self._state
        cursor = reader.cursor()
        reader.hold(state)
        return Batches(
            cursor,
            sql,
            parameters,
            time_limit=time_limit,
            count_waiting=count_waiting,
            batch_rows=batch_rows,
            load=self._load,
            on_close=lambda: reader.release(state),
            cancellation=self._cancellation,
        )

    def _load(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if self._uploads is not None:
            self._uploads.load(cursor)


def _after_fork() -> None:
    for store in list(_stores):
        store.after_fork()


os.register_at_fork(after_in_child=_after_fork)
