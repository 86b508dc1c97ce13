"""Job lists: filters, creation, what each user sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from uws.models import Job
from uws.phases import Phase
from uws.testing import parse

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def five(service):
    """Jobs a to e, created a day after each other, each in a phase of its own."""
    phases = (Phase.PENDING, Phase.COMPLETED, Phase.ERROR, Phase.ARCHIVED, Phase.COMPLETED)
    for number, (name, phase) in enumerate(zip("abcde", phases, strict=True)):
        Job.objects.create(id=name * 26, definition="worker", creation_time=START + timedelta(days=number), phase=phase)


def ids(answer) -> str:
    assert answer.status_code == 200, answer.content
    return "".join(item.get("id")[0] for item in parse(answer.content))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "ecba"),
        ("?PHASE=COMPLETED", "eb"),
        ("?phase=completed", "eb"),
        ("?PHASE=COMPLETED&PHASE=PENDING", "eba"),
        ("?PHASE=ARCHIVED", "d"),
        ("?PHASE=ARCHIVED&PHASE=ERROR&LAST=1", "d"),
        ("?PHASE=QUEUED", ""),
        ("?LAST=1", "e"),
        ("?LAST=3", "ecb"),
        ("?LAST=99", "ecba"),
        ("?LAST=99999999999999999999999", "ecba"),
        ("?LAST=3&LAST=2", "ec"),
        ("?AFTER=2026-03-01&AFTER=2026-03-03", "e"),
        ("?AFTER=2026-03-04T00:00Z", "e"),
        ("?AFTER=2026-03-04T00:00:00.001Z", "e"),
        ("?after=2026-03-05T00:00:00.000&Last=5", ""),
        ("?AFTER=2026-03-02", "ec"),
        ("?AFTER=2026-03-01T23:59:59.999Z", "ecb"),
        ("?AFTER=2026-03-03T00:00:00Z", "e"),
        ("?AFTER=2026-03-01T12:00:00&PHASE=COMPLETED&LAST=1", "e"),
        ("?AFTER=2026-03-02T01:00:00%2B02:00", "ecb"),
        ("?SOMETHING=ELSE", "ecba"),
    ],
)
def test_filters(client, five, query, expected):
    assert ids(client.get(f"/uws/worker{query}")) == expected


@pytest.mark.parametrize(
    "query",
    ["PHASE=DONE", "PHASE=", "LAST=0", "LAST=-1", "LAST=x", "LAST=1.5", "LAST=٣", "AFTER=yesterday", "AFTER=",
     "AFTER=2026-13-01", "AFTER=1", "AFTER=2026-03-01T12",
     "AFTER=2026-03-01T00:00:00 01:00", "LAST=", "AFTER=2026-W01-1", "PHASE=COMPLETED&PHASE=no"],
)  # fmt: skip
def test_bad_filters(client, five, query):
    answer = client.get(f"/uws/worker?{query}")
    assert answer.status_code == 400
    assert answer.content.decode().startswith(query.partition("=")[0])


def test_create(client, service):
    answer = client.post("/uws/worker", {"text": "x", "TEXT2": "y"})
    assert answer.status_code == 400
    assert b"TEXT2" in answer.content
    assert not Job.objects.exists()

    answer = client.post("/uws/worker/", {"TEXT": "x"})
    job = Job.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"http://testserver/uws/worker/{job.pk}")
    assert (job.phase, job.parameters, job.owner, job.executor) == ("PENDING", {"text": ["x"]}, None, "local")
    assert (job.definition_version, job.definition_document["name"], job.execution_duration) == ("2.1", "worker", 60)
    assert job.destruction - job.creation_time == timedelta(seconds=service.ATHANOR_JOB_RETENTION)
    assert len(job.pk) == 26
    assert job.pk.isalnum()


@pytest.mark.parametrize("style", [str.upper, str.lower, str.title])
@pytest.mark.parametrize("where", ["body", "query", "multipart"])
def test_controls_in_any_case_and_place(client, service, style, where):
    controls = {
        style("phase"): style("run"),
        style("runid"): "r1",
        style("executionduration"): "7",
        style("destruction"): "2026-03-01T00:00:00Z",
    }
    match where:
        case "body":
            form = "&".join(f"{name}={value}" for name, value in controls.items())
            client.post("/uws/worker", form, content_type="application/x-www-form-urlencoded")
        case "query":
            client.post("/uws/worker", query_params=controls)
        case "multipart":
            client.post("/uws/worker", controls)
    job = Job.objects.get()
    assert (job.phase, job.run_id, job.execution_duration, job.destruction) == ("QUEUED", "r1", 7, START)
    assert job.parameters == {}
    assert [change.phase for change in job.phase_changes.all()] == ["PENDING", "QUEUED"]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"PHASE": "ABORT"}, "PHASE"),
        ({"PHASE": "COMPLETED"}, "PHASE"),
        ({"EXECUTIONDURATION": "-1"}, "EXECUTIONDURATION"),
        ({"EXECUTIONDURATION": "soon"}, "EXECUTIONDURATION"),
        ({"EXECUTIONDURATION": str(2**31)}, "EXECUTIONDURATION"),
        ({"DESTRUCTION": "tomorrow"}, "DESTRUCTION"),
        ({"RUNID": "x" * 201}, "RUNID"),
        ({"RUNID": "a\x00b"}, "RUNID"),
        ({"seconds": "long"}, "seconds"),
        ({"code": "1.5"}, "code"),
        ({"nosuch": "1"}, "nosuch"),
        ({"text": "a\0b"}, "text"),
        ({"a\nb": "x"}, "'a\\nb'"),
        ({"table": "ivo://nobody/x?y", "PHASE": "RUN"}, "table"),
        ({"table": "job:abcdefghijklmnopqrstuvwxyz/output", "PHASE": "RUN"}, "table"),
        ({"table": "param:nothing", "PHASE": "RUN"}, "table"),
    ],
)
def test_refused(client, service, data, name):
    answer = client.post("/uws/worker", data)
    assert answer.status_code == 400
    assert name in answer.content.decode()
    assert not Job.objects.exists()
    assert not list(service.ATHANOR_HOME.glob("jobs/*/*"))


def test_limits_are_the_servers(client, service):
    client.post("/uws/worker", {"EXECUTIONDURATION": "100000", "DESTRUCTION": "2999-01-01"})
    job = Job.objects.get()
    assert job.execution_duration == 600
    assert job.destruction < datetime(2990, 1, 1, tzinfo=UTC)
    client.post(f"/uws/worker/{job.pk}/executionduration", {"EXECUTIONDURATION": "0"})
    job.refresh_from_db()
    assert job.execution_duration == 600


def test_task_that_needs_sas_is_refused_without(client, service):
    service.SAS_DIR = ""
    answer = client.post("/uws/worker", {"PHASE": "RUN"})
    assert answer.status_code == 400
    assert b"needs XMM-Newton SAS" in answer.content


def test_unknown_body_is_refused(client, service):
    answer = client.post("/uws/worker", '{"text": "x"}', content_type="application/json")
    assert answer.status_code == 415


def test_unknown_body_of_untold_length_is_refused(client, service):
    headers = {"Transfer-Encoding": "chunked", "Content-Length": ""}
    answer = client.post("/uws/worker", "text=x", content_type="text/plain", headers=headers)
    assert answer.status_code == 415
    assert not Job.objects.exists()


def test_file_of_a_parameter(client, service):
    data = {"table": SimpleUploadedFile("events.fits", b"events"), "t1": SimpleUploadedFile("x.xml", b"<x/>")}
    answer = client.post("/uws/worker", data)
    job = Job.objects.get()
    assert job.parameters == {"table": ["param:table"]}
    url = urlsplit(answer["Location"]).path
    found = {
        item.get("id"): (item.text, item.get("byReference")) for item in parse(client.get(f"{url}/parameters").content)
    }
    assert found == {
        "table": (f"http://testserver{url}/parameters/table", "true"),
        "t1": (f"http://testserver{url}/parameters/t1", "true"),
    }
    assert b"".join(client.get(f"{url}/parameters/t1")) == b"<x/>"
    assert b"".join(client.get(f"{url}/parameters/table")) == b"events"
    assert client.get(f"{url}/parameters/t2").status_code == 404


def test_definitions(client, service):
    service.ALLOWED_HOSTS = ["*"]
    answer = client.get("/uws")
    names = {item["name"]: item["href"] for item in answer.json()["definitions"]}
    assert names["worker"] == "http://testserver/uws/worker"
    assert client.get("/uws/nosuch").status_code == 404
    assert client.post("/uws/nosuch").status_code == 404
    assert client.post("/uws").status_code == 405


def test_internal_definition_has_no_list_here(client, db):
    assert client.get("/uws/tap").status_code == 404
    assert client.post("/uws/tap").status_code == 404
    assert "tap" not in {item["name"] for item in client.get("/uws").json()["definitions"]}


def test_who_sees_what(client, make_job, user, other, django_user_model):
    own, others, public = make_job(user=user), make_job(user=other), make_job()
    root = django_user_model.objects.create_superuser("root", password="x")

    def seen(who) -> tuple[set[str], set[str]]:
        client.logout()
        if who is not None:
            client.force_login(who)
        listed = {item.get("id") for item in parse(client.get("/uws/worker").content)}
        reached = {job.pk for job in (own, others, public) if client.get(f"/uws/worker/{job.pk}").status_code == 200}
        return listed, reached

    assert seen(None) == ({public.pk}, {public.pk})
    assert seen(user) == ({own.pk}, {own.pk, public.pk})
    assert seen(other) == ({others.pk}, {others.pk, public.pk})
    assert seen(root) == ({own.pk, others.pk, public.pk}, {own.pk, others.pk, public.pk})


@pytest.mark.parametrize(
    "child",
    ["", "/phase", "/executionduration", "/destruction", "/error", "/quote", "/owner", "/results", "/parameters",
     "/results/output", "/parameters/text"],
)  # fmt: skip
def test_nothing_of_anothers_job(client, make_job, user, other, child):
    job = make_job(user=user, text="x")
    client.force_login(other)
    for method in (client.get, client.post, client.delete, client.put):
        assert method(f"/uws/worker/{job.pk}{child}").status_code in (404, 405)
    assert Job.objects.get() == job


def test_base_url_of_settings(client, service):
    service.ATHANOR_BASE_URL = "https://archive.example/athanor"
    answer = client.post("/uws/worker")
    job = Job.objects.get()
    assert job.base_url == "https://archive.example/athanor"
    assert answer["Location"] == f"https://archive.example/athanor/uws/worker/{job.pk}"
    (listed,) = parse(client.get("/uws/worker").content)
    assert listed.get("{http://www.w3.org/1999/xlink}href") == answer["Location"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "text/xml"),
        ("*/*", "text/xml"),
        ("application/xml", "text/xml"),
        ("application/json", "application/json"),
        ("application/json, */*;q=0.1", "application/json"),
        ("text/xml, application/json", "text/xml"),
        ("text/html, text/xml", "text/xml"),
        ("text/html;q=0.9, text/xml;q=0.8", "text/xml"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "page"),
        ("text/*", "text/xml"),
        ("nonsense", "text/xml"),
        ("application/json;q=x", "text/xml"),
    ],
)
def test_form_by_accept(client, make_job, accept, expected):
    job = make_job()
    for path, page in (("", "/jobs/"), (f"/{job.pk}", f"/jobs/{job.pk}/")):
        answer = client.get(f"/uws/worker{path}", headers={"accept": accept} if accept else {})
        if expected == "page":
            assert (answer.status_code, answer["Location"]) == (303, f"http://testserver{page}")
        else:
            assert answer["Content-Type"].partition(";")[0] == expected
