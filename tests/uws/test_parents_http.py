"""Pipelines and arrays over HTTP: ARRAY, ACTION=RETRY and what jobInfo tells."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from uws.models import Job, JobKind
from uws.testing import assert_valid, drive, parse

JSON = {"HTTP_ACCEPT": "application/json"}


def test_an_array_of_an_upload(client, service):
    table = SimpleUploadedFile("x.csv", b"text\none\ntwo\n")
    answer = client.post("/uws/worker", {"array": "param:sweep", "sweep": table, "output": "a.txt", "PHASE": "RUN"})
    job = Job.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"http://testserver/uws/worker/{job.pk}")
    assert (job.kind, job.phase, job.parameters) == (JobKind.ARRAY, "QUEUED", {"output": ["a.txt"]})
    drive()
    told = client.get(f"/uws/worker/{job.pk}", **JSON).json()
    assert told["jobInfo"]["kind"] == "array"
    assert told["jobInfo"]["children"] == {"total": 2, "COMPLETED": 2}
    assert [item["branch"] for item in told["jobInfo"]["jobs"]] in (["1", "2"], ["2", "1"])
    assert [item["id"] for item in told["results"]] == ["summary"]
    listed = client.get("/uws/worker", **JSON).json()
    assert [item["id"] for item in listed["jobs"]] == [job.pk]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"code\n1\nx\n", "code: row 2: 'x' is no integer."),
        (b"speed\n1\n", "ARRAY: worker has no parameter 'speed'."),
    ],
)
def test_mistakes_of_a_table_are_told(client, service, content, message):
    answer = client.post("/uws/worker", {"ARRAY": "param:s", "s": SimpleUploadedFile("x", content)})
    assert answer.status_code == 400
    assert message in answer.content.decode()
    assert not Job.objects.exists()


def test_array_is_asked_of_new_jobs_only(client, make_job):
    job = make_job()
    answer = client.post(f"/uws/worker/{job.pk}", {"ARRAY": "param:s"})
    assert answer.status_code == 400
    assert "ARRAY: it is not taken here" in answer.content.decode()


def test_documents_of_parents_and_children(client, make_job, shared):
    job = make_job("chain", words=["a"], run=True)
    drive()
    document = client.get(f"/uws/chain/{job.pk}", HTTP_ACCEPT="application/xml").content
    assert_valid(document, schemas=shared / "xsd")
    info = parse(document).find("jobInfo")
    assert info.find("kind").text == "pipeline"
    assert info.find("children").attrib == {"total": "3", "COMPLETED": "3"}
    child = job.children.get(step="second")
    part = client.get(f"/uws/worker/{child.pk}", HTTP_ACCEPT="application/xml").content
    assert_valid(part, schemas=shared / "xsd")
    assert parse(part).find("jobInfo/parent").attrib == {"id": job.pk, "step": "second", "branch": "1"}
    jobs = client.get(f"/uws/chain/{job.pk}", **JSON).json()["jobInfo"]["jobs"]
    assert {item["href"] for item in jobs} == {f"http://testserver/uws/worker/{item.pk}" for item in job.children.all()}


def test_retry(client, make_job):
    job = make_job("chain", words=["a"], run=True)
    early = client.post(f"/uws/chain/{job.pk}", {"ACTION": "RETRY"})
    assert early.status_code == 403
    drive()
    answer = client.post(f"/uws/chain/{job.pk}", {"action": "retry"})
    again = Job.objects.get(retry_of=job, kind=JobKind.PIPELINE)
    assert (answer.status_code, answer["Location"]) == (303, f"http://testserver/uws/chain/{again.pk}")
    assert client.get(f"/uws/chain/{again.pk}", **JSON).json()["jobInfo"]["retryOf"] == job.pk
    drive()
    child = again.children.get(step="first")
    info = client.get(f"/uws/worker/{child.pk}", **JSON).json()["jobInfo"]
    assert info["takenOver"] == job.children.get(step="first").pk


def test_what_belongs_to_another_is_not_touched_alone(client, make_job, user, other):
    job = make_job("chain", words=["a"], run=True, user=user)
    drive()
    child = job.children.get(step="first")
    client.force_login(other)
    for request in (
        lambda: client.get(f"/uws/worker/{child.pk}"),
        lambda: client.post(f"/uws/chain/{job.pk}", {"ACTION": "RETRY"}),
    ):
        assert request().status_code == 404
    client.force_login(user)
    assert client.delete(f"/uws/worker/{child.pk}").status_code == 403
    assert client.post(f"/uws/worker/{child.pk}", {"ACTION": "RETRY"}).status_code == 403


def test_a_waiting_job_says_so(client, make_job):
    first = make_job(run=True)
    second = make_job(table=f"job:{first.pk}/output", run=True)
    told = client.get(f"/uws/worker/{second.pk}", **JSON).json()
    assert (told["phase"], told["jobInfo"]["stage"]) == ("QUEUED", f"waits for job {first.pk} (worker)")
