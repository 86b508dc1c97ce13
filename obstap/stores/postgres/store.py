"""Tables in a PostgreSQL database.

Each version of a table is a table of its own in the schema ``athanor_data``; ``athanor.manifest`` says which are
published. A writer stores new versions and changes the manifest in one transaction, so that it can die at any moment;
rows are merged into tables and taken out of them in place. A reader's transaction sees one state of the manifest and of
all rows. What is no longer published is dropped by later writers when no reader can need it; nobody waits for anybody
but writers for writers.

Queries run as the role ``athanor_reader``, which may read the published tables, and in transactions that cannot write,
not even temporary tables. Tables that come with a query are made by that role at the beginning of its transaction,
before this gives up writing; it needs GRANT TEMPORARY ON DATABASE for that, which everybody has unless it was revoked.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import MappingProxyType

from obstap.metadata import Column, Table
from obstap.stores.base import Snapshot, TableContent, TableStore
from obstap.stores.contents import the_entry
from obstap.stores.postgres import manifest
from obstap.stores.postgres.casts import as_text
from obstap.stores.postgres.failures import FAILURES, unprepared
from obstap.stores.postgres.manifest import Entries
from obstap.stores.postgres.queries import Batches, Chunks, check_single
from obstap.stores.postgres.sessions import ArrowSession, Connector, Pool, TextSession, keep
from obstap.stores.postgres.setup import set_up
from obstap.stores.postgres.state import BEGIN, SAVE, State
from obstap.stores.postgres.uploads import Uploads
from obstap.stores.postgres.writer import Writer
from obstap.textform import TextForm
from vo.cancellation import Cancellation

__all__ = ["PostgreSQLStore"]

_stores: weakref.WeakSet[PostgreSQLStore] = weakref.WeakSet()


class PostgreSQLStore(TableStore):
    """Published tables in a database.

    The database is set up when it is first used.

    Parameters
    ----------
    url
        URL of the database, for the role that publishes.
    reader_url
        URL of the same database for a role under which queries run; empty where the role of `url` is to become the
        role ``athanor_reader`` for them.
    grace
        Seconds for which tables are kept after they ceased to be published.
    sessions
        Queries that run at a time in this process; each has up to two sessions.
    patience
        Seconds that a query waits for one of them to end.

    Raises
    ------
    django.core.exceptions.ImproperlyConfigured
        When a URL is malformed.
    """

    def __init__(
        self, url: str, *, reader_url: str = "", grace: float = 60.0, sessions: int = 16, patience: float = 20.0
    ) -> None:
        self._urls = (url, reader_url)
        self._grace = grace
        self._limits = {"size": sessions, "patience": patience}
        self._prepare()
        _stores.add(self)

    @contextmanager
    def snapshot(self, *, cancellation: Cancellation | None = None) -> Iterator[Snapshot]:
        """Hold the present state of all tables for reading.

        Raises
        ------
        vo.errors.UnavailableError
            When the database cannot be reached or is not one that can serve.
        vo.errors.CancellationError
            When it is cancelled while it waits for a session.
        """
        cancellation = cancellation or Cancellation()
        state = self._state(cancellation)
        try:
            yield _PostgreSQLSnapshot(self._arrow, self._text, state, cancellation)
        finally:
            state.release()

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers out, so that what is read inside is still true when it is written."""
        return self._writer.exclusive()

    def replace(self, contents: Sequence[TableContent], *, drop: Sequence[str] = ()) -> None:
        """Publish `contents` in place of the tables of the same names and drop others, all in one step."""
        self._ready()
        self._writer.publish(replaced=contents, drop=drop)

    def upsert(self, contents: Sequence[TableContent], *, replace: Sequence[TableContent] = ()) -> None:
        """Add rows to tables, replacing those with the same key, and publish `replace`, all in one step."""
        self._ready()
        self._writer.publish(merged=contents, replaced=replace)

    def delete(self, name: str, keys: Sequence[str]) -> int:
        """Remove the rows with these keys from a table; gives the number removed."""
        self._ready()
        return self._writer.delete(name, keys)

    def close(self) -> None:
        """Release connections; the store opens them again when it is used again."""
        for pool in (self._control, self._text, self._arrow):
            pool.close()

    def after_fork(self) -> None:
        """Start anew in a forked process; the parent's connections are its own."""
        keep(vars(self).copy())
        self._prepare()

    def _prepare(self) -> None:
        self._connector = Connector(*self._urls)
        self._control: Pool[TextSession] = Pool(self._connector.text_reader, **self._limits)
        self._text: Pool[TextSession] = Pool(self._connector.text_reader, **self._limits)
        self._arrow: Pool[ArrowSession] = Pool(self._connector.arrow_reader, **self._limits)
        self._writer = Writer(self._connector, self._grace)
        self._known: tuple[str, Entries] | None = None
        self._is_ready = False

    def _ready(self) -> None:
        if not self._is_ready:
            try:
                set_up(self._connector.text_writer)
            except FAILURES as error:
                raise unprepared(error) from error
            self._is_ready = True

    def _state(self, cancellation: Cancellation) -> State:
        self._ready()
        while True:
            try:
                session, ((number, token, exported, swept),) = self._control.begin(
                    lambda one: one.run(BEGIN), cancellation=cancellation
                )
            except FAILURES as error:
                self._is_ready = False
                raise unprepared(error) from error
            state = State(self._control, session, exported)
            try:
                if number > swept:
                    state.entries = self._entries(session, token)
                    return state
            except BaseException:
                state.release()
                raise
            state.release()

    def _entries(self, session: TextSession, token: str) -> Entries:
        known = self._known
        if known is None or known[0] != token:
            self._known = known = (token, manifest.read(session.run))
        return known[1]


class _PostgreSQLSnapshot(Snapshot):
    engine = "postgresql"

    def __init__(
        self,
        arrow: Pool[ArrowSession],
        text: Pool[TextSession],
        state: State,
        cancellation: Cancellation,
        uploads: Uploads | None = None,
    ) -> None:
        self._arrow = arrow
        self._text = text
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
            yield _PostgreSQLSnapshot(self._arrow, self._text, self._state, self._cancellation, uploads)

    def physical(self, name: str) -> str:
        if self._uploads is not None and name in self._uploads:
            return self._uploads.physical(name)
        return manifest.physical(the_entry(self._state.entries, name).physical)

    def execute(
        self,
        sql: str,
        parameters: Sequence[object] = (),
        *,
        time_limit: float | None = None,
        count_waiting: bool = True,
        batch_rows: int = 16_384,
    ) -> Batches:
        return Batches(
            self._arrow,
            partial(self._join, sql=sql),
            check_single(sql),
            parameters,
            time_limit=time_limit,
            count_waiting=count_waiting,
            cancellation=self._cancellation,
            batch_rows=batch_rows,
        )

    def copy_text(
        self,
        sql: str,
        columns: Sequence[Column],
        form: TextForm,
        *,
        rows: int | None = None,
        time_limit: float | None = None,
        count_waiting: bool = True,
    ) -> Chunks | None:
        if self._uploads is not None:
            return None
        sql = as_text(check_single(sql), columns, rows=rows)
        limits = {"time_limit": time_limit, "count_waiting": count_waiting, "cancellation": self._cancellation}
        if self._state.borrow():
            return Chunks(self._state, lambda _: None, sql, form, before=SAVE, **limits)
        return Chunks(self._text, self._state.join, sql, form, **limits)

    def _join(self, session: ArrowSession, *, sql: str) -> None:
        if self._uploads is None:
            self._state.join(session)
        else:
            self._uploads.begin(session, self._state, sql)


def _after_fork() -> None:
    for store in list(_stores):
        store.after_fork()


os.register_at_fork(after_in_child=_after_fork)
