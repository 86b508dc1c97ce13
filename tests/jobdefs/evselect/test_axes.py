"""Bins over a column: the arithmetic of files that SAS wrote, limits and refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.tasks.evselect.axes import Limits, bins_for, make_axis, needs_data, value_range
from jobdefs.tasks.fitsio import Column
from jobdefs.tasks.reporting import TaskError

X = Column("X", 1, "J", 1, 0, 4, low=1, high=51840)
REAL = Column("x", 1, "D", 1, 0, 8, low=0.5, high=8192.5)
FREE = Column("TIME", 1, "D", 1, 0, 8)
NONE = Limits(None, None, ("ximagemin", "ximagemax"), "XRangeVal")


def axis(column: Column, span: tuple[float, float], width: float):
    return make_axis(column, span, width, parameter="ximagebinsize", code="ImgBinVal")


@pytest.mark.parametrize(
    ("column", "span", "width", "count", "first"),
    [
        (X, (1, 51840), 80, 648, 40.5),  # PN_image of 0124710801
        (X, (1, 51840), 87, 596, 44.0),
        (X, (3649, 48106), 87, 512, 3692.0),  # the images of XGA
        (X, (1, 51840), 1, 51840, 1.0),
        (REAL, (0.5, 8192.5), 1, 8192, 1.0),
        (REAL, (0.5, 8192.5), 3, 2731, 2.0),
        (FREE, (100.0, 200.0), 0.1, 1000, 100.05),
        (FREE, (0.0, 23750.0), 10.0, 2375, 5.0),
        (FREE, (0.0, 23744.9), 10.0, 2375, 5.0),
    ],
)
def test_number_and_place_of_bins(column, span, width, count, first):
    made = axis(column, span, width)
    assert (made.count, made.first) == (count, pytest.approx(first))


@pytest.mark.parametrize(
    ("column", "span", "count", "width"),
    [(X, (1, 51840), 600, 87), (X, (1, 51840), 648, 80), (X, (1, 600), 600, 1), (REAL, (0.5, 8192.5), 600, 8192 / 600)],
)
def test_size_of_pixels_from_the_size_of_the_image(column, span, count, width):
    """Integer columns round the pixel up, so that the image may come out smaller."""
    made = bins_for(column, span, count)
    assert made == width
    assert axis(column, span, made).count <= count


@given(
    st.integers(-1000, 1000),
    st.integers(0, 2000),
    st.integers(1, 50),
    st.lists(st.integers(-3000, 3000), max_size=50),
)
def test_integers_fall_into_their_bins(low, extent, width, values):
    made = axis(dataclasses.replace(X, low=low, high=low + extent), (low, low + extent), width)
    number, inside = made.place(np.array(values, dtype=np.int32))
    assert inside.tolist() == [low <= value <= low + extent for value in values]
    assert number[inside].tolist() == [(value - low) // width for value in values if low <= value <= low + extent]
    assert made.count == -(-(extent + 1) // width)


@given(st.lists(st.floats(-10, 110, width=32), max_size=50))
def test_reals_fall_into_their_bins(values):
    made = axis(FREE, (0.0, 100.0), 7.0)
    number, inside = made.place(np.array(values, dtype=np.float32))
    for value, place in zip(np.array(values)[inside], number[inside], strict=True):
        assert place == min(int(value // 7), 14)


def test_the_upper_limit_belongs_to_the_last_bin():
    number, inside = axis(FREE, (0.0, 100.0), 10.0).place(np.array([0.0, 100.0, np.nan, 100.1]))
    assert inside.tolist() == [True, True, False, False]
    assert number[:2].tolist() == [0, 9]


@pytest.mark.parametrize(
    ("low", "high", "ignore", "expected", "warnings"),
    [
        (100, 200, False, (100, 200), []),
        (99.5, 200.5, False, (100, 200), []),
        (0, 60000, False, (1, 51840), ["MinParamRange", "MaxParamRange"]),
        (0, 60000, True, (0, 60000), []),
        (5, 5, False, (5, 5), []),
    ],
)
def test_what_is_asked_for_is_cut_to_the_legal_limits(low, high, ignore, expected, warnings):
    told = []
    limits = dataclasses.replace(NONE, low=low, high=high)
    found = value_range(X, limits, ignore_legal=ignore, data=None, warn=lambda code, _: told.append(code))
    assert (found, told) == (expected, warnings)


@pytest.mark.parametrize(
    ("column", "low", "high", "message"),
    [
        (X, 200, 100, "ximagemin=200 must be below ximagemax=100."),
        (FREE, 5.0, 5.0, "ximagemin=5 must be below ximagemax=5."),
        (X, 60000, 70000, "lie outside the legal limits of column X, 1 to 51840."),
        (
            FREE,
            None,
            None,
            "column TIME has no legal limits .* and no event is selected: give ximagemin and ximagemax.",
        ),
    ],
)
def test_ranges_that_can_not_be(column, low, high, message):
    limits = dataclasses.replace(NONE, low=low, high=high)
    with pytest.raises(TaskError, match=message) as refusal:
        value_range(column, limits, ignore_legal=False, data=None, warn=pytest.fail)
    assert refusal.value.code == "XRangeVal"


def test_the_range_of_the_data_is_the_last_resort():
    assert needs_data(FREE, NONE, ignore_legal=False)
    assert needs_data(X, NONE, ignore_legal=True)
    assert not needs_data(X, NONE, ignore_legal=False)
    assert value_range(X, NONE, ignore_legal=False, data=(5, 6), warn=pytest.fail) == (1, 51840)
    assert value_range(X, NONE, ignore_legal=True, data=(5, 6), warn=pytest.fail) == (5, 6)


@pytest.mark.parametrize(
    ("column", "width", "message"),
    [
        (X, 1.5, "ximagebinsize=1.5 must be a whole number, because column X is integer."),
        (X, 0, "ximagebinsize=0 must be greater than 0."),
        (FREE, -1, "must be greater than 0"),
        (FREE, 1e-9, "bins; at most"),
    ],
)
def test_bins_that_can_not_be(column, width, message):
    with pytest.raises(TaskError, match=message) as refusal:
        axis(column, (1, 51840), width)
    assert refusal.value.code == "ImgBinVal"
