"""Regions: known values, agreement with independent computations, and what holds for every region."""

from __future__ import annotations

import itertools
import math

import cdshealpix
import numpy as np
import pytest
from astropy import coordinates
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from vo import regions
from vo.errors import UsageError
from vo.healpix import ORDER, cells, cone_ranges
from vo.sphere import unit

longitudes = st.floats(-360, 720)
latitudes = st.floats(-90, 90)
sizes = st.sampled_from([1e-9, 1e-5, 1e-2, 1.0, 20.0])


def offset(lon: float, lat: float, bearing: float, length: float) -> tuple[float, float]:
    """The place at a distance (degrees) from another along a bearing, precise for tiny lengths."""
    centre, east = unit(lon, lat), unit(lon + 90, 0)
    north = np.cross(centre, east)
    a, r = math.radians(bearing), math.radians(length)
    delta = math.sin(r) * (math.sin(a) * east + math.cos(a) * north) - 2 * math.sin(r / 2) ** 2 * centre
    x, y, z = centre + delta
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


@st.composite
def stars(draw, size: float | None = None) -> tuple[float, ...]:
    """Simple polygons, convex or not, of any place, size and direction of their vertices."""
    lon, lat = draw(longitudes), draw(latitudes)
    extent = draw(sizes) if size is None else size
    count = draw(st.integers(3, 9))
    radii = draw(st.lists(st.floats(0.2, 1), min_size=count, max_size=count))
    turn = draw(st.sampled_from([1, -1]))
    vertices = [offset(lon, lat, turn * 360 * i / count, extent * radius) for i, radius in enumerate(radii)]
    return tuple(value for vertex in vertices for value in vertex)


circles = st.tuples(longitudes, latitudes, st.one_of(sizes, st.floats(0, 180)))
shapes = st.one_of(stars(), circles)


def tangent_plane(points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Gnomonic coordinates, in which great circles are straight lines."""
    east = np.cross([0, 0, 1], centre)
    east = east / np.linalg.norm(east) if np.linalg.norm(east) > 1e-6 else np.array([1.0, 0, 0])
    north = np.cross(centre, east)
    delta = points - centre
    depth = 1 + delta @ centre
    return np.stack([delta @ east / depth, delta @ north / depth], axis=-1)


def crossing_number(polygon: np.ndarray, point: np.ndarray) -> bool:
    """The even-odd rule in the plane: an independent answer to 'is it inside'."""
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if (y1 > point[1]) != (y2 > point[1]) and point[0] < x1 + (point[1] - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def depth(polygon: tuple[float, ...], lon: float, lat: float) -> float:
    """Degrees between a place and the nearest of 4000 places on the boundary."""
    vertices = unit(polygon[0::2], polygon[1::2])
    weights = np.linspace(0, 1, 4000 // len(vertices))[:, None]
    edges = zip(vertices, np.roll(vertices, -1, axis=0), strict=True)
    boundary = np.concatenate([a * (1 - weights) + b * weights for a, b in edges])
    boundary /= np.linalg.norm(boundary, axis=1, keepdims=True)
    return math.degrees(np.linalg.norm(boundary - unit(lon, lat), axis=1).min())


class TestDistance:
    @pytest.mark.parametrize(
        ("places", "expected"),
        [
            ((0, 0, 180, 0), 180.0),
            ((10, 20, 190, -20), 180.0),
            ((10, 20, 190, -19.9999999), 179.9999999),
            ((359.9999999, 0, 0.0000001, 0), 2e-7),
            ((0, 90, 123, 90), 0.0),
            ((0, 89, 180, 89), 2.0),
            ((50, -30, 50, -30 + 1e-9), 1e-9),
            ((0, 0, 90, 45), 90.0),
        ],
    )
    def test_known(self, places: tuple[float, ...], expected: float) -> None:
        assert regions.distance(*places) == pytest.approx(expected, rel=1e-5, abs=1e-13)

    @given(longitudes, latitudes, st.floats(0, 360), st.one_of(sizes, st.floats(0, 180)))
    def test_length_of_a_step(self, lon: float, lat: float, bearing: float, length: float) -> None:
        assert regions.distance(lon, lat, *offset(lon, lat, bearing, length)) == pytest.approx(length, abs=3e-13)


class TestContains:
    @given(longitudes, latitudes, st.floats(0, 360), st.one_of(sizes, st.floats(1e-9, 179)))
    def test_circle_has_its_rim_and_ends_there(self, lon: float, lat: float, bearing: float, radius: float) -> None:
        circle = (lon, lat, radius)
        assert regions.contains(circle, *offset(lon, lat, bearing, radius - 1e-11))
        assert not regions.contains(circle, *offset(lon, lat, bearing, radius + 1e-11))

    def test_boundaries_belong_to_regions(self) -> None:
        assert regions.contains((0, 0, 1), 1, 0)
        assert regions.contains((180, -30, 1), 180, -29)
        triangle = (10, 0, 20, 0, 15, 10)
        assert regions.contains(triangle, [10, 15, 20, 12], [0, 0, 0, 0]).all()

    @settings(max_examples=100)
    @given(stars(), st.floats(0, 360), st.floats(0, 1.5))
    def test_polygon_against_the_plane(self, polygon: tuple[float, ...], bearing: float, part: float) -> None:
        vertices = unit(polygon[0::2], polygon[1::2])
        centre = vertices.mean(axis=0)
        centre /= np.linalg.norm(centre)
        extent = np.degrees(np.linalg.norm(vertices - centre, axis=1).max())
        lon0, lat0 = math.degrees(math.atan2(centre[1], centre[0])), math.degrees(math.asin(np.clip(centre[2], -1, 1)))
        place = offset(lon0, lat0, bearing, extent * part)
        signed = regions._signed_distance(np.array(polygon), unit(*place))
        assume(abs(signed) > max(1e-6 * math.radians(extent), 1e-14))
        plane = tangent_plane(np.vstack([vertices, unit(*place)]), centre)
        assert bool(regions.contains(polygon, *place)) is crossing_number(plane[:-1], plane[-1])

    @given(stars(size=20.0), longitudes, latitudes)
    def test_depth_of_a_place(self, polygon: tuple[float, ...], lon: float, lat: float) -> None:
        found = np.degrees(abs(regions._signed_distance(np.array(polygon), unit(lon, lat))))
        chord = math.degrees(2 * math.sin(math.radians(found) / 2))
        assert chord == pytest.approx(depth(polygon, lon, lat), abs=2e-2)

    @pytest.mark.parametrize(
        ("polygon", "inside", "outside"),
        [
            ((350, -5, 10, -5, 10, 5, 350, 5), [(0, 0), (355, 4), (-9, 0), (369, 0)], [(180, 0), (15, 0), (0, 6)]),
            ((0, 80, 90, 80, 180, 80, 270, 80), [(0, 90), (45, 85), (7, 81.5), (90, 80)], [(45, 80), (0, 0), (0, -90)]),
            ((0, -80, 90, -80, 180, -80, 270, -80), [(0, -90)], [(0, 90)]),
            ((0, -10, 120, -10, 240, -10), [(0, -90), (0, -20)], [(0, 90), (0, 0)]),
            ((0, 0, 4, 0, 4, 4, 3, 4, 3, 1, 1, 1, 1, 4, 0, 4), [(0.5, 3), (2, 0.5), (3.5, 3)], [(2, 3), (2, 1.5)]),
            ((0, 0, 0, 0, 2, 0, 2, 2, 2, 2, 0, 2, 0, 0), [(1, 1), (0, 0), (2, 2)], [(-1, -1), (3, 1), (1, 3)]),
        ],
        ids=["across RA 0", "north pole", "south pole", "almost half the sky", "not convex", "repeated vertices"],
    )
    def test_known_polygons(self, polygon, inside, outside) -> None:
        both_ways = (polygon, tuple(np.array(polygon).reshape(-1, 2)[::-1].ravel()))
        for way in both_ways:
            assert [bool(regions.contains(way, *place)) for place in inside] == [True] * len(inside)
            assert [bool(regions.contains(way, *place)) for place in outside] == [False] * len(outside)

    def test_a_line_has_no_inside(self) -> None:
        line = (10, 10, 20, 10, 10, 10, 20, 10)
        assert regions.contains(line, 10, 10)
        assert not regions.contains(line, 15, 5)
        assert not regions.contains(line, 15, 15)
        assert regions.area(line) == 0

    def test_many_at_once(self) -> None:
        rng = np.random.default_rng(5)
        lon, lat = rng.uniform(0, 360, 40_000), rng.uniform(-90, 90, 40_000)
        polygon = (350, -50, 60, -40, 80, 70, 10, 20, 340, 60)
        every = np.array([bool(regions.contains(polygon, *place)) for place in zip(lon[:300], lat[:300], strict=True)])
        assert (regions.contains(polygon, lon, lat)[:300] == every).all()
        rows = np.broadcast_to(polygon, (len(lon), len(polygon)))
        assert (regions.contains(rows, lon, lat) == regions.contains(polygon, lon, lat)).all()


class TestPairs:
    @settings(max_examples=100)
    @given(shapes, shapes)
    def test_containing_is_touching(self, a: tuple[float, ...], b: tuple[float, ...]) -> None:
        assert regions.intersects(a, b) == regions.intersects(b, a)
        if regions.contains_shape(a, b):
            assert regions.intersects(a, b)
            assert regions.area(a) >= regions.area(b) * (1 - 1e-9) - 1e-20
            assert regions.contains(a, *np.moveaxis(regions.centroid(b), -1, 0)) or len(b) > 3

    @given(shapes)
    def test_every_shape_contains_itself(self, shape: tuple[float, ...]) -> None:
        assert regions.contains_shape(shape, shape)
        assert regions.intersects(shape, shape)

    @settings(max_examples=100)
    @given(stars(size=1.0), st.floats(0, 360), st.floats(0, 2.5), st.floats(0, 1.5))
    def test_circle_and_polygon(self, polygon, bearing: float, away: float, radius: float) -> None:
        lon, lat = offset(polygon[0], polygon[1], bearing, away)
        near = depth(polygon, lon, lat)
        assume(abs(near - radius) > 1e-3)
        circle = (lon, lat, radius)
        inside = bool(regions.contains(polygon, lon, lat))
        assert bool(regions.intersects(polygon, circle)) is (inside or near < radius)
        assert bool(regions.contains_shape(polygon, circle)) is (inside and near > radius)
        far = regions.distance(lon, lat, np.array(polygon[0::2]), np.array(polygon[1::2])).max()
        assume(abs(far - radius) > 1e-9)
        assert bool(regions.contains_shape(circle, polygon)) is bool(far < radius)

    @settings(max_examples=60)
    @given(stars(size=1.0), st.floats(0, 360), st.floats(0, 2.5), stars(size=1.0))
    def test_polygons_against_sampling(self, first, bearing: float, away: float, second) -> None:
        """The second polygon is brought near the first; a grid of places in both tells that they overlap."""
        lon, lat = offset(first[0], first[1], bearing, away)
        moved = _moved(second, lon, lat)
        grid = np.array([offset(first[0], first[1], b, r) for b in range(0, 360, 40) for r in np.linspace(0, 2, 8)])
        in_first = regions.contains(first, grid[:, 0], grid[:, 1])
        in_second = regions.contains(moved, grid[:, 0], grid[:, 1])
        if (in_first & in_second).any():
            assert regions.intersects(first, moved)
        if (in_second & ~in_first).any():
            assert not regions.contains_shape(first, moved)
        if not regions.intersects(first, moved):
            assert not regions.contains_shape(first, moved)

    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [
            ((0, 0, 1), (2, 0, 1), True),
            ((0, 0, 1), (2.000001, 0, 1), False),
            ((0, 0, 100), (180, 0, 79.9), False),
            ((0, 0, 100), (180, 0, 80), True),
            ((0, -1, 4, -1, 4, 1, 0, 1), (1, -3, 2, -3, 2, 3, 1, 3), True),
            ((0, 0, 1, 0, 1, 1, 0, 1), (1, 0, 2, 0, 2, 1, 1, 1), True),
            ((0, 0, 1, 0, 1, 1, 0, 1), (1.001, 0, 2, 0, 2, 1, 1.001, 1), False),
            ((0, 0, 1, 0, 1, 1, 0, 1), (180, 0, 181, 0, 181, 1, 180, 1), False),
            ((0, 0, 9, 0, 9, 9, 0, 9), (3, 3, 4, 3, 4, 4, 3, 4), True),
            ((0, 0, 4, 0, 4, 4, 3, 4, 3, 1, 1, 1, 1, 4, 0, 4), (2, 3, 0.5), False),
            ((0, 80, 120, 80, 240, 80), (0, 90), True),
        ],
    )
    def test_known_pairs(self, a, b, expected: bool) -> None:
        assert bool(regions.intersects(a, b)) is expected
        assert bool(regions.intersects(b, a)) is expected

    @pytest.mark.parametrize(
        ("outer", "inner", "expected"),
        [
            ((0, 0, 2), (1, 0, 1), True),
            ((0, 0, 2), (1, 0, 1.000001), False),
            ((0, 0, 180), (90, 45, 170), True),
            ((0, 0, 170), (180, 0, 5, 10, 190, 10), False),
            ((0, 0, 170), (170, 5, 190, 5, 190, -5, 170, -5), False),
            ((0, 0, 170), (150, 5, 168, 5, 168, -5, 150, -5), True),
            ((0, 0, 9, 0, 9, 9, 0, 9), (0, 0, 4, 0, 4, 4, 0, 4), True),
            ((0, 0, 9, 0, 9, 9, 0, 9), (-1, 0, 4, 0, 4, 4, 0, 4), False),
            ((0, 0, 4, 0, 4, 4, 3, 4, 3, 1, 1, 1, 1, 4, 0, 4), (0, 0, 4, 0, 4, 4, 0, 4), False),
            ((0, 0, 4, 0, 4, 4, 3, 4, 3, 1, 1, 1, 1, 4, 0, 4), (0.2, 3.5, 3.8, 3.5, 2, 0.1), False),
            ((0, 0, 4, 0, 4, 4, 0, 4), (2, 2), True),
            ((2, 2), (2, 2), True),
            ((2, 2), (2, 2, 1), False),
        ],
    )
    def test_known_containment(self, outer, inner, expected: bool) -> None:
        assert bool(regions.contains_shape(outer, inner)) is expected

    def test_broadcasting(self) -> None:
        rng = np.random.default_rng(2)
        squares = np.array([regions.box(*place, 2, 3) for place in rng.uniform(-8, 8, (50, 2))])
        star = (0, 6, 1, 1, 6, 0, 1, -1, 0, -6, -1, -1, -6, 0, -1, 1)
        for function in (regions.intersects, regions.contains_shape):
            together = function(np.array(star), squares)
            assert together.tolist() == [bool(function(star, square)) for square in squares]
            pairs = function(squares, squares[::-1])
            assert pairs.tolist() == [bool(function(*pair)) for pair in zip(squares, squares[::-1], strict=True)]


class TestMeasures:
    @pytest.mark.parametrize(
        ("shape", "expected"),
        [
            ((10, 20), 0.0),
            ((0, 0, 90), 2 * math.pi),
            ((0, 0, 180), 4 * math.pi),
            ((5, 5, 1e-6), math.pi * math.radians(1e-6) ** 2),
            ((0, 0, 90, 0, 0, 90), math.pi / 2),
            ((0, 0, 0, 90, 90, 0), math.pi / 2),
            ((0, 0, 1e-7, 0, 1e-7, 1e-7, 0, 1e-7), math.radians(1e-7) ** 2),
        ],
    )
    def test_area(self, shape, expected: float) -> None:
        assert regions.area(shape) == pytest.approx(expected * (180 / math.pi) ** 2, rel=1e-6)

    @given(longitudes, latitudes, st.floats(1e-3, 60), st.floats(1e-3, 60))
    def test_box(self, lon: float, lat: float, width: float, height: float) -> None:
        shape = regions.box(lon, lat, width, height)
        assert regions.distance(lon, lat, *regions.centroid(shape)) < 1e-9
        half = np.tan(np.radians([width / 2, height / 2]))
        expected = 4 * math.atan(half[0] * half[1] / math.sqrt(1 + half[0] ** 2 + half[1] ** 2))
        assert regions.area(shape) == pytest.approx(math.degrees(math.degrees(expected)), rel=1e-5)

    @given(shapes)
    def test_cone_bounds_the_shape(self, shape: tuple[float, ...]) -> None:
        x, y, z, radius = regions.bounding_cone(shape)
        assert math.hypot(x, y, z) == pytest.approx(1)
        cone = (math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y))), min(radius + 1e-11, 180))
        assert regions.contains_shape(cone, shape)

    @given(stars())
    def test_centroid_of_a_small_polygon_is_near(self, polygon: tuple[float, ...]) -> None:
        _, _, _, radius = regions.bounding_cone(polygon)
        lon, lat = regions.centroid(polygon)
        assert regions.distance(lon, lat, np.array(polygon[0::2]), np.array(polygon[1::2])).min() <= 2 * radius + 1e-12


class TestText:
    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ("CIRCLE ICRS 10.5 -20.25 0.5", (10.5, -20.25, 0.5)),
            ("Circle 10.5 -20.25 0.5", (10.5, -20.25, 0.5)),
            ("POLYGON ICRS GEOCENTER 1 2 3 4 5 -6", (1, 2, 3, 4, 5, -6)),
            ("Polygon UnknownFrame 1 2 3 4 5 -6", (1, 2, 3, 4, 5, -6)),
            ("Position FK5 TOPOCENTER SPHERICAL2 1 2 unit deg", (1, 2)),
            ("CIRCLE J2000 (1, 2, 3)", (1, 2, 3)),
            ("BOX ICRS 0 0 90 90", regions.box(0, 0, 90, 90)),
        ],
    )
    def test_parse(self, text: str, shape: tuple[float, ...]) -> None:
        assert regions.parse_stcs(text) == pytest.approx(shape)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "empty"),
            ("CIRCLE GALACTIC 1 2 3", "frame GALACTIC is not supported"),
            ("CIRCLE FOO 1 2 3", "'FOO'"),
            ("CIRCLE ICRS 1 2", "takes 3 numbers"),
            ("CIRCLE ICRS 1 2 3 4", "takes 3 numbers"),
            ("CIRCLE ICRS 1 2 -3", "radius -3"),
            ("CIRCLE ICRS 1 2 nan", "no number"),
            ("CIRCLE ICRS 1 91 3", "latitude 91"),
            ("POLYGON ICRS 1 2 3 4", "at least 3 pairs"),
            ("POLYGON ICRS 1 2 3 4 5 6 7", "at least 3 pairs"),
            ("POLYGON 0 0 180 0 90 10", "antipodes"),
            ("BOX 1 2 -3 4", "width -3"),
            ("UNION ICRS (CIRCLE 1 2 3 CIRCLE 4 5 6)", "UNION are not supported"),
            ("BLOB 1 2", "no type of region"),
        ],
    )
    def test_refusals(self, text: str, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            regions.parse_stcs(text)

    @given(st.one_of(circles, stars(size=5.0)))
    @example((1e-7, -90.0, 0.25))
    def test_round_trip(self, shape: tuple[float, ...]) -> None:
        assert regions.parse_stcs(regions.to_text(shape)) == tuple(float(value) for value in shape)

    def test_written_form(self) -> None:
        assert regions.to_text((10.0, -20.5, 0.1)) == "CIRCLE ICRS 10 -20.5 0.1"
        assert regions.to_text((1, 2, 3, 4, 5, 6.25)) == "POLYGON ICRS 1 2 3 4 5 6.25"
        assert regions.to_text((1, 2)) == "POSITION ICRS 1 2"


class TestHealpix:
    def test_known_cells(self) -> None:
        assert cells([45.0, 0.0, 180.0], [41.8103148957786, 90.0, -90.0], order=0).tolist() == [0, 0, 10]

    def test_agrees_with_the_public_face_of_the_library(self) -> None:
        rng = np.random.default_rng(3)
        lon, lat = rng.uniform(0, 360, 1000), rng.uniform(-90, 90, 1000)
        public = cdshealpix.lonlat_to_healpix(
            coordinates.Longitude(lon, "deg"), coordinates.Latitude(lat, "deg"), ORDER, num_threads=1
        )
        assert (cells(lon, lat) == public.astype(np.int64)).all()

    def test_no_place_no_cell(self) -> None:
        assert cells([np.nan, 10, 10, np.inf], [0, np.nan, 91, 0]).tolist() == [-1, -1, -1, -1]
        assert cells([], []).tolist() == []
        assert cells(370.0, 10.0) == cells(10.0, 10.0)
        assert cells(-10.0, 10.0) == cells(350.0, 10.0)

    @settings(max_examples=100)
    @given(longitudes, latitudes, st.one_of(sizes, st.floats(0, 180)), st.floats(0, 360), st.floats(0, 1))
    def test_ranges_cover_the_cone(self, lon: float, lat: float, radius: float, bearing: float, part: float) -> None:
        for limit in (1, 8, 64):
            ranges = cone_ranges(lon, lat, radius, limit)
            assert 1 <= len(ranges) <= limit
            assert all(first <= last for first, last in ranges)
            assert all(before[1] < after[0] for before, after in itertools.pairwise(ranges))
            for length in (radius, radius * part, 0.0):
                cell = cells(*offset(lon, lat, bearing, length))
                assert any(first <= cell <= last for first, last in ranges)

    def test_ranges_are_tight(self) -> None:
        sky = 12 * 4**ORDER
        for radius in (1e-4, 0.1, 1.0, 10.0):
            covered = sum(last - first + 1 for first, last in cone_ranges(123.4, -56.7, radius, 64)) / sky
            assert covered < 3 * math.sin(math.radians(radius) / 2) ** 2


def _moved(polygon: tuple[float, ...], lon: float, lat: float) -> tuple[float, ...]:
    """A polygon turned about two axes so that its first vertex comes to a place."""
    vertices = unit(polygon[0::2], polygon[1::2])
    start = _frame(polygon[0], polygon[1])
    x, y, z = (vertices @ start @ _frame(lon, lat).T).T
    return tuple(np.stack([np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))], axis=-1).ravel())


def _frame(lon: float, lat: float) -> np.ndarray:
    centre, east = unit(lon, lat), unit(lon + 90, 0)
    return np.stack([centre, east, np.cross(centre, east)], axis=1)
