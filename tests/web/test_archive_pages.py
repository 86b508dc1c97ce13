"""The front page, the search and the pages of observations, on a small archive."""

from __future__ import annotations

import csv
import html
import io
import re
from urllib.parse import quote, urlsplit

import pytest

from tests.web.conftest import HARD_OBS_ID
from tests.web.test_job_pages import text_of
from uws.phases import Phase

pytestmark = pytest.mark.django_db


def table_of(response, identifier="results"):
    """Heads and cells of a table, as text."""
    body = response.content.decode().partition(f'id="{identifier}"')[2].partition("</table>")[0]
    rows = [
        [
            html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", body, flags=re.DOTALL)
    ]
    return rows[0], rows[1:]


def links_of(response):
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', response.content.decode())]


def test_front_page(client, archive, make_job):
    make_job(Phase.COMPLETED, run_id="Latest")
    response = client.get("/")
    text = text_of(response)
    assert response.status_code == 200
    assert "data sets 5 instruments 3" in text
    assert "sim EMOS1 (1), EPN (3), RGS1 (1) 5" in text
    assert "Completed Latest" in text
    assert "/search/?collection=sim&instrument=EPN" in links_of(response)
    assert "/jobdefs/evselect/" in links_of(response)


def test_front_page_of_an_empty_archive(client, settings, home):
    settings.ARCHIVE_URL = f"duckdb:{home / 'tables'}"
    assert "The archive is empty." in text_of(client.get("/"))


def test_the_search_form_offers_what_the_archive_holds(client, archive):
    response = client.get("/search/")
    assert response.status_code == 200
    assert "EPN (3)" in text_of(response)
    assert "event (3)" in text_of(response)
    assert 'id="results"' not in response.content.decode()


def test_a_search_shows_its_answer(client, archive):
    response = client.get("/search/", {"target": "crab", "type": "event"})
    heads, rows = table_of(response)
    assert heads == [
        *("obs_id", "target_name", "instrument_name", "dataproduct_type", "s_ra deg", "s_dec deg"),
        *("t_min", "t_exptime s", "access_url", "access_estsize"),
    ]
    common = ["event", "83.63308", "22.01450", "2005-09-15T06:00:00", "21571.5", "download", "52.3 MB"]
    assert rows == [["0001", "Crab Nebula", name, *common] for name in ("EMOS1", "EPN")]
    assert "Showing 1–2 of 2." in text_of(response)
    assert {"/observations/0001/#m1.fits", "/observations/0001/#pn.fits"} <= set(links_of(response))
    assert "http://testserver/files/sim/pn.fits" in links_of(response)
    assert 'title="83.633083 deg"' in response.content.decode()
    assert 'title="MJD 53628.25"' in response.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"target": ""}, 5),
        ({"target": "barnard's"}, 1),
        ({"target": "' OR 1=1 --"}, 0),
        ({"target": "*nebula"}, 3),
        ({"ra": "05:34:31.94", "dec": "+22:00:52"}, 3),
        ({"ra": "83.7 22.2"}, 3),
        ({"ra": "83.7 22.2", "radius": "1", "unit": "arcsec"}, 0),
        ({"ra": "83.7 22.2", "radius": "1", "unit": "arcsec", "region": "footprint"}, 3),
        ({"ra": "190", "dec": "-89.95", "radius": "10"}, 1),
        ({"instrument": ["EMOS1", "RGS1"]}, 2),
        ({"time_from": "2005-09-15", "time_to": "2005-09-15"}, 4),
        ({"time_from": "2005-09-16"}, 0),
        ({"energy_from": "100"}, 0),
        ({"energy_from": "2", "energy_to": "7"}, 5),
    ],
)
def test_what_is_found(client, archive, query, found):
    response = client.get("/search/", query)
    assert response.status_code == 200
    rows = table_of(response)[1] if found else []
    assert len(rows) == found
    assert ("Nothing in the archive matches." in text_of(response)) == (not found)


def test_wrong_criteria_are_shown_and_not_run(client, archive):
    response = client.get("/search/", {"ra": "10"})
    assert response.status_code == 400
    assert "A position needs both right ascension and declination." in text_of(response)
    assert "SELECT obs_id, target_name" not in response.content.decode().partition("<textarea")[0]


def test_a_query_may_be_edited(client, archive):
    adql = "SELECT instrument_name, COUNT(*) AS n\nFROM ivoa.obscore GROUP BY instrument_name ORDER BY n DESC"
    response = client.get("/search/", {"adql": adql})
    heads, rows = table_of(response)
    assert heads == ["instrument_name", "n"]
    assert rows[0] == ["EPN", "3"]
    assert html.escape(adql) in response.content.decode()


def test_a_wrong_query_is_marked(client, archive):
    response = client.get("/search/", {"adql": "SELECT obs_id,\n       instrument\nFROM ivoa.obscore"})
    assert response.status_code == 400
    page = response.content.decode()
    assert "Line 2, column 8:" in page
    assert "       instrument\n       ^^^^^^^^^^" in page
    assert 'aria-describedby="adql-error"' in page


def test_a_cut_answer_says_so_and_has_pages(client, archive, monkeypatch):
    monkeypatch.setattr("web.archive.SEARCH_LIMIT", 4)
    monkeypatch.setattr("web.views.search.PAGE_ROWS", 3)
    response = client.get("/search/", {"target": "", "page": "2"})
    assert len(table_of(response)[1]) == 1
    assert "Showing 4–4 of the first 4. More rows match: this page stops at MAXREC=4." in text_of(response)
    assert "?target=&page=1" in links_of(response)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "٣"])
def test_pages_that_are_none(client, archive, page):
    assert "Showing 1–5 of 5." in text_of(client.get("/search/", {"target": "", "page": page}))


def test_downloads_are_the_same_query(client, archive):
    response = client.get("/search/", {"target": "crab", "cols": ["obs_publisher_did"]})
    link = next(link for link in links_of(response) if "RESPONSEFORMAT=csv" in link)
    parts = urlsplit(link)
    answer = client.get(f"{parts.path}?{parts.query}")
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert len(list(csv.DictReader(io.StringIO(body.decode())))) == 3


def test_text_of_the_archive_is_no_markup(client, archive):
    page = client.get("/search/", {"target": "bold"}).content.decode()
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


def test_an_observation(client, archive):
    response = client.get("/observations/0001/")
    text, links = text_of(response), links_of(response)
    assert response.status_code == 200
    assert "Target Crab Nebula Collection sim Facility XMM-Newton Begins 2005-09-15T06:00:00" in text
    assert "05:34:31.94 +22:00:52.2" in text
    assert "3 data sets" in text
    assert "Download pn.fits (52.3 MB)" in text
    assert links.count("http://testserver/files/sim/pn.fits") >= 1
    assert "/jobdefs/evselect/?table=ivo%3A%2F%2Fathanor.example%2Fsim%3Fpn.fits" in links
    assert "/jobdefs/evselect/?table=ivo%3A%2F%2Fathanor.example%2Fsim%3Fimage.fits" not in links
    assert text.count("em_min") == 3


def test_an_observation_with_a_hard_name(client, archive):
    found = client.get("/search/", {"target": "bold"})
    link = next(link for link in links_of(found) if link.startswith("/observations/"))
    assert link == f"/observations/{quote(HARD_OBS_ID, safe='/~:@!$&()*+,;=' + chr(39))}/#hard.fits"
    response = client.get(link)
    assert response.status_code == 200
    assert f"<h1>Observation {html.escape(HARD_OBS_ID)}</h1>" in response.content.decode()


def test_an_observation_by_its_data_set(client, archive):
    response = client.get("/observations/", {"did": "ivo://athanor.example/sim?other.fits"})
    assert (response.status_code, response["Location"]) == (303, "/observations/0002/")
    assert client.get("/observations/", {"did": "ivo://none"}).status_code == 404
    assert client.get("/observations/").status_code == 400


def test_no_such_observation(client, archive):
    response = client.get("/observations/9999/", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert "The archive has no observation &#x27;9999&#x27;." in response.content.decode()


@pytest.mark.parametrize("path", ["/search", "/jobs", "/jobdefs", "/jobs/abc", "/jobdefs/evselect", "/observations"])
def test_addresses_without_their_slash_lead_to_the_page(client, path):
    response = client.get(f"{path}?a=b%20c")
    assert (response.status_code, response["Location"]) == (301, f"{path}/?a=b%20c")


def test_no_page_takes_an_unknown_method(client, archive):
    assert client.post("/search/").status_code == 405
    assert client.put("/jobdefs/evselect/").status_code == 405
