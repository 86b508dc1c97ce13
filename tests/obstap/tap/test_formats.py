"""Formats over HTTP: what a client gets by RESPONSEFORMAT, and how an error reaches it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from django.test import Client

from obstap.stores.duckdb.queries import Batches
from obstap.writers import WRITERS
from vo.errors import TimeLimitError

pytestmark = pytest.mark.django_db

QUERY = "SELECT id, n FROM test.things ORDER BY id"
NAMES = [name for writer in WRITERS for name in (*writer.aliases, *writer.media_types)]


def ask(responseformat: str, **parameters: str):
    return Client().get("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY, "RESPONSEFORMAT": responseformat, **parameters})


@pytest.mark.parametrize("name", NAMES)
def test_a_media_type_that_was_asked_for_is_echoed(archive, name):
    response = ask(name)
    assert response.status_code == 200
    body = response.getvalue()
    assert body
    if "/" in name and not name.startswith("votable/"):
        assert response["Content-Type"] == name


def test_every_format_is_declared_with_its_names(archive):
    document = Client().get("/tap/capabilities").getvalue().decode()
    for writer in WRITERS:
        for name in writer.aliases:
            assert f"<alias>{name}</alias>" in document
        for media_type in writer.media_types:
            assert f"<mime>{media_type}</mime>" in document


def test_the_same_rows_in_three_formats(archive):
    rows = [["a<1>", 1], ["b,2", None], ["c", 3]]
    assert json.loads(ask("json").getvalue())["data"] == rows
    table = pq.read_table(pa.BufferReader(ask("parquet").getvalue()))
    assert [list(row.values()) for row in table.to_pylist()] == rows
    with fits.open(io.BytesIO(ask("fits").getvalue())) as file:
        null = file[1].header["TNULL2"]
        assert [list(row) for row in file[1].data] == [["a<1>", 1], ["b,2", null], ["c", 3]]


@pytest.fixture
def failing(monkeypatch) -> None:
    """Queries that fail after their first rows."""
    step = Batches.__next__

    def fails_later(self) -> Iterator[pa.RecordBatch]:
        if getattr(self, "_has_begun", False):
            raise TimeLimitError("The query took longer than it may.")
        self._has_begun = True
        return step(self)

    monkeypatch.setattr(Batches, "__next__", fails_later)


def test_an_error_before_the_first_byte_has_its_status(archive, failing):
    response = ask("fits")
    assert response.status_code == 408
    assert b'name="QUERY_STATUS" value="ERROR"' in response.getvalue()


def test_an_error_after_the_first_byte_is_told_at_the_end(archive, failing):
    response = ask("json")
    assert response.status_code == 200
    assert json.loads(response.getvalue())["query_status"] == "ERROR"


def test_a_cut_is_told(archive):
    assert json.loads(ask("json", MAXREC="2").getvalue())["query_status"] == "OVERFLOW"


def test_an_unknown_format_is_refused_with_those_that_are_offered(archive):
    response = ask("pdf")
    assert response.status_code == 400
    assert b"RESPONSEFORMAT: 'pdf' is not offered; use one of votable, " in response.getvalue()
