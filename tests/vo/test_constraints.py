"""Intervals and regions that narrow a search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vo.constraints import FLATNESS, Interval, parse_interval, parse_number, parse_position
from vo.errors import ParameterError
from vo.regions import contains


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", Interval(0.5, 0.5)),
        (" 1e-3\t2 ", Interval(0.001, 2.0)),
        ("-Inf 600", Interval(-math.inf, 600.0)),
        ("300 +inf", Interval(300.0, math.inf)),
        ("-Infinity Infinity", Interval(-math.inf, math.inf)),
    ],
)
def test_intervals(text, expected):
    assert parse_interval("X", text) == expected


@pytest.mark.parametrize("text", ["", "a", "1 2 3", "1,2", "NaN", "1 NaN", "2 1", "1_0", "0x10"])
def test_no_intervals(text):
    with pytest.raises(ParameterError, match=r"^X: "):
        parse_interval("X", text)


@pytest.mark.parametrize("text", ["", "Inf", "NaN", "1 2", "1h"])
def test_no_numbers(text):
    with pytest.raises(ParameterError, match=r"^X: .*is no number"):
        parse_number("X", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CIRCLE 12.0 34.0 0.5", [[(12.0, 34.0, 0.5)]]),
        ("Polygon 12 34 14 35 14 36", [[(12.0, 34.0, 14.0, 35.0, 14.0, 36.0)]]),
        ("RANGE 0 360 -2 2", [[(0.0, -90.0, 92.0), (0.0, 90.0, 92.0)]]),
        ("RANGE 0 360 89 +Inf", [[(0.0, -90.0, 180.0), (0.0, 90.0, 1.0)]]),
        ("RANGE -Inf +Inf -Inf +Inf", [[(0.0, -90.0, 180.0), (0.0, 90.0, 180.0)]]),
        ("RANGE 10 20 0 90", [[(10.0, 0.0, 20.0, 0.0, 10.0, 90.0)]]),
    ],
)
def test_positions(text, expected):
    assert parse_position("POS", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CIRCLE",
        "CIRCLE 1 2 3 4",
        "CIRCLE 1 2 NaN",
        "CIRCLE 1 2 Inf",
        "CIRCLE -1 2 3",
        "POLYGON 1 2 3 4",
        "POLYGON 1 2 3 4 5",
        "POLYGON 1 2 361 4 5 6",
        "RANGE 1 2 3",
        "RANGE 2 1 3 4",
        "RANGE 1 2 4 3",
        "RANGE 1 2 3 91",
        "RANGE -1 2 3 4",
        "BOX 1 2 3 4",
    ],
)
def test_no_positions(text):
    with pytest.raises(ParameterError, match=r"^POS: "):
        parse_position("POS", text)


longitudes = st.tuples(st.floats(0, 360), st.floats(0, 360)).map(sorted)
latitudes = st.tuples(st.floats(-90, 90), st.floats(-90, 90)).map(sorted)


@given(longitudes, latitudes, st.integers(0, 2**32))
def test_a_range_holds_what_lies_between_its_limits_and_hardly_more(lon, lat, seed):
    random = np.random.default_rng(seed)
    shares = random.uniform(0, 1, (2, 50))
    inside = lon[0] + shares[0] * (lon[1] - lon[0]), lat[0] + shares[1] * (lat[1] - lat[0])
    edges = [(inside[0], np.full(50, limit)) for limit in lat]
    alternatives = parse_position("POS", f"RANGE {lon[0]!r} {lon[1]!r} {lat[0]!r} {lat[1]!r}")

    def holds(places):
        return np.any([np.all([contains(s, *places) for s in shapes], axis=0) for shapes in alternatives], axis=0)

    assert holds(inside).all()
    assert all(holds(places).all() for places in edges)
    if (north := lat[1] + 2 * FLATNESS) < 90:
        assert not holds((random.uniform(0, 360, 50), random.uniform(north, 90.0, 50))).any()
