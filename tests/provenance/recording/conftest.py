"""Jobs that have ended in some way, made as the tests want them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from jobdefs.definition import Definition, Input, Output, Parameter
from uws.models import Job, JobInput, Result
from uws.phases import Phase

TASK = Definition(
    name="smelt",
    version="2.0",
    title="Smelt events",
    description="Makes a spectrum of events.",
    documentation="https://example.org/smelt",
    type="Reduction",
    parameters=(
        Parameter(name="table", type="table", description="Events", required=True),
        Parameter(name="ccf", type="dataset", description="Calibration index"),
        Parameter(name="more", type="table", description="Other events", multiple=True),
        Parameter(name="limit", type="real", description="Upper energy", unit="eV", ucd="em.energy", default="2000"),
        Parameter(name="group", type="bool", description="Group it", default="no"),
        Parameter(name="counts", type="int", description="Of a group", default="25", parent="group"),
    ),
    inputs=(
        Input(parameter="table", role="events", product_types=("event",), description="Events to smelt"),
        Input(parameter="ccf", role="calibration index", type="Setup", description="Index"),
        Input(parameter="more", role="more events", description="Others"),
    ),
    outputs=(
        Output(
            name="spectrum",
            role="spectrum",
            media_type="application/fits",
            product_type="spectrum",
            pattern="*.pha",
        ),
        Output(name="preview", role="preview", media_type="image/png", type="Preview", pattern="a.png", single=True),
        Output(
            name="log",
            role="log",
            media_type="text/plain",
            type="Log",
            pattern="log.txt",
            single=True,
            required=False,
        ),
    ),
)

TIME = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

Given = tuple[str, str, str]
"""Of an input: parameter, identifier of the entity and sha256; of a result: name, role and sha256."""


@pytest.fixture
def smelted(db: None) -> Callable[..., Job]:
    """Makes a job of the definition above that has ended."""

    def make(
        job_id: str,
        *,
        inputs: Sequence[Given] = (),
        results: Sequence[Given] = (),
        parameters: Mapping[str, Sequence[str]] | None = None,
        phase: Phase = Phase.COMPLETED,
        begun: bool = True,
        **more: Any,
    ) -> Job:
        fields = {
            "definition": TASK.name,
            "definition_version": TASK.version,
            "definition_document": TASK.to_dict(),
            "creation_time": TIME,
            "start_time": TIME if begun else None,
            "end_time": TIME.replace(minute=5),
            "parameters": {name: list(values) for name, values in (parameters or {}).items()},
            "reaped": True,
        }
        job = Job.objects.create(id=job_id, phase=phase, **fields | more)
        for parameter, identifier, sha256 in inputs:
            JobInput.objects.create(
                job=job,
                parameter=parameter,
                reference=identifier,
                entity_id=identifier,
                name=identifier.rpartition("/")[2].rpartition("?")[2],
                path=f"/data/{parameter}",
                media_type="application/fits",
                size=100,
                sha256=sha256,
            )
        for name, role, sha256 in results:
            Result.objects.create(
                job=job,
                name=name,
                path=f"work/{name}.out",
                media_type="application/fits",
                size=50,
                sha256=sha256,
                role=role,
            )
        return job

    return make


def digest(letter: str) -> str:
    """A sha256 that is easy to tell from others."""
    return letter * 64
