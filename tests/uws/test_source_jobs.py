"""Jobs that make products of a source, as the service runs them: within walls and without."""

from __future__ import annotations

import json

import pytest
from astropy.io import fits

from tests.jobdefs.epic.conftest import lists  # noqa: F401 - a fixture
from tests.jobdefs.epic.sky import STEADY, circle
from tests.uws.sassite import file_of, finished, make_job, results, walls  # noqa: F401 - and a fixture

pytestmark = pytest.mark.slow


def test_a_region_is_centred_and_its_spectrum_taken(walls, lists):  # noqa: F811 - fixtures
    table = file_of(lists["EPN"])
    region = results(finished(make_job("epic-region", table=table, source=circle(STEADY, 25))))
    assert set(region) == {"region", "summary", "image", "image-preview"}
    source = region["region"].read_text().strip()
    spectrum = results(finished(make_job("epic-spectrum", table=table, source=source)))
    assert set(spectrum) == {"source", "background", "grouped", "summary", "regions", "source-preview"}
    summary = json.loads(spectrum["summary"].read_text())
    assert summary["source"]["region"] == source
    assert summary["responses"]["made"] is False
    header = fits.getheader(spectrum["grouped"], "SPECTRUM")
    assert (header["BACKFILE"], header["HDUCLAS1"]) == ("background.fits", "SPECTRUM")


def test_regions_of_several_lines_make_a_light_curve(walls, lists):  # noqa: F811 - fixtures
    source = f'fk5\ncircle({STEADY.ra},{STEADY.dec},30")\n-circle({STEADY.ra},{STEADY.dec},3") # its core\n'
    files = results(finished(make_job("epic-lightcurve", table=file_of(lists["EMOS1"]), source=source)))
    assert set(files) == {"lightcurve", "source", "background", "summary", "regions", "lightcurve-preview"}
    assert "NOT CIRCLE" in json.loads(files["summary"].read_text())["source"]["region"]


def test_a_job_tells_why_there_is_no_spectrum(walls, lists):  # noqa: F811 - fixtures
    job = finished(make_job("epic-spectrum", table=file_of(lists["EPN"]), source="CIRCLE 200 2 0.01"))
    assert job.phase == "ERROR"
    assert "source lies outside the field of inputs/" in job.error_message
    assert not job.results.exists()
