"""Queries that nobody waits for any more, as clients leave them: before the first row."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uvicorn
from django.test import Client

from config.handler import Handler
from obstap import catalogue
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent, TableStore, get_store
from tests.obstap.stores.engines import computes, holders, rests, wait_until
from tests.obstap.tap.conftest import OBSERVATIONS, THINGS, things
from uws.executors import InProcessExecutor
from uws.models import Job
from uws.phases import Phase
from uws.testing import drive, stepping_engine

pytestmark = pytest.mark.django_db(transaction=True)

ENDLESS = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS c{number}" for number in range(7))
LONG = 3600


@pytest.fixture(params=["duckdb", "postgresql"])
def store(request: pytest.FixtureRequest, settings, tmp_path: Path) -> Iterator[TableStore]:
    """The archive of the service, in each engine."""
    settings.ARCHIVE_URL = (
        f"duckdb:{tmp_path}/tables" if request.param == "duckdb" else request.getfixturevalue("postgresql_url")
    )
    settings.ATHANOR_SYNC_TIME_LIMIT = settings.ATHANOR_ASYNC_TIME_LIMIT = LONG
    settings.ATHANOR_HOME = tmp_path / "home"
    settings.ATHANOR_HOME.mkdir()
    store = get_store()
    catalogue.ensure(store)
    catalogue.publish([TableContent(THINGS, [things()]), TableContent(OBSCORE, [batch(OBSERVATIONS)])], store=store)
    yield store
    store.close()


@pytest.fixture
def port() -> Iterator[int]:
    """Where a web server of this process listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(Handler(), lifespan="off", log_config=None, http="httptools"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def ask(port: int, path: str, **parameters: str) -> socket.socket:
    """A connection on which something was asked for."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(f"GET {path}?{urlencode(parameters)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


@pytest.mark.parametrize("form", ["votable", "csv"])
def test_a_client_that_goes_away_before_the_first_row(store: TableStore, port: int, caplog, form: str):
    held = holders(store)
    connection = ask(port, "/tap/sync", LANG="ADQL", QUERY=ENDLESS, RESPONSEFORMAT=form)
    wait_until(lambda: computes(store))
    connection.close()
    wait_until(lambda: rests(store, held))
    with closing(ask(port, "/tap/sync", LANG="ADQL", QUERY="SELECT id FROM test.things", RESPONSEFORMAT=form)) as other:
        assert other.recv(12) == b"HTTP/1.1 200"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_clients_that_go_away_leave_no_threads(store: TableStore, port: int):
    held = holders(store)
    connections = [ask(port, "/tap/sync", LANG="ADQL", QUERY=ENDLESS) for _ in range(5)]
    wait_until(lambda: holders(store) >= held + 5)
    for connection in connections:
        connection.close()
    wait_until(lambda: rests(store, held))
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("query-interrupt")])


def test_a_job_that_is_aborted_before_the_first_row(store: TableStore, client: Client, monkeypatch):
    monkeypatch.setattr("uws.executors.inprocess.PATIENCE", float(LONG))
    held = holders(store)
    job = client.post("/tap/async", {"LANG": "ADQL", "QUERY": ENDLESS, "PHASE": "RUN"})["Location"]
    job = job.removeprefix("http://testserver")
    with stepping_engine({"inprocess": InProcessExecutor(slots=2, ended=lambda: None)}) as engine:

        def begun() -> bool:
            engine.step()
            return computes(store)

        wait_until(begun)
        assert client.get(f"{job}/phase").text == Phase.EXECUTING
        assert client.post(f"{job}/phase", {"PHASE": "ABORT"}).status_code == 303
        drive(engine, seconds=90)
        assert client.get(f"{job}/phase").text == Phase.ABORTED
        assert list(Path(Job.objects.get().workdir).rglob("result*")) == []
        wait_until(lambda: rests(store, held))
