"""The main job from end to end: find, run, fetch, trust."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
import pyvo
import requests
from astropy.io import fits
from pyvo.dal.tap import AsyncTAPJob

from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def run_task(stack: Stack, **parameters: str) -> AsyncTAPJob:
    """Create, run and await an evselect job."""
    answer = requests.post(f"{stack.base_url}/uws/evselect", data={**parameters, "PHASE": "RUN"}, timeout=30)
    assert answer.ok, answer.text
    job = AsyncTAPJob(answer.url)
    job.wait(timeout=120)
    return job


def fetch(job: AsyncTAPJob, name: str) -> fits.HDUList:
    """Open a result; its size must be the one that was told."""
    result = next(item for item in job.results if item.id_ == name)
    content = requests.get(result.href, timeout=30).content
    assert len(content) == result.size
    return fits.open(io.BytesIO(content))


def test_the_readme_query_finds_the_six_steady_runs(stack_with_real_data: Stack) -> None:
    tap = pyvo.dal.TAPService(f"{stack_with_real_data.base_url}/tap")
    found = tap.search(
        "SELECT * FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, CIRCLE('ICRS', 329.717, -30.226, 0.001))"
    )
    assert sorted(row["obs_id"] for row in found) == ["47802", "47803", "47804", "47827", "47828", "47829"]
    crab = tap.search("SELECT s_ra, s_dec FROM ivoa.obscore WHERE obs_id = '23592'")
    assert (crab[0]["s_ra"], crab[0]["s_dec"]) == (82.01333618164062, 22.01444435119629)


def test_evselect_on_chandra_counts_as_numpy_does(stack_with_real_data: Stack, shared) -> None:
    tap = pyvo.dal.TAPService(f"{stack_with_real_data.base_url}/tap")
    row = tap.search("SELECT obs_publisher_did FROM ivoa.obscore WHERE obs_collection = 'chandra'")[0]
    with fits.open(shared / "data" / "chandra" / "chandra_test.fits") as file:
        events = file["EVENTS"].data
        x, y, energy = events["x"].astype(float), events["y"].astype(float), events["energy"].astype(float)
    centre = float(np.median(x)), float(np.median(y))
    inside = (energy >= 500) & (energy <= 7000) & (np.hypot(x - centre[0], y - centre[1]) <= 30)
    assert 0 < inside.sum() < len(x)
    job = run_task(
        stack_with_real_data,
        table=row["obs_publisher_did"],
        expression=f"(energy in [500:7000]) && ((x,y) in CIRCLE({centre[0]!r},{centre[1]!r},30))",
        filteredset="kept.fits",
        imageset="image.fits", xcolumn="x", ycolumn="y", imagebinning="binSize", ximagebinsize="1", yimagebinsize="1",
        spectrumset="spectrum.fits", energycolumn="pi", spectralbinsize="1",
        rateset="rate.fits", timecolumn="time", timebinsize="100",
    )  # fmt: skip
    job.raise_if_error()
    expected = int(inside.sum())
    assert len(fetch(job, "filtered")["EVENTS"].data) == expected
    assert fetch(job, "image")[0].data.sum() == expected
    assert fetch(job, "spectrum")["SPECTRUM"].data["COUNTS"].sum() == expected
    assert fetch(job, "rate")["RATE"].data["COUNTS"].sum() == expected


def test_provenance_links_the_input_to_the_products(stack: Stack) -> None:
    did = _event_list(stack)
    job = run_task(stack, table=did, expression="PATTERN<=4", withspectrumset="yes", energycolumn="PI")
    job.raise_if_error()
    document = requests.get(f"{stack.base_url}/provenance/jobs/{job.job_id}.json", timeout=30).json()
    used = [edge["prov:entity"] for edge in document["used"].values()]
    assert used == [did.replace("ivo://", "ivo:")]
    made = [edge["prov:entity"] for edge in document["wasGeneratedBy"].values()]
    assert f"result:evselect/{job.job_id}/results/spectrum" in made
    source = document["entity"][used[0]]
    link = requests.get(f"{stack.base_url}/provenance/entities/", params={"ID": did}, timeout=30)
    assert link.url.startswith(f"{stack.base_url}/files/xmm-sim/")
    assert hashlib.sha256(link.content).hexdigest() == source["athanor:sha256"]
    svg = requests.get(f"{stack.base_url}/provenance/jobs/{job.job_id}.svg", timeout=30)
    assert svg.headers["Content-Type"].startswith("image/svg+xml")
    page = requests.get(f"{stack.base_url}/jobs/{job.job_id}/", headers={"Accept": "text/html"}, timeout=30)
    assert page.ok


def test_a_result_is_the_input_of_the_next_job(stack: Stack) -> None:
    first = run_task(stack, table=_event_list(stack), expression="PATTERN==0", filteredset="singles.fits")
    second = run_task(
        stack,
        table=f"job:{first.job_id}/filtered",
        expression="PI in [500:2000]",
        withspectrumset="yes",
        energycolumn="PI",
    )
    second.raise_if_error()
    document = requests.get(f"{stack.base_url}/provenance/jobs/{second.job_id}.json", timeout=30).json()
    jobs = {name for name in document["activity"] if name.startswith("job:")}
    assert jobs == {f"job:{first.job_id}", f"job:{second.job_id}"}
    informants = {edge["prov:informed"]: edge["prov:informant"] for edge in document["wasInformedBy"].values()}
    assert informants[f"job:{second.job_id}"] == f"job:{first.job_id}"
    assert informants[f"job:{first.job_id}"].startswith("activity:ingest")  # that which brought the event list


def test_the_tour_of_the_readme_prints_real_products(stack: Stack) -> None:
    run = subprocess.run(
        [sys.executable, "tools/demo.py", stack.base_url],
        cwd=ROOT, env=stack.environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr + stack.logs()
    assert "counts in 4096 channels" in run.stdout
    assert "wasGeneratedBy" in run.stdout


def test_archive_files_come_in_ranges(stack: Stack) -> None:
    tap = pyvo.dal.TAPService(f"{stack.base_url}/tap")
    row = tap.search("SELECT TOP 1 access_url, access_estsize FROM ivoa.obscore WHERE obs_collection = 'xmm-sim'")[0]
    part = requests.get(row["access_url"], headers={"Range": "bytes=0-79"}, timeout=30)
    assert part.status_code == 206
    assert part.content.startswith(b"SIMPLE  =                    T")
    total = int(part.headers["Content-Range"].rpartition("/")[2])
    assert abs(total / 1000 - row["access_estsize"]) <= 1


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"table": "ivo://athanor.example/nothing?here"}, "table"),
        ({"expression": "PI in [500:"}, "expression"),
        ({"timebinsize": "-5", "withrateset": "yes"}, "timebinsize"),
        ({"imageset": "../../escape.fits"}, "imageset"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_parameters_are_refused_by_name(stack: Stack, parameters: dict[str, str], named: str) -> None:
    data = {"table": _event_list(stack), "expression": "true", **parameters, "PHASE": "RUN"}
    answer = requests.post(f"{stack.base_url}/uws/evselect", data=data, timeout=30)
    assert answer.status_code in (400, 404)
    assert named in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("PATERN<=4", "PATTERN"),
        ("(FLAG & #NOSUCH)==0", "NOSUCH"),
        ("(X,Y) in CIRCLE(90000,2000,600)", "lies outside the image"),
        ("(RA,DEC) in CIRCLE(10,20,0.01)", "from the pointing direction"),
    ],
)
def test_errors_of_the_expression_are_told_by_the_job(stack: Stack, expression: str, told: str) -> None:
    job = run_task(stack, table=_event_list(stack), expression=expression, withspectrumset="yes", energycolumn="PI")
    assert job.phase == "ERROR"
    with pytest.raises(pyvo.DALQueryError, match=told):
        job.raise_if_error()


def test_a_truncated_file_is_told_by_the_job(stack: Stack) -> None:
    tap = pyvo.dal.TAPService(f"{stack.base_url}/tap")
    row = tap.search("SELECT TOP 1 access_url FROM ivoa.obscore WHERE obs_collection = 'xmm-sim'")[0]
    whole = requests.get(row["access_url"], timeout=30).content
    answer = requests.post(
        f"{stack.base_url}/uws/evselect",
        data={"expression": "true", "withimageset": "yes", "PHASE": "RUN"},
        files={"table": ("cut.fits", whole[: len(whole) // 2])},
        timeout=30,
    )
    assert answer.ok, answer.text
    job = AsyncTAPJob(answer.url)
    job.wait(timeout=60)
    assert job.phase == "ERROR"
    with pytest.raises(pyvo.DALQueryError, match="cut short"):
        job.raise_if_error()
    assert not job.results


def test_adql_nonsense_is_a_dali_error(stack: Stack) -> None:
    answer = requests.get(
        f"{stack.base_url}/tap/sync", params={"LANG": "ADQL", "QUERY": "SELECT FROM WHERE"}, timeout=30
    )
    assert answer.status_code == 400
    assert 'value="ERROR"' in answer.text
    assert "line 1" in answer.text


def test_an_asynchronous_query_gives_its_table(stack: Stack) -> None:
    tap = pyvo.dal.TAPService(f"{stack.base_url}/tap")
    table = tap.run_async("SELECT COUNT(*) AS n FROM ivoa.obscore")
    assert table[0]["n"] > 0


def _event_list(stack: Stack) -> str:
    tap = pyvo.dal.TAPService(f"{stack.base_url}/tap")
    rows = tap.search(
        "SELECT TOP 1 obs_publisher_did FROM ivoa.obscore WHERE obs_collection = 'xmm-sim' AND instrument_name = 'EPN'"
    )
    return rows[0]["obs_publisher_did"]
