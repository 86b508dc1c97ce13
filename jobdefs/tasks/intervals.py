"""Good time intervals, and value ranges as DSVAL writes them.

Intervals are arrays of shape (n, 2), sorted, disjoint, both ends included (selectlib's own ``[lo:hi]``).
"""

from __future__ import annotations

import math

import numpy as np

from vo.wording import plain

__all__ = ["contains", "elapsed", "format_ranges", "intersect", "parse_ranges", "subtract", "union"]


def union(intervals: np.ndarray) -> np.ndarray:
    """The same values as sorted and disjoint intervals; empty and reversed ones are dropped."""
    pairs = np.asarray(intervals, dtype=float).reshape(-1, 2)
    pairs = pairs[pairs[:, 1] >= pairs[:, 0]]
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    if len(pairs) < 2:
        return pairs
    reach = np.maximum.accumulate(pairs[:, 1])
    first = np.concatenate([[True], pairs[1:, 0] > reach[:-1]])
    last = np.concatenate([first[1:], [True]])
    return np.column_stack([pairs[first, 0], reach[last]])


def intersect(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """What lies in both."""
    first = np.searchsorted(other[:, 1], one[:, 0], side="left")
    count = np.searchsorted(other[:, 0], one[:, 1], side="right") - first
    count = np.maximum(count, 0)
    left = np.repeat(np.arange(len(one)), count)
    right = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    low = np.maximum(one[left, 0], other[right, 0])
    high = np.minimum(one[left, 1], other[right, 1])
    return union(np.column_stack([low, high]))


def subtract(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """What lies in the one and not within the other; the ends of the other stay good, intervals of no length do not."""
    kept, taken = union(one), union(other)
    edges = np.concatenate([[-math.inf], taken.ravel(), [math.inf]]).reshape(-1, 2)
    left = intersect(kept, edges)
    return left[left[:, 1] > left[:, 0]]


def contains(intervals: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Which values lie in an interval."""
    if not len(intervals):
        return np.zeros(len(values), dtype=bool)
    place = np.searchsorted(intervals[:, 0], values, side="right") - 1
    return (place >= 0) & (values <= intervals[np.maximum(place, 0), 1])


def elapsed(intervals: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """How much of the intervals, which are finite, lies before each moment, in their unit."""
    if not len(intervals):
        return np.zeros(len(moments))
    lengths = np.diff(intervals, axis=1)[:, 0]
    before = np.cumsum(lengths) - lengths
    return np.interp(moments, intervals.ravel(), np.column_stack([before, before + lengths]).ravel())


def parse_ranges(text: str) -> np.ndarray | None:
    """The intervals that a DSVAL such as ``0:0,2:4``, ``:4`` or ``7`` writes; None when it writes no ranges."""
    pairs = []
    for item in text.split(","):
        low, colon, high = item.strip().strip("[]()").partition(":")
        try:
            pair = (float(low) if low else -math.inf, float(high) if high else math.inf) if colon else (float(low),) * 2
        except ValueError:
            return None
        pairs.append(pair)
    return union(np.array(pairs))


def format_ranges(intervals: np.ndarray) -> str:
    """DSVAL of these intervals."""
    return ",".join(plain(low) if low == high else f"{_end(low)}:{_end(high)}" for low, high in intervals.tolist())


def _end(value: float) -> str:
    return "" if math.isinf(value) else plain(value)
