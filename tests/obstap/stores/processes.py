"""What the other processes of the tests do."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from obstap.metadata import Table
from obstap.stores import TableStore
from obstap.stores.duckdb import DuckDBStore
from obstap.stores.postgres import PostgreSQLStore
from tests.obstap.stores.samples import PLAIN, plain, query

TWIN = Table(name="test.twin", columns=PLAIN.columns)
ROWS = 5_000


def publish(store: TableStore, version: int) -> None:
    """Publish two tables that belong together."""
    store.replace([plain(ROWS, version), plain(ROWS, version, table=TWIN)])


def state(store: TableStore) -> int:
    """The version of both tables; an error when they are not whole or not of one version."""
    sql = "SELECT count(*), min(version), max(version), sum(n) FROM "
    with store.snapshot() as snapshot:
        first = query(snapshot, sql + "{test_plain}")
        second = query(snapshot, sql + "{test_twin}")
    ((count, low, high, total),) = first
    assert first == second, (first, second)
    assert (count, low, total) == (ROWS, high, ROWS * (ROWS - 1) // 2), first
    return low


def opened(url: str) -> TableStore:
    """A store that keeps nothing longer than it must."""
    if url.startswith("duckdb:"):
        return DuckDBStore(Path(url.removeprefix("duckdb:")), grace=0)
    return PostgreSQLStore(url, grace=0)


def read_until(url: str, stop: Event, report: Connection) -> None:
    """Read in a loop; report what was seen and how long the slowest look took."""
    store = opened(url)
    seen, slowest = [state(store)], 0.0
    report.send("ready")
    while not stop.is_set():
        began = time.monotonic()
        version = state(store)
        slowest = max(slowest, time.monotonic() - began)
        if version != seen[-1]:
            seen.append(version)
    seen.append(state(store))
    store.close()
    report.send((seen, slowest))


def publish_for_ever(url: str, report: Connection) -> None:
    """Publish one version after the other until killed."""
    store = opened(url)
    version = state(store)
    report.send("ready")
    while True:
        version += 1
        publish(store, version)
