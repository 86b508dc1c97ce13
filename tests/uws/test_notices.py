"""Who may be told of the end of a job, and how it is asked for."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.uws.notified import make
from uws.models import Job
from uws.notices.addresses import check_address, shown
from uws.services import run_job, set_notify
from vo.errors import IllegalStateError, ParameterError


def refusal(text: str, user: object = None) -> str:
    with pytest.raises(ParameterError) as caught:
        check_address(text, user=user)
    return str(caught.value)


# Who may be told


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/x",
        "https://hooks.example.org:443/x?y=z",
        "https://HOOKS.example.org",
        "https://ports.example.org:8443/",
        "http://plain.example.org/",
        "http://plain.example.org:80/",
        "http://plain.example.org:8080/",
        "https://[2001:db8::1]/",
    ],
)
def test_listed_hosts_may_be_told(settings, url):
    settings.ATHANOR_NOTICE_HOSTS = [
        *("hooks.example.org", "ports.example.org:8443", "http://plain.example.org", "http://plain.example.org:8080"),
        "[2001:db8::1]",
    ]
    assert check_address(f" {url} ", user=None) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://hooks.example.org/", "http://hooks.example.org is not told."),
        ("https://plain.example.org/", "https://plain.example.org is not told."),
        ("https://hooks.example.org:8443/", "https://hooks.example.org:8443 is not told."),
        ("https://hooks.example.org.evil.example/", "https://hooks.example.org.evil.example is not told."),
        ("https://evil.example/?hooks.example.org", "https://evil.example is not told."),
        ("https://ada@hooks.example.org/", "a URL with a user, a password or a fragment is not taken."),
        ("https://hooks.example.org/#x", "a URL with a user, a password or a fragment is not taken."),
        ("ftp://hooks.example.org/", "'ftp://hooks.example.org/' is neither 'email' nor an https URL."),
        ("file:///etc/passwd", "'file:///etc/passwd' is neither 'email' nor an https URL."),
        ("https://", "'https://' is neither 'email' nor an https URL."),
        ("https://[::1/", "'https://[::1/' is neither 'email' nor an https URL."),
        ("https://hooks.example.org:x/", "'https://hooks.example.org:x/' is neither 'email' nor an https URL."),
        ("https://hooks.example.org/a b", "'https://hooks.example.org/a b' is neither 'email' nor an https URL."),
        ("https://hooks.example.org/\r\nX: y", "is neither 'email' nor an https URL."),
        ("https://hooks.example.org/" + "x" * 1000, "is neither 'email' nor an https URL."),
        ("ada@example.org", "'ada@example.org' is neither 'email' nor an https URL."),
        ("mailto:bob@example.org", "'mailto:bob@example.org' is neither 'email' nor an https URL."),
    ],
)
def test_all_else_is_not_told(settings, url, message):
    settings.ATHANOR_NOTICE_HOSTS = ["hooks.example.org", "http://plain.example.org"]
    told = refusal(url)
    assert told.startswith("NOTIFY: ")
    assert message in told
    if "is not taken" not in message:
        assert told.endswith("URLs may be of http://plain.example.org, https://hooks.example.org.")


def test_mail_goes_to_the_owner_alone(mailing, other, settings):
    assert check_address("Email", user=mailing) == "mailto:ada@example.org"
    assert refusal("email") == "NOTIFY: mail goes to the owner of a job alone; sign in to have one."
    assert refusal("email", other) == "NOTIFY: the account bob has no mail address."
    settings.ATHANOR_MAIL = False
    assert refusal("email", mailing) == "NOTIFY: this service sends no mail. It tells nobody."


def test_what_others_see_of_an_address():
    assert shown("https://hooks.example.org:8443/secret?key=1") == "https://hooks.example.org:8443/…"
    assert shown("mailto:ada@example.org") == "ada@example.org"


# Asking


def test_asking_at_creation_and_while_pending(service, client: Client, receiver):
    url = f"http://{receiver.host}"
    made = client.post("/uws/worker", {"notify": [f"{url}/a", f"{url}/b", f"{url}/a"]})
    assert made.status_code == 303
    job = Job.objects.get()
    assert [notice.address for notice in job.notices.order_by("pk")] == [f"{url}/a", f"{url}/b"]
    assert job.parameters == {}
    client.post(f"/uws/worker/{job.pk}", {"NOTIFY": f"{url}/c"})
    assert [notice.address for notice in job.notices.all()] == [f"{url}/c"]
    client.post(f"/uws/worker/{job.pk}", {"NOTIFY": ""})
    assert not job.notices.exists()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["https://evil.example/"], "NOTIFY: https://evil.example is not told. "),
        (["email"], "NOTIFY: this service sends no mail. "),
        ([f"http://{{host}}/{number}" for number in range(11)], "NOTIFY: 11 are asked for; at most 10 are told"),
    ],
)
def test_a_job_that_asks_for_what_is_not_given_is_not_made(service, client: Client, receiver, asked, message):
    answer = client.post("/uws/worker", {"NOTIFY": [text.replace("{host}", receiver.host) for text in asked]})
    assert (answer.status_code, message in answer.content.decode()) == (400, True)
    assert not Job.objects.exists()


def test_asking_too_late(service, receiver):
    job = make()
    run_job(job=job)
    with pytest.raises(IllegalStateError, match="NOTIFY can be set only while it is PENDING or HELD"):
        set_notify(job=job, notify=[receiver.url])
