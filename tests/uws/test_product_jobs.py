"""Jobs of the tasks for good times, groups and flares, as the service runs them: within walls and without."""

from __future__ import annotations

import json

import pytest
from astropy.io import fits

from tests.jobdefs.tasks.conftest import flares  # noqa: F401 - a fixture
from tests.jobdefs.tasks.specgroup.spectra import signs, spectrum
from tests.uws.sassite import file_of, finished, make_job, results, walls  # noqa: F401 - and a fixture


def test_good_times_from_a_text_and_of_several_tables(walls, tmp_path):  # noqa: F811 - fixtures
    (tmp_path / "times.txt").write_text("0 100\n40 50 -\n")
    (tmp_path / "more.txt").write_text("45 200 # as well\n")
    made = [finished(make_job("gtibuild", file=file_of(tmp_path / name))) for name in ("times.txt", "more.txt")]
    tables = [f"job:{job.pk}/gti" for job in made]
    job = finished(make_job("gtimerge", tables=tables, mergemode="or", gtitable="all.fits:BOTH"))
    rows = fits.getdata(results(job)["gti"], "BOTH")
    assert [tuple(row) for row in rows] == [(0, 40), (45, 200)]


def test_a_wrong_line_ends_the_job_with_its_number(walls, tmp_path):  # noqa: F811 - fixtures
    (tmp_path / "times.txt").write_text("0 100\n40 50 *\n")
    job = finished(make_job("gtibuild", file=file_of(tmp_path / "times.txt")))
    assert job.phase == "ERROR"
    assert "file: line 2: '*' is no operator" in job.error_message
    assert not job.results.exists()


def test_a_grouped_spectrum_under_a_new_name_or_its_own(walls, tmp_path):  # noqa: F811 - fixtures
    path = tmp_path / spectrum(tmp_path / "src.ds", [5] * 10)
    before = path.read_bytes()
    new = results(finished(make_job("specgroup", spectrumset=file_of(path), mincounts="10")))
    own = results(finished(make_job("specgroup", spectrumset=file_of(path), mincounts="10", overwrite="yes")))
    assert {name: file.name for name, file in (new | own).items()} == {
        "grouped": "SpecGrp.ds", "overwritten": "src.ds"
    }  # fmt: skip
    assert signs(new["grouped"]) == signs(own["overwritten"]) == "+-+-+-+-+-"
    assert path.read_bytes() == before


@pytest.mark.slow
def test_flares_are_cut_and_the_good_times_used_again(walls, flares):  # noqa: F811 - fixtures
    table = file_of(flares["EMOS1"])
    job = finished(make_job("epic-flare-filter", table=table, method="sigma"))
    files = results(job)
    assert set(files) == {"rate", "rate-preview", "summary", "gti", "filtered"}
    summary = json.loads(files["summary"].read_text())
    assert 0 < summary["events_after"] < summary["events_before"]
    again = results(finished(make_job("epic-events", table=table, gti=f"job:{job.pk}/gti", pimin="0", pimax="32767")))
    assert set(again) == {"filtered", "filtered-preview"}
    assert len(fits.getdata(again["filtered"], "EVENTS")) == summary["events_after"]
