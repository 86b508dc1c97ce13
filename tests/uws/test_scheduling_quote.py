"""When a job will probably have ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uws.executors import MemoryExecutor
from uws.models import Job, JobInput
from uws.phases import Phase
from uws.scheduling.quote import FRESH_SECONDS, forget_history, predict, quote_of_queued, quote_of_started
from uws.services import run_job
from uws.testing import stepping_engine
from uws.times import now


@pytest.fixture(autouse=True)
def ask_again(monkeypatch):
    """Nothing is remembered from test to test; jobs may run for ever."""
    monkeypatch.setattr("uws.services.granted_duration", lambda limits, asked: 0)
    forget_history()
    yield
    forget_history()


def ran(make_job, seconds: float, *, size: int = 0, phase: str = Phase.COMPLETED, definition: str = "worker") -> Job:
    """A job of the past."""
    job = make_job()
    job.phase, job.definition, job.reaped, job.announced = phase, definition, True, True
    job.end_time = now()
    job.start_time = job.end_time - timedelta(seconds=seconds)
    job.save()
    if size:
        JobInput.objects.create(job=job, parameter="table", reference="x", entity_id="x", name="x", path="x", size=size)
    return job


def seconds_until(instant: datetime | None, begun: datetime) -> float:
    assert instant is not None
    return (instant - begun).total_seconds()


@pytest.mark.parametrize(
    ("history", "size", "expected"),
    [
        pytest.param([], 0, None, id="no history"),
        pytest.param([(10, 0)], 0, 10, id="one run"),
        pytest.param([(10, 0), (20, 0), (30, 0), (40, 0)], 0, 30, id="three of four end in time"),
        pytest.param([(10, 0)] * 9 + [(999, 0)], 0, 10, id="an odd one out"),
        pytest.param([(n * 10, n) for n in range(1, 9)], 20, 200, id="grows with the input"),
        pytest.param([(n * 10, n) for n in range(1, 9)], 0, 10, id="but not below what ever was"),
        pytest.param([(n * 10, n) for n in range(1, 4)], 20, 30, id="too few for a relation"),
        pytest.param([(90 - n * 10, n) for n in range(1, 9)], 20, 60, id="falls with the input: chance"),
        pytest.param([(10, 5)] * 9, 20, 10, id="all alike"),
    ],
)
def test_prediction(history, size, expected):
    assert predict(history, size) == (None if expected is None else pytest.approx(expected))


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e12)), min_size=1, max_size=50),
    st.floats(0, 1e12),
)
def test_prediction_is_never_less_than_the_quickest_run(history, size):
    predicted = predict(history, size)
    assert predicted is not None
    assert predicted >= min(seconds for seconds, _ in history)


def test_no_history_no_quote(make_job):
    ran(make_job, 50, phase=Phase.ERROR)
    ran(make_job, 50, definition="other")
    job = make_job(run=True)
    assert job.quote is None


def test_quote_of_a_job_that_can_start_at_once(make_job):
    ran(make_job, 50)
    begun = now()
    job = make_job(run=True)
    assert seconds_until(job.quote, begun) == pytest.approx(50, abs=5)
    assert Job.objects.get(pk=job.pk).quote == job.quote


def test_a_job_runs_no_longer_than_it_may(make_job):
    ran(make_job, 500)
    job = make_job()
    Job.objects.filter(pk=job.pk).update(execution_duration=60)
    begun = now()
    run_job(job=job)
    assert seconds_until(job.quote, begun) == pytest.approx(60, abs=5)


def test_quote_grows_with_the_input(make_job, settings):
    settings.ATHANOR_LOCAL_SLOTS = 4
    for number in range(1, 9):
        ran(make_job, number * 100, size=number * 10**6)
    job = make_job()
    JobInput.objects.create(
        job=job, parameter="table", reference="x", entity_id="x", name="x", path="x", size=20 * 10**6
    )
    begun = now()
    assert seconds_until(quote_of_queued(job), begun) == pytest.approx(2000, abs=10)
    assert seconds_until(quote_of_started(job, begun), begun) == pytest.approx(2000, abs=10)


def test_jobs_before_it_run_first(make_job, settings):
    settings.ATHANOR_LOCAL_SLOTS = 2
    ran(make_job, 100)
    begun = now()
    waits = []
    for _ in range(5):
        forget_history()
        waits.append(seconds_until(make_job(run=True).quote, begun))
    assert waits == [pytest.approx(expected, abs=5) for expected in (100, 150, 200, 250, 300)]


def test_what_runs_is_half_done(make_job, settings):
    settings.ATHANOR_LOCAL_SLOTS = 1
    ran(make_job, 100)
    make_job(run=True)
    with stepping_engine({"local": MemoryExecutor("local")}, slots=1) as engine:
        engine.step()
        forget_history()
        begun = now()
        assert seconds_until(make_job(run=True).quote, begun) == pytest.approx(150, abs=5)


def test_quote_is_written_again_when_the_job_starts(make_job):
    job = make_job(run=True)
    assert job.quote is None
    ran(make_job, 100)
    with stepping_engine({"local": MemoryExecutor("local")}) as engine:
        engine.step()
        job.refresh_from_db()
        assert seconds_until(job.quote, job.start_time) == pytest.approx(100, abs=2)


def test_quote_is_written_when_a_batch_system_starts_the_job(make_job):
    job = make_job(run=True)
    ran(make_job, 100)
    batch = MemoryExecutor("local", queues=True)
    with stepping_engine({"local": batch}) as engine:
        engine.step()
        job.refresh_from_db()
        assert job.quote is None
        batch.begin(job.pk)
        engine.step()
        job.refresh_from_db()
        assert seconds_until(job.quote, job.start_time) == pytest.approx(100, abs=2)


def test_a_held_job_has_no_quote(make_job, user):
    from uws.models import Allowance

    ran(make_job, 100)
    Allowance.objects.create(user=user, queued=1)
    assert make_job(user=user, run=True).quote is not None
    assert make_job(user=user, run=True).quote is None


def test_a_long_history_is_remembered_for_a_while(make_job, monkeypatch, django_assert_num_queries):
    for _ in range(12):
        ran(make_job, 100)
    job = make_job()
    begun = now()
    quote_of_started(job, begun)
    with django_assert_num_queries(0):
        assert seconds_until(quote_of_started(job, begun), begun) == pytest.approx(100, abs=2)
    monkeypatch.setattr("uws.scheduling.quote.FRESH_SECONDS", -FRESH_SECONDS)
    Job.objects.filter(phase=Phase.COMPLETED).delete()
    assert quote_of_started(job, begun) is None


def test_quote_later_than_destruction_is_told(make_job, client):
    """The job will not be run in time (UWS 1.1 §2.1.6), and the client can see it."""
    ran(make_job, 3 * 86400)
    job = make_job()
    Job.objects.filter(pk=job.pk).update(destruction=now() + timedelta(days=1), execution_duration=0)
    run_job(job=job)
    assert job.quote > job.destruction
    told = client.get(f"/uws/worker/{job.pk}/quote").content.decode()
    assert told.startswith(f"{job.quote:%Y-%m-%dT%H:%M:%S}")
