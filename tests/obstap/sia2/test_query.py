"""``/sia2/query``: what each parameter finds."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

ALL = {"plain", "cube", "unknown"}


def ask(client: Client, *pairs: tuple[str, str]):
    given: dict[str, list[str]] = {"RESPONSEFORMAT": ["csv"]}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return client.get("/sia2/query", given)


def found(client: Client, *pairs: tuple[str, str]) -> set[str]:
    response = ask(client, *pairs)
    text = response.getvalue().decode()
    assert response.status_code == 200, text
    return {record["obs_id"] for record in csv.DictReader(io.StringIO(text))}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], ALL),
        ([("POS", "CIRCLE 83.6 22.4 0.2")], {"plain"}),
        ([("pos", "circle 83.6 22.5 0.2")], set()),
        ([("POS", "CIRCLE 0 -30 0")], {"cube"}),
        ([("POS", "CIRCLE 0 -30 0"), ("POS", "CIRCLE 83.6 22 0.1")], {"plain", "cube"}),
        ([("POS", "RANGE 83 84 21 23")], {"plain"}),
        ([("POS", "RANGE 0 360 -30 -29")], {"cube"}),
        ([("POS", "RANGE 0 360 -29.8 21.7")], set()),
        ([("POS", "RANGE 350 360 -31 -29")], {"cube"}),
        ([("POS", "RANGE -Inf +Inf -Inf +Inf")], {"plain", "cube"}),
        ([("POS", "RANGE 0 360 22.2 +Inf")], {"plain"}),
        ([("POS", "POLYGON 83 21 84 21 84 23 83 23")], {"plain"}),
        ([("POS", "POLYGON 0 0 1 0 1 1")], set()),
        ([("BAND", "5e-10")], {"plain"}),
        ([("BAND", "0.21")], {"cube"}),
        ([("BAND", "-Inf 0.21")], {"plain", "cube"}),
        ([("BAND", "300 +Inf")], set()),
        ([("BAND", "-Inf Inf")], {"plain", "cube"}),
        ([("TIME", "53000.5")], {"plain"}),
        ([("TIME", "53001 54000")], {"plain", "cube"}),
        ([("TIME", "53001.1 53999")], set()),
        ([("POL", "Q")], {"cube"}),
        ([("POL", "V")], set()),
        ([("POL", "V"), ("POL", "I")], {"cube"}),
        ([("FOV", "1.0 +Inf")], {"cube"}),
        ([("FOV", "0.5")], {"plain"}),
        ([("FOV", "-Inf 0.6"), ("FOV", "1.9 2.1")], {"plain", "cube"}),
        ([("SPATRES", "-Inf 1")], {"cube"}),
        ([("SPECRP", "1000 +Inf")], {"cube"}),
        ([("EXPTIME", "600 +Inf")], {"plain"}),
        ([("TIMERES", "2 3")], {"plain"}),
        ([("ID", "IVO://Athanor.Example/survey?PLAIN")], {"plain"}),
        ([("COLLECTION", "Radio")], {"cube"}),
        ([("COLLECTION", "radio")], set()),
        ([("FACILITY", "VLA"), ("FACILITY", "XMM-Newton")], ALL),
        ([("INSTRUMENT", "L band")], {"cube"}),
        ([("DPTYPE", "image")], {"plain", "unknown"}),
        ([("DPTYPE", "image"), ("DPTYPE", "cube")], ALL),
        ([("CALIB", "3")], {"cube"}),
        ([("TARGET", "O'Neill's star")], {"cube"}),
        ([("TARGET", "x' OR '1' = '1")], set()),
        ([("FORMAT", "application/fits")], {"plain", "unknown"}),
        ([("CALIB", "2"), ("POS", "CIRCLE 83.6 22 1"), ("TIME", "53000 +Inf")], {"plain"}),
        ([("TARGET", ""), ("COLOUR", "red"), ("REQUEST", "queryData")], ALL),
    ],
)
def test_what_is_found(client: Client, pairs, expected):
    assert found(client, *pairs) == expected


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (
            ("POS", "83.6,22"),
            (
                "POS: '83.6,22' is no region; write CIRCLE <longitude> <latitude> <radius>, or RANGE <longitude1> "
                "<longitude2> <latitude1> <latitude2>, or POLYGON <longitude1> <latitude1> … with at least 3 pairs."
            ),
        ),
        (
            ("POS", "CIRCLE 83.6 22"),
            "POS: 'CIRCLE 83.6 22' has 2 numbers; write CIRCLE <longitude> <latitude> <radius>.",
        ),
        (("POS", "CIRCLE 400 22 1"), "POS: the longitude 400 lies outside 0 to 360 degrees."),
        (("POS", "CIRCLE 83 92 1"), "POS: The latitude 92 lies outside -90 to 90 degrees."),
        (("POS", "CIRCLE 83 22 -1"), "POS: The radius -1 lies outside 0 to 180 degrees."),
        (
            ("POS", "RANGE 350 10 0 1"),
            (
                "POS: the first longitude and latitude of a range must not exceed the second; give POS twice for "
                "a range across longitude 0."
            ),
        ),
        (
            ("BAND", "blue"),
            (
                "BAND: 'blue' is no number and no interval; write one number, or two with a blank between them, "
                "such as 0.5 10 or 300 +Inf."
            ),
        ),
        (("TIME", "54000 53000"), "TIME: the interval '54000 53000' ends before it begins."),
        (
            ("POL", "i"),
            "POL: 'i' is unknown; use one of I, Q, U, V, RR, LL, RL, LR, XX, YY, XY, YX, POLI, POLA.",
        ),
        (("DPTYPE", "event"), "DPTYPE: 'event' is unknown; use one of image, cube."),
        (("CALIB", "5"), "CALIB: '5' is unknown; use one of 0, 1, 2, 3, 4."),
        (("MAXREC", "-1"), "MAXREC: '-1' is no number of rows; give a whole number of at least 0."),
    ],
)
def test_what_is_wrong_is_told(client: Client, pair, message):
    response = client.get("/sia2/query", [pair])
    assert response.status_code == 400
    assert response["Content-Type"] == "application/x-votable+xml"
    told = message.replace("<", "&lt;").replace(">", "&gt;")
    assert f'<INFO name="QUERY_STATUS" value="ERROR">{told}</INFO>' in response.content.decode()


def test_the_answer_is_a_table_of_obscore(client: Client, validate):
    response = client.post("/sia2/query", {"CALIB": "3", "RUNID": "mine"})
    document = response.getvalue()
    validate(document)
    text = document.decode()
    assert response["Content-Type"] == "application/x-votable+xml"
    assert text.count("<TR>") == 1
    assert '<INFO name="service_protocol" value="ivo://ivoa.net/std/SIA#query-2.0"/>' in text
    assert '<INFO name="RUNID" value="mine"/>' in text
    assert 'utype="obscore:Access.reference"' in text
    assert "<TD>http://testserver/files/survey/cube.fits</TD>" in text


@pytest.mark.parametrize(("maxrec", "rows", "overflow"), [("0", 0, True), ("1", 1, True), ("3", 3, False)])
def test_maxrec(client: Client, maxrec, rows, overflow):
    text = client.get("/sia2/query", {"MAXREC": maxrec}).getvalue().decode()
    assert text.count("<TR>") == rows
    assert ('value="OVERFLOW"' in text) == overflow


def test_format_is_that_of_the_data(client: Client):
    response = client.get("/sia2/query", {"FORMAT": "text/csv", "CALIB": "9"})
    assert response["Content-Type"] == "application/x-votable+xml"


def test_capabilities(client: Client, validate):
    response = client.get("/sia2/capabilities")
    validate(response.content)
    assert '<accessURL use="base">http://testserver/sia2/query</accessURL>' in response.text
    assert 'standardID="ivo://ivoa.net/std/SIA#query-2.0"' in response.text
    validate(client.get("/sia2/availability").content)


@pytest.mark.parametrize("address", ["/sia2/query", "/scs"])
def test_methods(client: Client, address):
    response = client.delete(address)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST")
