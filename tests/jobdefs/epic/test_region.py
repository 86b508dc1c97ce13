"""epic-region on simulated lists: the centre and the radius of sources that are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from jobdefs.tasks.epic_region.optimum import CountImage, best_radius, centred, local_background, measured
from jobdefs.tasks.reporting import TaskError
from vo.skyregions import parse_region
from vo.sphere import distance

from .sky import EMPTY, PULSING, STEADY, circle, run


@pytest.mark.parametrize("name", ["pn", "mos1"])
@pytest.mark.parametrize("source", [STEADY, PULSING], ids=lambda source: source.name)
def test_a_circle_moves_to_the_source(folder, name, source) -> None:
    start = f'icrs; circle({source.ra + 0.004},{source.dec - 0.003},20")'
    told = run("epic-region", table=f"inputs/{name}.fits", source=start)
    assert float(distance(told["ra"], told["dec"], source.ra, source.dec)) * 3600 < 0.5
    assert told["shift_arcsec"] == pytest.approx(18, abs=1)
    assert told["centred"] is True
    # The wings of a bright source stand out farther than its core.
    assert 20 < told["radius_arcsec"] < 90
    best = max(told["tried"], key=lambda item: item["signal_to_noise"])
    assert best["radius"] == told["radius_arcsec"]
    assert told["signal_to_noise"] == pytest.approx(best["signal_to_noise"], abs=1e-4)


def test_the_region_is_one_for_other_tasks(folder) -> None:
    told = run("epic-region", table="inputs/pn.fits", source=circle(STEADY, 20), maxradius=30)
    text = Path("region.txt").read_text()
    assert text == told["region"] + "\n"
    assert parse_region(text).text == told["region"]
    spectrum = run(
        "epic-spectrum", table="inputs/pn.fits", source=text.strip(), grouping="none", pimin=500, pimax=4500,
    )  # fmt: skip
    assert spectrum["source"]["counts"] == pytest.approx(told["counts"], rel=0.02)
    assert fits.getheader("image.fits")["NAXIS"] == 2
    assert Path("image.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(Path("region.json").read_text()) is not None


def test_centre_and_radius_may_be_kept(folder) -> None:
    start = f'icrs; circle({STEADY.ra + 0.002},{STEADY.dec},20")'
    kept = run("epic-region", table="inputs/pn.fits", source=start, centre="no", optimise="no")
    assert kept["shift_arcsec"] == pytest.approx(0, abs=0.01)
    assert kept["radius_arcsec"] == pytest.approx(20, abs=0.01)
    moved = run("epic-region", table="inputs/pn.fits", source=start, optimise="no")
    assert moved["shift_arcsec"] == pytest.approx(7.2, abs=0.5)
    assert moved["radius_arcsec"] == pytest.approx(20, abs=0.01)
    assert moved["counts"] > kept["counts"]


def test_a_faint_place_stays_and_is_remarked_on(folder, capfd) -> None:
    told = run(
        "epic-region", table="inputs/pn.fits", source=f'CIRCLE {EMPTY[0]} {EMPTY[1]} 0.005', maxshift=0, maxradius=20,
    )  # fmt: skip
    assert told["centred"] is False
    assert told["shift_arcsec"] < 0.01
    said = capfd.readouterr().err
    assert "warning (NotCentred)" in said
    assert "warning (FaintSource)" in said


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"source": "BOX 150.03 2.06 0.01 0.01 0"}, "source must be one circle"),
        ({"source": "CIRCLE 150.03 2.06 0.01; CIRCLE 150.04 2.06 0.01"}, "source must be one circle"),
        ({"source": "CIRCLE 150.03 2.06 0.1"}, "source has a radius of 360 arcsec; 300 are allowed"),
        ({"source": "CIRCLE 200 2 0.01"}, "source lies outside the field"),
        ({"minradius": 50, "maxradius": 20}, "minradius must not be larger than maxradius"),
    ],
)
def test_what_cannot_be_done_is_told(folder, parameters, said) -> None:
    with pytest.raises(TaskError, match=said):
        run("epic-region", **{"table": "inputs/pn.fits", "source": circle(STEADY, 20), **parameters})
    assert not Path("region.txt").exists()


def _image(x: float, y: float, *, sigma: float, counts: int, background: float, seed: int) -> CountImage:
    """A Gaussian source on an even background, in cells of 20 sky pixels."""
    rng = np.random.default_rng(seed)
    edges = np.arange(-3000.0, 3000.1, 20.0)
    source = rng.normal((x, y), sigma, (counts, 2))
    total = np.histogram2d(source[:, 1], source[:, 0], bins=(edges, edges))[0]
    total = total + rng.poisson(background * 400, total.shape)
    middles = (edges[1:] + edges[:-1]) / 2
    grid_x, grid_y = np.meshgrid(middles, middles)
    return CountImage(grid_x, grid_y, total, np.ones(total.shape, dtype=bool), 400.0)


@settings(max_examples=10)
@given(
    offset=st.floats(0, 250), angle=st.floats(0, 6.28), sigma=st.floats(60, 150), background=st.floats(0, 2e-4),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_the_centre_of_a_gaussian_is_found(offset, angle, sigma, background, seed) -> None:
    place = offset * np.cos(angle), offset * np.sin(angle)
    image = _image(*place, sigma=sigma, counts=4000, background=background, seed=seed)
    x, y, steps = centred(image, 0.0, 0.0, 400.0)
    assert np.hypot(x - place[0], y - place[1]) < 6 * sigma / np.sqrt(4000) + 3
    assert steps < 100


@settings(max_examples=10)
@given(background=st.floats(2e-5, 2e-4), seed=st.integers(0, 1000))
def test_the_background_does_not_see_one_neighbour(background, seed) -> None:
    alone = _image(0, 0, sigma=80, counts=1000, background=background, seed=seed)
    neighbour = _image(1800, 300, sigma=80, counts=3000, background=0.0, seed=seed + 1)
    both = CountImage(alone.x, alone.y, alone.counts + neighbour.counts, alone.seen, 400.0)
    found = local_background(both, 0.0, 0.0, 600.0)
    assert found.density == pytest.approx(background, rel=0.15)
    assert found.error == pytest.approx(np.sqrt(background / (np.pi * (2400**2 - 1200**2))), rel=0.3)


@settings(max_examples=5)
@given(sigma=st.floats(80, 200), background=st.floats(1e-4, 1e-3), seed=st.integers(0, 1000))
def test_the_best_radius_is_the_best(sigma, background, seed) -> None:
    image = _image(0, 0, sigma=sigma, counts=2000, background=background, seed=seed)
    level = local_background(image, 0.0, 0.0, 500.0)
    radii = np.arange(100.0, 1500.0, 40.0)
    best, tried = best_radius(image, 0.0, 0.0, radii, level)
    assert best == max((measured(image, 0.0, 0.0, radius, level) for radius in radii), key=lambda o: o.signal_to_noise)
    assert len(tried) == len(radii)
    # What theory says of a Gaussian: signal to noise within a radius, from numbers without noise.
    inside = 2000 * (1 - np.exp(-(radii**2) / (2 * sigma**2)))
    theory = inside / np.sqrt(inside + background * np.pi * radii**2)
    assert theory[np.flatnonzero(radii == best.radius)[0]] > 0.93 * theory.max()
