"""An archive on either engine, and recorded jobs of two users and of nobody in particular."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from obstap import catalogue, stores
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent, TableStore, get_store
from provenance.models import Agent
from provenance.recording import record_job
from tests.obstap.tap.conftest import OBSERVATIONS
from uws.models import Job

DID = OBSERVATIONS[0]["obs_publisher_did"]
"""A data set of the archive."""

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def _tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("provtap")


@pytest.fixture(params=["duckdb", "postgresql"])
def archive(request: pytest.FixtureRequest, transactional_db: None, _tables: Path, settings) -> Iterator[TableStore]:
    """Three observations; what the jobs of a test wrote can be seen by other connections."""
    url = f"duckdb:{_tables}" if request.param == "duckdb" else request.getfixturevalue("postgresql_url")
    settings.ARCHIVE_URL = url
    store = get_store()
    catalogue.ensure(store)
    catalogue.upsert([TableContent(OBSCORE, [batch(OBSERVATIONS)])], store=store)
    yield store
    stores._stores.pop(url).close()


def ask(client: Client, query: str) -> Rows:
    """The rows of an answer."""
    response = client.post("/tap/sync", {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "csv"})
    text = response.getvalue().decode()
    assert response.status_code == 200, text
    return list(csv.DictReader(io.StringIO(text)))


@dataclass(frozen=True)
class World:
    """Who asks, by name, and the job of each; ``chief`` sees all, ``nobody`` has not signed in."""

    clients: dict[str, Client]
    users: dict[str, Any]
    jobs: dict[str, str]

    def ask(self, who: str, query: str) -> Rows:
        return ask(self.clients[who], query)


JOBS = {"ann": "a1" * 13, "ben": "b2" * 13, "nobody": "c3" * 13}
"""Who had each job run; nobody's are public."""


@pytest.fixture
def world(archive: TableStore, ended: Callable[..., Job]) -> World:
    """Each has a job that used the same data set; parameters of all but nobody's are secret."""
    users: dict[str, Any] = {"nobody": None}
    clients = {"nobody": Client()}
    for name in ("ann", "ben", "chief"):
        users[name] = get_user_model().objects.create_user(
            name, email=f"{name}@mail.example", password="x", is_superuser=name == "chief"
        )
        clients[name] = Client()
        clients[name].force_login(users[name])
    for name, job_id in JOBS.items():
        job = ended(job_id, used=DID, user=users[name])
        job.parameters = {"table": [DID], "limit": [f"of-{name}"]}
        job.command = ["sieve", f"of-{name}"]
        job.save(update_fields=["parameters", "command"])
        record_job(job_id=job_id)
    Agent.objects.update(email="hidden@mail.example", phone="hidden-phone", address="hidden-street")
    return World(clients, users, dict(JOBS))
