"""Cells near places: nothing within the radius is missed, no cell comes twice."""

from __future__ import annotations

import numpy as np
import pytest

from vo.healpix import ORDER, cells
from vo.neighbourhood import cells_near, pairing_order
from vo.regions import distance
from vo.sphere import lonlat, unit

RADII = (1e-9, 1e-4, 10 / 3600, 0.1, 1.0, 7.0, 25.0)


def places() -> tuple[np.ndarray, np.ndarray]:
    """Positions all over the sky, at the poles, around RA 0 and at the corners of the base cells."""
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(0, 360, 4000), np.degrees(np.arcsin(rng.uniform(-1, 1, 4000)))
    lat[:200], lat[200:400] = 90 - rng.exponential(1e-3, 200), -90 + rng.exponential(1, 200)
    lon[400:800] = rng.normal(0, 1e-2, 400) % 360
    corner = np.degrees(np.arcsin(2 / 3))
    lon[800:2000] = (45 * rng.integers(0, 8, 1200) + rng.normal(0, 1, 1200) * 10 ** rng.uniform(-6, 1, 1200)) % 360
    lat[800:2000] = rng.choice([corner, -corner, 0.0], 1200) + rng.normal(0, 1, 1200) * 10 ** rng.uniform(-6, 0, 1200)
    return lon, np.clip(lat, -90, 90)


@pytest.mark.parametrize("radius", RADII)
def test_all_places_within_the_radius_are_in_the_cells(radius: float) -> None:
    rng = np.random.default_rng(6)
    order = pairing_order(radius)
    lon, lat = places()
    counts, found = cells_near(cells(lon, lat), order, radius)
    assert counts.min() >= 1
    assert counts.max() <= 9
    owner = np.repeat(np.arange(len(lon)), counts)
    pairs = set(zip(owner.tolist(), found.tolist(), strict=True))
    assert len(pairs) == len(found)
    centre, east = unit(lon, lat), unit(lon + 90, np.zeros(len(lon)))
    north = np.cross(centre, east)
    for _ in range(20):
        turn = rng.uniform(0, 2 * np.pi, len(lon))[:, None]
        far = np.radians(radius) * rng.choice([1.0, 0.7, 0.1], len(lon))[:, None]
        other = np.cos(far) * centre + np.sin(far) * (np.cos(turn) * east + np.sin(turn) * north)
        other_lon, other_lat = lonlat(other)
        near = distance(lon, lat, other_lon, other_lat) <= radius * (1 + 1e-9)
        assert near.mean() > 0.5
        reached = cells(other_lon, other_lat) >> 2 * (ORDER - order)
        missed = [
            pair
            for pair in zip(np.flatnonzero(near).tolist(), reached[near].tolist(), strict=True)
            if pair not in pairs
        ]
        assert not missed


def test_orders() -> None:
    assert [pairing_order(radius) for radius in RADII] == [25, 18, 13, 8, 5, 2, 0]
    assert pairing_order(0) == 25
    assert pairing_order(180) == 0
