"""Several engines on one database: each job runs once, and limits hold for all engines together."""

from __future__ import annotations

import contextlib
from collections import Counter

import psycopg2
import pytest

from tests.uws.conftest import make_sas
from tests.uws.service import Service, running_service

pytestmark = pytest.mark.slow

JOBS = 90
ENGINES = 3


class ServiceOnPostgreSQL(Service):
    """The same with its jobs in a PostgreSQL database."""

    def query(self, sql: str) -> list[tuple]:
        with (
            contextlib.closing(psycopg2.connect(self.environment["DATABASE_URL"])) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return cursor.fetchall()


@pytest.fixture(params=["sqlite", "postgresql"])
def make_service(request, tmp_path):
    """Makes a service with settings of its own."""
    made = contextlib.ExitStack()

    def make(**environment: str) -> Service:
        kind = Service
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            environment["DATABASE_URL"] = server.loopback_url(server.create_database())
            kind = ServiceOnPostgreSQL
        service = running_service(tmp_path / "h", make_sas(tmp_path), kind=kind, environment=environment)
        return made.enter_context(service)

    with made:
        yield make


def jobs(number: int) -> list[dict]:
    return [{"definition": "open", "parameters": {"QUERY": ["log"]}} for _ in range(number)]


def runs(service: Service) -> list[tuple[str, int, float, float]]:
    """Job, process, begin and end of each run."""
    lines = (line.split() for line in (service.home / "log").read_text().splitlines())
    return [(job_id, int(pid), float(begun), float(ended)) for job_id, pid, begun, ended in lines]


@pytest.mark.timeout(300)
def test_each_job_runs_once(make_service):
    service = make_service()
    for _ in range(ENGINES):
        service.start_engine()
    ids = service.make_jobs(jobs(JOBS))
    service.wait_until_all_ended(240)
    done = runs(service)
    assert Counter(job_id for job_id, *_ in done) == Counter(ids)
    assert len({pid for _, pid, *_ in done}) > 1
    phases = service.query("SELECT job_id, phase FROM uws_phasechange ORDER BY id")
    for job_id in ids:
        assert [phase for of, phase in phases if of == job_id] == ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"]


@pytest.mark.timeout(300)
def test_running_limit_holds_for_all_engines_together(make_service):
    service = make_service(ATHANOR_ANONYMOUS_RUNNING="2")
    for _ in range(ENGINES):
        service.start_engine()
    ids = service.make_jobs(jobs(18))
    service.wait_until_all_ended(240)
    done = runs(service)
    assert Counter(job_id for job_id, *_ in done) == Counter(ids)
    for _, _, begun, _ in done:
        assert sum(begin <= begun < end for _, _, begin, end in done) <= 2
