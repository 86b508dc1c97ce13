"""Engines that are killed while they tell of ended jobs and remove them: nobody is forgotten, and nothing is left."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from tests.uws.conftest import make_sas
from tests.uws.notified import Receiver
from tests.uws.service import Service, running_service

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

JOBS = 12
KILLS = 6
LONG_AGO = "2000-01-01 00:00:00"


@pytest.fixture
def service(tmp_path, receiver: Receiver) -> Iterator[Service]:
    environment = {"ATHANOR_NOTICE_HOSTS": f"http://{receiver.host}"}
    with running_service(tmp_path / "h", make_sas(tmp_path), environment=environment) as made:
        yield made


def until(service: Service, *, done: Callable[[], bool], hurry: str, seed: int) -> None:
    """Let engines work, killing the first of them now and then, until all is done; `hurry` lets pauses be over."""
    dice = random.Random(seed)
    end = time.monotonic() + 240
    kills = KILLS
    while not done():
        assert time.monotonic() < end
        service.start_engine()
        pause = time.monotonic() + (dice.uniform(0.0, 0.5) if kills else 60.0)
        while time.monotonic() < pause and not done():
            service.query(hurry)
            time.sleep(0.02)
        service.stop()
        kills = max(kills - 1, 0)


def test_engines_that_are_killed(service, receiver):
    urls = [f"{receiver.url}&job={number}" for number in range(JOBS)]
    ids = service.make_jobs([{"definition": "worker", "parameters": {}, "notify": [url]} for url in urls])
    until(
        service,
        done=lambda: service.query("SELECT COUNT(*) FROM uws_notice WHERE sent IS NOT NULL") == [(JOBS,)],
        hurry=f"UPDATE uws_notice SET due = '{LONG_AGO}', attempts = 0 WHERE sent IS NULL AND due IS NOT NULL",
        seed=1,
    )
    told = defaultdict(set)
    for _, headers, content in receiver.got:
        told[json.loads(content)["jobId"]].add((headers["X-Athanor-Delivery"], content))
    assert sorted(told) == sorted(ids)
    assert {len(deliveries) for deliveries in told.values()} == {1}

    folders = [service.home / name for name in ("jobs", "trash")]
    until(
        service,
        done=lambda: (
            service.query("SELECT COUNT(*) FROM uws_job") == [(0,)]
            and not any(path.is_dir() for path in [*folders[0].glob("*/*"), *folders[1].glob("*")])
        ),
        hurry=f"UPDATE uws_job SET destruction = '{LONG_AGO}'",
        seed=2,
    )
    assert service.query("SELECT COUNT(*) FROM uws_notice") == [(0,)]
    assert service.query("SELECT COUNT(*) FROM provenance_activity") == [(JOBS,)]
