"""A result published on the running service: found like an observation, linked, used again, and there for good."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import pyvo
import requests

from tests.e2e.test_main_job import run_task
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

EVENTS = """
SELECT obs_publisher_did, access_url FROM ivoa.obscore
WHERE instrument_name = 'EPN' AND dataproduct_type = 'event' AND obs_collection = 'xmm-sim'
"""
IMAGE = {"ximagebinsize": "400", "yimagebinsize": "400", "imagebinning": "binSize", "xcolumn": "X", "ycolumn": "Y"}


@pytest.fixture(scope="module")
def product(stack: Stack) -> tuple[str, str]:
    """The identifiers of an event list, and of a filtered one that was made of it and published; its job is gone."""
    (row,) = pyvo.dal.TAPService(f"{stack.base_url}/tap").search(EVENTS)
    job = run_task(stack, table=row["obs_publisher_did"], expression="PI in [500:2000]", filteredset="soft.fits")
    job_id = job.url.rpartition("/")[2]
    told = stack.manage("publish_job", job_id, "--collection", "Soft", "--result", "filtered")
    did = f"ivo://athanor.example/Soft?filtered-{job_id}.fits"
    assert told == f"filtered: {did}\n"
    job.delete()
    return str(row["obs_publisher_did"]), did


def test_it_is_found_and_leads_to_what_it_was_made_from(stack: Stack, product: tuple[str, str]) -> None:
    query = "SELECT * FROM ivoa.obscore NATURAL JOIN ivoa.obscore_hea WHERE obs_collection = 'Soft'"
    (row,) = pyvo.dal.TAPService(f"{stack.base_url}/tap").search(query)
    assert (row["obs_publisher_did"], row["dataproduct_type"], row["calib_level"]) == (product[1], "event", 3)
    assert row["ev_xel"] > 0
    links = row.getdatalink()
    (origin,) = links.bysemantics("#progenitor", include_narrower=False)
    (events,) = pyvo.dal.TAPService(f"{stack.base_url}/tap").search(EVENTS)
    assert origin.access_url == events["access_url"]
    pages = [link.access_url for link in links.bysemantics("#auxiliary", include_narrower=False)]
    assert [requests.get(page, timeout=30).status_code for page in pages] == [200, 200]


def test_jobs_take_it(stack: Stack, product: tuple[str, str]) -> None:
    job = run_task(stack, table=product[1], imageset="image.fits", **IMAGE)
    assert job.phase == "COMPLETED"


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed (Debian package stilts)")
def test_stilts_finds_nothing_wrong_with_the_links(stack: Stack, product: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "links.vot"
    answer = requests.get(f"{stack.base_url}/datalink/links", params={"ID": [product[0], "ivo://x/y"]}, timeout=30)
    path.write_bytes(answer.content)
    command = ["stilts", "datalinklint", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert "Errors: 0; Warnings: 0" in run.stdout, run.stdout


def test_withdrawn_it_is_gone(stack: Stack, product: tuple[str, str]) -> None:
    job_id = product[1].rpartition("-")[2].removesuffix(".fits")
    stack.manage("unpublish_job", job_id, "--yes")
    query = "SELECT * FROM ivoa.obscore WHERE obs_collection = 'Soft'"
    found = pyvo.dal.TAPService(f"{stack.base_url}/tap").search(query)
    assert len(found) == 0
    assert not [path for path in (stack.home / "products").rglob("*") if path.is_file()]
