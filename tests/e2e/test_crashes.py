"""SIGKILL of engines, web servers and runners at any moment of a job's life changes nothing of how the job ends.

The long trial is a command: ``python -m tests.crash``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyvo
import requests

from tests.crash.service import Fragile
from tests.crash.trial import trial
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

MOMENTS = 4
"""Kills of each process; their moments are drawn over a job's life, from creation to its end."""


@pytest.fixture
def fragile(tmp_path) -> Iterator[Stack]:
    """A service of its own, since it is killed."""
    service = Stack(tmp_path)
    try:
        service.start()
        service.ingest_simulated()
        yield service
    finally:
        service.stop()


def test_every_job_ends_once_with_all_its_results(fragile: Stack) -> None:
    tap = pyvo.dal.TAPService(f"{fragile.base_url}/tap")
    did = tap.search(
        "SELECT TOP 1 obs_publisher_did FROM ivoa.obscore WHERE instrument_name = 'EPN' AND dataproduct_type = 'event'"
    )[0]["obs_publisher_did"]
    draw = random.Random(20261)
    parameters = {"table": did, "expression": "PATTERN<=4", "withspectrumset": "yes", "energycolumn": "PI",
                  "withimageset": "yes", "xcolumn": "X", "ycolumn": "Y", "PHASE": "RUN"}  # fmt: skip
    jobs = []
    for victim in ["engine", "web"] * MOMENTS:
        answer = requests.post(f"{fragile.base_url}/uws/evselect", data=parameters, timeout=30, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        jobs.append(answer.headers["Location"])
        time.sleep(draw.uniform(0, 2.5))
        fragile.kill(victim)
        if victim == "engine":
            fragile.start_engine()
        else:
            fragile.start_web()
    digests = set()
    for url in jobs:
        document = _await_end(url)
        assert document["phase"] == "COMPLETED", f"{document}\n{fragile.logs()}"
        names = [result["id"] for result in document["results"]]
        assert sorted(names) == ["image", "spectrum"]
        job_id = url.rpartition("/")[2]
        prov = requests.get(f"{fragile.base_url}/provenance/jobs/{job_id}.json", timeout=30).json()
        made = [item for item in prov["wasGeneratedBy"].values() if item["prov:activity"] == f"job:{job_id}"]
        assert len(made) == 2
        digests.add(sum(len(requests.get(f"{url}/results/{name}", timeout=30).content) for name in names))
    assert len(digests) == 1


@pytest.mark.parametrize("executor", ["local", "slurm"])
def test_short_trial(executor: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings = {}
    if executor == "slurm":
        cluster = request.getfixturevalue("slurm")
        settings = {"ATHANOR_EXECUTOR": "slurm", "SLURM_CONF": str(cluster.configuration)}
    service = Fragile(tmp_path / "home", settings)
    try:
        service.start()
        report = trial(service, jobs=12, kills=10, seed=2026)
    finally:
        service.stop()
    assert report.faults == [], service.logs()
    assert sum(report.phases.values()) == 12
    assert sum(report.kills.values()) == 10


def _await_end(url: str) -> dict:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        answer = requests.get(url, headers={"Accept": "application/json"}, params={"WAIT": "10"}, timeout=60)
        document = answer.json()
        if document["phase"] in ("COMPLETED", "ERROR", "ABORTED"):
            return document
    raise AssertionError(f"{url} did not end: {document}")
