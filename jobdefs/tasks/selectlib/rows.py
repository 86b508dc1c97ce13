"""The rows on which a condition is evaluated: a stretch of the table, or some rows picked out of one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["RetypedError", "Rows"]


class RetypedError(Exception):
    """A column has another type than the plan was made for."""


class Rows:
    """Rows of a chunk, with their columns fetched once each.

    Parameters
    ----------
    data
        Column → array of the whole chunk.
    start, stop
        The stretch of the chunk.
    types
        Column → the type that the plan expects.
    """

    __slots__ = ("_cache", "_data", "_parent", "_picked", "_start", "_stop", "_types", "count")

    def __init__(self, data: Mapping[str, np.ndarray], start: int, stop: int, types: Mapping[str, np.dtype]) -> None:
        self._data = data
        self._types = types
        self._start = start
        self._stop = stop
        self._parent: Rows | None = None
        self._picked: np.ndarray | None = None
        self._cache: dict[str, np.ndarray] = {}
        self.count = stop - start

    def pick(self, positions: np.ndarray) -> Rows:
        """The rows at these positions, counted within these rows."""
        rows = Rows(self._data, self._start, self._stop, self._types)
        rows._parent = self
        rows._picked = positions
        rows.count = len(positions)
        return rows

    def column(self, name: str) -> np.ndarray:
        """The column's values, contiguous and in native byte order; not to be changed."""
        values = self._cache.get(name)
        if values is None:
            values = self._cache[name] = self._fetch(name)
        return values

    def _fetch(self, name: str) -> np.ndarray:
        if self._parent is not None:
            known = self._parent._cache.get(name)
            if known is not None:
                return known[self._picked]
            return _native(self._data[name][self._positions()])
        values = self._data[name]
        if values.dtype.newbyteorder("=") != self._types[name]:
            raise RetypedError(name)
        return _native(values[self._start : self._stop])

    def _positions(self) -> np.ndarray:
        """Positions in the chunk of rows that were picked."""
        positions, rows = self._picked, self._parent
        while rows is not None and rows._picked is not None:
            positions, rows = rows._picked[positions], rows._parent
        return positions + self._start


def _native(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
