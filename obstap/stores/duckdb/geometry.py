"""The geometry functions that translated queries call, as DuckDB functions over Arrow vectors.

Shapes are DOUBLE[] as `vo.regions` takes them. All functions give NULL where an argument is NULL or is no shape (fewer
than 2, exactly 4 or another odd number of coordinates).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obstap.stores.duckdb.vectors import Shapes, Vector, lists, numbers, whole_numbers
from vo import regions
from vo.neighbourhood import cells_near

__all__ = ["register"]


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the functions to a connection; its cursors have them too.

    ``athanor_contains(inner, outer)`` and ``athanor_intersects(a, b)`` are BOOLEAN, ``athanor_area(a)`` is in square
    degrees, ``athanor_centroid(a)`` a point, ``athanor_box(lon, lat, width, height)`` a polygon,
    ``athanor_cells_near(cell, order, radius)`` what `vo.neighbourhood` says of each cell, and
    ``athanor_distance(lon1, lat1, lon2, lat2)``, a macro that the engine can optimise, is in degrees;
    ``athanor_haversine`` of the same is the square of the sine of half the distance.
    """
    shape, number = "DOUBLE[]", "DOUBLE"
    for name, function, arguments, result in (
        ("athanor_contains", _contains, [shape, shape], "BOOLEAN"),
        ("athanor_intersects", _intersects, [shape, shape], "BOOLEAN"),
        ("athanor_area", _area, [shape], number),
        ("athanor_centroid", _centroid, [shape], shape),
        ("athanor_box", _box, [number] * 4, shape),
        ("athanor_cells_near", _cells_near, ["BIGINT", "INTEGER", number], "BIGINT[]"),
    ):
        connection.create_function(
            name, function, arguments, result, type="arrow", null_handling="special", side_effects=False
        )
    connection.execute(_DISTANCE)
    connection.execute(_HAVERSINE)


_DISTANCE = """
CREATE MACRO athanor_distance(lon1, lat1, lon2, lat2) AS degrees(2 * atan2(
  sqrt(pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)),
  sqrt(pow(sin(radians(lat2 + lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(cos(radians(lon2 - lon1) / 2), 2))))
"""
"""The formula of `vo.sphere.distance`."""

_HALF = math.pi / 360
"""A degree is so many times two radians: half an angle."""

_HAVERSINE = f"""
CREATE MACRO athanor_haversine(lon1, lat1, lon2, lat2) AS pow(sin((lat2 - lat1) * {_HALF!r}e0), 2)
  + cos(lat1 * {2 * _HALF!r}e0) * cos(lat2 * {2 * _HALF!r}e0) * pow(sin((lon2 - lon1) * {_HALF!r}e0), 2)
"""
"""The square of the sine of half the distance; each function that the engine must bind counts in a small query."""


def _contains(inner: Vector, outer: Vector) -> pa.Array:
    return _pairwise(inner, outer, lambda a, b: regions.contains_shape(b, a))


def _intersects(a: Vector, b: Vector) -> pa.Array:
    return _pairwise(a, b, regions.intersects)


def _area(shapes: Vector) -> pa.Array:
    column = Shapes(shapes)
    result = np.zeros(column.rows)
    for rows, block in column.by_size():
        result[rows] = regions.area(block)
    return pa.array(result, mask=~column.good)


def _centroid(shapes: Vector) -> pa.Array:
    column = Shapes(shapes)
    result = np.zeros((column.rows, 2))
    for rows, block in column.by_size():
        result[rows] = regions.centroid(block)
    return lists(result, column.good)


def _cells_near(cell: Vector, order: Vector, radius: Vector) -> pa.Array:
    """The cells near each position; the order and the radius are constants of the query."""
    cells = whole_numbers(cell)
    known = np.flatnonzero(cells >= 0)
    counts, found = np.zeros(len(cells), dtype=np.int64), np.empty(0, dtype=np.int64)
    if len(known):
        counts[known], found = cells_near(cells[known], int(whole_numbers(order)[0]), float(numbers(radius)[0]))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(found))


def _box(lon: Vector, lat: Vector, width: Vector, height: Vector) -> pa.Array:
    result = regions.boxes(*(side.to_numpy() for side in (lon, lat, width, height)))
    return lists(result, np.isfinite(result).all(axis=-1))


def _pairwise(a: Vector, b: Vector, function: Callable[..., NDArray[np.bool_]]) -> pa.Array:
    """Apply a function of two arrays of shapes to the rows, grouped by their numbers of coordinates."""
    first, second = Shapes(a), Shapes(b)
    good = first.good & second.good
    result = np.zeros(first.rows, dtype=bool)
    for size_a, size_b in np.unique(np.stack([first.size[good], second.size[good]], axis=1), axis=0).tolist():
        rows = np.flatnonzero(good & (first.size == size_a) & (second.size == size_b))
        result[rows] = function(_constant(first.take(rows, size_a)), _constant(second.take(rows, size_b)))
    return pa.array(result, mask=~good)


def _constant(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """One shape when all rows are the same: what depends on it alone is then computed once."""
    return shapes[0] if len(shapes) > 1 and (shapes == shapes[0]).all() else shapes
