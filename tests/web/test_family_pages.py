"""Pages of pipelines, arrays and their children; the form that starts an array."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import post_init

from tests.uws.conftest import definitions, home, make_job, sas, service  # noqa: F401 - fixtures
from uws.models import Job, JobKind
from uws.services import create_job, retry_job
from uws.testing import drive
from web import family

from .conftest import text_of


def section(client, job) -> str:
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    found = re.search(r'<section class="sheet" id="job-children">.*?</section>', page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])).strip()


def tree(make_job, **codes) -> Job:  # noqa: F811 - the fixture
    rows = json.dumps([{"word": word, "code": codes.get(word, "")} for word in ("x", "y")]).replace(" ", "")
    job = make_job("tree", rows=[rows], run=True, run_id="My tree")
    drive()
    job.refresh_from_db()
    return job


@pytest.fixture
def array(service):  # noqa: F811 - the fixture
    job = create_job(
        definition="worker",
        parameters={"output": ["a.txt"]},
        files={"t": SimpleUploadedFile("t", b"text,code\none,\ntwo,3\nthree,\n")},
        user=None,
        base_url="http://testserver",
        array="param:t",
        run=True,
        run_id="My rows",
    )
    drive()
    return job


def test_steps_by_branches(client, make_job):  # noqa: F811
    job = make_job("chain", words=["ivo://a/b?first.fits", "second"], gather="no", run=True)
    assert section(client, job) == "Steps No job was made yet. Once third –"
    drive()
    assert section(client, job) == (
        "Steps Completed 4 For each of words # For first second "
        "1 first.fits Completed Completed 2 second Completed Completed Once third –"
    )
    page = client.get(f"/jobs/{job.pk}/")
    for child in job.children.all():
        assert f'href="/jobs/{child.pk}/"' in page.content.decode()
    assert 'id="job-retry"' not in page.content.decode()
    assert 'id="job-log"' not in page.content.decode()


def test_branches_within_branches(client, make_job):  # noqa: F811
    job = tree(make_job, y="3")
    shown = section(client, job)
    assert "For each of list/list # For leaf 1.1" in shown
    assert "1.2 y, 3 Error" in shown
    assert "Retry what did not complete" in text_of(client.get(f"/jobs/{job.pk}/"))


def test_the_panel_has_the_steps_too(client, make_job):  # noqa: F811
    job = tree(make_job)
    assert 'id="job-children"' in client.get(f"/jobs/{job.pk}/panel").content.decode()


def test_retry_from_the_page(client, make_job):  # noqa: F811
    job = tree(make_job, y="3")
    answer = client.post(f"/jobs/{job.pk}/retry")
    again = Job.objects.get(retry_of=job, kind=JobKind.PIPELINE)
    assert (answer.status_code, answer["Location"]) == (303, f"/jobs/{again.pk}/")
    drive()
    assert "It repeats an earlier job ." in text_of(client.get(f"/jobs/{again.pk}/"))
    assert "Completed taken over" in section(client, again)
    child = again.children.get(step="list")
    shown = text_of(client.get(f"/jobs/{child.pk}/"))
    assert "Nothing was run: its results are those of an earlier job ." in shown
    assert client.get(f"/jobs/{job.pk}/retry").status_code == 405


def test_a_child_leads_to_its_parent(client, make_job):  # noqa: F811
    job = tree(make_job)
    child = job.children.get(branch="1.2")
    page = client.get(f"/jobs/{child.pk}/")
    assert "My tree leaf 1.2 Job" in text_of(page)
    assert "Step leaf, branch 1.2, of My tree ." in text_of(page)
    assert f'href="/jobs/{job.pk}/"' in page.content.decode()
    for absent in ("job-delete", "job-keep", "job-retry"):
        assert f'id="{absent}"' not in page.content.decode()
    assert client.post(f"/jobs/{child.pk}/delete").status_code == 403
    assert client.post(f"/jobs/{child.pk}/retry").status_code == 403


def test_children_are_not_listed(client, make_job):  # noqa: F811
    tree(make_job)
    text = text_of(client.get("/jobs/"))
    assert "1 job," in text
    assert "tree pipeline, 4 of 4" in text


def test_rows_of_an_array(client, array):
    assert section(client, array) == (
        "Rows Completed 2 Error 1 Rows # For Job 1 text=one Completed 2 text=two, code=3 Error 3 text=three Completed"
    )
    child = array.children.get(branch="3")
    assert "Row 3 of My rows ." in text_of(client.get(f"/jobs/{child.pk}/"))


def test_more_rows_than_a_page_holds(client, array, monkeypatch):
    monkeypatch.setattr(family, "AT_MOST", 2)
    shown = section(client, array)
    assert "# For Job 2 text=two, code=3 Error 1 text=one Completed 1 more are not shown." in shown
    assert "3 text=three" not in shown


def test_what_a_page_costs_does_not_grow_with_each_row(client, array):
    """A page that people leave open asks again and again; an array has up to ten thousand rows."""
    loaded: list[str] = []

    def note(instance, **_):
        loaded.append(instance.pk)

    post_init.connect(note, sender=Job)
    try:
        client.get(f"/jobs/{array.pk}/panel")
    finally:
        post_init.disconnect(note, sender=Job)
    assert set(loaded) == {array.pk}


def test_a_plain_job_that_failed_can_be_retried(client, make_job):  # noqa: F811
    job = make_job(code="3", run=True)
    drive()
    assert 'id="job-retry"' in client.get(f"/jobs/{job.pk}/").content.decode()
    again = retry_job(job=job)
    assert again.kind == JobKind.TASK


def test_the_form_starts_an_array(client, service):  # noqa: F811
    page = client.get("/jobdefs/worker/")
    assert "Run it for each row of a table" in text_of(page)
    table = SimpleUploadedFile("rows.csv", b"text\none\ntwo\n")
    answer = client.post("/jobdefs/worker/", {"output": "x.txt", "ARRAY__file": table})
    assert answer.status_code == 303
    job = Job.objects.get()
    assert (job.kind, job.parameters) == (JobKind.ARRAY, {"output": ["x.txt"]})
    drive()
    assert job.children.count() == 2


def test_the_form_takes_a_result_as_table(client, make_job):  # noqa: F811
    made = make_job("lister", text='[{"text":"one"}]', run=True)
    drive()
    answer = client.post("/jobdefs/worker/", {"ARRAY": f"job:{made.pk}/list"})
    assert answer.status_code == 303
    assert Job.objects.get(kind=JobKind.ARRAY).inputs.get().reference == f"job:{made.pk}/list"
    page = client.get(f"/jobdefs/worker/?ARRAY=job:{made.pk}/list").content.decode()
    assert f'value="job:{made.pk}/list"' in page
    assert '<details class="sheet" id="task-array" open>' in page


def test_mistakes_in_the_table_are_told_at_their_fields(client, service):  # noqa: F811
    table = SimpleUploadedFile("rows.csv", b"code\n1\nx\n")
    answer = client.post("/jobdefs/worker/", {"ARRAY__file": table})
    assert answer.status_code == 400
    assert "row 2: &#x27;x&#x27; is no integer." in answer.content.decode()
    bad = client.post("/jobdefs/worker/", {"ARRAY": "job:none/x"})
    assert bad.status_code == 400
    assert '<details class="sheet" id="task-array" open>' in bad.content.decode()
    assert not Job.objects.exists()
