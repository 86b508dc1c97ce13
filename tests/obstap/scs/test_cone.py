"""``/scs``: cone searches, as the standard has them and as pyvo makes them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
import pyvo
from django.test import Client
from lxml import etree

from obstap.scs.query import is_searchable
from tests.obstap.scs.conftest import SOURCES

pytestmark = pytest.mark.django_db(transaction=True)

CATALOGUE = '/scs/test."Bright ""sources"""'


def ask(client: Client, address: str = "/scs", **parameters: str):
    return client.get(quote(address), {"RA": "10", "DEC": "20", "SR": "0.1", **parameters})


def found(client: Client, address: str = "/scs", **parameters: str) -> list[str]:
    response = ask(client, address, RESPONSEFORMAT="csv", **parameters)
    text = response.getvalue().decode()
    assert response.status_code == 200, text
    return sorted(next(iter(row.values())) for row in csv.DictReader(io.StringIO(text)))


def identifiers(*names: str) -> list[str]:
    return sorted(f"ivo://athanor.example/survey?{name}" for name in names)


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, "a"),
        ({"SR": "0.4"}, "a"),
        ({"SR": "0.47"}, "ab"),
        ({"SR": "180"}, ["a", "b", "pole", "zero"]),
        ({"RA": "300", "DEC": "90", "SR": "0.2"}, ["pole"]),
        ({"RA": "0.005", "DEC": "0", "SR": "0.02"}, ["zero"]),
        ({"RA": "360", "DEC": "0", "SR": "0.02"}, ["zero"]),
        ({"RA": "1e1", "DEC": " 20.0 "}, "a"),
        ({"DEC": "-20"}, []),
        ({"TIME": "53000", "CATALOG": "x"}, "a"),
    ],
)
def test_what_lies_in_the_cone(client: Client, parameters, names):
    assert found(client, VERB="1", **parameters) == identifiers(*names)


@pytest.mark.parametrize(
    ("verbosity", "columns"),
    [
        ("1", ["source", "ra", "dec"]),
        ("", ["source", "ra", "dec", "flux"]),
        ("2", ["source", "ra", "dec", "flux"]),
        ("3", ["source", "ra", "dec", "flux", "note"]),
    ],
)
def test_every_table_with_positions_has_a_cone_search(client: Client, verbosity, columns):
    document = etree.fromstring(ask(client, CATALOGUE, VERB=verbosity).getvalue())
    fields = document.findall(".//{*}FIELD")
    assert [field.get("name") for field in fields] == columns
    assert [(field.get("datatype"), field.get("ucd")) for field in fields[:3]] == [
        ("char", "ID_MAIN"),
        ("double", "POS_EQ_RA_MAIN"),
        ("double", "POS_EQ_DEC_MAIN"),
    ]
    assert found(client, CATALOGUE, VERB=verbosity) == ["7", "8"]


@pytest.mark.parametrize("table", ["test.notes", "ivoa.nothing", "tap_schema.tables"])
def test_other_tables_have_none(client: Client, table):
    response = ask(client, f"/scs/{table}")
    assert response.status_code == 404
    assert f"There is no cone search of '{table}'. There is one of ivoa.obscore, " in response.content.decode()


@pytest.mark.parametrize(("ucd", "searchable"), [("META.ID;META.MAIN", True), ("meta.id", False)])
def test_what_identifies_a_row_is_known_by_its_ucd_in_any_case(ucd, searchable):
    columns = (replace(SOURCES.columns[0], ucd=ucd), *SOURCES.columns[1:])
    assert is_searchable(replace(SOURCES, key="", columns=columns)) is searchable


@pytest.mark.parametrize("parameters", [{"SR": "0"}, {"MAXREC": "0"}, {"SR": "0", "MAXREC": "5"}])
def test_columns_only(client: Client, parameters):
    text = ask(client, **parameters).getvalue().decode()
    assert 'ucd="ID_MAIN"' in text
    assert "<TR>" not in text
    assert 'value="OVERFLOW"' in text


def test_overflow(client: Client):
    text = ask(client, SR="180", MAXREC="2").getvalue().decode()
    assert text.count("<TR>") == 2
    assert 'value="OVERFLOW"' in text


def test_post(client: Client, validate):
    response = client.post("/scs", {"ra": "10", "dec": "20", "sr": "0.1", "RUNID": "mine"})
    assert response["Content-Type"] == "application/x-votable+xml"
    document = response.getvalue()
    validate(document)
    assert document.count(b"<TR>") == 1
    assert b'<INFO name="RUNID" value="mine"/>' in document
    assert b'<INFO name="service_protocol" value="ivo://ivoa.net/std/ConeSearch"/>' in document


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"RA": ""}, "RA: it is required: right ascension of the centre in degrees."),
        ({"DEC": ""}, "DEC: it is required: declination of the centre in degrees."),
        ({"SR": ""}, "SR: it is required: search radius in degrees."),
        ({"RA": "05:34:32"}, "RA: '05:34:32' is no number."),
        ({"RA": "-10"}, "RA: -10 lies outside 0 to 360 degrees."),
        ({"RA": "NaN"}, "RA: 'NaN' is no number."),
        ({"DEC": "91"}, "DEC: 91 lies outside -90 to 90 degrees."),
        ({"SR": "-1"}, "SR: -1 lies outside 0 to 180 degrees."),
        ({"VERB": "4"}, "VERB: '4' is unknown; use 1 for few columns, 2 for the usual, 3 for all."),
        ({"MAXREC": "x"}, "MAXREC: 'x' is no number of rows; give a whole number of at least 0."),
    ],
)
def test_errors_stand_where_old_and_new_clients_look(client: Client, parameters, message):
    response = ask(client, **parameters)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/x-votable+xml"
    assert response.content.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        '<RESOURCE type="results">\n'
        f'<INFO name="QUERY_STATUS" value="ERROR">{message}</INFO>\n'
        f'<INFO name="Error" value="{message}"/>\n'
        "</RESOURCE>\n"
        "</VOTABLE>\n"
    )


def test_capabilities(client: Client, validate):
    response = client.get("/scs/capabilities")
    # The type ConeSearch is of a schema that is not among those of the validation; all else is checked.
    plain = re.sub(r' xsi:type="cs:ConeSearch"|<(maxSR|maxRecords|verbosity)>.*?</\1>', "", response.text)
    validate(plain.encode())
    document = etree.fromstring(response.content)
    searches = [one for one in document if one.get("standardID") == "ivo://ivoa.net/std/ConeSearch"]
    assert [one.findtext("interface/accessURL") for one in searches] == [
        "http://testserver/scs?",
        'http://testserver/scs/test."Bright ""sources"""?',
    ]
    assert [searches[0].findtext(name) for name in ("maxSR", "maxRecords", "verbosity")] == ["180", "20000000", "true"]
    validate(client.get("/scs/availability").content)


@pytest.mark.parametrize("password", ["", "secret"])
def test_pyvo(live_server, django_user_model, password):
    django_user_model.objects.create_user("ada", password="secret")
    session = pyvo.auth.AuthSession()
    if password:
        session.credentials.set_password("ada", password)
    service = pyvo.dal.SCSService(f"{live_server.url}/scs", session=session)
    results = service.search(pos=(10.0, 20.0), radius=0.1)
    (record,) = results
    assert record.id == "ivo://athanor.example/survey?a"
    assert record.pos.to_string() == "10 20"
    assert "s_ra" in [column.name for column in service.columns]
    assert len(service.search(pos=(10.0, 20.0), radius=1.0, verbosity=3)) == 2
    with pytest.raises(pyvo.DALQueryError, match="SR: 200 lies outside"):
        service.search(pos=(10.0, 20.0), radius=200.0)
