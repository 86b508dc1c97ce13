"""The tables of provenance are told in TAP_SCHEMA, VOSI, pages and documents as all others are."""

from __future__ import annotations

import pyvo
import requests
from astropy.io.votable.ucd import check_ucd
from django.test import Client
from lxml import etree

from obstap import catalogue
from obstap.live import live_tables
from obstap.names import quoted
from obstap.stores import TableStore
from provenance.tap.tables import VIEWS
from tests.obstap.conftest import validate  # noqa: F401 - a fixture
from tests.provenance.tap.conftest import World, ask
from tools.document_provtap import PAGE, page

TABLES = [view.table for view in VIEWS.values()]


def test_no_name_needs_quotes_and_every_column_is_told() -> None:
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert table.description
        for column in table.columns:
            assert quoted(column.name) == column.name, (table.name, column.name)
            assert column.description, (table.name, column.name)
            assert check_ucd(column.ucd, check_controlled_vocabulary=True, has_colon=False), (table.name, column)
            assert column.utype == "" or column.utype.startswith("voprov:")


def test_keys_lead_to_columns_that_are_there() -> None:
    known = {table.name: {column.name for column in table.columns} for table in TABLES}
    for table in TABLES:
        for key in table.foreign_keys:
            for own, other in key.columns:
                assert own in known[table.name], (table.name, key)
                assert other in known[key.target], (table.name, key)


def test_classes_of_the_model_are_there() -> None:
    names = {name.partition(".")[2] for name in VIEWS}
    assert names == {
        *("last_step", "entity", "activity", "agent", "parameter", "configfile"),
        *("used", "wasgeneratedby", "wasderivedfrom", "wasinformedby", "wasassociatedwith", "wasattributedto"),
        *("hadmember", "alternateof"),
        *("activitydescription", "usagedescription", "generationdescription"),
        *("entitydescription", "parameterdescription", "configfiledescription"),
    }


def test_the_reference_page_has_every_table_and_column() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "make docs"


def test_tap_schema_lists_them(archive: TableStore) -> None:
    client = Client()
    listed = ask(
        client,
        "SELECT table_name, table_type FROM tap_schema.tables WHERE schema_name = 'provenance' ORDER BY table_index",
    )
    assert [row["table_name"] for row in listed] == [table.name for table in TABLES]
    assert {row["table_type"] for row in listed} == {"view"}
    columns = ask(
        client,
        "SELECT table_name, column_name, datatype, utype, ucd FROM tap_schema.columns"
        " WHERE table_name LIKE 'provenance.%' ORDER BY table_name, column_index",
    )
    told = {(row["table_name"], row["column_name"], row["datatype"], row["utype"], row["ucd"]) for row in columns}
    assert told == {
        (table.name, column.name, column.datatype, column.utype, column.ucd)
        for table in TABLES
        for column in table.columns
    }
    keys = ask(
        client,
        "SELECT from_table, target_table, from_column, target_column FROM tap_schema.keys NATURAL JOIN"
        " tap_schema.key_columns WHERE from_table LIKE 'provenance.%'",
    )
    assert {tuple(row.values()) for row in keys} == {
        (table.name, key.target, *pair) for table in TABLES for key in table.foreign_keys for pair in key.columns
    }


def test_tap_schema_follows_the_tables(archive: TableStore, monkeypatch) -> None:
    """An archive that was made before a table was there learns of it when the service is prepared again."""
    query = "SELECT COUNT(*) AS n FROM tap_schema.tables WHERE schema_name = 'provenance'"
    everything = dict(live_tables())
    monkeypatch.setattr("obstap.live._tables", dict(list(everything.items())[:3]))
    catalogue.ensure(archive)
    assert ask(Client(), query) == [{"n": "3"}]
    monkeypatch.setattr("obstap.live._tables", everything)
    assert ask(Client(), query) == [{"n": "3"}]
    catalogue.ensure(archive)
    assert ask(Client(), query) == [{"n": str(len(TABLES))}]


def test_vosi_describes_them(archive: TableStore, validate) -> None:  # noqa: F811 - the fixture
    client = Client()
    for address in ("/tap/tables", "/tap/tables/provenance.entity", "/tap/tables/provenance.last_step"):
        response = client.get(address)
        assert response.status_code == 200
        validate(response.content)
    document = etree.fromstring(client.get("/tap/tables").content)
    assert [name.text for name in document.findall("schema/table/name") if name.text.startswith("provenance.")] == [
        table.name for table in TABLES
    ]


def test_pages_show_them(archive: TableStore) -> None:
    client = Client()
    assert "provenance.last_step" in client.get("/tables/").text
    assert "provenance.last_step" in client.get("/tap").text
    shown = client.get("/tables/provenance.last_step/").text
    assert "not counted" in shown
    assert "obs_publisher_did" in shown


def test_pyvo_reads_them(world: World, live_server) -> None:
    with requests.Session() as session:
        read_by(pyvo.dal.TAPService(f"{live_server.url}/tap", session=session), world)


def read_by(service: pyvo.dal.TAPService, world: World) -> None:
    assert [column.name for column in service.tables["provenance.used"].columns] == [
        column.name for column in VIEWS["provenance.used"].table.columns
    ]
    found = service.run_sync("SELECT activity_id, start_time FROM provenance.activity").to_table()
    assert list(found["activity_id"]) == [world.jobs["nobody"]]
    assert found["start_time"][0] == "2026-03-01T12:00:00"
    whole = service.run_sync("SELECT * FROM provenance.last_step")
    assert whole.getdesc("task").utype == "voprov:Activity.name"
    assert list(whole.fieldnames) == [column.name for column in VIEWS["provenance.last_step"].table.columns]
