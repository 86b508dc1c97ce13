"""Whatever is killed, and whenever: each job ends once, as it would have ended, with all its results."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.uws.conftest import make_sas
from tests.uws.service import Service, kill, running_service
from uws.engine.again import ATTEMPTS
from uws.engine.engine import IDLE_SECONDS
from uws.processes import marked_processes

pytestmark = pytest.mark.slow

LOG = "starts.txt"
"""What the program of a job writes its name to, each time that it begins."""


@pytest.fixture
def service(tmp_path) -> Iterator[Service]:
    with running_service(tmp_path / "h", make_sas(tmp_path)) as made:
        yield made


def worker(**parameters: str) -> dict:
    values = {name: [value] for name, value in {"log": LOG, **parameters}.items()}
    return {"definition": "worker", "parameters": values}


def starts(service: Service) -> Counter:
    """How often the program of each job began."""
    return Counter(job_id for log in service.home.glob(f"jobs/*/*/work/{LOG}") for job_id in log.read_text().split())


def outcomes(service: Service) -> dict[str, tuple[str, str]]:
    return {row[0]: row[1:] for row in service.query("SELECT id, phase, error_message FROM uws_job")}


def final_changes(service: Service) -> Counter:
    return Counter(
        row[0]
        for row in service.query("SELECT job_id FROM uws_phasechange WHERE phase IN ('COMPLETED', 'ERROR', 'ABORTED')")
    )


def results(service: Service) -> Counter:
    return Counter(row[0] for row in service.query("SELECT job_id FROM uws_result"))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1, 2])
def test_engines_and_runners_killed_at_random_moments(service, seed):
    chance = random.Random(seed)
    ids = service.make_jobs(
        [worker(text=str(number), seconds=f"{chance.uniform(0, 1):.2f}") for number in range(16)]
        + [{"definition": "open", "parameters": {"QUERY": ["sleep"]}} for _ in range(4)]
    )
    runners_killed = 0
    for _ in range(ATTEMPTS - 1):
        engine = service.start_engine()
        time.sleep(chance.uniform(0.0, 0.6))
        runners = service.runners()
        if runners and chance.random() < 0.4:
            kill(chance.choice(runners))
            runners_killed += 1
        engine.kill()
        engine.wait()
    service.start_engine()
    service.wait_until_all_ended()

    ended = outcomes(service)
    assert sorted(ended) == sorted(ids)
    lost = [job_id for job_id, (_, error) in ended.items() if error.startswith("The runner was killed")]
    assert len(lost) <= runners_killed
    assert {ended[job_id] for job_id in ids if job_id not in lost} == {("COMPLETED", "")}
    assert final_changes(service) == Counter(ids)
    done = Counter(job_id for job_id in ids if job_id not in lost)
    assert {job_id: results(service)[job_id] for job_id in done} == done
    started = starts(service)
    assert set(started.values()) == {1}
    assert set(started) <= set(ids[:16])
    assert not [job_id for job_id in ids if marked_processes(job_id)]


@pytest.mark.timeout(240)
def test_two_engines_never_run_a_job_twice(service):
    service.start_engine()
    service.start_engine()
    ids = service.make_jobs([worker(text=str(number), seconds="0.2") for number in range(24)])
    service.wait_until_all_ended()
    assert starts(service) == Counter(ids)
    assert {phase for phase, _ in outcomes(service).values()} == {"COMPLETED"}
    assert final_changes(service) == results(service) == Counter(ids)
    assert len({row[0] for row in service.query("SELECT engine FROM uws_job")}) == 2


@pytest.mark.timeout(240)
def test_what_ended_while_no_engine_lived_is_recorded(service):
    (job_id,) = service.make_jobs([worker(seconds="1", text="x")])
    engine = service.start_engine()
    while not service.runners():
        time.sleep(0.01)
    engine.kill()
    engine.wait()
    (workdir,) = service.home.glob(f"jobs/*/{job_id}")
    while not (workdir / "exit.json").exists():
        time.sleep(0.01)
    assert outcomes(service)[job_id][0] == "EXECUTING"
    service.start_engine()
    service.wait_until_all_ended()
    assert outcomes(service)[job_id] == ("COMPLETED", "")


@pytest.mark.timeout(240)
def test_stopping_an_engine_lets_runs_go_on(service):
    ids = service.make_jobs([worker(seconds="1.5"), {"definition": "open", "parameters": {"QUERY": ["wait"]}}])
    engine = service.start_engine()
    while not service.runners():
        time.sleep(0.01)
    engine.send_signal(signal.SIGTERM)
    assert engine.wait(60) == 0
    assert service.runners()
    service.query("UPDATE uws_job SET parameters = '{\"QUERY\": [\"write\"]}' WHERE definition = 'open'")
    service.start_engine()
    service.wait_until_all_ended()
    assert {outcomes(service)[job_id] for job_id in ids} == {("COMPLETED", "")}


@pytest.mark.timeout(240)
def test_engine_is_quick_and_quiet(service):
    """A queued job is taken and its end noticed sooner than by looking from time to time; an idle engine rests.

    The best of ten jobs counts, for the machine may be busy.
    """
    engine = service.start_engine()
    taken, noticed = [], []
    while len(taken) < 10 and max(min(taken, default=9.0), min(noticed, default=9.0)) >= IDLE_SECONDS / 2:
        (job_id,) = service.make_jobs([worker()])
        service.wait_until_all_ended()
        changes = service.query(f"SELECT phase, julianday(time) * 86400 FROM uws_phasechange WHERE job_id = '{job_id}'")
        times = dict(changes)
        taken.append(times["EXECUTING"] - times["QUEUED"])
        ((ended,),) = service.query(f"SELECT julianday(end_time) * 86400 FROM uws_job WHERE id = '{job_id}'")
        noticed.append(times["COMPLETED"] - ended)
    assert min(taken) < IDLE_SECONDS / 2
    assert min(noticed) < IDLE_SECONDS / 2

    def processor_seconds() -> float:
        fields = Path(f"/proc/{engine.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    begun = processor_seconds()
    time.sleep(4)
    assert processor_seconds() - begun <= 0.4
