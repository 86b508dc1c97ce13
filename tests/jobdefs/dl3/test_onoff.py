"""Counts of a source and its background, and the significance of the excess."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from jobdefs.tasks.dl3.reflected import Cone, reflected_cones
from jobdefs.tasks.dl3.significance import li_ma
from jobdefs.tasks.reporting import TaskError
from vo.errors import ParameterError
from vo.sphere import distance

SOURCE = "CIRCLE 83.633333 22.014444 0.11"


@pytest.mark.parametrize(
    ("on", "off", "alpha", "expected"),
    [
        (140, 60, 1.0, 5.7370),  # by hand from equation 17: 2 (140 ln 1.4 + 60 ln 0.6), square root
        (0, 0, 0.5, 0.0),
        (10, 0, 0.5, math.sqrt(20 * math.log(3))),
        (0, 10, 0.5, -math.sqrt(20 * math.log(1.5))),
        (5, 10, 0.5, 0.0),
    ],
)
def test_known_significances(on, off, alpha, expected):
    assert float(li_ma(on, off, alpha)) == pytest.approx(expected, abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(0, 400), st.floats(0.02, 2))
def test_it_is_the_likelihood_ratio(on, off, alpha):
    """Against the ratio of Poisson likelihoods, maximised on a grid around the answer."""

    def log_likelihood(source, background):
        total = 0.0
        for count, mean in ((on, source + alpha * background), (off, background)):
            total += (count * math.log(mean) if count else 0.0) - mean
        return total

    best = log_likelihood(on - alpha * off, off) if off and on else None
    if best is None:
        return
    grid = np.linspace(0.9, 1.1, 2001) * (on + off) / (1 + alpha)
    null = max(log_likelihood(0.0, value) for value in grid)
    wilks = math.sqrt(max(2 * (best - null), 0))
    assert abs(float(li_ma(on, off, alpha))) == pytest.approx(wilks, abs=1e-4)


def test_gammapy_agrees(gammapy):
    from gammapy.stats import WStatCountsStatistic

    on, off = np.array([3, 30, 120]), np.array([10, 200, 900])
    np.testing.assert_allclose(li_ma(on, off, 0.1), WStatCountsStatistic(on, off, 0.1).sqrt_ts, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0, 360), st.floats(-89, 89), st.floats(0.2, 2), st.floats(0, 2 * math.pi), st.floats(0.02, 0.19),
    st.floats(0, 0.3),
)  # fmt: skip
def test_reflected_regions(ra, dec, away, angle, radius, gap):  # noqa: PLR0917 (drawn by hypothesis)
    pointing = (ra, dec)
    centre = SkyCoord(ra, dec, unit="deg")
    source = centre.directional_offset_by(angle * u.rad, away * u.deg)
    other = centre.directional_offset_by((angle + 2) * u.rad, away * u.deg)
    on, hole = Cone(source.ra.deg, source.dec.deg, radius), Cone(other.ra.deg, other.dec.deg, 0.1)
    cones = reflected_cones(pointing, on, [hole], gap)
    for number, cone in enumerate(cones):
        assert float(distance(*pointing, cone.ra, cone.dec)) == pytest.approx(away, abs=1e-9)
        assert float(distance(on.ra, on.dec, cone.ra, cone.dec)) >= 2 * radius + gap - 1e-9
        assert float(distance(hole.ra, hole.dec, cone.ra, cone.dec)) >= radius + 0.1 - 1e-9
        for other in cones[:number]:
            assert float(distance(other.ra, other.dec, cone.ra, cone.dec)) >= 2 * radius - 1e-9
    room = 2 * math.pi / (2 * math.asin(min(math.sin(math.radians(radius)) / math.sin(math.radians(away)), 1)))
    assert len(cones) <= room - 1 + 1e-6


def test_no_reflected_region_fits_where_the_source_is_on_axis():
    assert reflected_cones((10, 20), Cone(10.01, 20, 0.1), [], 0) == []


def read(name):
    with fits.open(name) as file:
        return file["SPECTRUM"].header, file["SPECTRUM"].data.copy(), file["EBOUNDS"].data.copy()


def test_the_products(folder, make_run, task):
    paths = [make_run(f"{seed}.fits", source=(83.0, 22.6), seed=seed) for seed in (1, 2)]
    task("dl3-onoff-spectrum", *paths, region="CIRCLE 83 22.6 0.15", emin=0.5, emax=50, binsperdecade=4)
    header, on, bounds = read("on.pha")
    off_header, off, _ = read("off.pha")
    assert (header["EXPOSURE"], header["BACKFILE"], header["DETCHANS"]) == (3000, "off.pha", 8)
    np.testing.assert_allclose(bounds["E_MIN"][0], 0.5e9)
    np.testing.assert_allclose(bounds["E_MAX"][-1], 50e9)
    events = np.concatenate([fits.getdata(path, "EVENTS") for path in paths])
    inside = distance(events["RA"], events["DEC"], 83.0, 22.6) <= 0.15
    edges = np.geomspace(0.5, 50, 9)
    np.testing.assert_array_equal(on["COUNTS"], np.histogram(events["ENERGY"][inside].astype(float), edges)[0])
    table = Table.read("spectrum.ecsv")
    np.testing.assert_array_equal(table["counts_off"], off["COUNTS"])
    regions = Path("regions.reg").read_text().count("background") / 2
    assert off_header["BACKSCAL"] == pytest.approx(regions)
    np.testing.assert_allclose(table["excess"], on["COUNTS"] - off["COUNTS"] / regions)
    np.testing.assert_allclose(table["significance"], li_ma(on["COUNTS"], off["COUNTS"], 1 / regions))
    assert table.meta["significance"] > 20
    assert abs(table.meta["excess"] - 600) < 60
    for name in ("on.pha", "off.pha"):
        done = subprocess.run(["fitsverify", "-q", name], capture_output=True, text=True, check=False)
        assert "verification OK" in done.stdout
    assert Path("spectrum.png").read_bytes()[:4] == b"\x89PNG"


def test_the_same_bytes_every_time(folder, make_run, task):
    path = make_run(source=(83.0, 22.6))
    made = set()
    for _ in range(2):
        task("dl3-onoff-spectrum", path, region="CIRCLE 83 22.6 0.15")
        names = ("on.pha", "off.pha", "spectrum.ecsv", "regions.reg", "spectrum.png")
        made.add(b"".join(Path(name).read_bytes() for name in names))
    assert len(made) == 1


def test_regions_of_the_background_may_be_given(folder, make_run, task, capsys):
    path = make_run()
    off = "CIRCLE 83 21.4 0.15; CIRCLE 82.35 22 0.15"
    task("dl3-onoff-spectrum", path, region="CIRCLE 83 22.6 0.15", offregion=off)
    assert read("off.pha")[0]["BACKSCAL"] == pytest.approx(2)
    assert "UnequalOffsets" not in capsys.readouterr().err
    task("dl3-onoff-spectrum", path, region="CIRCLE 83 22.6 0.15", offregion="CIRCLE 83 20.9 0.3")
    assert read("off.pha")[0]["BACKSCAL"] == pytest.approx(4, rel=1e-4)
    assert "UnequalOffsets" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"region": "BOX 83 22.6 0.1 0.1"}, ParameterError, "one circle"),
        ({"region": "CIRCLE 83 22.01 0.15"}, TaskError, "no region of the background fits"),
        ({"region": "CIRCLE 83 22.6 0.15", "exclude": "CIRCLE 83 22 1"}, TaskError, "too much is left out"),
        ({"region": "CIRCLE 83 22.6 0.15", "emin": 0}, ParameterError, "above 0"),
        (
            {"region": "CIRCLE 83 22.6 0.1", "offregion": "CIRCLE 83 21 0.1; CIRCLE 83 21.1 0.1"},
            ParameterError,
            "overlap",
        ),
        ({"region": "CIRCLE 83 22.6 0.1", "offregion": "BOX 83 21 1 1"}, ParameterError, "circles"),
    ],
)
def test_refusals(make_run, folder, task, parameters, error, words):  # noqa: PLR0917 (fixtures)
    with pytest.raises(error, match=words):
        task("dl3-onoff-spectrum", make_run(), **parameters)
    assert [path.name for path in folder.iterdir()] == ["inputs"]


def test_the_crab_is_seen_and_an_empty_place_is_not(crab, task):
    task("dl3-onoff-spectrum", *crab, region=SOURCE)
    assert Table.read("spectrum.ecsv").meta["significance"] > 35
    for place in ("CIRCLE 83.0 22.9 0.11", "CIRCLE 84.4 21.3 0.11", "CIRCLE 83.2 20.9 0.11"):
        task("dl3-onoff-spectrum", *crab, region=place, exclude="CIRCLE 83.633 22.014 0.3")
        assert abs(Table.read("spectrum.ecsv").meta["significance"]) < 3
