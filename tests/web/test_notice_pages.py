"""Asking on the form of a task to be told of the end of its job, and what the page of the job says of that."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.web.test_job_pages import text_of
from tests.web.test_jobdef_pages import DID, events  # noqa: F401 - a fixture
from uws.models import Job, Notice
from uws.phases import Phase

BOX = 'name="NOTIFY"'


@pytest.fixture
def mailing(settings, ada):
    settings.ATHANOR_MAIL = True
    ada.email = "ada@example.org"
    ada.save()
    return ada


def test_who_has_an_address_may_ask_for_mail(client, mailing, events):  # noqa: F811
    assert BOX not in client.get("/jobdefs/evselect/").content.decode()
    client.force_login(mailing)
    page = client.get("/jobdefs/evselect/")
    assert BOX in page.content.decode()
    assert "Tell me by e-mail when it has ended (ada@example.org)" in text_of(page)
    asked = {"table": DID, "withimageset": "on", "NOTIFY": "on"}
    assert client.post("/jobdefs/evselect/", asked).status_code == 303
    assert [notice.address for notice in Job.objects.get().notices.all()] == ["mailto:ada@example.org"]
    del asked["NOTIFY"]
    assert client.post("/jobdefs/evselect/", asked).status_code == 303
    assert Notice.objects.count() == 1


def test_nobody_is_offered_what_the_service_cannot_do(client, ada, mailing, settings):
    client.force_login(mailing)
    settings.ATHANOR_MAIL = False
    assert BOX not in client.get("/jobdefs/evselect/").content.decode()
    settings.ATHANOR_MAIL = True
    mailing.email = ""
    mailing.save()
    assert BOX not in client.get("/jobdefs/evselect/").content.decode()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "to be told"),
        ({"attempts": 1, "sent": datetime(2026, 3, 1, 12, tzinfo=UTC)}, "told 2026-03-01T12:00:00.000Z"),
        (
            {"attempts": 3, "due": datetime(2026, 3, 1, 12, tzinfo=UTC), "failure": "It answered 503."},
            "tried 3 of 8 times, again 2026-03-01T12:00:00.000Z. It answered 503.",
        ),
        ({"attempts": 8, "failure": "It answered 503."}, "tried 8 of 8 times, given up. It answered 503."),
    ],
)
def test_the_page_of_a_job_tells_how_its_notices_stand(client, make_job, fields, told):
    job = make_job(Phase.COMPLETED)
    Notice.objects.create(job=job, address="https://hooks.example.org/secret", **fields)
    page = client.get(f"/jobs/{job.pk}/")
    assert f"Notice to https://hooks.example.org/…: {told}" in text_of(page)
    assert "secret" not in page.content.decode()


def test_the_page_of_an_archived_job(client, make_job):
    job = make_job(Phase.COMPLETED, results={"image": (b"x", "image/png", "image")})
    links = 'results/image"', "job-keep"
    shown = client.get(f"/jobs/{job.pk}/").content.decode()
    assert [link in shown for link in links] == [True, True]
    Job.objects.update(phase=Phase.ARCHIVED)
    page = client.get(f"/jobs/{job.pk}/")
    assert "This job is archived: its files were removed when its time was over." in text_of(page)
    assert [link in page.content.decode() for link in links] == [False, False]
    assert job.results.get().sha256 in page.content.decode()
