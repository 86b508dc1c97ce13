"""Sets of values as closed ranges of one numeric type.

Every comparison of a column with constants becomes such a set, exactly: bounds are moved to the nearest value that
the column's type holds, so that a 32-bit column is compared in 32 bits with the outcome of a comparison in doubles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

__all__ = ["Range", "closed_range", "complement", "intersection", "limits", "union"]

Range = tuple[float, float]
"""Lowest and highest value, both included; Python integers for integer types, infinite ends for open ones."""


def limits(dtype: np.dtype) -> Range:
    """The lowest and the highest value of a numeric type."""
    if dtype.kind == "f":
        return -math.inf, math.inf
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _next(value: float, towards: float, dtype: np.dtype) -> float:
    return float(np.nextafter(dtype.type(value), dtype.type(towards)))


def _held(value: float, dtype: np.dtype) -> float:
    """The value of a floating type that is nearest."""
    with np.errstate(over="ignore"):
        return float(dtype.type(value))


def closed_range(
    low: float | None, high: float | None, *, dtype: np.dtype, low_open: bool = False, high_open: bool = False
) -> Range | None:
    """The values of `dtype` in an interval, or None when there are none.

    Parameters
    ----------
    low, high
        Bounds; None for no bound.
    """
    bottom, top = limits(dtype)
    if dtype.kind == "f":
        low, high = (None if bound is None else float(bound) for bound in (low, high))
        first = bottom if low is None else _held(low, dtype)
        if low is not None and (first < low or (low_open and first == low)):
            first = _next(first, math.inf, dtype)
        last = top if high is None else _held(high, dtype)
        if high is not None and (last > high or (high_open and last == high)):
            last = _next(last, -math.inf, dtype)
    else:
        first = bottom if low is None else math.ceil(low)
        if low is not None and low_open and first == low:
            first += 1
        last = top if high is None else math.floor(high)
        if high is not None and high_open and last == high:
            last -= 1
        first, last = max(first, bottom), min(last, top)
    return (first, last) if first <= last else None


def union(ranges: Iterable[Range | None], dtype: np.dtype) -> tuple[Range, ...]:
    """The same values as sorted ranges that neither overlap nor touch."""
    step = 0 if dtype.kind == "f" else 1
    merged: list[Range] = []
    for low, high in sorted(item for item in ranges if item is not None):
        if merged and low <= merged[-1][1] + step:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def intersection(first: tuple[Range, ...], second: tuple[Range, ...]) -> tuple[Range, ...]:
    """The values that lie in both."""
    return tuple(
        (max(low, other_low), min(high, other_high))
        for low, high in first
        for other_low, other_high in second
        if max(low, other_low) <= min(high, other_high)
    )


def complement(ranges: tuple[Range, ...], dtype: np.dtype) -> tuple[Range, ...]:
    """The values of an integer type that lie in none."""
    bottom, top = limits(dtype)
    result = []
    start = bottom
    for low, high in ranges:
        if start < low:
            result.append((start, low - 1))
        start = high + 1
    if start <= top:
        result.append((start, top))
    return tuple(result)
