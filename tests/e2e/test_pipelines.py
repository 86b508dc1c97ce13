"""A pipeline and an array on the demonstration archive, as their users have them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
import pyvo
import requests
from astropy.io import fits
from astropy.table import Table
from pyvo.dal.tap import AsyncTAPJob

from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def event_lists(stack: Stack) -> list[str]:
    """Two event lists that have events."""
    tap = pyvo.dal.TAPService(f"{stack.base_url}/tap")
    rows = tap.search(
        "SELECT obs_publisher_did FROM ivoa.obscore WHERE obs_collection = 'xmm-sim' "
        "AND dataproduct_type = 'event' ORDER BY instrument_name"
    )
    return [row["obs_publisher_did"] for row in rows][:2]


def run(stack: Stack, task: str, **request) -> AsyncTAPJob:
    answer = requests.post(f"{stack.base_url}/uws/{task}", timeout=60, **request)
    assert answer.ok, answer.text
    job = AsyncTAPJob(answer.url)
    job.wait(timeout=300)
    return job


def info(job: AsyncTAPJob) -> dict:
    return requests.get(job.url, headers={"Accept": "application/json"}, timeout=30).json()["jobInfo"]


def fetch(job: AsyncTAPJob) -> dict[str, bytes]:
    return {item.id_: requests.get(item.href, timeout=30).content for item in job.results}


def test_epic_quicklook(stack: Stack) -> None:
    """Products of each event list: as many events in image, light curve and spectrum as numpy counts."""
    lists = event_lists(stack)
    assert len(lists) == 2
    job = run(stack, "epic-quicklook", data={"events": lists, "pimin": "500", "pimax": "5000", "PHASE": "RUN"})
    assert job.phase == "COMPLETED", requests.get(job.url, timeout=30).text
    files = fetch(job)
    assert sorted(files) == sorted(
        f"{name}-{branch}" for name in ("events", "image", "lightcurve", "spectrum") for branch in (1, 2)
    )
    for branch, did in enumerate(lists, start=1):
        source = requests.get(f"{stack.base_url}/provenance/entities/", params={"ID": did}, timeout=30).content
        with fits.open(io.BytesIO(source)) as whole:
            events = whole["EVENTS"].data
            good = (events["PATTERN"] <= 12) & (events["FLAG"] == 0)
            band = good & (events["PI"] >= 500) & (events["PI"] <= 5000)
        with fits.open(io.BytesIO(files[f"events-{branch}"])) as clean:
            assert len(clean["EVENTS"].data) == good.sum() > 0
        with fits.open(io.BytesIO(files[f"image-{branch}"])) as image:
            assert image[0].data.sum() == band.sum() > 0
        with fits.open(io.BytesIO(files[f"lightcurve-{branch}"])) as curve:
            assert np.isfinite(curve["RATE"].data["RATE"]).any()
        with fits.open(io.BytesIO(files[f"spectrum-{branch}"])) as spectrum:
            assert 0 < spectrum["SPECTRUM"].data["COUNTS"].sum() <= good.sum()
    told = info(job)
    assert told["children"] == {"total": 8, "COMPLETED": 8}
    assert {(item["step"], item["branch"]) for item in told["jobs"]} == {
        (step, branch) for step in ("clean", "image", "lightcurve", "spectrum") for branch in "12"
    }
    page = requests.get(f"{stack.base_url}/jobs/{job.job_id}/", headers={"Accept": "text/html"}, timeout=30)
    assert page.ok
    assert page.text.count("phase-completed") >= 9
    document = requests.get(f"{stack.base_url}/provenance/jobs/{job.job_id}.json", timeout=30)
    assert document.ok
    assert f"job:{job.job_id}" in document.json()["activity"]


def test_what_failed_is_run_again_alone(stack: Stack) -> None:
    job = run(
        stack,
        "epic-quicklook",
        data={"events": [*event_lists(stack)[:1], "param:broken"], "withspectrum": "no", "PHASE": "RUN"},
        files={"broken": ("broken.fits", b"SIMPLE  = no FITS")},
    )
    assert job.phase == "COMPLETED"
    told = requests.get(job.url, headers={"Accept": "application/json"}, timeout=30).json()
    assert told["errorSummary"]["type"] == "transient"
    assert told["errorSummary"]["message"].startswith("1 of 6 steps failed: clean 2 (param:broken).")
    assert told["jobInfo"]["children"] == {"total": 4, "COMPLETED": 3, "ERROR": 1}
    answer = requests.post(job.url, data={"ACTION": "RETRY"}, timeout=30)
    assert answer.ok, answer.text
    again = AsyncTAPJob(answer.url)
    again.wait(timeout=120)
    assert again.job_id != job.job_id
    assert info(again)["retryOf"] == job.job_id
    first = requests.get(info(again)["jobs"][0]["href"], headers={"Accept": "application/json"}, timeout=30).json()
    assert first["jobInfo"]["takenOver"]
    hashes = {
        one.job_id: [
            item["sha256"]
            for item in requests.get(one.url, headers={"Accept": "application/json"}, timeout=30).json()["results"]
        ]
        for one in (job, again)
    }
    assert hashes[job.job_id] == hashes[again.job_id]
    assert len(hashes[job.job_id]) == 3


def test_an_array_over_the_answer_of_a_query(stack: Stack) -> None:
    tap = pyvo.dal.TAPService(f"{stack.base_url}/tap")
    query = tap.submit_job(
        'SELECT obs_publisher_did AS "table", obs_id AS "_obs" FROM ivoa.obscore '
        "WHERE obs_collection = 'xmm-sim' AND dataproduct_type = 'event'"
    )
    query.run().wait(timeout=60)
    query.raise_if_error()
    job = run(
        stack,
        "evselect",
        data={
            "ARRAY": f"job:{query.job_id}/result",
            "expression": "PATTERN==0",
            "withspectrumset": "yes",
            "energycolumn": "PI",
            "PHASE": "RUN",
        },
    )
    assert job.phase == "COMPLETED", requests.get(job.url, timeout=30).text
    summary = Table.read(io.BytesIO(fetch(job)["summary"]), format="votable")
    assert len(summary) == len(query.fetch_result())
    assert set(summary["phase"]) == {"COMPLETED"}
    for row in summary:
        with fits.open(io.BytesIO(requests.get(row["results"], timeout=30).content)) as spectrum:
            assert "SPECTRUM" in spectrum
    listed = requests.get(f"{stack.base_url}/uws/evselect", headers={"Accept": "application/json"}, timeout=30).json()
    mine = [item["id"] for item in listed["jobs"]]
    assert job.job_id in mine
    assert not set(summary["job_id"]) & set(mine)


def test_the_pipeline_of_the_documents(tmp_path: Path) -> None:
    """A site's own definition: rows of a query's answer, steps by camera, what was left out is not read."""
    page = (ROOT / "docs/howto/pipelines.md").read_text()
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    (definitions / "clean-observations.toml").write_text(re.search(r"```toml\n(.*?)```", page, flags=re.DOTALL)[1])
    stack = Stack(tmp_path / "home")
    stack.environment["ATHANOR_DEFINITIONS"] = str(definitions)
    try:
        stack.start()
        stack.ingest_simulated()
        tap = pyvo.dal.TAPService(f"{stack.base_url}/tap")
        cameras = tap.search(
            "SELECT instrument_name AS camera, obs_id FROM ivoa.obscore WHERE dataproduct_type = 'event'"
        )
        observation = cameras[0]["obs_id"]
        job = run(stack, "clean-observations", data={"observations": observation, "PHASE": "RUN"})
        assert job.phase == "COMPLETED", requests.get(job.url, timeout=30).text
        steps = sorted(item["step"] for item in info(job)["jobs"])
        mos = sum(row["camera"] in {"EMOS1", "EMOS2"} for row in cameras)
        pn = sum(row["camera"] == "EPN" for row in cameras)
        assert mos > 0
        assert pn > 0
        assert steps == sorted(["list", *["mos"] * mos, *["pn"] * pn, *["spectrum"] * pn])
        assert {name.partition("-")[0] for name in fetch(job)} == {"mos", "pn", "spectrum"}
    finally:
        stack.stop()
