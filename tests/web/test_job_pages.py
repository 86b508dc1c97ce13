"""The list of jobs, a job's page, and what can be done there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from uws.models import Job
from uws.phases import Phase

from .conftest import text_of

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_list_is_empty_at_first(db, client):
    response = client.get("/jobs/")
    assert response.status_code == 200
    assert "There are no jobs yet." in text_of(response)


def test_the_list_shows_own_jobs_only(client, make_job, ada):
    make_job(run_id="public one")
    make_job(run_id="private one", user=ada)
    assert "public one" in text_of(client.get("/jobs/"))
    assert "private one" not in text_of(client.get("/jobs/"))
    client.force_login(ada)
    assert "private one" in text_of(client.get("/jobs/"))
    assert "public one" not in text_of(client.get("/jobs/"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"one", "two", "three"}),
        ("?phase=COMPLETED", {"two"}),
        ("?phase=COMPLETED&phase=ERROR", {"two", "three"}),
        ("?phase=nonsense", {"one", "two", "three"}),
        ("?definition=evselect", {"one", "two", "three"}),
        ("?definition=tap", set()),
    ],
)
def test_filters(client, make_job, query, shown):
    for name, phase in (("one", Phase.PENDING), ("two", Phase.COMPLETED), ("three", Phase.ERROR)):
        make_job(phase, run_id=f"job {name}")
    text = text_of(client.get(f"/jobs/{query}"))
    assert {name for name in ("one", "two", "three") if f"job {name}" in text} == shown


def test_a_queued_job_tells_its_place_and_when_it_may_end(client, make_job):
    first, second = make_job(Phase.QUEUED), make_job(Phase.QUEUED)
    Job.objects.update(quote=timezone.now() + timedelta(hours=1))
    assert "place 1 in the queue" in text_of(client.get(f"/jobs/{first.pk}/"))
    assert re.search(r"place 2 in the queue.* Expected to end", text_of(client.get(f"/jobs/{second.pk}/")))


def test_a_held_job_tells_why(client, make_job):
    job = make_job(Phase.HELD, held_reason="You have 3 jobs queued, which is as many as you may have.")
    text = text_of(client.get(f"/jobs/{job.pk}/"))
    assert "It could not be queued. You have 3 jobs queued, which is as many as you may have." in text
    assert "Start" in text
    assert "Log" not in text


def test_the_list_has_pages(client, make_job, monkeypatch):
    monkeypatch.setattr("web.views.jobs.PAGE_JOBS", 2)
    for number in range(5):
        make_job(run_id=f"number {number}")
    text = text_of(client.get("/jobs/?page=2"))
    assert "5 jobs" in text
    assert "number 2" in text
    assert "number 4" not in text
    assert 'href="?page=3"' in client.get("/jobs/?page=2").content.decode()
    assert client.get("/jobs/?page=99").status_code == 200
    assert client.get("/jobs/?definition=%00").status_code == 200


def test_a_completed_job(client, make_job, ada):
    job = make_job(
        Phase.COMPLETED,
        run_id="My image",
        log="evselect:- Executing (routine): evselect\n[STAGE] <done>\n",
        results={"image": (b"x" * 2500, "image/fits", "image"), "preview": (PNG, "image/png", "")},
        stage="Writing products",
        usage={"cpu_seconds": 3.25, "max_rss_bytes": 230_000_000},
    )
    response = client.get(f"/jobs/{job.id}/")
    page, text = response.content.decode(), text_of(response)
    assert "Completed took 3 min 20 s Created" in text
    assert "[STAGE] &lt;done&gt;" in page
    assert f'href="http://testserver/uws/evselect/{job.id}/results/image"' in page
    assert '<span title="2500 bytes">2.50 kB</span>' in page
    assert job.results.get(name="image").sha256 in page
    assert f'<img class="preview" src="http://testserver/uws/evselect/{job.id}/results/preview"' in page
    assert '<span title="3.25 s">3.2 s</span>' in page
    assert f'src="/provenance/jobs/{job.id}.svg?depth=1"' in page
    assert f'href="/provenance/jobs/{job.id}.json"' in page
    assert "hx-trigger" not in page
    assert "http-equiv" not in page
    assert 'id="job-abort"' not in page
    again = "/jobdefs/evselect/?table=ivo%3A%2F%2Fathanor.example%2Fsim%3Fevents&amp;expression=%28PATTERN%3C%3D4%29"
    assert again in page


def test_a_job_without_a_name_is_known_by_its_input(client, make_job):
    job = make_job(Phase.COMPLETED)
    job.inputs.create(parameter="table", reference="sim?events", entity_id="ivo://x/sim", name="events.fits", path="/x")
    assert "<h1>evselect on events.fits</h1>" in client.get(f"/jobs/{job.id}/").content.decode()
    assert f"{job.id[:8]}… events.fits evselect" in text_of(client.get("/jobs/"))
    assert "evselect events.fits" in text_of(client.get("/"))


def test_a_completed_job_without_results_says_what_makes_them(client, make_job):
    text = text_of(client.get(f"/jobs/{make_job(Phase.COMPLETED).id}/"))
    assert "This job made no files. Switch a product on ( withfilteredset , withhistogramset , withimageset" in text


def test_a_running_job_is_asked_after(client, make_job):
    job = make_job(Phase.EXECUTING, stage="Selecting events", progress_done=2, progress_total=5, log="line\n")
    page = client.get(f"/jobs/{job.id}/").content.decode()
    assert f'hx-get="/jobs/{job.id}/panel?seen=Executing%3A%20Selecting%20events" hx-trigger="every 2s"' in page
    assert f'hx-get="/jobs/{job.id}/log?from=5"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert '<progress class="job-progress" max="5" value="2"' in page
    assert 'id="job-abort"' in page
    assert "/provenance/jobs/" not in page


def test_the_panel_tells_a_change_once_and_stops_asking_at_the_end(client, make_job):
    job = make_job(Phase.EXECUTING, stage="One")
    seen = client.get(f"/jobs/{job.id}/panel", {"seen": "Executing: One"}).content.decode()
    assert "hx-swap-oob" not in seen
    Job.objects.filter(pk=job.pk).update(stage="Two")
    changed = client.get(f"/jobs/{job.id}/panel", {"seen": "Executing: One"}).content.decode()
    assert 'role="status" hx-swap-oob="innerHTML">Executing: Two</p>' in changed
    assert 'hx-trigger="every 2s"' in changed
    Job.objects.filter(pk=job.pk).update(phase=Phase.COMPLETED, stage="", end_time=timezone.now())
    ended = client.get(f"/jobs/{job.id}/panel", {"seen": "Executing: Two"}).content.decode()
    assert 'hx-swap-oob="innerHTML">Completed</p>' in ended
    assert "hx-trigger" not in ended


def test_a_failed_job_says_why(client, make_job):
    job = make_job(
        Phase.ERROR, error_type="fatal", error_message="There is no column <PIE>.", error_detail="evselect: error"
    )
    page = client.get(f"/jobs/{job.id}/").content.decode()
    assert "There is no column &lt;PIE&gt;." in page
    assert "evselect: error" in page


def test_the_log_by_offset(client, make_job):
    job = make_job(Phase.EXECUTING, log="first\nsecond <b>\n")
    tail = client.get(f"/jobs/{job.id}/log?from=6")
    assert tail.content == b"second <b>\n"
    assert tail["Content-Type"] == "text/plain; charset=utf-8"
    assert tail["X-Next-Offset"] == "17"
    fragment = client.get(f"/jobs/{job.id}/log?from=6", headers={"HX-Request": "true"}).content.decode()
    assert fragment == (
        f'second &lt;b&gt;\n<span id="log-next" hx-get="/jobs/{job.id}/log?from=17" '
        'hx-trigger="load delay:2s" hx-swap="outerHTML"></span>'
    )
    assert client.get(f"/jobs/{job.id}/log?from=17").content == b""


def test_the_log_of_an_ended_job_asks_for_no_more(client, make_job):
    job = make_job(Phase.COMPLETED, log="all\n")
    fragment = client.get(f"/jobs/{job.id}/log?from=4", headers={"HX-Request": "true"})
    assert fragment.content == b""


def test_the_log_as_a_file(client, make_job):
    job = make_job(Phase.COMPLETED, log="all\n")
    response = client.get(f"/jobs/{job.id}/log?download")
    assert b"".join(response) == b"all\n"
    assert response["Content-Disposition"] == f'attachment; filename="{job.id}-stdout.txt"'
    assert client.get(f"/jobs/{job.id}/log?download&stream=stderr").status_code == 404


@pytest.mark.parametrize("query", ["from=x", "stream=other"])
def test_the_log_refuses_nonsense(client, make_job, query):
    assert client.get(f"/jobs/{make_job().id}/log?{query}").status_code == 400


@pytest.mark.parametrize("path", ["", "panel", "log"])
def test_private_jobs_are_hidden_from_others(client, make_job, ada, path):
    job = make_job(Phase.EXECUTING, user=ada)
    assert client.get(f"/jobs/{job.id}/{path}").status_code == 404
    client.force_login(ada)
    assert client.get(f"/jobs/{job.id}/{path}").status_code == 200


@pytest.mark.parametrize("action", ["abort", "delete", "keep", "run"])
def test_private_jobs_are_safe_from_others(client, make_job, ada, action):
    job = make_job(user=ada)
    assert client.post(f"/jobs/{job.id}/{action}").status_code == 404
    assert Job.objects.get(pk=job.pk).phase == Phase.PENDING


@pytest.mark.parametrize("action", ["abort", "delete", "keep", "run"])
def test_actions_need_post_and_a_token(make_job, action, client):
    from django.test import Client

    job = make_job(Phase.EXECUTING)
    assert client.get(f"/jobs/{job.id}/{action}").status_code == 405
    assert Client(enforce_csrf_checks=True).post(f"/jobs/{job.id}/{action}").status_code == 403
    assert Job.objects.get(pk=job.pk).phase == Phase.EXECUTING


def test_abort(client, make_job):
    job = make_job(Phase.EXECUTING)
    response = client.post(f"/jobs/{job.id}/abort")
    assert (response.status_code, response["Location"]) == (303, f"/jobs/{job.id}/")
    assert Job.objects.get(pk=job.pk).phase == Phase.ABORTED
    assert "The job is aborted." in text_of(client.get(f"/jobs/{job.id}/"))


def test_abort_of_an_ended_job_is_told(client, make_job):
    job = make_job(Phase.COMPLETED)
    response = client.post(f"/jobs/{job.id}/abort", headers={"Accept": "text/html"})
    assert response.status_code == 403
    assert "only a job that has not ended can be aborted" in text_of(response)


def test_delete(client, make_job):
    job = make_job(Phase.COMPLETED, run_id="Old")
    response = client.post(f"/jobs/{job.id}/delete")
    assert (response.status_code, response["Location"]) == (303, "/jobs/")
    assert "The job Old is deleted." in text_of(client.get("/jobs/"))
    assert client.get(f"/jobs/{job.id}/").status_code == 404


def test_keep_longer(client, make_job):
    job = make_job(Phase.COMPLETED)
    Job.objects.filter(pk=job.pk).update(destruction=timezone.now() + timedelta(hours=1))
    response = client.post(f"/jobs/{job.id}/keep")
    assert (response.status_code, response["Location"]) == (303, f"/jobs/{job.id}/")
    assert Job.objects.get(pk=job.pk).destruction > timezone.now() + timedelta(hours=2)


def test_a_job_that_does_not_exist(db, client):
    response = client.get("/jobs/nothing/", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert "There is no job &#x27;nothing&#x27; here." in response.content.decode()
