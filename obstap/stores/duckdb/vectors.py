"""Arrow vectors of shapes and numbers, as DuckDB hands them to functions, and the arrays that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Shapes", "Vector", "lists", "numbers", "whole_numbers"]

Vector = pa.Array | pa.ChunkedArray


def numbers(vector: Vector) -> NDArray[np.float64]:
    """A vector of DOUBLE, NaN where it is NULL."""
    return _single(vector).to_numpy(zero_copy_only=False)


def whole_numbers(vector: Vector) -> NDArray[np.int64]:
    """A vector of BIGINT, -1 where it is NULL."""
    return _single(vector).fill_null(-1).to_numpy()


def lists(rows: NDArray[np.float64], good: NDArray[np.bool_]) -> pa.Array:
    """The rows of an array as lists, NULL where they are not good."""
    offsets = np.concatenate(([0], np.cumsum(np.where(good, rows.shape[1], 0)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows[good].ravel()), mask=pa.array(~good))


class Shapes:
    """A vector of shapes, seen as one array for each number of coordinates."""

    def __init__(self, vector: Vector) -> None:
        vector = _single(vector)
        self.rows = len(vector)
        self._offsets = vector.offsets.to_numpy()
        self._start = self._offsets[:-1]
        self._values = vector.values.to_numpy(zero_copy_only=False)
        self.size = np.diff(self._offsets)
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

    def changed(self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> pa.Array:
        """What a function makes of the shapes, with as many coordinates; NULL for what is no shape."""
        values = self._values.copy()
        for rows, block in self.by_size():
            values[self._start[rows, None] + np.arange(block.shape[1])] = change(block)
        return pa.ListArray.from_arrays(pa.array(self._offsets), pa.array(values), mask=pa.array(~self.good))


def _single(vector: Vector) -> pa.Array:
    if isinstance(vector, pa.ChunkedArray):
        return vector.combine_chunks() if vector.num_chunks != 1 else vector.chunk(0)
    return vector
