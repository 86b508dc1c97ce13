"""What the engines of stores are doing, for tests of queries that somebody ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from obstap.stores import TableStore
from obstap.stores.duckdb import DuckDBStore
from obstap.stores.postgres import PostgreSQLStore

_QUERIES = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def wait_until(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for what must come to be, however slow the machine is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come to be"
        time.sleep(0.02)


def holders(store: TableStore) -> int:
    """How many snapshots and queries hold something of the engine: a state of its tables, or a session."""
    if isinstance(store, PostgreSQLStore):
        return _count(store, "state <> 'idle'")
    assert isinstance(store, DuckDBStore)
    with store.snapshot():
        return store._reader._current.holders - 1


def computes(store: TableStore) -> bool:
    """Whether a query has been given to the engine."""
    return _count(store, "state = 'active'") > 0 if isinstance(store, PostgreSQLStore) else holders(store) > 1


def rests(store: TableStore, held: int = 0) -> bool:
    """Whether the engine works on nothing, and only so many hold something of it."""
    if holders(store) > held:
        return False
    if isinstance(store, PostgreSQLStore):
        return True
    # A query keeps at least one core of this process busy.
    used = time.process_time()
    time.sleep(1)
    return time.process_time() - used < 0.3


def _count(store: PostgreSQLStore, condition: str) -> int:
    session = store._connector.text_writer()
    try:
        ((count,),) = session.run(f"{_QUERIES} AND {condition}")
        return count
    finally:
        session.close()
