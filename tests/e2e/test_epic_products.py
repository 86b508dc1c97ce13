"""One request for all products of a source: in every exposure that shows it, with the rates that it truly has."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import numpy as np
import pytest
import requests
from astropy.io import fits
from pyvo.dal.tap import AsyncTAPJob

from obstap.demo.cameras import CAMERAS
from obstap.demo.sky import DEEP, OBSERVATIONS
from tests.jobdefs.epic.sky import true_rate
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]

QUASAR = DEEP.bright[0]
BAND = {"pimin": 500, "pimax": 8000}
ARCSEC = 60
WANTED = {("0999000101", "EPN"), ("0999000101", "EMOS1"), ("0999000601", "EPN"), ("0999000601", "EMOS1")}
PRODUCTS = ("events", "flares-preview", "colours", "spectrum", "background", "grouped", "spectrum-preview", "rates")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with the first six observations of the demonstration archive; one of them has flares."""
    stack = Stack(tmp_path_factory.mktemp("products"))
    try:
        stack.start()
        archive = stack.home / "archive" / "xmm-sim"
        stack.manage("make_demo_archive", "--output", str(archive), "--observations", "6")
        stack.manage("ingest", str(archive))
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def job(service: Stack) -> AsyncTAPJob:
    """The request, as pyvo sees it when it has ended."""
    answer = requests.post(
        f"{service.base_url}/uws/epic-products",
        data={
            "source": f'icrs; circle({QUASAR.ra},{QUASAR.dec},{ARCSEC}")',
            "instruments": ["EPN", "EMOS1"],
            "flag": "any",
            "pattern": "31",
            **BAND,
            "PHASE": "RUN",
        },
        timeout=60,
    )
    assert answer.ok, answer.text
    job = AsyncTAPJob(answer.url)
    job.wait(timeout=500)
    job.raise_if_error()
    return job


def fetch(job: AsyncTAPJob, name: str) -> bytes:
    return requests.get(next(item.href for item in job.results if item.id_ == name), timeout=60).content


@pytest.fixture(scope="module")
def exposures(job: AsyncTAPJob) -> list[tuple[str, str]]:
    """Observation and camera of each branch."""
    rows = csv.DictReader(io.StringIO(fetch(job, "exposures").decode()))
    return [(row["obs_id"], row["instrument"]) for row in rows]


def test_every_exposure_that_shows_the_source_has_every_product(job, exposures) -> None:
    assert job.phase == "COMPLETED"
    assert set(exposures) == WANTED
    made = {item.id_ for item in job.results}
    for number in range(1, len(exposures) + 1):
        assert made >= {f"{product}-{number}" for product in (*PRODUCTS, "lightcurve", "lightcurve-preview")}
        assert made >= {f"image-{number}-{band}" for band in (1, 2, 3)}
        assert fetch(job, f"colours-{number}").startswith(b"\x89PNG")


def test_it_tells_how_far_it_is(job) -> None:
    told = requests.get(job.url, headers={"accept": "application/json"}, timeout=60).json()["jobInfo"]
    assert told["progress"] == {"done": 17, "total": 17}


def test_the_rates_are_those_of_the_source(job, exposures) -> None:
    observations = {item.obs_id: item for item in OBSERVATIONS}
    for number, (obs_id, instrument) in enumerate(exposures, start=1):
        told = json.loads(fetch(job, f"rates-{number}"))
        header = fits.open(io.BytesIO(fetch(job, f"lightcurve-{number}")))["RATE"].header
        assert header["EXPOSURE"] > 0
        expected = true_rate(
            QUASAR, CAMERAS[instrument], arcsec=ARCSEC, pimin=200, pimax=15000 if instrument == "EPN" else 12000,
            observation=observations[obs_id],
        )  # fmt: skip
        whole = told["source"]["area_of_figure"] / told["source"]["area"]
        assert told["net"]["rate"] * whole == pytest.approx(expected, rel=0.05), (obs_id, instrument)


def test_the_flare_is_cut(job, exposures) -> None:
    for number, (obs_id, instrument) in enumerate(exposures, start=1):
        told = json.loads(fetch(job, f"flares-{number}"))
        if obs_id == "0999000101":
            assert (told["share_kept"], told["events_after"]) == (1, told["events_before"])
        elif instrument == "EPN":
            assert 0.7 < told["share_kept"] < 0.95
            assert told["events_after"] < 0.7 * told["events_before"]
        with fits.open(io.BytesIO(fetch(job, f"events-{number}"))) as file:
            events = file["EVENTS"].data
            hard = (events["PI"] > 10000) & (events["PATTERN"] == 0) & (events["PI"] <= 12000)
            curve, _ = np.histogram(
                events["TIME"][hard], bins=np.arange(file[1].header["TSTART"], events["TIME"].max(), 100)
            )
            assert curve.max() <= 100 * told["threshold"] + 4  # its bins are not those of the filter's curve
