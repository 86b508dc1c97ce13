"""The grid of HEALPix cells, against the compiled library."""

from __future__ import annotations

import cdshealpix.nested
import numpy as np
import pytest

from vo import healpix_grid as grid
from vo.healpix import cells, cone_ranges
from vo.regions import contains
from vo.sphere import angle, unit

ORDERS = range(30)


def some_cells(order: int) -> np.ndarray:
    """Cells all over the sky, among them those in the corners of the base cells."""
    rng = np.random.default_rng(order)
    faces = np.arange(12, dtype=np.int64) << 2 * order
    corners = np.stack([faces, faces + (1 << 2 * order) - 1]).ravel()
    return np.concatenate([corners, rng.integers(0, 12 << 2 * order, 500)])


@pytest.mark.parametrize("order", ORDERS)
def test_numbers_are_taken_apart_and_put_together(order: int) -> None:
    cell = some_cells(order)
    face, x, y = grid.separated(cell, order)
    assert face.min() >= 0
    assert face.max() <= 11
    assert max(x.max(), y.max()) < 1 << order
    assert (grid.interleaved(face, x, y, order) == cell).all()


@pytest.mark.parametrize("order", ORDERS)
def test_centres(order: int) -> None:
    cell = some_cells(order)
    lon, lat = grid.centres(order, cell)
    expected_lon, expected_lat = cdshealpix.nested.healpix_to_lonlat(cell, order)
    np.testing.assert_allclose(lat, expected_lat.deg, rtol=0, atol=1e-13)
    np.testing.assert_allclose(lon, expected_lon.deg % 360, rtol=0, atol=1e-12)
    assert (cells(lon, lat, order) == cell).all()


def test_centres_of_what_is_no_cell() -> None:
    lon, lat = grid.centres([-1, 30, 0, 0, 29, 29], [0, 0, 12, -1, 12 << 58, (12 << 58) - 1])
    assert np.isnan(lon).tolist() == np.isnan(lat).tolist() == [True] * 5 + [False]


@pytest.mark.parametrize("order", range(1, 30))
def test_cells_beyond_the_sides(order: int) -> None:
    cell = some_cells(order)
    face, x, y = grid.separated(cell, order)
    found = [grid.across(face, x, y, np.full(len(cell), side), order) for side in range(4)]
    south_west, south_east, north_east, north_west = 3, 1, 5, 7
    expected = cdshealpix.nested.neighbours(cell, order)[:, [south_west, north_east, south_east, north_west]]
    assert (np.stack(found, axis=1) == expected).all()


def test_sides_are_shared_with_the_cells_beyond_them() -> None:
    ends = np.array([[0.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])
    sides = (ends[0], ends[1], ends[0][::-1], ends[1][::-1])
    face = np.arange(12)
    for number, (x, y) in enumerate(sides):
        beyond = grid.across(face, np.zeros(12, dtype=int), np.zeros(12, dtype=int), np.full(12, number), 0)
        middle = grid.vectors(face, np.full(12, x.mean()), np.full(12, y.mean()))
        others = [grid.vectors(beyond, np.full(12, a.mean()), np.full(12, b.mean())) for a, b in sides]
        assert np.min([angle(middle, other) for other in others], axis=0) == pytest.approx(0, abs=1e-15)


def test_places_give_vectors_and_angles() -> None:
    rng = np.random.default_rng(3)
    face, x, y = rng.integers(0, 12, 1000), rng.random(1000), rng.random(1000)
    lon, lat = grid.places(face, x, y)
    np.testing.assert_allclose(grid.vectors(face, x, y), unit(lon, lat), rtol=0, atol=1e-15)
    assert ((lon >= 0) & (lon < 360)).all()


def test_poles() -> None:
    lon, lat = grid.places(np.array([0, 1, 8, 11]), np.array([1.0, 1, 0, 0]), np.array([1.0, 1, 0, 0]))
    assert lat.tolist() == [90.0, 90.0, -90.0, -90.0]
    assert lon.tolist() == [45.0, 135.0, 45.0, 315.0]


def test_cells_of_orders_of_their_own() -> None:
    lon, lat = [1.0, 1.0, 359.0, 1.0, 1.0, np.nan], [1.0, 1.0, -1.0, 1.0, 91.0, 0.0]
    found = cells(lon, lat, [0, 17, 17, 30, 3, 3])
    assert found.tolist() == [4, 81609757711, 73009064944, -1, -1, -1]


@pytest.mark.parametrize(("lon", "lat", "radius"), [(0, 90, 3), (45, 41.8, 20), (200, -60, 0.01), (359.9, 0, 55)])
def test_ranges_of_cones_hold_every_cell_within(lon: float, lat: float, radius: float) -> None:
    rng = np.random.default_rng(1)
    places = np.stack([rng.uniform(0, 360, 40_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 40_000)))])
    spread = np.array([[lon], [lat]]) + rng.normal(0, radius, (2, 20_000))
    places = np.concatenate([places, spread[:, np.abs(spread[1]) <= 90]], axis=1)
    inside = cells(*places[:, contains((lon, lat, radius), *places)])
    ranges = np.array(cone_ranges(lon, lat, radius, 20))
    rank = np.searchsorted(ranges[:, 0], inside, side="right") - 1
    assert len(inside) > 100
    assert ((rank >= 0) & (inside <= ranges[rank, 1])).all()
