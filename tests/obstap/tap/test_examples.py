"""Each example finds rows in the demonstration archive; the pages for people show and run them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pyarrow as pa
import pytest
from astropy.time import Time
from django.test import Client
from lxml import etree

from obstap import catalogue
from obstap.demo.sky import OBSERVATIONS
from obstap.obscore import OBSCORE, OBSCORE_HEA, batch
from obstap.stores import TableContent
from obstap.tap.examples import EXAMPLES, MODERN
from tests.obstap.published import published

pytestmark = pytest.mark.django_db

CAMERAS = {"EPN": 15000.0, "EMOS1": 12000.0, "EMOS2": 12000.0}
"""Cameras of the demonstration archive, and the highest energy (eV) of each."""


def planned() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """What ``ivoa.obscore`` and ``ivoa.obscore_hea`` hold of the demonstration archive, made of its plan."""
    rows, energies = [], []
    for observation in OBSERVATIONS:
        ra, dec = observation.field.ra + observation.offset[0], observation.field.dec + observation.offset[1]
        start = Time(observation.start).mjd
        for camera, highest in CAMERAS.items():
            did = f"ivo://athanor.example/xmm-sim?{observation.obs_id}-{camera}"
            rows.append(
                {
                    "dataproduct_type": "event",
                    "calib_level": 2,
                    "obs_collection": "xmm-sim",
                    "obs_id": observation.obs_id,
                    "obs_publisher_did": did,
                    "access_url": f"files/xmm-sim/{observation.obs_id}-{camera}.FIT",
                    "target_name": observation.field.name,
                    "s_ra": ra,
                    "s_dec": dec,
                    "s_region": (ra, dec, 0.25),
                    "t_min": start,
                    "t_max": start + observation.duration / 86400,
                    "t_exptime": observation.duration,
                    "facility_name": "XMM-Newton",
                    "instrument_name": camera,
                }
            )
            energies.append({"obs_publisher_did": did, "energy_min": 150.0, "energy_max": highest, "ev_xel": 1000})
    return rows, energies


@pytest.fixture(scope="module")
def _demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    rows, energies = planned()
    extension = pa.RecordBatch.from_pylist(energies, schema=catalogue.arrow_schema(OBSCORE_HEA))
    contents = [TableContent(OBSCORE, [batch(rows)]), TableContent(OBSCORE_HEA, [extension])]
    with published(tmp_path_factory.mktemp("demonstration"), contents) as url:
        yield url


@pytest.fixture
def demonstration(_demonstration: str, settings) -> None:
    """Answer from such an archive."""
    settings.ARCHIVE_URL = _demonstration


@pytest.mark.parametrize("example", [*EXAMPLES, *MODERN], ids=lambda example: example.id)
def test_each_example_finds_rows(demonstration, client: Client, example):
    response = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": example.query, "RESPONSEFORMAT": "csv"})
    text = response.getvalue().decode()
    assert response.status_code == 200, text
    header, *rows = csv.reader(io.StringIO(text))
    assert len(header) > 1
    assert rows


@pytest.mark.parametrize("example", [*EXAMPLES, *MODERN], ids=lambda example: example.id)
def test_the_page_for_people_puts_an_example_into_its_form(archive, client: Client, example):
    response = client.get("/tap", {"example": example.id})
    assert response["Content-Type"].startswith("text/html")
    document = etree.fromstring(response.content, etree.HTMLParser())
    (form,) = document.xpath("//main//form")
    assert (form.get("action"), form.get("method")) == ("http://testserver/tap/sync", "get")
    assert form.xpath("string(.//textarea[@name='QUERY'])") == example.query


def test_the_page_for_people_in_short(archive, client: Client):
    response = client.get("/tap")
    document = etree.fromstring(response.content, etree.HTMLParser())
    assert "http://testserver/tap" in response.text
    assert "pyvo.dal.TAPService" in response.text
    links = document.xpath("//main//table//a/@href")
    assert "http://testserver/tap/tables/ivoa.obscore" in links
    assert "http://testserver/tap/tables/test.things" in links
    assert "20000; with MAXREC up to 20000000" in response.text
    form = {"LANG": "ADQL"} | {
        field.get("name"): field.get("value") or field.xpath("string(option[@selected])") or field.text
        for field in document.xpath("//main//form//*[@name]")
    }
    answer = client.get("/tap/sync", form)
    assert answer.status_code == 200, answer.content


def test_a_link_from_the_list_of_examples_leads_to_the_form(archive, client: Client):
    document = etree.fromstring(client.get("/tap/examples").content)
    (link,) = document.xpath("//*[@id='repeated']//*[contains(text(), 'change it')]/@href")
    assert link == "http://testserver/tap?example=repeated"


def test_an_unknown_example_is_no_error(archive, client: Client):
    assert EXAMPLES[0].name in client.get("/tap?example=nothing").text
