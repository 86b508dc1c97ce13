"""DataLink 1.1: what belongs to a data set, for whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import quote

import pytest
import pyvo
from astropy.io.votable import parse
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obstap.products import publish_results
from provenance.recording import record_job
from tests.obstap.products.conftest import EVENTS

pytestmark = pytest.mark.django_db

VOTABLE = "application/x-votable+xml"
BASE = "http://testserver"


def ask(client, *identifiers: str, **more: str):
    return client.get("/datalink/links", {"ID": identifiers, **more})


def rows(client, *identifiers: str, **more: str) -> list[dict[str, object]]:
    answer = ask(client, *identifiers, **more)
    assert answer.status_code == 200
    table = parse(BytesIO(answer.content)).get_first_table().to_table()
    return [dict(zip(table.colnames, row, strict=True)) for row in table]


def provsap(did: str) -> str:
    return f"{BASE}/provsap?ID={quote(did, safe='')}&DEPTH=ALL"


@pytest.fixture
def published(archive, make_job):
    """A job and its published spectrum."""
    job = make_job()
    record_job(job_id=job.pk)
    return job, publish_results(job=job, collection="Crab")[0]


def test_a_product_leads_to_all_that_belongs_to_it(client, published) -> None:
    job, product = published
    found = rows(client, product.obs_publisher_did)
    assert [(row["semantics"], row["access_url"], row["content_type"]) for row in found] == [
        ("#this", f"{BASE}/files/Crab/{product.name}", "application/fits"),
        ("#preview", f"{BASE}/files/Crab/{product.preview}", "image/png"),
        ("#progenitor", f"{BASE}/files/XMM/events.fits", "application/fits"),
        ("#auxiliary", f"{BASE}/jobs/{job.pk}/provenance/", "text/html"),
        ("#auxiliary", provsap(product.obs_publisher_did), "application/json"),
    ]
    assert found[0]["content_qualifier"] == "#spectrum"
    assert found[0]["content_length"] == 8640
    assert all(client.get(str(row["access_url"]).removeprefix(BASE)).status_code == 200 for row in found)


def test_an_observation_leads_to_what_was_made_of_it(client, published) -> None:
    _, product = published
    found = rows(client, EVENTS)
    assert [row["semantics"] for row in found] == ["#this", "#derivation", *["#auxiliary"] * 2]
    assert found[2]["access_url"] == f"{BASE}/provenance/entity/?ID={quote(EVENTS, safe='')}"
    assert found[3]["access_url"] == provsap(EVENTS)
    assert found[1]["access_url"] == f"{BASE}/files/Crab/{product.name}"
    assert found[0]["content_qualifier"] == "#event-list"


def test_products_of_products(client, published, make_job) -> None:
    first, product = published
    by_result, by_did = make_job(read=f"job:{first.pk}/spectrum"), make_job(read=product.obs_publisher_did)
    derived = [publish_results(job=job, collection="Crab")[0] for job in (by_result, by_did)]
    wanted = [f"{BASE}/files/Crab/{item.name}" for item in derived]
    found = rows(client, product.obs_publisher_did)
    assert [row["access_url"] for row in found if row["semantics"] == "#derivation"] == wanted
    origins = [
        [row["access_url"] for row in rows(client, item.obs_publisher_did) if row["semantics"] == "#progenitor"]
        for item in derived
    ]
    this = f"{BASE}/files/Crab/{product.name}"
    assert origins == [[this, f"{BASE}/files/XMM/events.fits"], [this]]


def test_what_is_not_published_is_not_shown(client, archive, make_job, ada) -> None:
    private = make_job(user=ada)
    (product,) = publish_results(job=make_job(read=f"job:{private.pk}/spectrum"), collection="c")
    assert private.pk not in ask(client, product.obs_publisher_did).content.decode()


def test_the_number_of_queries_about_provenance_is_that_of_batches(client, published) -> None:
    def asked(*identifiers: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            ask(client, *identifiers)
        return len([query for query in captured if '"provenance_' in query["sql"]])

    assert asked(EVENTS, *(f"{EVENTS}{number}" for number in range(200))) == asked(EVENTS)


def test_before_its_release_a_product_is_for_its_owner(client, archive, make_job, ada) -> None:
    job = make_job(user=ada)
    record_job(job_id=job.pk)
    later = datetime.now(UTC) + timedelta(days=1)
    did = publish_results(job=job, collection="c", release_date=later)[0].obs_publisher_did
    found = rows(client, did)
    assert [(row["semantics"], row["link_auth"], bool(row["link_authorized"])) for row in found] == [
        ("#this", "true", False),
        ("#preview", "true", False),
        ("#progenitor", "false", True),
    ]
    client.force_login(ada)
    found = rows(client, did)
    assert [bool(row["link_authorized"]) for row in found] == [True] * 5


def test_an_error_is_a_row_of_its_id(client, archive) -> None:
    unknown = "ivo://athanor.example/XMM?nothing"
    found = rows(client, unknown, "nonsense", EVENTS, "ivo://a?\0")
    assert [(row["ID"], row["semantics"], row["error_message"], row["access_url"] or "") for row in found][:3] == [
        (unknown, "#this", "NotFoundFault: the archive has no such data set.", ""),
        ("nonsense", "#this", "UsageFault: an ID is the obs_publisher_did of a data set of ivoa.obscore.", ""),
        (EVENTS, "#this", found[2]["error_message"], f"{BASE}/files/XMM/events.fits"),
    ]
    assert str(found[3]["error_message"]).startswith("NotFoundFault")


def test_a_file_that_is_gone_is_told(client, archive, tmp_path) -> None:
    (tmp_path / "archive" / "events.fits").unlink()
    assert rows(client, EVENTS)[0]["error_message"] == "NotFoundFault: the file is no longer on the archive's disk."


def test_the_document(client, published, validate) -> None:
    answer = ask(client, published[1].obs_publisher_did, "ivo://nowhere?x")
    assert answer["Content-Type"] == "application/x-votable+xml;content=datalink"
    assert b'<INFO name="standardID" value="ivo://ivoa.net/std/DataLink#links-1.1"/>' in answer.content
    validate(answer.content)
    validate(client.get("/datalink/capabilities").content)
    validate(client.get("/datalink/availability").content)


def test_no_id_is_an_answer_without_rows(client, archive, validate) -> None:
    answer = client.get("/datalink/links")
    assert answer.status_code == 200
    assert b"<TR>" not in answer.content
    validate(answer.content)


def test_maxrec_cuts_between_ids(client, published) -> None:
    did = published[1].obs_publisher_did
    answer = ask(client, EVENTS, did, MAXREC="7")
    assert answer.content.count(b"<TR>") == 4
    assert b'value="OVERFLOW"' in answer.content
    assert b"OVERFLOW" not in ask(client, EVENTS, did, MAXREC="9").content
    assert ask(client, EVENTS, MAXREC="0").content.count(b"<TR>") == 0


@pytest.mark.parametrize(
    "name", ["votable", "application/x-votable+xml", "application/x-votable+xml; content=datalink"]
)
def test_formats(client, archive, name: str) -> None:
    assert ask(client, EVENTS, RESPONSEFORMAT=name).status_code == 200


@pytest.mark.parametrize("wrong", [{"RESPONSEFORMAT": "fits"}, {"MAXREC": "x"}])
def test_wrong_parameters_are_an_error_document(client, archive, wrong: dict[str, str], validate) -> None:
    answer = ask(client, EVENTS, **wrong)
    assert answer.status_code == 400
    assert b'name="QUERY_STATUS" value="ERROR"' in answer.content
    validate(answer.content)


@pytest.mark.django_db(transaction=True)
def test_pyvo_reads_it(published, live_server) -> None:
    did = published[1].obs_publisher_did
    links = pyvo.dal.adhoc.DatalinkResults.from_result_url(f"{live_server.url}/datalink/links?ID={did}")
    assert [link.semantics for link in links] == [
        "#this",
        "#preview",
        "#progenitor",
        "#auxiliary",
        "#auxiliary",
    ]
    assert next(links.bysemantics("#progenitor", include_narrower=False)).access_url.endswith("/files/XMM/events.fits")
    with next(links.bysemantics("#this", include_narrower=False)).getdataset() as data:
        assert data.read().startswith(b"SIMPLE")


QUERY = "SELECT target_name, obs_publisher_did AS did FROM ivoa.obscore ORDER BY obs_publisher_did"


@pytest.mark.parametrize("form", ["votable", "votable/b2", "votable/b"])
def test_answers_lead_to_the_links_of_their_rows(client, published, validate, form: str) -> None:
    answer = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY, "RESPONSEFORMAT": form})
    document = b"".join(answer) if answer.streaming else answer.content
    validate(document)
    (service,) = parse(BytesIO(document)).resources[1:]
    assert (service.type, service.utype) == ("meta", "adhoc:service")
    assert {item.name: item.value for item in service.params} == {
        "standardID": "ivo://ivoa.net/std/DataLink#links-1.1",
        "accessURL": f"{BASE}/datalink/links",
        "contentType": "application/x-votable+xml;content=datalink",
    }
    (argument,) = service.groups[0].entries
    assert (argument.name, argument.ref) == ("ID", "did")


def test_answers_without_identifiers_have_no_descriptor(client, published) -> None:
    answer = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT obs_id AS links FROM ivoa.obscore"})
    assert b"adhoc:service" not in (b"".join(answer) if answer.streaming else answer.content)


@pytest.mark.django_db(transaction=True)
def test_pyvo_goes_from_a_row_to_its_links(published, live_server) -> None:
    query = "SELECT * FROM ivoa.obscore WHERE obs_collection = 'Crab'"
    (row,) = pyvo.dal.TAPService(f"{live_server.url}/tap").search(query)
    origins = list(row.getdatalink().bysemantics("#progenitor", include_narrower=False))
    assert [link.access_url.rpartition("/")[2] for link in origins] == ["events.fits"]


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        " ",
        "ivo://",
        "ivo://\0",
        "ivo://athanor.example/XMM?events.fits\n",
        "ivo://é/<&>",
        "x" * 10_000,
        "%00",
        "'; --",
    ],
)
def test_whatever_is_asked_for_gets_a_row(client, archive, validate, identifier: str) -> None:
    answer = client.post("/datalink/links", {"ID": identifier})
    assert answer.status_code == 200
    assert answer.content.count(b"<TR>") == 1
    validate(answer.content)
