"""A service with its jobs in PostgreSQL: a web server and two engines that share one database."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from tests.postgres import Server, lacking, running_server
from tests.stack import Stack
from tests.uws.service import Service
from uws.testing import parse

pytestmark = [pytest.mark.stack, pytest.mark.skipif(bool(lacking()), reason=f"needs {lacking()}")]

QUERY = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 table_name FROM tap_schema.tables"}
PATIENCE = 60.0


class Shared(Stack):
    """The service, its database reached by a socket; the jobs are queries, which its engines run in themselves."""

    def __init__(self, home: Path, server: Server, name: str) -> None:
        super().__init__(home)
        self.server = server
        self.name = name
        self.environment |= {"DATABASE_URL": f"{server.url(name)}?conn_max_age=60", "ATHANOR_JOB_RETENTION": "86400"}
        self.engines: list[subprocess.Popen[bytes]] = []

    def start_engine(self) -> None:
        """Start an engine after those that run."""
        super().start_engine()
        self.engines.append(self.engine)

    def stop_engines(self) -> None:
        """Stop all engines as an operator would."""
        for engine in self.engines:
            engine.send_signal(signal.SIGTERM)
        for engine in self.engines:
            engine.wait(timeout=PATIENCE)
        self.engines.clear()

    def stop(self) -> None:
        """Stop everything."""
        self.stop_engines()
        super().stop()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self.server.session(self.name) as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def make(self, **fields: str) -> str:
        """Make a job; its id."""
        answer = requests.post(f"{self.base_url}/tap/async", {**fields, **QUERY}, allow_redirects=False, timeout=60)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def get(self, path: str) -> Any:
        """A UWS document of the job list or below."""
        answer = requests.get(f"{self.base_url}/tap/async{path}", timeout=90)
        assert answer.status_code == 200, answer.text
        return parse(answer.content)

    def run(self, job_id: str) -> None:
        answer = requests.post(f"{self.base_url}/tap/async/{job_id}/phase", {"PHASE": "RUN"}, timeout=60)
        assert answer.status_code == 200, answer.text

    def phases(self, ids: list[str]) -> Counter[str]:
        found = dict(self.query("SELECT id, phase FROM uws_job"))
        return Counter(found[job_id] for job_id in ids)

    def wait_until(self, ids: list[str], phase: str, number: int) -> None:
        end = time.monotonic() + PATIENCE
        while (phases := self.phases(ids))[phase] != number:
            assert time.monotonic() < end, (phases, self.logs())
            time.sleep(0.05)


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory) -> Iterator[Shared]:
    with running_server() as server:
        service = Shared(tmp_path_factory.mktemp("shared"), server, server.create_database())
        try:
            service.start()
            service.start_engine()
            yield service
        finally:
            service.stop()


@pytest.fixture
def in_threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_forty_jobs_run_once_each(shared_service, in_threads):
    shared_service.manage("migrate", "--check")
    ids = list(in_threads.map(lambda _: shared_service.make(PHASE="RUN"), range(40)))
    shared_service.wait_until(ids, "COMPLETED", 40)
    changes = shared_service.query("SELECT job_id, phase FROM uws_phasechange ORDER BY id")
    for job_id in ids:
        assert [phase for of, phase in changes if of == job_id] == ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"]
    results = Counter(shared_service.query("SELECT job_id, name FROM uws_result"))
    recorded = Counter(shared_service.query("SELECT identifier FROM provenance_activity"))
    assert [(results[job_id, "result"], recorded[(job_id,)]) for job_id in ids] == [(1, 1)] * 40


def test_what_is_shown_is_as_on_sqlite(shared_service):
    ids = [shared_service.make(MAXREC="5", RUNID=f"r{number}") for number in range(3)]
    listed = shared_service.get("?LAST=2").findall("jobref")
    href = "{http://www.w3.org/1999/xlink}href"
    assert [item.get("id") for item in listed] == [ids[2], ids[1]]
    assert [item.get(href) for item in listed] == [f"{shared_service.base_url}/tap/async/{item}" for item in ids[:0:-1]]
    for item in listed:
        job = shared_service.get(f"/{item.get('id')}")
        assert item.findtext("creationTime") == job.findtext("creationTime")
        assert [parameter.get("id") for parameter in job.iter("parameter")] == ["MAXREC", "LANG", "QUERY"]


def test_who_waits_hears_of_another_process(shared_service, in_threads):
    job_id = shared_service.make()
    waiting = in_threads.submit(shared_service.get, f"/{job_id}?WAIT=60&PHASE=PENDING")
    shared_service.manage("jobs", "abort", job_id, "--yes")
    assert waiting.result(timeout=30).findtext("phase") == "ABORTED"


def test_limit_of_the_queue_holds_for_many_at_once(shared_service, in_threads):
    ids = [shared_service.make() for _ in range(16)]
    shared_service.stop_engines()
    shared_service.manage("allowances", "set", "--everybody", "--queued", "5")
    try:
        list(in_threads.map(shared_service.run, ids))
        assert shared_service.phases(ids) == {"QUEUED": 5, "HELD": 11}
    finally:
        shared_service.manage("allowances", "remove", "--everybody")
        shared_service.start_engine()
        shared_service.start_engine()
    shared_service.wait_until(ids, "COMPLETED", 5)
    held = shared_service.query("SELECT id FROM uws_job WHERE phase = 'HELD'")
    list(in_threads.map(shared_service.run, [job_id for (job_id,) in held]))
    shared_service.wait_until(ids, "COMPLETED", 16)


def test_all_outlive_a_crash_of_the_database(shared_service):
    shared_service.server.stop(signal.SIGQUIT)
    try:
        answer = requests.get(f"{shared_service.base_url}/tap/async", timeout=60)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    finally:
        shared_service.server.start()
    job_id = shared_service.make(PHASE="RUN")
    shared_service.wait_until([job_id], "COMPLETED", 1)
    assert [engine.poll() for engine in shared_service.engines] == [None, None]
    assert shared_service.web.poll() is None


def test_jobs_move_from_sqlite(tmp_path, postgresql_url):
    service = Service(tmp_path / "home", tmp_path)
    parameters = {"zeta": ["last\tof all"], "QUERY": ["log"], "a": ["1", "é"]}
    ids = service.make_jobs([{"definition": "open", "parameters": parameters, "run_id": f"r{n}"} for n in range(3)])
    file = tmp_path / "jobs.json"
    without = ["--exclude", "contenttypes", "--exclude", "auth.permission"]
    service.run("manage.py", "dumpdata", "--natural-foreign", *without, "-o", str(file))
    changes = service.query("SELECT id, job_id, phase FROM uws_phasechange ORDER BY id")
    service.environment["DATABASE_URL"] = postgresql_url
    service.run("manage.py", "migrate", "--verbosity", "0")
    service.run("manage.py", "loaddata", str(file))
    later = service.make_jobs([{"definition": "open", "parameters": {}}])
    with closing(psycopg2.connect(postgresql_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, run_id, parameters::text FROM uws_job ORDER BY run_id")
        empty, *moved = cursor.fetchall()
        cursor.execute("SELECT id, job_id, phase FROM uws_phasechange ORDER BY id LIMIT 6")
        assert cursor.fetchall() == changes
    assert moved == [(job_id, f"r{n}", json.dumps(parameters)) for n, job_id in enumerate(ids)]
    assert empty == (later[0], "", "{}")
