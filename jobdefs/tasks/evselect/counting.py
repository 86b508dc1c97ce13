"""Counting, or summing weights of, selected rows in bins of one or two columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..reporting import TaskError
from .axes import MOST_BINS, Axis
from .scan import Selected

__all__ = ["BinnedCounts", "CcdCounts", "Weights"]

_LARGEST_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Weights:
    """Columns that are summed instead of counting.

    Parameters
    ----------
    column
        ZCOLUMN: summed.
    error
        ZERRORCOLUMN: its squares are summed to the variance; without it the squares of `column` are.
    """

    column: str
    error: str = ""


class BinnedCounts:
    """Rows in bins.

    Parameters
    ----------
    axes
        One axis, or two: x, then y.
    rows
        Rows of the table; no bin can hold more.

    Attributes
    ----------
    counts
        Shape (bins,) or (bins of y, bins of x); 32-bit integers, or float64 sums of weights.
    variance
        Sums of squares in the same shape; None without weights.
    inside
        Number of rows that fell into bins.
    """

    def __init__(self, axes: tuple[Axis, ...], *, rows: int, weights: Weights | None = None) -> None:
        if math.prod(axis.count for axis in axes) > MOST_BINS:
            sizes = " x ".join(str(axis.count) for axis in axes)
            raise TaskError(
                "ImgBinVal", f"the image would have {sizes} pixels; choose a larger bin or fewer pixels (below 2^28)."
            )
        self.axes = axes
        self.weights = weights
        counted = np.int32 if rows <= _LARGEST_COUNT else np.int64
        shape = tuple(axis.count for axis in reversed(axes))
        self.counts = np.zeros(shape, dtype=np.float64 if weights else counted)
        self.variance = np.zeros(shape) if weights else None
        self.inside = 0

    def add(self, selected: Selected) -> None:
        """Take the selected rows of the next chunk."""
        if not len(selected):
            return
        place: np.ndarray | None = None
        inside: np.ndarray | None = None
        for axis in reversed(self.axes):
            number, within = axis.place(selected[axis.column.name])
            null = selected.is_null(axis.column.name)
            within = within if null is None else within & ~null
            place = number if place is None else place * axis.count + number
            inside = within if inside is None else inside & within
        self._sum(selected, place, inside)

    def _sum(self, selected: Selected, place: np.ndarray, inside: np.ndarray) -> None:
        kept = slice(None) if inside.all() else inside
        place = place[kept]
        self.inside += len(place)
        if self.weights is None:
            np.add.at(self.counts.reshape(-1), place, self.counts.dtype.type(1))  # another type is 50 times slower
            return
        values = selected[self.weights.column][kept].astype(np.float64)
        errors = selected[self.weights.error][kept].astype(np.float64) if self.weights.error else values
        np.add.at(self.counts.reshape(-1), place, values)
        np.add.at(self.variance.reshape(-1), place, errors**2)


class CcdCounts:
    """Selected rows of each CCD, the weights of their live times in EXPOSURE."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.counts: dict[int, int] = {}

    def add(self, selected: Selected) -> None:
        """Take the selected rows of the next chunk."""
        if not len(selected):
            return
        values = selected[self.column].astype(np.int64)
        lowest = int(values.min())
        counts = np.bincount(values - lowest)
        for number in np.flatnonzero(counts).tolist():
            self.counts[lowest + number] = self.counts.get(lowest + number, 0) + int(counts[number])
