"""A TAP service whose archive is in PostgreSQL answers as one whose archive is in DuckDB files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from astropy.io.votable import parse_single_table
from django.test import Client

from obstap import catalogue
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent, get_store
from tests.obstap.tap.conftest import OBSERVATIONS, THINGS, things
from tests.postgres import Server

QUERIES = [
    "SELECT * FROM test.things ORDER BY id",
    "SELECT TOP 2 id, seen, ra FROM test.things ORDER BY n DESC",
    "SELECT count(*) AS c, avg(n) AS a, max(seen) AS s FROM test.things",
    "SELECT obs_id, access_url, s_region FROM ivoa.obscore ORDER BY obs_id",
    "SELECT obs_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.633, 22.014, 0.15)) ORDER BY 1",
    "SELECT obs_id FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, CIRCLE(84.3, 22.0, 0.2)) ORDER BY obs_id",
    "SELECT obs_id, DISTANCE(POINT(s_ra, s_dec), POINT(83, 22)) AS d FROM ivoa.obscore ORDER BY d",
    "SELECT table_name, column_name, datatype, arraysize FROM tap_schema.columns ORDER BY 1, column_index",
    "SELECT id FROM test.things WHERE 1 = 0",
]


@pytest.fixture(scope="module")
def urls(postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    name = postgresql_server.create_database()
    directory: Path = tmp_path_factory.mktemp("tables")
    yield {"duckdb": f"duckdb:{directory}", "postgresql": postgresql_server.url(name)}
    postgresql_server.drop_database(name)


@pytest.fixture
def ask(urls: dict[str, str], settings, client: Client):
    """The answer to a query from each engine."""
    for url in urls.values():
        settings.ARCHIVE_URL = url
        store = get_store()
        with store.snapshot() as snapshot:
            empty = "test.things" not in snapshot.tables
        if empty:
            catalogue.ensure(store)
            contents = [TableContent(THINGS, [things()]), TableContent(OBSCORE, [batch(OBSERVATIONS)])]
            catalogue.publish(contents, store=store)

    def ask(query: str, **parameters: str) -> list[bytes]:
        answers = []
        for url in urls.values():
            settings.ARCHIVE_URL = url
            response = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": query, **parameters})
            assert response.status_code == 200, response.content
            answers.append(response.getvalue())
        return answers

    yield ask
    for url in urls.values():
        settings.ARCHIVE_URL = url
        get_store().close()


def number(text: str) -> object:
    """A cell, rounded where it is a number: the engines may spell the same one differently."""
    try:
        return repr(round(float(text), 10))
    except ValueError:
        return text


@pytest.mark.parametrize("query", QUERIES)
def test_csv(ask, query: str):
    duckdb, postgresql = (
        [[number(cell) for cell in row] for row in csv.reader(io.StringIO(answer.decode()))]
        for answer in ask(query, RESPONSEFORMAT="csv")
    )
    assert postgresql == duckdb


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("form", ["votable", "votable/b2"])
@pytest.mark.filterwarnings("ignore::astropy.io.votable.exceptions.VOWarning")
def test_votable(ask, query: str, form: str):
    duckdb, postgresql = (parse_single_table(io.BytesIO(answer)) for answer in ask(query, RESPONSEFORMAT=form))
    described = [[str(field) for field in table.fields] for table in (duckdb, postgresql)]
    assert described[0] == described[1]
    rows = [[[number(str(cell)) for cell in row] for row in table.array] for table in (duckdb, postgresql)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("form", ["votable", "votable/b2"])
@pytest.mark.parametrize(("maxrec", "overflow"), [("0", True), ("2", True), ("3", False)])
def test_overflow(ask, form: str, maxrec: str, overflow: bool):
    for answer in ask("SELECT id FROM test.things", RESPONSEFORMAT=form, MAXREC=maxrec):
        assert (b'value="OVERFLOW"' in answer) == overflow
