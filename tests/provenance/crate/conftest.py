"""Ended jobs with their files, and crates unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobdefs.definition import Definition, Output
from provenance.crate import collect, write_crate
from provenance.recording import record_job
from tests.provenance.conftest import FILTER, TIME
from tests.uws.conftest import definitions, home, make_job, sas, service  # noqa: F401 - fixtures
from uws.models import Job, JobInput, Result
from uws.phases import Phase

JOB_ID = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
BASE = "http://athanor.example"
DID = "ivo://athanor.example/demo?one"

SIEVE = replace(
    FILTER,
    environment="any",
    command=("sieve", "{*}"),
    outputs=(Output(name="kept", role="filtered", media_type="application/fits", parameter="table"),),
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def finished(db, home: Path) -> Callable[..., Job]:  # noqa: F811
    """Makes a job that has ended, with its files and its provenance."""

    def make(
        job_id: str = JOB_ID,
        *,
        results: dict[str, bytes] | None = None,
        phase: Phase = Phase.COMPLETED,
        owner: Any = None,
        log: str = "sieve:- all passed\n",
        parameters: dict[str, list[str]] | None = None,
        definition: Definition = SIEVE,
        **more: Any,
    ) -> Job:
        fields = {
            "id": job_id,
            "definition": definition.name,
            "definition_version": definition.version,
            "definition_document": definition.to_dict(),
            "phase": phase,
            "owner": owner,
            "parameters": parameters or {"table": [DID], "limit": ["1500"]},
            "base_url": BASE,
            "creation_time": TIME,
            "start_time": TIME,
            "end_time": TIME.replace(minute=1),
            "exit_code": 0 if phase == Phase.COMPLETED else 1,
            "host": "node1",
            "command": ["/srv/bin/python", "-P", "-m", "jobdefs.sas", "sieve", "table=inputs/one.fits", "limit=1500"],
            "software": {"athanor": "0.1.0", "sas": "21.0.0"},
            "error_message": "" if phase == Phase.COMPLETED else "The sieve broke.",
            "reaped": True,
            "announced": True,
        }
        job = Job.objects.create(**fields | more)
        work = job.workdir / "work"
        work.mkdir(parents=True)
        (job.workdir / "stdout.txt").write_text(log)
        (job.workdir / "stderr.txt").write_text("")
        JobInput.objects.create(
            job=job, parameter="table", reference=DID, entity_id=DID, name="one.fits", path="/data/one.fits",
            media_type="application/fits", size=100, sha256="a" * 64,
        )  # fmt: skip
        for name, data in ({"kept.fits": b"kept"} if results is None else results).items():
            (work / name).write_bytes(data)
            Result.objects.create(
                job=job, name=name.partition(".")[0], path=f"work/{name}", media_type="application/fits",
                size=len(data), sha256=sha256(data), role="filtered",
            )  # fmt: skip
        record_job(job_id=job.pk)
        return job

    return make


class Unpacked:
    """The files of a crate."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            self.entries = archive.infolist()
            self.files = {entry.filename: archive.read(entry) for entry in self.entries}
        assert len(self.files) == len(self.entries)
        self.graph = {item["@id"]: item for item in json.loads(self.files["ro-crate-metadata.json"])["@graph"]}

    def text(self, name: str) -> str:
        return self.files[name].decode()

    def save(self, folder: Path) -> Path:
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder


@pytest.fixture
def take() -> Callable[..., Unpacked]:
    """Takes a job away and unpacks it."""

    def taken(job: Job, *, user: Any = None, **more: Any) -> Unpacked:
        return Unpacked(b"".join(write_crate(collect(job=job, user=user or job.owner, base_url=BASE, **more))))

    return taken
