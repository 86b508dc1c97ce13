"""Publishing from a job's page, and what pages then say of the product; a task as other systems read it."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from obstap.models import PublishedProduct
from obstap.products import publish_results
from provenance.recording import record_job
from tests.obstap.products.conftest import EVENTS, archive, make_job, store_url  # noqa: F401 - fixtures
from tests.web.test_job_pages import text_of
from uws.phases import Phase


@pytest.fixture
def own(archive, make_job, ada, client, settings):  # noqa: F811 - the fixtures above
    """A completed job of whoever asks."""
    settings.ATHANOR_PUBLISH = "owners"
    client.force_login(ada)
    job = make_job(user=ada)
    record_job(job_id=job.pk)
    return job


def test_publish_and_withdraw(client, own) -> None:
    page = client.get(f"/jobs/{own.pk}/").content.decode()
    assert f'href="/jobs/{own.pk}/publish/"' in page
    form = client.get(f"/jobs/{own.pk}/publish/")
    assert form.status_code == 200
    sent = {"result": ["spectrum"], "collection": "Crab", "release_date": ""}
    assert client.post(f"/jobs/{own.pk}/publish/", sent).headers["Location"] == f"/jobs/{own.pk}/publish/"
    assert "Published: spectrum." in text_of(client.get(f"/jobs/{own.pk}/publish/"))
    product = PublishedProduct.objects.get()
    assert product.obs_publisher_did in text_of(client.get(f"/jobs/{own.pk}/"))
    assert client.post(f"/jobs/{own.pk}/withdraw", {"result": "spectrum"}).status_code == 303
    assert "It is no longer in the archive." in text_of(client.get(f"/jobs/{own.pk}/publish/"))
    assert not PublishedProduct.objects.exists()
    assert client.post(f"/jobs/{own.pk}/withdraw", {"result": "spectrum"}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"collection": "c"}, "This field is required"),
        ({"collection": "XMM", "result": "spectrum"}, "is a collection of the archive"),
        ({"collection": "c", "result": "log"}, "Select a valid choice"),
        ({"collection": "c", "result": "spectrum", "release_date": "soon"}, "is no date"),
        ({"collection": "<b>", "result": "spectrum"}, "is no name of a collection"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, own, sent: dict[str, str], message: str) -> None:
    answer = client.post(f"/jobs/{own.pk}/publish/", sent)
    assert answer.status_code == 400
    assert message in text_of(answer)
    assert not PublishedProduct.objects.exists()


def test_others_see_no_button_and_no_form(client, own, make_job, settings) -> None:  # noqa: F811
    settings.ATHANOR_PUBLISH = "operators"
    assert "publish/" not in client.get(f"/jobs/{own.pk}/").content.decode()
    assert client.get(f"/jobs/{own.pk}/publish/").status_code == 403
    client.logout()
    assert client.get(f"/jobs/{own.pk}/publish/").status_code == 404
    assert client.get(f"/jobs/{make_job().pk}/publish/").status_code == 403


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.EXECUTING, Phase.ERROR])
def test_only_a_completed_job_has_the_form(client, own, make_job, ada, phase: Phase) -> None:  # noqa: F811
    job = make_job(user=ada, phase=phase)
    assert f"/jobs/{job.pk}/publish/" not in client.get(f"/jobs/{job.pk}/").content.decode()
    assert client.get(f"/jobs/{job.pk}/publish/").status_code == 403


def test_a_forged_form_is_refused(own, ada) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    sent = {"result": ["spectrum"], "collection": "Crab"}
    assert client.post(f"/jobs/{own.pk}/publish/", sent).status_code == 403
    assert not PublishedProduct.objects.exists()


def test_the_page_of_the_observation_tells_where_a_product_comes_from(client, own) -> None:
    publish_results(job=own, collection="Crab")
    client.logout()
    page = client.get("/observations/0123456789/").content.decode()
    assert f'href="/jobs/{own.pk}/provenance/"' in page
    assert re.search(r'href="/observations/\?did=[^"]*events\.fits">' + re.escape(EVENTS), page)


def test_a_task_for_opus_and_cwl(client, db) -> None:
    page = client.get("/jobdefs/evselect/").content.decode()
    assert 'href="/jobdefs/evselect/jdl"' in page
    jdl = client.get("/jobdefs/evselect/jdl")
    assert jdl.headers["Content-Type"] == "application/x-votable+xml"
    assert b"voprov:UsageDescription" in jdl.content
    assert b"voprov:UsedDescription" in client.get("/jobdefs/evselect/jdl?names=opus").content
    cwl = client.get("/jobdefs/evselect/cwl")
    assert cwl.headers["Content-Type"] == "application/cwl+json"
    assert json.loads(cwl.content)["class"] == "CommandLineTool"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/jobdefs/evselect/jdl?names=mine", 400),
        ("/jobdefs/epic-quicklook/jdl", 404),
        ("/jobdefs/epic-quicklook/cwl", 404),
        ("/jobdefs/tap/jdl", 404),
        ("/jobdefs/nothing/cwl", 404),
    ],
)
def test_what_has_no_such_document(client, db, address: str, status: int) -> None:
    assert client.get(address).status_code == status
    assert "jdl" not in client.get("/jobdefs/epic-quicklook/").content.decode()
