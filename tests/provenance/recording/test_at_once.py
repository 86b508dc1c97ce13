"""Several processes record jobs at the same time that have files, descriptions and a parent in common."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from provenance.models import Activity, ActivityDescription, Agent, Entity, Used
from provenance.recording import record_job
from tests.provenance.recording.conftest import digest

JOBS = 24


@pytest.mark.django_db(transaction=True)
def test_what_jobs_have_in_common_is_there_once(smelted) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    inputs = [("more", f"ivo://x/a?{number}", f"{number:064x}") for number in range(30)]
    parent = smelted("parent", kind="pipeline")
    for number in range(JOBS):
        results = [("spectrum", "spectrum", digest("5"))]
        smelted(f"job{number}", inputs=inputs[:: (-1) ** number], results=results, parent=parent, branch=f"{number}")

    def record(job_id: str) -> None:
        try:
            record_job(job_id=job_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(record, [f"job{number}" for number in range(12)] + ["parent"]))
        list(threads.map(record, [f"job{number}" for number in range(12, JOBS)]))
    assert (Activity.objects.count(), ActivityDescription.objects.count(), Agent.objects.count()) == (JOBS + 1, 1, 2)
    assert (Entity.objects.count(), Used.objects.count()) == (30 + JOBS, 30 * JOBS)
    assert Activity.objects.get(identifier="parent").steps.count() == JOBS
