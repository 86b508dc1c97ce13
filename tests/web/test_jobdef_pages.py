"""Tasks and their forms over HTTP."""

from __future__ import annotations

import pytest

from tests.web.test_job_pages import text_of
from uws.models import Job
from uws.phases import Phase

DID = "ivo://athanor.example/sim?events.fits"


@pytest.fixture
def events(home, tmp_path, db):
    """An event list in the archive."""
    from obstap.models import ArchiveFile

    path = tmp_path / "events.fits"
    path.write_bytes(b"SIMPLE  =                    T")
    stat = path.stat()
    return ArchiveFile.objects.create(
        obs_publisher_did=DID,
        path=str(path),
        name="events.fits",
        media_type="application/fits",
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        collection="sim",
    )


def test_the_list_of_tasks(db, client):
    response = client.get("/jobdefs/")
    assert response.status_code == 200
    assert 'href="/jobdefs/evselect/"' in response.content.decode()
    assert 'href="/jobdefs/tap/"' not in response.content.decode()


def test_the_form(db, client):
    page = client.get(f"/jobdefs/evselect/?table={DID}&withimageset=yes").content.decode()
    assert f'value="{DID}"' in page
    assert 'id="id_withimageset" checked' in page or "checked" in page.partition('name="withimageset"')[2][:200]
    assert "<legend>Spectrum</legend>" in page
    assert "--data-urlencode &#x27;table=ivo://athanor.example/sim?events.fits&#x27;" in page


def test_the_form_offers_own_results_that_fit(client, make_job, ada):
    results = {"filtered": (b"x", "application/fits", "event"), "image": (b"x", "image/fits", "image")}
    job = make_job(Phase.COMPLETED, run_id="Clean", results=results)
    make_job(Phase.COMPLETED, user=ada, results=results)
    page = client.get("/jobdefs/evselect/").content.decode()
    assert 'list="table-suggestions"' in page
    assert page.count('<option value="job:') == 1
    assert f'<option value="job:{job.id}/filtered">filtered of Clean, just now</option>' in page


@pytest.mark.parametrize("name", ["nothing", "tap"])
def test_no_such_task(db, client, name):
    assert client.get(f"/jobdefs/{name}/").status_code == 404


def test_a_form_starts_a_job(client, events):
    response = client.post(
        "/jobdefs/evselect/",
        {"table": DID, "expression": "(PATTERN<=4)", "withimageset": "on", "imageset": "", "RUNID": "Crab"},
    )
    job = Job.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"/jobs/{job.id}/")
    assert job.phase == Phase.QUEUED
    assert job.run_id == "Crab"
    assert job.parameters["table"] == [DID]
    assert job.parameters["withimageset"] == ["yes"]
    assert job.parameters["expression"] == ["(PATTERN<=4)"]
    assert "The job Crab was submitted; this page follows it." in text_of(client.get(response["Location"]))


def test_mistakes_are_shown_at_their_fields(client, events):
    response = client.post(
        "/jobdefs/evselect/", {"table": DID, "withimageset": "on", "ximagebinsize": "wide", "imagebinning": "binSize"}
    )
    page = response.content.decode()
    assert response.status_code == 400
    assert "The job was not started: see the marked fields." in page
    assert "wide" in page.partition('id="id_ximagebinsize_error"')[2][:300]
    assert f'value="{DID}"' in page
    assert not Job.objects.exists()


def test_an_unknown_data_set_is_told(client, events):
    response = client.post("/jobdefs/evselect/", {"table": "ivo://athanor.example/sim?other", "withimageset": "on"})
    assert response.status_code == 400
    assert "sim?other" in text_of(response)
    assert not Job.objects.exists()


def test_the_form_needs_a_token(events):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/jobdefs/evselect/", {"table": DID})
    assert response.status_code == 403
    assert not Job.objects.exists()


def test_jobs_of_the_signed_in_are_theirs(client, events, ada):
    client.force_login(ada)
    client.post("/jobdefs/evselect/", {"table": DID, "withimageset": "on"})
    assert Job.objects.get().owner == ada


def test_a_file_of_ones_own(client, home, db):
    from django.core.files.uploadedfile import SimpleUploadedFile

    upload = SimpleUploadedFile("mine.fits", b"SIMPLE  =                    T", content_type="application/fits")
    response = client.post("/jobdefs/evselect/", {"table__file": upload, "withimageset": "on"})
    assert response.status_code == 303, text_of(response)
    assert Job.objects.get().inputs.get().parameter == "table"
