"""The simple resources as text and as JSON, errors, and what browsers are led to."""

from __future__ import annotations

import json

import pytest

from uws.models import Job
from uws.phases import Phase
from uws.times import format_time, now

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JSON = "application/json"


@pytest.fixture
def job(make_job, user, client) -> Job:
    client.force_login(user)
    return make_job(text="x y", keep=["a", "b"], user=user)


def ask(client, job: Job, child: str, accept: str = ""):
    return client.get(f"/uws/worker/{job.pk}/{child}", headers={"accept": accept} if accept else {})


@pytest.mark.parametrize(
    ("child", "text_and_value"),
    [
        ("phase", ("PENDING", "PENDING")),
        ("executionduration", ("60", 60)),
        ("quote", ("", None)),
        ("owner", ("ada", "ada")),
        ("error", ("The job has reported no error.\n", None)),
        ("parameters/text", ("x y", "x y")),
        ("parameters/keep", ("a\nb", ["a", "b"])),
    ],
)
@pytest.mark.parametrize("accept", ["", "*/*", "text/plain", JSON, f"{JSON};q=0.5, */*;q=0.1", BROWSER, "text/xml"])
def test_value(client, job, child, text_and_value, accept):
    text, value = text_and_value
    answer = ask(client, job, child, accept)
    assert answer.status_code == 200
    assert "Accept" in answer["Vary"]
    if accept.startswith(JSON):
        assert (answer["Content-Type"], answer.json()) == (JSON, value)
    else:
        assert (answer["Content-Type"], answer.content.decode()) == ("text/plain; charset=utf-8", text)


def test_instants(client, job):
    Job.objects.update(quote=now())
    job.refresh_from_db()
    for child, moment in (("quote", job.quote), ("destruction", job.destruction)):
        text = format_time(moment)
        assert text.endswith("Z")
        assert ask(client, job, child).content.decode() == text
        assert json.loads(ask(client, job, child, JSON).content) == text
    Job.objects.update(destruction=None)
    assert ask(client, job, "destruction").content == b""
    assert ask(client, job, "destruction", JSON).json() is None


@pytest.mark.parametrize("phase", Phase)
def test_error_in_every_phase(client, job, phase):
    Job.objects.update(phase=phase, error_type="transient", error_message="Broken.", error_detail="At line 1.")
    assert ask(client, job, "error").content.decode() == "Broken.\n\nAt line 1."
    error = {"type": "transient", "message": "Broken.", "detail": "At line 1."}
    assert ask(client, job, "error", JSON).json() == error


@pytest.mark.parametrize("child", ["", "results", "parameters"])
def test_browsers_are_led_to_the_page(client, job, child):
    answer = ask(client, job, child, BROWSER)
    assert (answer.status_code, answer["Location"]) == (303, f"http://testserver/jobs/{job.pk}/")
    assert "Accept" in answer["Vary"]
    assert ask(client, job, child, "*/*")["Content-Type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [("", {}, 400), ("/phase", {"PHASE": "RUN"}, 403), ("/nothing", {}, 404), ("/quote", {"QUOTE": "1"}, 405)],
)
def test_errors_as_json(client, job, path, data, code):
    Job.objects.update(phase=Phase.COMPLETED)
    answer = client.post(f"/uws/worker/{job.pk}{path}", data, headers={"accept": JSON})
    assert (answer.status_code, answer["Content-Type"]) == (code, JSON)
    assert answer.json()["error"]["status"] == code


def test_a_destruction_that_is_past_destroys(client, job):
    from uws.testing import stepping_engine

    assert client.post(f"/uws/worker/{job.pk}", {"DESTRUCTION": "2001-02-03T04:05:06Z"}).status_code == 303
    assert ask(client, job, "destruction").content == b"2001-02-03T04:05:06.000Z"
    with stepping_engine() as engine:
        for _ in range(4):
            engine.step()
    assert ask(client, job, "").status_code == 404
