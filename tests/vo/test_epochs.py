"""Stars at other epochs, against astropy and the examples of the IVOA's catalogue of functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from vo.epochs import propagated

STAR = (7.606083572, 11.79044105, 125.0, 300.0, -428.8, 52.51)
NONE = math.nan


@pytest.mark.parametrize(
    ("star", "years", "expected"),
    [
        (
            STAR,
            1992.25 - 2016,
            (
                7.604061404627974,
                11.793270382827929,
                125.01993165584682,
                300.09877325973605,
                -428.934593565712,
                52.50880381775256,
            ),
        ),
        (
            (*STAR[:3], NONE, NONE, NONE),
            1992.25 - 2016,
            (7.606083572, 11.79044105, 125, NONE, NONE, NONE),
        ),
        (
            (*STAR[:2], NONE, *STAR[3:]),
            1992.25 - 2016,
            (7.604061727024453, 11.79326993174991, NONE, 300.0030911918108, -428.79783514643105, 52.51),
        ),
        (
            (*STAR[:5], NONE),
            1992.25 - 2016,
            (7.604061727024712, 11.793269931749549, 124.9999997730655, 300.0030911152833, -428.79783503705033, NONE),
        ),
        (
            STAR,
            1875 - 2016,
            (7.594068213694308, 11.807251375203935, 125.118417645, 300.587095557, -429.599935760, 52.502890066),
        ),
        (
            (*STAR[:5], NONE),
            1875 - 2016,
            (7.594079587029898, 11.807235464326332, 124.999992, 300.01835, -428.787, NONE),
        ),
        (
            (*STAR[:4], NONE, NONE),
            1875 - 2016,
            (7.594080321498365, 11.790440798509207, 124.9999973, NONE, NONE, NONE),
        ),
        (
            (*STAR[:2], NONE, *STAR[3:]),
            1875 - 2016,
            (7.594079587020846, 11.807235464339055, NONE, 300.01835, -428.787, 52.51),
        ),
    ],
)
def test_examples_of_the_catalogue(star: tuple[float, ...], years: float, expected: tuple[float, ...]) -> None:
    found = propagated(star, years)
    assert found[:2] == pytest.approx(expected[:2], abs=1e-10)
    assert found[2:] == pytest.approx(expected[2:], rel=1e-5, nan_ok=True)


def test_agrees_with_astropy() -> None:
    rng = np.random.default_rng(2)
    count = 200
    lon, lat = rng.uniform(0, 360, count), rng.uniform(-89.9, 89.9, count)
    parallax, velocity = rng.uniform(100, 600, count), rng.normal(0, 100, count)
    motion = rng.normal(0, 2000, (2, count))
    stars = SkyCoord(
        lon * u.deg,
        lat * u.deg,
        distance=1000 / parallax * u.pc,
        pm_ra_cosdec=motion[0] * u.mas / u.yr,
        pm_dec=motion[1] * u.mas / u.yr,
        radial_velocity=velocity * u.km / u.s,
        obstime=Time(2016.0, format="jyear", scale="tdb"),
    ).apply_space_motion(new_obstime=Time(1950.0, format="jyear", scale="tdb"))
    found = propagated(np.stack([lon, lat, parallax, *motion, velocity], axis=-1), 1950.0 - 2016.0)
    # astropy has light travel, which shifts by less than v/c of the motion
    assert SkyCoord(found[:, 0] * u.deg, found[:, 1] * u.deg).separation(stars).arcsec.max() < 1e-3
    assert found[:, 2] == pytest.approx(1000 / stars.distance.pc, rel=1e-5)
    assert found[:, 3] == pytest.approx(stars.pm_ra_cosdec.to_value("mas/yr"), rel=1e-4, abs=0.01)
    assert found[:, 4] == pytest.approx(stars.pm_dec.to_value("mas/yr"), rel=1e-4, abs=0.01)
    assert found[:, 5] == pytest.approx(stars.radial_velocity.to_value("km/s"), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("lon", "lat", "years"),
    [(NONE, 1, 1), (1, NONE, 1), (1, 1, NONE), (1, 90.5, 1), (math.inf, 1, 1), (1, 1, math.inf)],
)
def test_what_has_no_position_gets_none(lon: float, lat: float, years: float) -> None:
    assert np.isnan(propagated((lon, lat, 1, 2, 3, 4), years)).all()


def test_across_the_pole() -> None:
    found = propagated((10, 89.999, 0, 0, 3_600_000, 0), 0.002)
    assert found[:2] == pytest.approx((190, 89.999), abs=1e-9)
    assert found[3:5] == pytest.approx((0, -3_600_000), abs=1)
