"""Ended jobs whose provenance the tests look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from jobdefs.definition import Definition, Input, Output, Parameter
from uws.models import Job, JobInput, Result
from uws.phases import Phase

FILTER = Definition(
    name="sieve",
    version="1.2",
    title="Sieve events",
    description="Keeps the events that pass.",
    documentation="https://example.org/sieve",
    type="Selection",
    parameters=(
        Parameter(name="table", type="table", description="Events", required=True),
        Parameter(name="limit", type="real", description="Upper energy", unit="eV", default="2000", min=0),
    ),
    inputs=(Input(parameter="table", role="events"),),
    outputs=(Output(name="kept", role="filtered", media_type="application/fits", product_type="event"),),
)

TIME = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def ended(db: None) -> Callable[..., Job]:
    """Makes a job of the definition above that has ended, with one input and one result."""

    def make(
        job_id: str,
        *,
        used: str = "ivo://athanor.example/demo?one",
        phase: Phase = Phase.COMPLETED,
        user: object | None = None,
    ) -> Job:
        job = Job.objects.create(
            id=job_id,
            definition=FILTER.name,
            definition_version=FILTER.version,
            definition_document=FILTER.to_dict(),
            phase=phase,
            owner=user,
            parameters={"table": [used], "limit": ["1500"]},
            creation_time=TIME,
            start_time=TIME,
            end_time=TIME.replace(minute=1),
            exit_code=0 if phase == Phase.COMPLETED else 1,
            host="node1",
            command=["sieve", "limit=1500"],
            software={"athanor": "0.1.0"},
            usage={"cpu_seconds": 1.5},
            error_message="" if phase == Phase.COMPLETED else "The sieve broke.",
            reaped=True,
        )
        JobInput.objects.create(
            job=job,
            parameter="table",
            reference=used,
            entity_id=used,
            name="one.fits",
            path="/data/one.fits",
            media_type="application/fits",
            size=100,
            sha256="a" * 64,
        )
        if phase == Phase.COMPLETED:
            Result.objects.create(
                job=job,
                name="kept",
                path="work/kept.fits",
                media_type="application/fits",
                size=50,
                sha256=job_id[0] * 64,
                role="filtered",
                product_type="event",
            )
        return job

    return make
