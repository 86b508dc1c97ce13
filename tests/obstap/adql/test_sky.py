"""Conditions on the sky: the ways with an index, without one and by brute force must agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.obstap.adql.conftest import ENGINES, started
from tests.obstap.adql.tables import Engine, to_sql
from vo import regions

COUNT = 1500


def _rows() -> list[tuple]:
    """Sources all over the sky, at the poles, around RA 0 and crowded about some places, with regions of many sizes."""
    rng = np.random.default_rng(11)
    lon = rng.uniform(0, 360, COUNT)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, COUNT)))
    for centre, part, spread in (
        ((0, 0), slice(0, 200), 1e-3),
        ((359.9999, 30), slice(200, 400), 0.5),
        ((123, 90), slice(400, 500), 1),
        ((10, -90), slice(500, 600), 1e-2),
    ):
        lon[part] = (centre[0] + rng.normal(0, spread, 200)[: part.stop - part.start]) % 360
        lat[part] = np.clip(centre[1] + rng.normal(0, spread, 200)[: part.stop - part.start], -90, 90)
    rows = []
    for i in range(COUNT):
        place = (None, None) if i % 97 == 0 else (float(lon[i]), float(lat[i]))
        size = 10 ** rng.uniform(-4, 1.3)
        if i % 31 == 0:
            shape = None
        elif i % 3 == 0:
            shape = (lon[i], lat[i], size)
        else:
            shape = regions.box(lon[i], lat[i], size, size * 2)
        rows.append((i, None, *place, None, None, None, None, None, None, shape, None))
    return rows


ROWS = _rows()
BY_SIZE = {
    size: [i for i, row in enumerate(ROWS) if row[10] is not None and len(row[10]) == size]
    for size in {len(row[10]) for row in ROWS if row[10] is not None}
}
LON, LAT = (np.array([np.nan if row[i] is None else row[i] for row in ROWS]) for i in (2, 3))
KNOWN = {i for rows in BY_SIZE.values() for i in rows}


def judged(judge: Callable[[np.ndarray], np.ndarray]) -> set[int]:
    """The rows whose regions a function of many shapes of one size finds right."""
    found = set()
    for rows in BY_SIZE.values():
        shapes = np.array([ROWS[i][10] for i in rows], dtype=float)
        found |= set(np.array(rows)[judge(shapes)].tolist())
    return found


@pytest.fixture(scope="module", params=ENGINES)
def sky(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = started(request.param, request, ROWS)
    yield engine
    engine.close()


def angles(low: float, high: float) -> st.SearchStrategy[float]:
    """Degrees, none so small that PostgreSQL refuses to compute with them, as it does with 1e-200."""
    return st.floats(low, high).map(lambda value: 0.0 if abs(value) < 1e-100 else value)


places = st.one_of(
    st.tuples(angles(0, 360), angles(-90, 90)),
    st.sampled_from([(0.0, 0.0), (360.0, 0.0), (0.0, 90.0), (77.0, -90.0), (0.0, 30.0), (359.9999, 30.0)]),
    st.integers(0, COUNT - 1).filter(lambda i: i % 97).map(lambda i: ROWS[i][2:4]),
)
radii = st.one_of(angles(0, 180), st.sampled_from([0.0, 1e-6, 1e-3, 0.1, 1.0, 10.0, 61.0]))


def ids(engine: Engine, condition: str) -> set[int]:
    return {row[0] for row in engine.run(f"SELECT id FROM demo.sources WHERE {condition}")}


def near(found: set[int], expected: np.ndarray, margin: np.ndarray) -> None:
    """The answer is the expected one, save for rows so near to the boundary that rounding may decide."""
    wanted = set(np.flatnonzero(expected & ~margin).tolist())
    allowed = set(np.flatnonzero(expected | margin).tolist())
    assert wanted <= found <= allowed


@settings(max_examples=60, deadline=None)
@given(places, radii)
@example((5e-324, 0.0), 0.0)
@example((0.0, 5e-324), 0.0)
def test_cones(sky: Engine, place: tuple[float, float], radius: float) -> None:
    lon, lat = place
    circle = f"CIRCLE({lon!r}, {lat!r}, {radius!r})"
    fast = ids(sky, f"1 = CONTAINS(POINT('ICRS', ra, dec), {circle})")
    moving = ", ".join(f"{value if abs(value) > 1e-100 else 0.0!r} + 0 * id" for value in place)
    assert fast == ids(sky, f"CONTAINS(POINT(ra, dec), CIRCLE({moving}, {radius!r})) = 1")
    distance = regions.distance(LON, LAT, lon, lat)
    near(fast, distance <= radius, np.abs(distance - radius) < 1e-11)
    outside = ids(sky, f"0 = CONTAINS(POINT(ra, dec), {circle})")
    assert fast | outside == set(np.flatnonzero(~np.isnan(LON)).tolist())
    assert not fast & outside
    assert ids(sky, f"NOT (1 = CONTAINS(POINT(ra, dec), {circle}))") == outside
    within = ids(sky, f"DISTANCE(POINT(ra, dec), POINT({lon!r}, {lat!r})) < {radius!r}")
    assert within == ids(sky, f"DISTANCE({lon!r}, {lat!r}, ra, dec) + 0 < {radius!r}")
    near(within, distance < radius, np.abs(distance - radius) < 1e-11)


@st.composite
def polygons(draw) -> tuple[float, ...]:
    lon, lat = draw(places)
    size = draw(st.sampled_from([1e-3, 1.0, 30.0]))
    count = draw(st.integers(3, 6))
    radius = [draw(st.floats(0.3, 1)) * size for _ in range(count)]
    centre, east = regions_frame(lon, lat)
    north = np.cross(centre, east)
    turns = 2 * np.pi * np.arange(count) / count
    r = np.radians(radius)[:, None]
    points = np.cos(r) * centre + np.sin(r) * (np.cos(turns)[:, None] * east + np.sin(turns)[:, None] * north)
    lons, lats = np.degrees(np.arctan2(points[:, 1], points[:, 0])), np.degrees(np.arcsin(np.clip(points[:, 2], -1, 1)))
    return tuple(float(value) for pair in zip(lons, lats, strict=True) for value in pair)


def regions_frame(lon: float, lat: float) -> tuple[np.ndarray, np.ndarray]:
    a, d = np.radians([lon, lat])
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)]), np.array([-np.sin(a), np.cos(a), 0.0])


def written(shape: tuple[float, ...]) -> str:
    name = "CIRCLE" if len(shape) == 3 else "POLYGON"
    return f"{name}({', '.join(repr(value) for value in shape)})"


def moving(shape: tuple[float, ...]) -> str:
    """The same shape, but not constant to the translator."""
    name = "CIRCLE" if len(shape) == 3 else "POLYGON"
    return f"{name}({shape[0]!r} + 0 * id, {', '.join(repr(value) for value in shape[1:])})"


shapes = st.one_of(polygons(), st.builds(lambda place, radius: (*place, radius), places, radii))


@settings(max_examples=8, deadline=None)
@given(polygons())
def test_positions_in_polygons(sky: Engine, polygon: tuple[float, ...]) -> None:
    fast = ids(sky, f"1 = CONTAINS(POINT(ra, dec), {written(polygon)})")
    assert fast == ids(sky, f"1 = CONTAINS(POINT(ra, dec), {moving(polygon)})")
    known = ~np.isnan(LON)
    expected = np.zeros(COUNT, dtype=bool)
    expected[known] = regions.contains(polygon, LON[known], LAT[known])
    assert fast == set(np.flatnonzero(expected).tolist())
    outside = ids(sky, f"1 <> CONTAINS(POINT(ra, dec), {written(polygon)})")
    assert outside == set(np.flatnonzero(known & ~expected).tolist())


@settings(max_examples=8, deadline=None)
@given(shapes)
def test_regions(sky: Engine, shape: tuple[float, ...]) -> None:
    text, general = written(shape), moving(shape)
    other = np.array(shape)
    for function, judge in (
        ("INTERSECTS(footprint, {})", lambda a: regions.intersects(a, other)),
        ("INTERSECTS({}, footprint)", lambda a: regions.intersects(other, a)),
        ("CONTAINS({}, footprint)", lambda a: regions.contains_shape(a, other)),
        ("CONTAINS(footprint, {})", lambda a: regions.contains_shape(other, a)),
    ):
        found = ids(sky, f"{function.format(text)} = 1")
        assert found == ids(sky, f"1 = {function.format(general)}")
        assert found == judged(judge)
        assert ids(sky, f"0 = {function.format(text)}") == KNOWN - found
        assert ids(sky, f"NOT {function.format(text)} = 1") == KNOWN - found


def test_points_in_regions(sky: Engine) -> None:
    for place in ((0.0, 0.0), (0.0, 90.0), (360.0, 30.0)):
        found = ids(sky, f"1 = CONTAINS(POINT({place[0]}, {place[1]}), footprint)")
        assert found == judged(lambda shapes, place=place: regions.contains(shapes, *place))
        assert found


def test_positions_in_their_own_regions(sky: Engine) -> None:
    found = ids(sky, "1 = CONTAINS(POINT(ra, dec), footprint)")
    assert found == {i for i in KNOWN if not np.isnan(LON[i])}


def test_boundaries_belong_to_regions(engine: Engine) -> None:
    for condition in (
        "1 = CONTAINS(POINT(1, 0), CIRCLE(0, 0, 1))",
        "1 = CONTAINS(POINT(id * 0 + 1, 0), CIRCLE(0, 0, 1))",
        "1 = CONTAINS(POINT(83.633, 23.0145), CIRCLE(ra, dec, 1))",
        "1 = INTERSECTS(CIRCLE(id * 0, 0, 1), CIRCLE(2, 0, 1))",
        "1 = CONTAINS(POINT(id * 0, 0), POLYGON(-1, 0, 1, 0, 0, 1))",
    ):
        assert engine.run(f"SELECT id FROM demo.sources WHERE id = 1 AND {condition}") == [(1,)], condition


def test_pairs_of_sources(sky: Engine) -> None:
    query = (
        "SELECT a.id AS one, b.id AS two FROM demo.sources AS a JOIN demo.sources AS b "
        "ON DISTANCE(a.ra, a.dec, b.ra, b.dec) < 0.01 WHERE a.id < b.id"
    )
    known = np.flatnonzero(~np.isnan(LON))
    distance = regions.distance(LON[known][:, None], LAT[known][:, None], LON[known], LAT[known])
    expected = {(known[i], known[j]) for i, j in np.argwhere(distance < 0.01) if known[i] < known[j]}
    assert set(sky.run(query)) == expected
    circles = query.replace(
        "DISTANCE(a.ra, a.dec, b.ra, b.dec) < 0.01", "1=CONTAINS(POINT(a.ra,a.dec),CIRCLE(b.ra,b.dec,0.01))"
    )
    assert set(sky.run(circles)) == expected


def test_sub_queries_keep_the_index() -> None:
    inner = "SELECT id, ra AS lon, dec AS lat, footprint AS f FROM demo.sources WHERE id > 3"
    for source in (f"({inner}) AS x", "x"):
        start = "" if source != "x" else f"WITH x AS ({inner}) "
        query = f"{start}SELECT x.id FROM {source} WHERE 1 = CONTAINS(POINT(x.lon, x.lat), CIRCLE(1, 2, 3))"
        assert '"lon__cell" BETWEEN' in to_sql(query).sql
        assert to_sql(query).columns[0].name == "id"


def test_sub_queries_that_change_rows_hide_nothing() -> None:
    for inner in (
        "SELECT DISTINCT id, ra, dec FROM demo.sources",
        "SELECT MIN(id) AS id, ra, dec FROM demo.sources GROUP BY ra, dec",
        "SELECT id, ra, dec FROM demo.sources UNION SELECT id, dec, ra FROM demo.sources",
    ):
        query = f"SELECT x.id FROM ({inner}) AS x WHERE 1 = CONTAINS(POINT(x.ra, x.dec), CIRCLE(1, 2, 3))"
        assert "_cell" not in to_sql(query).sql
