"""Readers and writers in several processes, and writers that die."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import psycopg2
import pytest

from obstap.stores.duckdb import DuckDBStore
from tests.obstap.stores import processes
from tests.obstap.stores.samples import plain, query, read

VERSIONS = 20
DEATHS = 25


@pytest.fixture(scope="module")
def context() -> multiprocessing.context.BaseContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.obstap.stores.processes"])
    return context


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "tables"


@pytest.fixture(params=["duckdb", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A place for a store of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"duckdb:{request.getfixturevalue('directory')}"


def test_readers_go_on_while_a_writer_publishes(context: multiprocessing.context.BaseContext, url: str):
    store = processes.opened(url)
    processes.publish(store, 1)
    stop = context.Event()
    readers = []
    for _ in range(3):
        ours, theirs = context.Pipe()
        process = context.Process(target=processes.read_until, args=(url, stop, theirs))
        process.start()
        readers.append((process, ours))
    for _, report in readers:
        assert report.poll(30)
        assert report.recv() == "ready"
    for version in range(2, VERSIONS + 1):
        processes.publish(store, version)
    stop.set()
    for process, report in readers:
        assert report.poll(30)
        seen, slowest = report.recv()
        process.join(100)
        assert process.exitcode == 0
        assert seen == sorted(seen)
        assert seen[-1] == VERSIONS
        assert len(seen) > 3
        assert slowest < 30
    store.close()


@pytest.mark.slow
def test_a_writer_may_die_at_any_moment(context: multiprocessing.context.BaseContext, url: str):
    random.seed(20)
    store = processes.opened(url)
    version = 1
    processes.publish(store, version)
    for _ in range(DEATHS):
        ours, theirs = context.Pipe()
        process = context.Process(target=processes.publish_for_ever, args=(url, theirs))
        process.start()
        assert ours.poll(30)
        ours.recv()
        time.sleep(random.uniform(0, 0.25))
        os.kill(process.pid, signal.SIGKILL)
        process.join(100)
        found = processes.state(store)
        assert found >= version
        version = found + 1
        processes.publish(store, version)
        assert processes.state(store) == version
    store.replace([plain(1)])
    store.replace([plain(1)])
    assert len(_stored(url)) <= 4
    store.close()


def _stored(url: str) -> list[str]:
    """What the store keeps of versions of tables."""
    if url.startswith("duckdb:"):
        return [path.name for path in Path(url.removeprefix("duckdb:")).glob("*.duckdb*")]
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'athanor_data'::regnamespace AND relkind = 'r'"
        )
        names = [name for (name,) in cursor]
    connection.close()
    return names


def test_a_scan_survives_the_deletion_of_its_file(directory: Path):
    store = DuckDBStore(directory, grace=0)
    store.replace([plain(300_000, 1)])
    with store.snapshot() as snapshot:
        batches = snapshot.execute(f"SELECT * FROM {snapshot.physical('test.plain')}", batch_rows=2048)
    rows = next(batches).num_rows
    (file,) = directory.glob("*.duckdb")
    file.unlink()
    for batch in batches:
        rows += batch.num_rows
        assert set(batch.column("version").to_pylist()) == {1}
    assert rows == 300_000
    store.close()


def test_a_forked_process_starts_anew(url: str):
    store = processes.opened(url)
    store.replace([plain(10)])
    assert read(store, "SELECT count(*) FROM {test_plain}") == [(10,)]
    reader, writer = os.pipe()
    with store.snapshot() as snapshot:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                assert read(store, "SELECT count(*) FROM {test_plain}") == [(10,)]
                store.replace([plain(20)])
                os.write(writer, str(read(store, "SELECT count(*) FROM {test_plain}")).encode())
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert os.read(reader, 100) == b"[(20,)]"
        assert query(snapshot, "SELECT count(*) FROM {test_plain}") == [(10,)]
    assert read(store, "SELECT count(*) FROM {test_plain}") == [(20,)]
    os.close(reader)
    os.close(writer)
    store.close()
