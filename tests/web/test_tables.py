"""The list of tables and the page of each, with two catalogues beside ObsCore."""

from __future__ import annotations

import csv
import io
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest
from lxml import html

from tests.web.test_archive_pages import links_of

pytestmark = pytest.mark.django_db

ROWS = [
    {"srcid": 1, "ra": 83.6, "dec": 22.0, "flux": 1.5, "quality": 0, "pos. error": 0.5, "seen": None},
    {"srcid": 2, "ra": 83.7, "dec": 22.1, "flux": None, "quality": 1, "pos. error": 0.25, "seen": None},
    {"srcid": 3, "ra": None, "dec": None, "flux": 4.5, "quality": 1, "pos. error": None, "seen": None},
]


def text_of(response):
    """What a reader reads, in one line."""
    return " ".join(" ".join(html.fromstring(response.content).find("body").itertext()).split()).replace(" :", ":")


def table_of(response, identifier):
    """Heads and cells of a table, as text."""
    table = html.fromstring(response.content).get_element_by_id(identifier)
    heads, *rows = [[" ".join(cell.text_content().split()) for cell in row] for row in table.iter("tr")]
    return heads, rows


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory):
    """An archive with a catalogue and the detections that point into it."""
    from obstap import catalogue, stores
    from obstap.arrow import arrow_schema
    from obstap.metadata import Column, ForeignKey, Position, Table
    from obstap.stores import TableContent
    from obstap.stores.duckdb import DuckDBStore
    from vo import healpix

    sources = Table(
        name="xmm.4XMM",
        description="Sources & more <each>",
        key="srcid",
        columns=(
            Column("srcid", "long", ucd="meta.id;meta.main", description="Number", indexed=True, principal=True),
            Column("ra", "double", unit="deg", ucd="pos.eq.ra;meta.main", indexed=True, principal=True),
            Column("dec", "double", unit="deg", ucd="pos.eq.dec;meta.main", indexed=True, principal=True),
            Column("flux", "float", unit="erg.s**-1.cm**-2", ucd="phot.flux", utype="a:b.c"),
            Column("quality", "short"),
            Column("pos. error", "float", unit="arcsec", description="1 sigma"),
            Column("seen", "char", "*", xtype="timestamp"),
        ),
        hidden={"_hpx": "BIGINT"},
        positions=(Position("ra", "dec", "_hpx"),),
    )
    detections = Table(
        name="xmm.detections",
        columns=(Column("obs_id", "char", "*"), Column("srcid", "long")),
        foreign_keys=(ForeignKey("xmm.4XMM", (("srcid", "srcid"),), "The source"),),
    )
    rows = [
        row | {"_hpx": None if row["ra"] is None else int(healpix.cells([row["ra"]], [row["dec"]])[0])} for row in ROWS
    ]
    found = [{"obs_id": "0001", "srcid": 1}, {"obs_id": "0002", "srcid": 1}]
    store = DuckDBStore(tmp_path_factory.mktemp("catalogues") / "tables")
    catalogue.ensure(store)
    catalogue.publish(
        [
            TableContent(table, [pa.RecordBatch.from_pylist(lines, schema=arrow_schema(table))])
            for table, lines in ((sources, rows), (detections, found))
        ],
        schema_descriptions={"xmm": "Catalogues of XMM-Newton"},
        store=store,
    )
    url = f"duckdb:{store._directory}"
    store.close()
    yield url
    if opened := stores._stores.pop(url, None):
        opened.close()


@pytest.fixture
def archive_url(catalogues, settings, home):
    settings.ARCHIVE_URL = catalogues
    return catalogues


def test_the_list(client, archive_url):
    response = client.get("/tables/")
    text = text_of(response)
    assert response.status_code == 200
    assert "xmm Catalogues of XMM-Newton" in text
    assert "xmm.4XMM 3 7 Sources & more <each>" in text
    assert "xmm.detections 2 2" in text
    assert text.index("ivoa.obscore") < text.index("tap_schema.tables") < text.index("xmm.4XMM")
    assert {"/tables/ivoa.obscore/", "/tables/xmm.4XMM/", "/tables/tap_schema.columns/"} <= set(links_of(response))


def test_the_page_of_a_table(client, archive_url):
    response = client.get("/tables/xmm.4XMM/")
    heads, rows = table_of(response, "column-list")
    assert heads == ["Name", "Type", "Unit", "Meaning", "UCD", "Marks"]
    assert rows == [
        ["srcid", "long", "", "Number", "meta.id;meta.main", "key, indexed, principal"],
        ["ra", "double", "deg", "", "pos.eq.ra;meta.main", "position, indexed, principal"],
        ["dec", "double", "deg", "", "pos.eq.dec;meta.main", "position, indexed, principal"],
        ["flux", "float", "erg.s**-1.cm**-2", "a:b.c", "phot.flux", ""],
        ["quality", "short", "", "", "", ""],
        ['"pos. error"', "float", "arcsec", "1 sigma", "", ""],
        ["seen", "time", "", "", "", ""],
    ]
    text = text_of(response)
    assert 'Rows 3 Columns 7 Name in queries xmm."4XMM" Schema xmm Key srcid Position ra , dec' in text
    assert "srcid of xmm.detections points to srcid here: The source" in text
    body = response.content.decode()
    assert 'id="column-pos._error"' in body
    assert "<each>" not in body
    assert {"http://testserver/tap/tables/xmm.%224XMM%22", "/tables/xmm.detections/"} <= set(links_of(response))


def test_keys_lead_from_one_table_to_the_other(client, archive_url):
    response = client.get("/tables/xmm.detections/")
    assert "srcid points to srcid of xmm.4XMM: The source" in text_of(response)
    assert "/tables/xmm.4XMM/" in links_of(response)


@pytest.mark.parametrize("name", ["xmm.4xmm", "XMM.4XMM", "xmm.%224XMM%22"])
def test_a_table_is_found_in_any_spelling(name, client, archive_url):
    assert "<h1>Table xmm.4XMM</h1>" in client.get(f"/tables/{name}/").content.decode()


def test_a_table_that_is_not_there(client, archive_url):
    response = client.get("/tables/xmm.detection/")
    assert response.status_code == 404
    assert "Did you mean xmm.detections?" in text_of(response)


def test_an_address_without_its_slash(client, archive_url):
    for address in ("/tables", "/tables/xmm.detections"):
        response = client.get(address)
        assert (response.status_code, response["Location"]) == (301, address + "/")


def queries(response):
    """The queries that the page offers to run."""
    links = [urlsplit(link) for link in links_of(response)]
    return [parse_qs(link.query)["adql"][0] for link in links if link.path == "/search/" and "adql=" in link.query]


@pytest.mark.parametrize(
    ("name", "count"),
    [("xmm.4XMM", 4), ("xmm.detections", 2), ("ivoa.obscore", 3), ("ivoa.obscore_hea", 4), ("tap_schema.columns", 3)],
)
def test_its_queries_run(name, count, client, archive_url):
    found = queries(client.get(f"/tables/{name}/"))
    assert len(found) == count
    for adql in found:
        response = client.get("/search/", {"adql": adql})
        assert response.status_code == 200, text_of(response)


def test_the_query_about_a_place_finds_it(client, archive_url):
    adql = next(adql for adql in queries(client.get("/tables/xmm.4XMM/")) if "separation" in adql)
    _, rows = table_of(client.get("/search/", {"adql": adql}), "results")
    assert len(rows) >= 1


def test_its_rows_can_be_downloaded(client, archive_url):
    response = client.get("/tables/xmm.4XMM/")
    links = [link for link in links_of(response) if "/tap/sync" in link]
    formats = [parse_qs(urlsplit(link).query)["RESPONSEFORMAT"][0] for link in links]
    assert formats == ["votable", "fits", "csv", "parquet"]
    answer = client.get(links[2].removeprefix("http://testserver"))
    text = b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["srcid", "ra", "dec", "flux", "quality", "pos. error", "seen"]
    assert len(lines) == 4


def test_where_downloads_stop_is_said(client, archive_url, settings):
    assert "Downloads stop at" not in text_of(client.get("/tables/xmm.4XMM/"))
    settings.ATHANOR_MAXREC = 2
    assert "Downloads stop at 2 rows" in text_of(client.get("/tables/xmm.4XMM/"))


def test_the_tables_are_in_the_navigation(client, archive_url):
    assert '<a href="/tables/" aria-current="page">Tables</a>' in client.get("/tables/").content.decode()


def test_what_the_schema_holds_is_told_to_programs_too(client, archive_url):
    assert b"<description>Catalogues of XMM-Newton</description>" in client.get("/tap/tables").content
