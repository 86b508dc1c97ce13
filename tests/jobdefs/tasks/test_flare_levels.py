"""The quiet rate by sigma clipping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.tasks.epic_flare_filter.levels import Curve, clipped_level
from jobdefs.tasks.reporting import TaskError


def curve(rates, coverage=None, width=100.0) -> Curve:
    rates = np.asarray(rates, dtype=float)
    return Curve(width * np.arange(len(rates)), rates, width, np.ones(len(rates)) if coverage is None else coverage)


def test_bins_of_a_flare_do_not_count():
    level = clipped_level(curve([1, 1.1, 0.9, 1, 1.05, 0.95, 1, 30, 25, 8]), 3)
    assert level.median == 1
    assert level.bins == 7
    assert level.sigma == pytest.approx(0.1)  # of counting: 100 counts in a bin
    assert level.threshold == pytest.approx(1.3)


def test_dead_bins_do_not_count():
    coverage = np.array([1, 1, 1, 1, 1, 1, 0.2, 0, 0, 0])
    level = clipped_level(curve([1, 1.1, 0.9, 1, 1, 1, 0.1, 0, 0, np.nan], coverage), 3)
    assert (level.median, level.bins) == (1, 6)


def test_a_curve_without_counts_has_a_threshold_above_zero():
    assert clipped_level(curve(np.zeros(20)), 3).threshold == pytest.approx(0.03)


def test_too_few_bins_are_refused():
    with pytest.raises(TaskError, match="4 bins tell a rate; 5 are needed"):
        clipped_level(curve([1, 1, 1, 1]), 3)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20), st.floats(2.5, 5))
def test_quiet_curves_lose_little_and_flares_are_above(seed, rate, sigmas):
    rng = np.random.default_rng(seed)
    quiet = rng.poisson(rate * 100, 200) / 100
    flare = rate + 10 * np.sqrt(rate / 100) * sigmas + rng.random(40) * 50 + 0.3
    level = clipped_level(curve([*quiet, *flare]), sigmas)
    assert (quiet <= level.threshold).mean() > 0.93
    assert (flare > level.threshold).all()
