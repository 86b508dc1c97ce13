"""Sets of intervals against brute force on a fine grid."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.tasks.intervals import contains, elapsed, intersect, subtract, union

MOMENTS = np.arange(-0.5, 43, 1)
"""Between the whole numbers at which intervals begin and end."""

pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12).map(
    lambda rows: np.array(rows, dtype=float).reshape(-1, 2)
)


def inside(intervals: np.ndarray) -> np.ndarray:
    return ((MOMENTS[:, None] > intervals[:, 0]) & (MOMENTS[:, None] < intervals[:, 1])).any(axis=1)


@given(one=pairs, other=pairs)
def test_every_moment_is_as_the_operation_says(one, other):
    a, b = union(one), union(other)
    assert np.array_equal(inside(a), inside(one))
    assert np.array_equal(inside(intersect(a, b)), inside(a) & inside(b))
    assert np.array_equal(inside(subtract(a, b)), inside(a) & ~inside(b))
    assert np.array_equal(contains(a, MOMENTS), inside(a))
    for result in (a, intersect(a, b), subtract(a, b)):
        assert (result[:, 0] <= result[:, 1]).all()
        assert (result[1:, 0] > result[:-1, 1]).all()


@given(pairs)
def test_what_has_passed_of_intervals(rows):
    good = union(rows)
    edges = np.arange(-1, 44, 4.0)
    assert np.diff(elapsed(good, edges)).tolist() == inside(good).reshape(-1, 4).sum(axis=1).tolist()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([[0, 10]], [[3, 5]], [[0, 3], [5, 10]]),
        ([[0, 10]], [[0, 5], [5, 10]], []),
        ([[0, 10]], [[-5, 0], [10, 12]], [[0, 10]]),
        ([[0, 10]], [], [[0, 10]]),
        ([], [[0, 10]], []),
        ([[0, math.inf]], [[1, 2]], [[0, 1], [2, math.inf]]),
        ([[0, math.inf]], [[1, math.inf]], [[0, 1]]),
    ],
)
def test_differences(one, other, expected):
    one, other = (np.array(rows, dtype=float).reshape(-1, 2) for rows in (one, other))
    assert subtract(one, other).tolist() == expected


def test_touching_intervals_meet_in_a_point():
    assert intersect(np.array([[0.0, 5.0]]), np.array([[5.0, 9.0]])).tolist() == [[5, 5]]


def test_large_sets_are_quick():
    many = np.column_stack([np.arange(200_000) * 2.0, np.arange(200_000) * 2.0 + 1])
    assert len(intersect(many, many + 0.5)) == 200_000
    assert len(subtract(many, many + 0.5)) == 200_000
