"""HTTP Basic, sessions, and requests that other sites forge."""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.contrib.auth import hashers
from django.test import AsyncClient, Client

from uws.models import Job


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def test_credentials_make_the_user(client, service, user):
    client.post("/uws/worker", headers=basic("ada", "secret"))
    assert Job.objects.get().owner == user


@pytest.mark.parametrize(
    "header",
    [
        basic("ada", "wrong")["authorization"],
        basic("nobody", "secret")["authorization"],
        basic("", "secret")["authorization"],
        "Basic !!!",
        "Basic /w==",
        "Basic \xe9",
        basic("ada\0", "secret")["authorization"],
    ],
)
def test_wrong_credentials_are_refused(client, service, user, header):
    answer = client.post("/uws/worker", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic realm=")
    assert answer["Content-Type"].startswith("text/plain")
    assert not Job.objects.exists()


def test_empty_credentials_mean_nobody(client, service, user):
    client.force_login(user)
    assert client.post("/uws/worker", headers=basic("", "")).status_code == 303
    assert Job.objects.get().owner is None


def test_other_schemes_are_not_ours(client, service):
    assert client.get("/uws/worker", headers={"authorization": "Bearer x"}).status_code == 200


def test_verified_credentials_are_remembered(client, service, user, monkeypatch):
    checks = []
    check = hashers.check_password
    monkeypatch.setattr(
        "django.contrib.auth.base_user.check_password", lambda *a, **k: checks.append(1) or check(*a, **k)
    )
    for _ in range(3):
        assert client.get("/uws/worker", headers=basic("ada", "secret")).status_code == 200
    assert len(checks) == 1

    user.set_password("changed")
    user.save()
    assert client.get("/uws/worker", headers=basic("ada", "secret")).status_code == 401
    assert client.get("/uws/worker", headers=basic("ada", "changed")).status_code == 200
    user.is_active = False
    user.save()
    assert client.get("/uws/worker", headers=basic("ada", "changed")).status_code == 401


async def _asks(headers) -> int:
    return (await AsyncClient().get("/uws/worker", headers=headers)).status_code


@pytest.mark.django_db(transaction=True)
def test_under_asgi(definitions, home, django_user_model):
    from asgiref.sync import async_to_sync

    django_user_model.objects.create_user("ada", password="secret")
    assert async_to_sync(_asks)(basic("ada", "secret")) == 200
    assert async_to_sync(_asks)(basic("ada", "wrong")) == 401


@pytest.fixture
def strict() -> Client:
    return Client(enforce_csrf_checks=True)


def test_programs_need_no_token(strict, service, user):
    assert strict.post("/uws/worker").status_code == 303
    assert strict.post("/uws/worker", headers=basic("ada", "secret")).status_code == 303


def test_sessions_need_a_token(strict, make_job, user):
    job = make_job(user=user)
    strict.force_login(user)
    for method, url in (
        ("post", "/uws/worker"),
        ("delete", f"/uws/worker/{job.pk}"),
        ("post", f"/uws/worker/{job.pk}"),
    ):
        answer = getattr(strict, method)(url, {"ACTION": "DELETE"})
        assert answer.status_code == 403
        assert b"CSRF" in answer.content
    assert list(Job.objects.filter(deleted=False)) == [job]
    assert strict.get(f"/uws/worker/{job.pk}").status_code == 200

    token = "x" * 32
    strict.cookies["csrftoken"] = token
    assert strict.post("/uws/worker", headers={"x-csrftoken": token}).status_code == 303
    assert strict.post("/uws/worker", {"csrfmiddlewaretoken": token, "text": "x"}).status_code == 303
    assert Job.objects.latest("creation_time").parameters == {"text": ["x"]}


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)]
)
def test_remembered_credentials_are_not_for_other_sites(strict, service, user, site, status):
    answer = strict.post("/uws/worker", headers={**basic("ada", "secret"), "sec-fetch-site": site})
    assert answer.status_code == status
