"""The writing side: rows are stored and published in one transaction, by one writer at a time."""

# ruff: noqa: S608 - names are quoted, values literals

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import adbc_driver_manager

from obstap.names import literal
from obstap.stores.base import TableContent
from obstap.stores.contents import check_key, published_name, the_entry
from obstap.stores.postgres import build, manifest
from obstap.stores.postgres.failures import FAILURES, is_lost, unavailable
from obstap.stores.postgres.manifest import Entry, physical
from obstap.stores.postgres.sessions import ArrowSession, Connector

__all__ = ["HOLDING", "Writer"]

logger = logging.getLogger("athanor.stores")

_WRITING = 7_235_001_420_000_001
"""Key of the advisory lock that writers hold."""

HOLDING = 1_635_018_049
"""First key of the advisory locks by which readers hold states; the second is the state's number."""

_POLL = 0.05
"""Seconds between looks whether another writer has ended."""

_HELD = f"""
SELECT min(objid::bigint) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE locktype = 'advisory' AND classid = {HOLDING} AND objsubid = 2 AND datname = current_database()
"""


class Writer:
    """Publishes tables.

    Parameters
    ----------
    connector
        Makes the session.
    grace
        Seconds for which tables are kept after they ceased to be published.
    """

    def __init__(self, connector: Connector, grace: float) -> None:
        self._connector = connector
        self._grace = grace
        self._threads = threading.RLock()
        self._depth = 0
        self._session: ArrowSession | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other writers out; the thread that does may write and call this again."""
        with self._threads:
            if self._depth == 0:
                self._session = self._locked()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    # The server gives the lock up with the session.
                    self._session.close()
                    self._session = None

    def publish(
        self, *, replaced: Sequence[TableContent] = (), merged: Sequence[TableContent] = (), drop: Sequence[str] = ()
    ) -> None:
        """Publish new tables and merge rows into others, and drop tables, all in one step."""
        for content in merged:
            check_key(content.table)
        with self.exclusive():
            with self._writing() as (session, number, found):
                entries = self._published(session, number, found, replaced=replaced, merged=merged, drop=drop)
            known = {entry.physical for entry in found.values()}
            self._freeze(self._session, [entry.physical for entry in entries.values() if entry.physical not in known])

    def _published(
        self,
        session: ArrowSession,
        number: int,
        found: Mapping[str, Entry],
        *,
        replaced: Sequence[TableContent],
        merged: Sequence[TableContent],
        drop: Sequence[str],
    ) -> Mapping[str, Entry]:
        """Store what is new and say so; gives what is published then."""
        entries = dict(found)
        for name in drop:
            the_entry(entries, name)
            del entries[name.lower()]
        for content in replaced:
            name = published_name(content.table)
            _put(session, found, entries, name, build.new(session, number, content))
        changed = entries != found
        for content in merged:
            name = published_name(content.table)
            entry = build.merge(session, number, entries.get(name), content)
            if entry is not None:
                _put(session, found, entries, name, entry)
                changed = True
        if changed:
            _swap(session, number, found, entries)
        return entries

    def delete(self, name: str, keys: Sequence[str]) -> int:
        """Remove the rows with these keys from a table; gives the number removed."""
        with self._writing() as (session, number, found):
            old = the_entry(found, name)
            check_key(old.table)
            count = build.remove(session, old, keys)
            if count:
                left = Entry(old.table, old.physical, old.rows - count)
                _swap(session, number, found, {**found, name.lower(): left})
            return count

    def _locked(self) -> ArrowSession:
        try:
            session = self._connector.arrow_writer()
            try:
                while not session.rows(f"SELECT pg_try_advisory_lock({_WRITING})")[0][0]:
                    time.sleep(_POLL)
            except BaseException:
                session.close()
                raise
        except FAILURES as error:
            if is_lost(error):
                raise unavailable(error) from error
            raise
        return session

    @contextmanager
    def _writing(self) -> Iterator[tuple[ArrowSession, int, dict[str, Entry]]]:
        """A transaction, the number of the state that it is to make, and what is published."""
        with self.exclusive():
            session = self._session
            try:
                self._sweep(session)
                session.run("BEGIN")
                try:
                    ((number,),) = session.rows("SELECT number FROM athanor.state")
                    yield session, number + 1, manifest.read(session.rows)
                    session.run("COMMIT")
                except BaseException:
                    with suppress(*FAILURES):
                        session.run("ROLLBACK")
                    raise
            except FAILURES as error:
                if is_lost(error):
                    raise unavailable(error) from error
                raise

    def _sweep(self, session: ArrowSession) -> None:
        """Drop tables that ceased to be published longer ago than the grace period and that no reader can need.

        A reader first takes its lock and then looks at `athanor.swept`; here it is the other way round. So either the
        reader sees that its state is swept and takes the next one, or its lock is seen here.
        """
        old = session.rows(
            "SELECT physical, last FROM athanor.retired"
            f" WHERE since <= clock_timestamp() - interval '{self._grace:f} seconds'"
        )
        if not old:
            return
        last = max(state for _, state in old)
        session.run(f"SELECT setval('athanor.swept', {last}) FROM athanor.swept WHERE last_value < {last}")
        ((held,),) = session.rows(_HELD)
        for name, state in old:
            if held is None or state < held:
                _drop(session, name)

    def _freeze(self, session: ArrowSession, names: Iterable[str]) -> None:
        """Mark rows as visible to all, which spares every reader to find it out."""
        for name in names:
            try:
                session.run(f"VACUUM (FREEZE) {physical(name)}")
            except FAILURES as error:
                logger.warning("The table %s could not be vacuumed: %s", name, error)


def _put(session: ArrowSession, found: Mapping[str, Entry], entries: dict[str, Entry], name: str, entry: Entry) -> None:
    """Enter what is to be published; what was stored for this name in the same step goes."""
    former, published = entries.get(name), found.get(name)
    entries[name] = entry
    if former is not None and former.physical not in (entry.physical, published and published.physical):
        session.run(f"DROP TABLE {physical(former.physical)}")


def _swap(session: ArrowSession, number: int, found: Mapping[str, Entry], entries: Mapping[str, Entry]) -> None:
    """Make `entries` what is published, as the state `number`."""
    kept = {entry.physical for entry in entries.values()}
    statements = [f"UPDATE athanor.state SET number = {number}, token = {literal(secrets.token_hex(8))}"]
    for name, entry in found.items():
        if entry.physical not in kept:
            statements.append(
                f"INSERT INTO athanor.retired (physical, last) VALUES ({literal(entry.physical)}, {number - 1})"
            )
        if entries.get(name) != entry:
            statements.append(f"DELETE FROM athanor.manifest WHERE name = {literal(name)}")
    for name, entry in entries.items():
        if found.get(name) != entry:
            metadata = json.dumps(entry.table.to_dict(), ensure_ascii=True)
            values = f"{literal(name)}, {literal(entry.physical)}, {literal(metadata)}, {entry.rows}"
            statements.append(f"INSERT INTO athanor.manifest (name, physical, metadata, rows) VALUES ({values})")
    session.run("; ".join(statements))


def _drop(session: ArrowSession, name: str) -> None:
    """Drop a table that is no longer published, unless somebody is reading it."""
    try:
        session.run(
            f"BEGIN; SET LOCAL lock_timeout = '100ms'; DROP TABLE IF EXISTS {physical(name)};"
            f"DELETE FROM athanor.retired WHERE physical = {literal(name)}; COMMIT"
        )
    except adbc_driver_manager.Error as error:
        if is_lost(error):
            raise
        session.run("ROLLBACK")
