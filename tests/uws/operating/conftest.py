"""Four jobs to look at."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.uws.operating.called import NOON
from uws.models import Job, PhaseChange
from uws.phases import Phase


@pytest.fixture
def job_of(service, home):
    """Makes jobs with all that is shown of them."""

    def make(prefix: str, *, minutes: int = 0, **fields) -> Job:
        created = NOON + timedelta(minutes=minutes)
        defaults = {"definition": "worker", "definition_version": "2.0", "creation_time": created}
        job = Job.objects.create(id=prefix + "a" * (26 - len(prefix)), **{**defaults, **fields})
        PhaseChange.objects.create(job=job, phase=Phase.PENDING, time=created)
        return job

    return make


@pytest.fixture
def jobs(job_of, user) -> list[Job]:
    """Four jobs, the last one made by the third for a step."""
    ended = {"start_time": NOON, "end_time": NOON + timedelta(seconds=200), "reaped": True, "announced": True}
    failed = job_of(
        "abc",
        phase=Phase.ERROR,
        owner=user,
        error_message="worker ended with exit code 3: ** worker: error (NoColumn), the table has no column PIX",
        run_id="Crab \x1b[31mred",
        disk_bytes=123_456,
        cpu_seconds=12.5,
        **ended,
    )
    done = job_of("abd", minutes=1, phase=Phase.COMPLETED, disk_bytes=5_000_000, cpu_seconds=7200.0, **ended)
    chain = job_of("b", minutes=2, phase=Phase.EXECUTING, kind="pipeline", definition="a-long-name-of-a-pipeline")
    child = job_of("c", minutes=3, phase=Phase.QUEUED, parent=chain, step="image", owner=user)
    return [failed, done, chain, child]
