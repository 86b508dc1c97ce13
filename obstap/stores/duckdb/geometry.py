"""The geometry functions that translated queries call, as DuckDB functions over Arrow vectors.

Shapes are DOUBLE[] as `vo.regions` takes them. All functions give NULL where an argument is NULL or is no shape (fewer
than 2, exactly 4 or another odd number of coordinates).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vo import regions

__all__ = ["register"]

_Vector = pa.Array | pa.ChunkedArray


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the functions to a connection; its cursors have them too.

    ``athanor_contains(inner, outer)`` and ``athanor_intersects(a, b)`` are BOOLEAN, ``athanor_area(a)`` is in square
    degrees, ``athanor_centroid(a)`` a point, ``athanor_box(lon, lat, width, height)`` a polygon, and
    ``athanor_distance(lon1, lat1, lon2, lat2)``, a macro that the engine can optimise, is in degrees.
    """
    shape, number = "DOUBLE[]", "DOUBLE"
    for name, function, arguments, result in (
        ("athanor_contains", _contains, [shape, shape], "BOOLEAN"),
        ("athanor_intersects", _intersects, [shape, shape], "BOOLEAN"),
        ("athanor_area", _area, [shape], number),
        ("athanor_centroid", _centroid, [shape], shape),
        ("athanor_box", _box, [number] * 4, shape),
    ):
        connection.create_function(
            name, function, arguments, result, type="arrow", null_handling="special", side_effects=False
        )
    connection.execute(_DISTANCE)


_DISTANCE = """
CREATE MACRO athanor_distance(lon1, lat1, lon2, lat2) AS degrees(2 * atan2(
  sqrt(pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)),
  sqrt(pow(sin(radians(lat2 + lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(cos(radians(lon2 - lon1) / 2), 2))))
"""
"""The formula of `vo.sphere.distance`."""


def _contains(inner: _Vector, outer: _Vector) -> pa.Array:
    return _pairwise(inner, outer, lambda a, b: regions.contains_shape(b, a))


def _intersects(a: _Vector, b: _Vector) -> pa.Array:
    return _pairwise(a, b, regions.intersects)


def _area(shapes: _Vector) -> pa.Array:
    column = _Shapes(shapes)
    result = np.zeros(column.rows)
    for rows, block in column.by_size():
        result[rows] = regions.area(block)
    return pa.array(result, mask=~column.good)


def _centroid(shapes: _Vector) -> pa.Array:
    column = _Shapes(shapes)
    result = np.zeros((column.rows, 2))
    for rows, block in column.by_size():
        result[rows] = regions.centroid(block)
    return _lists(result, column.good)


def _box(lon: _Vector, lat: _Vector, width: _Vector, height: _Vector) -> pa.Array:
    result = regions.boxes(*(side.to_numpy() for side in (lon, lat, width, height)))
    return _lists(result, np.isfinite(result).all(axis=-1))


def _lists(rows: NDArray[np.float64], good: NDArray[np.bool_]) -> pa.Array:
    """The rows of an array as lists, NULL where they are not good."""
    offsets = np.concatenate(([0], np.cumsum(np.where(good, rows.shape[1], 0)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows[good].ravel()), mask=pa.array(~good))


class _Shapes:
    """A vector of shapes, seen as one array for each number of coordinates."""

    def __init__(self, vector: _Vector) -> None:
        if isinstance(vector, pa.ChunkedArray):
            vector = vector.combine_chunks() if vector.num_chunks != 1 else vector.chunk(0)
        self.rows = len(vector)
        offsets = vector.offsets.to_numpy()
        values = vector.values
        self._start = offsets[:-1]
        self._values = values.to_numpy(zero_copy_only=False)
        self.size = np.diff(offsets)
        self.good = (self.size == 2) | (self.size == 3) | ((self.size >= 6) & (self.size % 2 == 0))
        if vector.null_count:
            self.good &= vector.is_valid().to_numpy(zero_copy_only=False)
        self._leave_out_unknown()

    def _leave_out_unknown(self) -> None:
        """Shapes with a coordinate that is NULL or not a number are no shapes."""
        bad = np.flatnonzero(~np.isfinite(self._values))
        rows = np.searchsorted(self._start, bad, side="right") - 1
        self.good[rows[rows >= 0]] = False

    def take(self, rows: NDArray[np.intp], size: int) -> NDArray[np.float64]:
        """The shapes of these rows, which all have `size` coordinates, as an array (rows, size)."""
        return self._values[self._start[rows, None] + np.arange(size)]

    def by_size(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """Row numbers and shapes for each number of coordinates."""
        for size in np.unique(self.size[self.good]):
            rows = np.flatnonzero(self.good & (self.size == size))
            yield rows, self.take(rows, int(size))


def _pairwise(a: _Vector, b: _Vector, function: Callable[..., NDArray[np.bool_]]) -> pa.Array:
    """Apply a function of two arrays of shapes to the rows, grouped by their numbers of coordinates."""
    first, second = _Shapes(a), _Shapes(b)
    good = first.good & second.good
    result = np.zeros(first.rows, dtype=bool)
    for size_a, size_b in np.unique(np.stack([first.size[good], second.size[good]], axis=1), axis=0).tolist():
        rows = np.flatnonzero(good & (first.size == size_a) & (second.size == size_b))
        result[rows] = function(_constant(first.take(rows, size_a)), _constant(second.take(rows, size_b)))
    return pa.array(result, mask=~good)


def _constant(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """One shape when all rows are the same: what depends on it alone is then computed once."""
    return shapes[0] if len(shapes) > 1 and (shapes == shapes[0]).all() else shapes
