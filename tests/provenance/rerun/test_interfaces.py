"""Repeating by page, by API and by command."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from provenance.management.commands import rerun as command
from provenance.rerun.due import compare_due
from uws.models import Job
from uws.phases import Phase
from uws.testing import drive

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ended(ran, user) -> Job:
    return ran(text="hello", user=user, run_id="first")


def finish() -> None:
    drive()
    compare_due()


def seen(text: str) -> str:
    """A page without its tags and with one blank between words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text))


def test_the_page_of_a_job_leads_to_its_repetition_and_back(signed_in, ended) -> None:
    page = signed_in.get(f"/jobs/{ended.pk}/").text
    assert f'href="/jobs/{ended.pk}/rerun"' in page
    assert "job-reruns" not in page
    asked = signed_in.get(f"/jobs/{ended.pk}/rerun").text
    assert "worker 2.1 as it was then" in seen(asked)
    answer = signed_in.post(f"/jobs/{ended.pk}/rerun")
    again = Job.objects.get(repeats=ended)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{again.pk}/")
    assert "Repeated by first" in seen(signed_in.get(f"/jobs/{ended.pk}/").text)
    finish()
    shown = seen(signed_in.get(f"/jobs/{again.pk}/").text)
    assert re.search(r"Repeats first of [^:]*:\d\d:\d\d UTC: identical\.", shown)
    assert "Resultoutputidentical" in shown
    (place,) = re.findall(r'href="([^"]*comparison:[^"]*)"', signed_in.get(f"/jobs/{again.pk}/").text)
    assert "Comparison" in signed_in.get(place).text
    assert re.search(
        r"Repeated by first of [^:]*:\d\d:\d\d UTC: identical\.", seen(signed_in.get(f"/jobs/{ended.pk}/").text)
    )


def test_a_changed_input_is_confirmed_on_the_page(signed_in, ran, user, dataset) -> None:
    did, path = dataset()
    job = ran(text="hello", table=did, user=user)
    assert 'name="allow_changed"' not in signed_in.get(f"/jobs/{job.pk}/rerun").text
    path.write_bytes(b"others\n")
    page = signed_in.get(f"/jobs/{job.pk}/rerun").text
    assert 'name="allow_changed"' in page
    assert f"table{did}changed" in seen(page).replace(" ", "")
    refused = signed_in.post(f"/jobs/{job.pk}/rerun")
    assert refused.status_code == 400
    assert f"the input {did} has changed" in refused.text
    assert signed_in.post(f"/jobs/{job.pk}/rerun", {"allow_changed": "1"}).status_code == 303
    path.unlink()
    page = signed_in.get(f"/jobs/{job.pk}/rerun").text
    assert "rerun-missing" in page
    assert "<form method" not in page.partition('id="rerun-inputs"')[2].partition("</main>")[0]


def test_a_form_of_another_site_is_refused(user, ended) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    for address in (f"/jobs/{ended.pk}/rerun", f"/api/v1/jobs/{ended.pk}/rerun"):
        assert client.post(address).status_code == 403
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    "address", ["/jobs/{}/rerun", "/api/v1/jobs/{}/rerun", "/api/v1/jobs/{}/comparison", "/jobs/{}/"]
)
def test_other_peoples_jobs_are_not_there(ended, other, address) -> None:
    stranger, nobody = Client(), Client()
    stranger.force_login(other)
    for client in (stranger, nobody):
        assert client.get(address.format(ended.pk)).status_code == 404
        assert client.get(address.format("x%00y")).status_code == 404
        if "rerun" in address:
            assert client.post(address.format(ended.pk)).status_code == 404
    assert Job.objects.count() == 1


def test_programs_repeat_a_job(signed_in, ended) -> None:
    answer = signed_in.post(f"/api/v1/jobs/{ended.pk}/rerun")
    again = Job.objects.get(repeats=ended)
    place = f"http://testserver/uws/worker/{again.pk}"
    assert (answer.status_code, answer.headers["Location"]) == (201, place)
    assert answer.json() == {"job": again.pk, "repeats": ended.pk, "phase": "QUEUED", "url": place}
    assert signed_in.get(place).status_code == 200
    assert signed_in.get(f"/api/v1/jobs/{again.pk}/comparison").json() == {
        "job": again.pk,
        "repeats": ended.pk,
        "phase": "QUEUED",
        "verdict": None,
        "reason": None,
        "results": [],
        "steps": [],
        "changed_inputs": [],
        "repetitions": [],
    }
    finish()
    sha256 = ended.results.get().sha256
    assert signed_in.get(f"/api/v1/jobs/{again.pk}/comparison").json() == {
        "job": again.pk,
        "repeats": ended.pk,
        "phase": "COMPLETED",
        "verdict": "identical",
        "reason": None,
        "results": [
            {
                "name": "output",
                "outcome": "identical",
                "original_sha256": sha256,
                "repetition_sha256": sha256,
                "detail": None,
            }
        ],
        "steps": [],
        "changed_inputs": [],
        "repetitions": [],
    }
    assert signed_in.get(f"/api/v1/jobs/{ended.pk}/comparison").json() == {
        "job": ended.pk,
        "repetitions": [
            {"job": again.pk, "repeats": ended.pk, "phase": "COMPLETED", "verdict": "identical", "reason": None}
        ],
    }


def test_a_job_without_repetitions_has_no_comparison(signed_in, ended) -> None:
    answer = signed_in.get(f"/api/v1/jobs/{ended.pk}/comparison", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert "repeats no other" in answer.text


def test_programs_see_the_inputs_first(signed_in, ran, user, dataset) -> None:
    did, path = dataset()
    job = ran(text="hello", table=did, user=user)
    then = job.inputs.get().sha256
    path.write_bytes(b"others\n")
    told = signed_in.get(f"/api/v1/jobs/{job.pk}/rerun").json()
    (item,) = told["inputs"]
    assert (told["definition"], told["version"]) == ("worker", "2.1")
    assert item | {"present_sha256": ""} == {
        "parameter": "table",
        "reference": did,
        "entity": did,
        "state": "changed",
        "recorded_sha256": then,
        "present_sha256": "",
        "found_as": None,
    }
    assert re.fullmatch("[0-9a-f]{64}", item["present_sha256"])


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        ({"allow_changed": True}, "application/json", 201),
        ({}, "application/json", 201),
        ({"allow_changed": "yes"}, "application/json", 400),
        ({"allow": True}, "application/json", 400),
        ([], "application/json", 400),
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        ("allow_changed=true", "application/x-www-form-urlencoded", 201),
        ("ALLOW_CHANGED=0", "application/x-www-form-urlencoded", 201),
        ("allow_changed=maybe", "application/x-www-form-urlencoded", 400),
        ("allow_changed=0&allow_changed=1", "application/x-www-form-urlencoded", 400),
        ("text=other", "application/x-www-form-urlencoded", 400),
        ("<x/>", "application/xml", 415),
    ],
)
def test_what_a_request_may_say(signed_in, ended, body: Any, media_type: str, status: int) -> None:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    answer = signed_in.post(f"/api/v1/jobs/{ended.pk}/rerun", data, content_type=media_type)
    assert answer.status_code == status, answer.text
    assert Job.objects.count() == (2 if status == 201 else 1)


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_are_not_allowed(signed_in, ended, method) -> None:
    assert getattr(signed_in, method)(f"/api/v1/jobs/{ended.pk}/rerun").status_code == 405


def run(*arguments: str) -> tuple[int, list[str]]:
    """Exit code and lines of the command."""
    out = StringIO()
    try:
        call_command("rerun", *arguments, stdout=out, stderr=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue().splitlines()
    except CommandError as error:
        return error.returncode, str(error).splitlines()
    return 0, out.getvalue().splitlines()


@pytest.fixture
def engine(monkeypatch) -> None:
    """An engine that does its work while the command sleeps."""
    monkeypatch.setattr(command, "sleep", lambda _: finish())


def test_the_command_repeats_a_job_for_its_owner(ended, user, other) -> None:
    code, (line,) = run(ended.pk[:8])
    again = Job.objects.get(repeats=ended)
    assert (code, line, again.owner, again.phase) == (0, again.pk, user, Phase.QUEUED)
    assert run(ended.pk, "--user", "bob") == (2, [f"There is no job '{ended.pk}' here."])


def test_the_command_waits_for_the_verdict(engine, ended, fits_program) -> None:
    code, lines = run(ended.pk, "--wait")
    assert (code, lines[1:]) == (0, ["result output: identical", "identical."])
    fits_program(b"1234")
    code, lines = run(ended.pk, "--wait")
    assert (code, lines[-1]) == (1, "different.")
    first = Job.objects.exclude(pk=ended.pk).latest("creation_time")
    code, lines = run(first.pk, "--wait")
    assert (code, lines[-1]) == (0, "identical but for dates and checksums.")


def test_the_command_tells_failure(engine, ended, program) -> None:
    assert run("nothing") == (2, ["There is no job 'nothing'."])
    assert run(ended.pk, "--user", "nobody") == (2, ["There is no user 'nobody'."])
    program("#!{python}\nimport sys\nsys.exit(3)\n")
    code, lines = run(ended.pk, "--wait")
    assert code == 2
    assert lines[-1].startswith("failed. The original ended COMPLETED, the repetition ERROR (")


def test_the_command_names_inputs_that_changed(engine, ran, dataset) -> None:
    did, path = dataset()
    job = ran(text="hello", table=did)
    path.write_bytes(b"others\n")
    code, (line,) = run(job.pk, "--wait")
    assert code == 2
    assert line.startswith(f"table: the input {did} has changed")
    code, lines = run(job.pk, "--wait", "--allow-changed")
    assert code == 1
    assert lines[1] == f"input table={did}: changed (The input has changed since the original read it)"


def test_the_command_does_not_wait_for_what_is_held(ended, service) -> None:
    service.ATHANOR_OWNER_QUEUED = 1
    run(ended.pk)
    code, lines = run(ended.pk, "--wait")
    assert (code, lines[-1]) == (2, "It cannot be compared: it is held.")
