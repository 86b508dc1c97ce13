"""WAIT: answers when the phase changes, whoever changes it, and costs no thread."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager

import pytest
from django.db import connection
from django.test import AsyncClient

from uws.http import waiting
from uws.models import Job
from uws.phases import BLOCKING, Phase
from uws.testing import parse
from uws.transitions import abort

pytestmark = pytest.mark.django_db(transaction=True)

JOB_ID = "abcdefghijklmnopqrstuvwxyz"
URL = f"/uws/worker/{JOB_ID}"


@pytest.fixture
def job(definitions, home) -> Job:
    from uws.times import now

    return Job.objects.create(id=JOB_ID, definition="worker", creation_time=now())


def set_phase(*phases: Phase, pause: float = 0.0) -> None:
    for phase in phases:
        Job.objects.filter(pk=JOB_ID).update(phase=phase)
        time.sleep(pause)
    connection.close()


@asynccontextmanager
async def change_after(delay: float, *phases: Phase, pause: float = 0.0):
    """Phases that another thread, as good as another process, sets meanwhile."""
    timer = threading.Timer(delay, set_phase, phases, {"pause": pause})
    timer.start()
    try:
        yield
    finally:
        await asyncio.to_thread(timer.join)


async def ask(query: str) -> tuple[str, float]:
    begun = time.monotonic()
    answer = await AsyncClient().get(f"{URL}?{query}")
    assert answer.status_code == 200, answer.content
    return parse(answer.content).findtext("phase"), time.monotonic() - begun


@pytest.mark.parametrize("phase", sorted(BLOCKING))
@pytest.mark.parametrize("query", ["WAIT=20", "WAIT=-1", "wait=20&phase={phase}"])
def test_answers_at_the_change(job, phase, query):
    async def scenario():
        async with change_after(0.2, Phase.COMPLETED):
            return await ask(query.format(phase=phase))

    set_phase(phase)
    told, seconds = asyncio.run(scenario())
    assert told == "COMPLETED"
    assert 0.15 < seconds < 10


@pytest.mark.parametrize("phase", sorted(set(Phase) - BLOCKING))
def test_does_not_block_in_other_phases(job, phase):
    set_phase(phase)
    told, seconds = asyncio.run(ask("WAIT=20"))
    assert (told, seconds < 10) == (phase, True)


def test_returns_at_once_when_the_phase_is_another(job):
    told, seconds = asyncio.run(ask("WAIT=20&PHASE=QUEUED"))
    assert (told, seconds < 10) == ("PENDING", True)


def test_returns_when_the_time_is_over(job):
    told, seconds = asyncio.run(ask("WAIT=1"))
    assert told == "PENDING"
    assert seconds > 0.9
    assert asyncio.run(ask("WAIT=0"))[1] < seconds


@pytest.mark.parametrize("seconds", ["-1", "100000", "99999999999999999999"])
def test_long_waits_are_capped(job, monkeypatch, seconds):
    monkeypatch.setattr(waiting, "MAX_WAIT", 0.3)
    assert asyncio.run(ask(f"WAIT={seconds}"))[1] < 10


def test_short_run_is_told_of_as_ended(job, monkeypatch):
    """pyvo pauses a second after each answer: QUEUED → EXECUTING → COMPLETED at once should be one answer."""
    monkeypatch.setattr(waiting, "SETTLE", 10)

    async def scenario():
        async with change_after(0.1, Phase.EXECUTING, Phase.COMPLETED, pause=0.12):
            return await ask("WAIT=20")

    set_phase(Phase.QUEUED)
    told, _ = asyncio.run(scenario())
    assert told == "COMPLETED"


def test_long_run_is_told_of(job):
    async def scenario():
        async with change_after(0.1, Phase.EXECUTING):
            return await ask("WAIT=20")

    set_phase(Phase.QUEUED)
    told, seconds = asyncio.run(scenario())
    assert told == "EXECUTING"
    assert seconds < 10


def test_deleted_meanwhile(job):
    async def scenario():
        timer = threading.Timer(0.2, lambda: (Job.objects.update(deleted=True), connection.close()))
        timer.start()
        answer = await AsyncClient().get(f"{URL}?WAIT=20")
        await asyncio.to_thread(timer.join)
        return answer.status_code

    assert asyncio.run(scenario()) == 404


@pytest.mark.parametrize("query", ["WAIT=x", "WAIT=-2", "WAIT=", "WAIT=1.5", "WAIT=1&PHASE=no"])
def test_bad_values(client, job, query):
    answer = client.get(f"{URL}?{query}")
    assert answer.status_code == 400
    assert answer.content.decode().startswith(("WAIT", "PHASE"))


def test_many_wait_in_one_thread_and_one_query(job):
    async def scenario():
        waits = [waiting.wait_for_change(job_id=JOB_ID, phase=Phase.PENDING, seconds=20) for _ in range(500)]
        tasks = [asyncio.create_task(wait) for wait in waits]
        await asyncio.sleep(0.2)
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("uws-wait")]
        async with change_after(0.1, Phase.COMPLETED):
            await asyncio.gather(*tasks)
        await asyncio.sleep(0.2)
        left = [thread for thread in threading.enumerate() if thread.name.startswith("uws-wait")]
        return len(threads), len(left)

    assert asyncio.run(scenario()) == (1, 0)


def test_client_that_goes_away(job):
    async def scenario():
        task = asyncio.create_task(waiting.wait_for_change(job_id=JOB_ID, phase=Phase.PENDING, seconds=20))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (watcher,) = waiting._watchers.values()
        await asyncio.wait_for(watcher.task, 60)
        return watcher.waiters, waiting._watchers

    assert asyncio.run(scenario()) == (set(), {})


def test_under_wsgi(client, job):
    timer = threading.Timer(0.2, set_phase, [Phase.COMPLETED])
    timer.start()
    begun = time.monotonic()
    answer = client.get(f"{URL}?WAIT=20")
    timer.join()
    assert parse(answer.content).findtext("phase") == "COMPLETED"
    assert time.monotonic() - begun < 10


def test_change_that_is_told_is_seen_at_once(job, monkeypatch):
    monkeypatch.setattr(waiting, "INTERVAL", 30)

    def change() -> None:
        abort(job_id=JOB_ID)
        connection.close()

    async def scenario():
        timer = threading.Timer(0.3, change)
        timer.start()
        told = await ask("WAIT=20")
        await asyncio.to_thread(timer.join)
        return told

    told, seconds = asyncio.run(scenario())
    assert told == "ABORTED"
    assert seconds < 10
