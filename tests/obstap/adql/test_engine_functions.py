"""The functions of geometry in the engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import duckdb
import numpy as np
import pytest

from obstap.stores.duckdb.geometry import register
from vo import regions


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    register(connection)
    yield connection
    connection.close()


def one(connection: duckdb.DuckDBPyConnection, expression: str) -> object:
    return connection.execute(f"SELECT {expression}").fetchone()[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("athanor_contains([1, 0], [0, 0, 1])", True),
        ("athanor_contains([0, 0, 1], [0, 0, 2])", True),
        ("athanor_contains([0, 0, 2], [0, 0, 1])", False),
        ("athanor_intersects([0, 0, 1, 0, 1, 1, 0, 1], [1, 1, 2, 1, 2, 2, 1, 2])", True),
        ("athanor_intersects([0, 0, 1], [9, 0, 1])", False),
        ("athanor_area([0, 0, 180])", 4 * math.pi * (180 / math.pi) ** 2),
        ("athanor_centroid([5, 6])", [5.0, 6.0]),
        ("athanor_centroid([7, 8, 1])", [7.0, 8.0]),
        ("athanor_box(0, 0, 90, 90)", list(regions.box(0, 0, 90, 90))),
        ("athanor_distance(0, 0, 180, 0)", 180.0),
        ("athanor_distance(0, 0, 0, 1e-9)", 1e-9),
    ],
)
def test_values(connection: duckdb.DuckDBPyConnection, expression: str, expected: object) -> None:
    assert one(connection, expression) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        "athanor_contains(NULL, [0, 0, 1])",
        "athanor_contains([1, 0], NULL)",
        "athanor_contains([1, NULL], [0, 0, 1])",
        "athanor_contains(['nan'::DOUBLE, 0], [0, 0, 1])",
        "athanor_contains([1], [0, 0, 1])",
        "athanor_intersects([1, 2, 3, 4], [0, 0, 1])",
        "athanor_intersects([], [0, 0, 1])",
        "athanor_area(NULL)",
        "athanor_area([1, 2, 3, 4, 5])",
        "athanor_centroid(NULL)",
        "athanor_box(1, 2, NULL, 4)",
        "athanor_box(1, 2, -3, 4)",
        "athanor_box(1, 95, 3, 4)",
        "athanor_distance(NULL, 0, 0, 0)",
    ],
)
def test_null_for_what_is_missing_or_no_shape(connection: duckdb.DuckDBPyConnection, expression: str) -> None:
    assert one(connection, expression) is None


def test_columns_of_many_kinds_of_shapes(connection: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(4)
    shapes: list[tuple[float, ...] | None] = []
    for i in range(5000):
        lon, lat, size = rng.uniform(0, 360), rng.uniform(-60, 60), 10 ** rng.uniform(-2, 1)
        kinds = (None, (lon, lat), (lon, lat, size), regions.box(lon, lat, size, size), regions.box(lon, lat, 1, 1)[:6])
        shapes.append(kinds[i % 5])
    connection.execute("CREATE TABLE shapes (id INTEGER, shape DOUBLE[])")
    connection.executemany("INSERT INTO shapes VALUES (?, ?)", [[i, shape] for i, shape in enumerate(shapes[:200])])
    circle = (180.0, 0.0, 60.0)
    rows = connection.execute(
        f"SELECT id, athanor_intersects(shape, {list(circle)}), athanor_contains(shape, {list(circle)}), "
        "athanor_area(shape), athanor_centroid(shape), athanor_intersects(shape, shape) FROM shapes ORDER BY id"
    ).fetchall()
    for number, touches, lies_in, area, centre, itself in rows:
        shape = shapes[number]
        if shape is None:
            assert (touches, lies_in, area, centre, itself) == (None,) * 5
            continue
        assert touches == bool(regions.intersects(shape, circle))
        assert lies_in == bool(regions.contains_shape(circle, shape))
        assert area == pytest.approx(float(regions.area(shape)), rel=1e-12)
        assert centre == pytest.approx(regions.centroid(shape).tolist(), rel=1e-12)
        assert itself is True


def test_threads(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE t AS SELECT [i / 100.0, 0.0] AS p FROM range(36000) AS r(i)")
    query = "SELECT count(*) FROM t WHERE athanor_contains(p, [10, 0, 5])"
    expected = connection.execute(query).fetchone()
    assert expected == (1001,)
    with ThreadPoolExecutor(4) as pool:
        cursors = [connection.cursor() for _ in range(8)]
        assert list(pool.map(lambda cursor: cursor.execute(query).fetchone(), cursors)) == [expected] * 8


def test_agrees_with_the_library_on_distances(connection: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(6)
    places = np.stack([rng.uniform(0, 360, 500), rng.uniform(-90, 90, 500)] * 2, axis=1)
    places[:100, 2:] = places[:100, :2] + rng.normal(0, 1e-7, (100, 2))
    places[100:200, 2] = places[100:200, 0] + 180
    places[100:200, 3] = -places[100:200, 1]
    for row in places:
        found = one(connection, f"athanor_distance({', '.join(f'{value!r}::DOUBLE' for value in row.tolist())})")
        assert found == pytest.approx(float(regions.distance(*row)), rel=1e-9, abs=1e-13)
