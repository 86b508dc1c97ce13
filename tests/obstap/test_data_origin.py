"""VOTables tell where they and their data come from (IVOA Note "Data Origin in the VO" 1.1), and astropy reads it."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pytest
from astropy.io import votable
from astropy.io.votable.dataorigin import DATAORIGIN_INFO, DATAORIGIN_QUERY_INFO, extract_data_origin
from django.core.management.base import CommandError
from django.test import Client

from obstap.origin import LONGEST_URL, ORIGIN
from tests.obstap.publish.conftest import archive, empty_archive, publish  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)

CATALOGUE = """<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<INFO name="creator" value="Doe, J."/>
<INFO name="Creator" value="Roe, R."/>
<RESOURCE name="other"><INFO name="citation" value="doi:10.1/of-another"/></RESOURCE>
<RESOURCE><INFO name="citation" value="doi:10.26093/cds/vizier.51610036"/>
<INFO name="request" value="https://vizier.example/?-source=1"/>
<TABLE name="t"><DESCRIPTION>Sources</DESCRIPTION>
<FIELD name="name" datatype="char" arraysize="*" ucd="meta.id;meta.main"/>
<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>
<FIELD name="dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>
<INFO name="rights" value="CC-BY"/>
<DATA><TABLEDATA><TR><TD>a</TD><TD>10</TD><TD>20</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""

TOML = """[table]
rights_uri = "https://spdx.org/licenses/CC-BY-4.0.html"
creator = ["Ada", "Bob"]
publication_date = "2026-01-01"
"""

QUERY = "SELECT name FROM trial.sources"


@pytest.fixture
def catalogue(publish, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    """A published catalogue whose file tells of its origin."""
    path = tmp_path / "c.vot"
    path.write_text(CATALOGUE)
    publish(path)


def infos(response) -> list[tuple[str, str]]:
    """Names and values of the INFO elements of the results, the time of the request aside."""
    assert response.status_code == 200, response.getvalue()
    (resource,) = (item for item in votable.parse(io.BytesIO(response.getvalue())).resources if item.type == "results")
    return [
        (item.name, "NOW" if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", item.value) else item.value)
        for item in resource.infos
    ]


def test_tap(catalogue, client: Client) -> None:
    response = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY, "RUNID": "mine"})
    assert infos(response) == [
        ("QUERY_STATUS", "OK"),
        ("QUERY", QUERY),
        ("RUNID", "mine"),
        ("publisher", "ivo://athanor.example"),
        ("server_software", "Athanor/0.1.0"),
        ("service_protocol", "ivo://ivoa.net/std/TAP"),
        ("request", "http://testserver/tap/sync?LANG=ADQL&QUERY=SELECT+name+FROM+trial.sources&RUNID=mine"),
        ("request_date", "NOW"),
        ("creator", "Doe, J."),
        ("creator", "Roe, R."),
        ("citation", "doi:10.26093/cds/vizier.51610036"),
        ("rights", "CC-BY"),
        ("reference_url", "http://testserver/tables/trial.sources/"),
    ]


def test_a_posted_query_has_the_address_by_which_it_could_be_asked_again(catalogue, client: Client) -> None:
    asked = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY})
    posted = client.post("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY, "csrfmiddlewaretoken": "secret"})
    assert infos(posted) == infos(asked)
    address = dict(infos(posted))["request"]
    assert infos(client.get(address.removeprefix("http://testserver"))) == infos(asked)


def test_a_query_that_no_address_holds_stands_for_itself(catalogue, client: Client) -> None:
    query = f"{QUERY} -- {'x' * LONGEST_URL}"
    told = dict(infos(client.post("/tap/sync", {"LANG": "ADQL", "QUERY": query})))
    assert "request" not in told
    assert told["QUERY"] == query


@pytest.mark.parametrize(
    ("address", "protocol"),
    [
        ("/scs/trial.sources?RA=10&DEC=20&SR=1", "ivo://ivoa.net/std/ConeSearch"),
        ("/scs?RA=10&DEC=20&SR=1", "ivo://ivoa.net/std/ConeSearch"),
        ("/sia2/query?POS=CIRCLE+10+20+1", "ivo://ivoa.net/std/SIA#query-2.0"),
    ],
)
def test_searches(address: str, protocol: str, catalogue, client: Client) -> None:
    told = infos(client.get(address))
    assert told[2:6] == [
        ("publisher", "ivo://athanor.example"),
        ("server_software", "Athanor/0.1.0"),
        ("service_protocol", protocol),
        ("request", f"http://testserver{address}"),
    ]
    page = "trial.sources" if "trial" in address else "ivoa.obscore"
    assert told[-1] == ("reference_url", f"http://testserver/tables/{page}/")
    assert (("citation", "doi:10.26093/cds/vizier.51610036") in told) is ("trial" in address)


def test_datalink(catalogue, client: Client) -> None:
    assert infos(client.get("/datalink/links?ID=ivo://athanor.example/none%3Fx")) == [
        ("QUERY_STATUS", "OK"),
        ("standardID", "ivo://ivoa.net/std/DataLink#links-1.1"),
        ("publisher", "ivo://athanor.example"),
        ("server_software", "Athanor/0.1.0"),
        ("service_protocol", "ivo://ivoa.net/std/DataLink#links-1.1"),
        ("request", "http://testserver/datalink/links?ID=ivo%3A%2F%2Fathanor.example%2Fnone%3Fx"),
        ("request_date", "NOW"),
    ]


def test_tables_of_the_service_itself_have_no_origin(catalogue, client: Client) -> None:
    response = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT table_name FROM TAP_SCHEMA.tables"})
    assert "reference_url" not in dict(infos(response))


def test_a_join_tells_of_both_tables(catalogue, client: Client) -> None:
    query = "SELECT s.name FROM trial.sources AS s JOIN ivoa.obscore AS o ON s.name = o.obs_id"
    told = infos(client.get("/tap/sync", {"LANG": "ADQL", "QUERY": query}))
    pages = [value.rpartition("/tables/")[2] for name, value in told if name == "reference_url"]
    assert pages == ["ivoa.obscore/", "trial.sources/"]


def test_the_operator_tells_what_the_file_does_not(publish, client: Client, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "c.vot").write_text(CATALOGUE)
    (tmp_path / "c.toml").write_text(TOML)
    publish(tmp_path / "c.vot", "--metadata", str(tmp_path / "c.toml"))
    told = infos(client.get("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY}))
    assert [item for item in told if item[0] in ORIGIN] == [
        ("rights_uri", "https://spdx.org/licenses/CC-BY-4.0.html"),
        ("creator", "Ada"),
        ("creator", "Bob"),
        ("publication_date", "2026-01-01"),
        ("citation", "doi:10.26093/cds/vizier.51610036"),
        ("rights", "CC-BY"),
        ("reference_url", "http://testserver/tables/trial.sources/"),
    ]


def test_what_is_no_origin_is_refused(publish, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "c.vot").write_text(CATALOGUE)
    (tmp_path / "c.toml").write_text('[table]\ncreators = "Ada"\n')
    with pytest.raises(CommandError, match=r"'creators'; it must be one of description, utype, ivoid, .*creator"):
        publish(tmp_path / "c.vot", "--metadata", str(tmp_path / "c.toml"))


def test_astropy_reads_it(catalogue, client: Client) -> None:
    response = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY})
    origin = extract_data_origin(votable.parse(io.BytesIO(response.getvalue())))
    assert origin.query.publisher == "ivo://athanor.example"
    assert origin.query.query == QUERY
    assert origin.query.service_protocol == "ivo://ivoa.net/std/TAP"
    assert origin.query.request.startswith("http://testserver/tap/sync?")
    assert origin.query.request_date[:10] == time.strftime("%Y-%m-%d", time.gmtime())
    (dataset,) = origin
    assert dataset.creator == ["Doe, J.", "Roe, R."]
    assert dataset.citation == ["doi:10.26093/cds/vizier.51610036"]
    assert dataset.reference_url == ["http://testserver/tables/trial.sources/"]


def test_the_names_are_those_that_astropy_knows() -> None:
    assert set(ORIGIN) - {"ivoid", "editor"} == set(DATAORIGIN_INFO)
    assert {"publisher", "server_software", "service_protocol", "request", "request_date"} <= set(DATAORIGIN_QUERY_INFO)
