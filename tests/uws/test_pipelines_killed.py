"""Pipelines, and the engines that see them through killed again and again."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.uws.conftest import make_sas
from tests.uws.service import Service, running_service

pytestmark = pytest.mark.slow

ENDED = "('COMPLETED', 'ERROR', 'ABORTED')"


@pytest.fixture
def service(tmp_path) -> Iterator[Service]:
    with running_service(tmp_path / "h", make_sas(tmp_path)) as made:
        yield made


def ended(service: Service) -> int:
    return service.query(f"SELECT COUNT(*) FROM uws_job WHERE phase IN {ENDED}")[0][0]


@pytest.mark.timeout(400)
def test_engines_are_killed_while_pipelines_run(service):
    """Two engines, one of which is killed whenever some jobs more have ended: every branch is there once and well."""
    words = [["a", "b", "c"], ["d"]]
    rows = [json.dumps([{"word": word, "code": ""} for word in item]).replace(" ", "") for item in words]
    parents = service.make_jobs([{"definition": "tree", "parameters": {"rows": rows}}] * 3)
    service.start_engine()
    for goal in (1, 4, 8, 12, 17):
        service.start_engine()
        end = time.monotonic() + 60
        while ended(service) < goal:
            assert time.monotonic() < end, service.unfinished()
            time.sleep(0.02)
        victim = service.engines.pop(0)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        victim.stdout.close()
    service.wait_until_all_ended()
    phases = service.query("SELECT parent_id, step, branch, phase FROM uws_job WHERE parent_id IS NOT NULL")
    assert {row[3] for row in phases} == {"COMPLETED"}
    branches = ["bough 1", "bough 2", "leaf 1.1", "leaf 1.2", "leaf 1.3", "leaf 2.1", "list 1", "list 2"]
    for parent in parents:
        assert sorted(f"{step} {branch}" for pk, step, branch, _ in phases if pk == parent) == branches
        made = dict(service.query(f"SELECT name, path FROM uws_result WHERE job_id = '{parent}'"))
        folder = service.home / "jobs" / parent[:2] / parent
        texts = {name: (folder / path).read_text().strip() for name, path in made.items() if name.startswith("leaf")}
        assert texts == {"leaf-1.1": "a", "leaf-1.2": "b", "leaf-1.3": "c", "leaf-2.1": "d"}
        assert {"bough-1", "bough-2"} < set(made)
    changes = service.query(f"SELECT job_id FROM uws_phasechange WHERE phase IN {ENDED}")
    assert set(Counter(changes).values()) == {1}
