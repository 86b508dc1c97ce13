"""Answers on their way: sent as they come, stopped when nobody listens."""

from __future__ import annotations

import os
import threading

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from obstap.stores import TableStore
from obstap.stores.duckdb.queries import Batches
from obstap.tap.query import run_query

pytestmark = pytest.mark.django_db(transaction=True)

MANY = "SELECT a.column_name, b.column_name AS other FROM tap_schema.columns AS a, tap_schema.columns AS b"
PARAMETERS = {"LANG": "ADQL", "QUERY": f"{MANY}, tap_schema.columns AS c", "MAXREC": "20000000"}


@pytest.fixture
def steps(monkeypatch) -> list[str]:
    """What happened to the engine's stream of rows, in order."""
    happened: list[str] = []
    step, close = Batches.__next__, Batches.close

    def counted_step(self):
        happened.append("step")
        return step(self)

    def counted_close(self):
        if not self._closed:
            happened.append("close")
        close(self)

    monkeypatch.setattr(Batches, "__next__", counted_step)
    monkeypatch.setattr(Batches, "close", counted_close)
    return happened


def test_a_client_that_goes_away_stops_the_query(archive: TableStore, steps):
    async def read_a_little() -> tuple[int, bytes]:
        response = await AsyncClient().get("/tap/sync", PARAMETERS)
        chunks = aiter(response.streaming_content)
        head = await anext(chunks)
        rows = await anext(chunks)
        await chunks.aclose()
        response.close()
        return response.status_code, head + rows

    status, beginning = async_to_sync(read_a_little)()
    assert status == 200
    assert b"<TABLEDATA>\n<TR><TD>" in beginning
    assert steps.count("close") == 1
    assert len(steps) <= 2 * (os.cpu_count() or 1) + 4, "as many batches as are written at once, and no more"


def test_the_header_comes_before_the_second_batch_is_asked_for(archive, steps):
    answer = run_query(query=PARAMETERS["QUERY"], maxrec=10**9, base_url="http://x")
    assert next(answer).endswith(b"<TABLEDATA>\n")
    assert steps == []
    answer.close()
    assert steps == ["close"]


def test_closing_while_another_thread_waits_for_rows(archive, steps):
    answer = run_query(query=PARAMETERS["QUERY"], maxrec=10**9, base_url="http://x")
    begun = threading.Event()

    def read() -> None:
        for number, _ in enumerate(answer):
            if number == 2:
                begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(timeout=60)
    answer.close()
    reader.join(timeout=60)
    assert not reader.is_alive()
    assert "close" in steps
