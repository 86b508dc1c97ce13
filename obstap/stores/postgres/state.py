"""The state that a snapshot reads: a transaction that sees all tables as they were at one moment.

Other sessions take part in it by its exported snapshot, so that several queries can run on one state side by side.
"""

# ruff: noqa: S608 - made of constants

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from obstap.names import literal
from obstap.stores.postgres.manifest import Entries
from obstap.stores.postgres.sessions import Pool, Session, TextSession
from obstap.stores.postgres.writer import HOLDING
from vo.cancellation import Cancellation

__all__ = ["BEGIN", "SAVE", "State"]

_Result = TypeVar("_Result")

_START = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_START_WRITING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"

SAVE = "SAVEPOINT query; "
"""Goes before a query in the state's own session, whose transaction so survives that it fails or is cancelled."""

_RESTORE = "ROLLBACK TO SAVEPOINT query"

BEGIN = f"""{_START};
SELECT pg_advisory_xact_lock_shared({HOLDING}, number) FROM athanor.state;
SELECT number, token, pg_export_snapshot(), last_value FROM athanor.state, athanor.swept
"""
"""Begins the transaction and holds the state; `obstap.stores.postgres.writer` says in which order what is locked."""


class State:
    """A state that is held; the session goes back to its pool when nobody holds it any more.

    Parameters
    ----------
    exported
        Name of the transaction's snapshot, for other sessions.
    """

    def __init__(self, pool: Pool[TextSession], session: TextSession, exported: str) -> None:
        self.entries: Entries = {}
        self._pool = pool
        self._session = session
        self._exported = exported
        self._lock = threading.Lock()
        self._holders = 1
        self._lent = False
        self._used = False

    def join(self, session: Session) -> None:
        """Begin a transaction of another session that sees the same state."""
        session.run(f"{_START}; SET TRANSACTION SNAPSHOT {literal(self._exported)}")

    def join_writing(self, session: Session) -> None:
        """Begin a transaction of another session that sees the same state and may make temporary tables."""
        session.run(f"{_START_WRITING}; SET TRANSACTION SNAPSHOT {literal(self._exported)}")

    def borrow(self) -> bool:
        """Take the state's own session for a query, unless one has it; it is given back by `end`."""
        with self._lock:
            if self._lent:
                return False
            self._lent = True
            self._holders += 1
            return True

    def begin(
        self, start: Callable[[TextSession], _Result], *, cancellation: Cancellation
    ) -> tuple[TextSession, _Result]:
        """The session, which was borrowed; as `Pool.begin`."""
        try:
            cancellation.check()
            if self._used:
                self._session.run(_RESTORE)
            self._used = True
            return self._session, start(self._session)
        except BaseException:
            self.end(self._session)
            raise

    def end(self, session: TextSession) -> None:  # noqa: ARG002 - the state has but one
        """Give the session back and hold the state no longer; as `Pool.end`."""
        self._lent = False
        self.release()

    def release(self) -> None:
        """Hold the state no longer."""
        with self._lock:
            self._holders -= 1
            last = not self._holders
        if last:
            self._pool.end(self._session)
