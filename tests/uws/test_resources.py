"""What lies below a job: texts, parameters, results, deletion."""

from __future__ import annotations

import pytest
from django.urls import include, path

from uws.models import Job, Result
from uws.phases import Phase
from uws.selectors import get_job, get_result
from uws.testing import drive, parse
from uws.times import format_time
from uws.urls import job_tree
from vo.errors import NotFoundError

TEXT = "text/plain; charset=utf-8"


def text(answer) -> str:
    assert (answer.status_code, answer["Content-Type"]) == (200, TEXT)
    return answer.content.decode()


def test_texts_agree_with_the_document(client, make_job):
    job = make_job()
    url = f"/uws/worker/{job.pk}"
    root = parse(client.get(url).content)
    assert text(client.get(f"{url}/phase")) == root.findtext("phase") == "PENDING"
    assert text(client.get(f"{url}/executionduration")) == root.findtext("executionDuration") == "60"
    assert text(client.get(f"{url}/destruction")) == root.findtext("destruction") == format_time(job.destruction)
    assert text(client.get(f"{url}/quote/")) == "" == (root.findtext("quote") or "")
    assert text(client.get(f"{url}/owner")) == ""
    assert text(client.get(f"{url}/error")) == "The job has reported no error.\n"


def test_owner(client, make_job, user):
    job = make_job(user=user)
    client.force_login(user)
    assert text(client.get(f"/uws/worker/{job.pk}/owner")) == "ada"


@pytest.mark.parametrize("child", ["nothing", "phase/x", "results/none", "parameters/none", "results/a/b", "Phase"])
def test_unknown_child(client, make_job, child):
    assert client.get(f"/uws/worker/{make_job().pk}/{child}").status_code == 404


@pytest.mark.parametrize(
    ("method", "child", "allow"),
    [
        ("put", "", "DELETE, GET, HEAD, POST"),
        ("delete", "/phase", "GET, HEAD, POST"),
        ("post", "/quote", "GET, HEAD"),
        ("post", "/error", "GET, HEAD"),
        ("post", "/owner", "GET, HEAD"),
        ("post", "/results", "GET, HEAD"),
        ("post", "/parameters/text", "GET, HEAD, PUT"),
    ],
)
def test_wrong_method(client, make_job, method, child, allow):
    answer = getattr(client, method)(f"/uws/worker/{make_job().pk}{child}")
    assert (answer.status_code, answer["Allow"]) == (405, allow)


def test_parameters(client, make_job):
    job = make_job(text="first", keep=["a", "b"])
    url = f"/uws/worker/{job.pk}"
    assert client.post(f"{url}/parameters", {"TEXT": "second", "runId": "r7"}).status_code == 303
    assert client.post(url, {"seconds": "1"}).status_code == 303
    job.refresh_from_db()
    assert (job.parameters, job.run_id) == ({"text": ["second"], "keep": ["a", "b"], "seconds": ["1"]}, "r7")
    assert text(client.get(f"{url}/parameters/Text")) == "second"
    assert text(client.get(f"{url}/parameters/keep")) == "a\nb"

    answer = client.put(f"{url}/parameters/text", "third <&>", content_type="text/plain")
    assert (answer.status_code, answer["Location"]) == (303, f"http://testserver{url}")
    assert text(client.get(f"{url}/parameters/text")) == "third <&>"
    assert client.put(f"{url}/parameters/code", "x", content_type="text/plain").status_code == 400
    assert client.put(f"{url}/parameters/text", b"\xff", content_type="text/plain").status_code == 400
    assert client.post(url).status_code == 400
    assert client.post(url, {"ACTION": "EXPLODE"}).status_code == 400
    json = client.get(f"{url}/parameters", headers={"accept": "application/json"}).json()
    assert json["parameters"][0] == {"id": "text", "value": "third <&>"}


def test_open_definition_keeps_all_and_accumulates(client, make_job):
    job = make_job("open", Anything="x")
    url = f"/uws/open/{job.pk}"
    client.post(f"{url}/parameters", {"upload": "a,http://a.example/"})
    client.post(f"{url}/parameters", {"UPLOAD": "b,http://b.example/", "ANYTHING": "y", "query": "write"})
    job.refresh_from_db()
    assert job.parameters == {
        "Anything": ["y"],
        "UPLOAD": ["a,http://a.example/", "b,http://b.example/"],
        "QUERY": ["write"],
    }


def test_run_with_changes_in_one_request(client, make_job):
    job = make_job()
    answer = client.post(f"/uws/worker/{job.pk}", {"text": "x", "EXECUTIONDURATION": "9", "PHASE": "RUN"})
    job.refresh_from_db()
    assert (answer.status_code, job.phase, job.execution_duration) == (303, "QUEUED", 9)


@pytest.mark.parametrize("way", ["delete", "post"])
def test_deletion_removes_everything(client, make_job, way):
    job = make_job(text="x", run=True)
    drive()
    assert job.workdir.is_dir()
    url = f"/uws/worker/{job.pk}"
    answer = client.delete(url) if way == "delete" else client.post(url, {"action": "delete"})
    assert (answer.status_code, answer["Location"]) == (303, "http://testserver/uws/worker")
    for child in ("", "/phase", "/results/output"):
        assert client.get(f"{url}{child}").status_code == 404
    assert len(parse(client.get("/uws/worker").content)) == 0
    drive()
    assert not Job.objects.exists()
    assert not job.workdir.exists()


def test_results(client, make_job):
    job = make_job(text="0123456789", run=True)
    drive()
    url = f"/uws/worker/{job.pk}"
    (item,) = parse(client.get(f"{url}/results").content)
    href = item.get("{http://www.w3.org/1999/xlink}href")
    assert (item.get("id"), item.get("mime-type"), item.get("size")) == ("output", "text/plain", "11")
    assert href == f"http://testserver{url}/results/output"
    answer = client.get(href)
    assert (answer["Content-Type"], answer["Content-Length"]) == ("text/plain", "11")
    assert b"".join(answer) == b"0123456789\n"
    part = client.get(href, headers={"range": "bytes=2-4"})
    assert (part.status_code, b"".join(part)) == (206, b"234")
    assert client.head(href).status_code == 200
    json = client.get(f"{url}/results", headers={"accept": "application/json"}).json()
    assert json["results"][0]["sha256"] == Result.objects.get().sha256

    (job.workdir / "work" / "out.txt").unlink()
    assert client.get(href).status_code == 404


def test_error(client, make_job):
    job = make_job()
    Job.objects.update(phase=Phase.ERROR, error_type="fatal", error_message="Broken.", error_detail="At line 1.")
    assert text(client.get(f"/uws/worker/{job.pk}/error")) == "Broken.\n\nAt line 1."
    summary = parse(client.get(f"/uws/worker/{job.pk}").content).find("errorSummary")
    assert (summary.get("type"), summary.get("hasDetail"), summary.findtext("message")) == ("fatal", "true", "Broken.")


class Mounted:
    """URLs in which the tree of a definition stands elsewhere, with error documents of its own."""

    urlpatterns = [
        path("elsewhere/async", include(job_tree("open", error_document=lambda message: f"<e>{message}</e>".encode())))
    ]
    handler403 = handler404 = "web.errors.not_found"


def test_tree_elsewhere(client, service, settings):
    settings.ROOT_URLCONF = Mounted
    answer = client.post("/elsewhere/async", {"QUERY": "refuse", "PHASE": "RUN"})
    job = Job.objects.get()
    url = f"/elsewhere/async/{job.pk}"
    assert (job.definition, answer["Location"]) == ("open", f"http://testserver{url}")
    drive()
    root = parse(client.get(url).content)
    summary = root.find("errorSummary")
    assert (root.findtext("phase"), summary.get("hasDetail")) == ("ERROR", "true")
    assert summary.findtext("message") == "line 1, column 15: There is no table t."
    answer = client.get(f"{url}/error")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-votable+xml")
    assert answer.content.startswith(b"<e>line 1, column 15: There is no table t.")
    (listed,) = parse(client.get("/elsewhere/async").content)
    assert listed.get("{http://www.w3.org/1999/xlink}href") == f"http://testserver{url}"
    assert client.delete(url)["Location"] == "http://testserver/elsewhere/async"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "find", [lambda: get_job(job_id="a\0", user=None), lambda: get_result(job=Job(id="a"), name="\0")]
)
def test_names_that_no_database_stores_are_not_looked_for(find, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(NotFoundError):
        find()
