"""The rate above which a time belongs to a flare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..reporting import TaskError

__all__ = ["Curve", "Level", "clipped_level"]

MOST_ROUNDS = 100
"""Of clipping; it ends when nothing more is clipped, long before."""

FEWEST_BINS = 5
"""From which a mean and a spread can be told."""

LEAST_COVERAGE = 0.5
"""Share of a bin in good time, from which its rate counts for the mean and the spread."""

_NORMAL = 1.4826
"""Standard deviation of a normal distribution by the median of the distances from its middle."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Rates in bins of equal width.

    Parameters
    ----------
    times
        Centres of the bins, s.
    rates
        count/s.
    width
        Of a bin, s.
    coverage
        Share of each bin that lies within the good times of the event list; 1 where nothing is known.
    """

    times: np.ndarray
    rates: np.ndarray
    width: float
    coverage: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        """Which bins tell a rate."""
        return np.isfinite(self.rates) & (self.coverage >= LEAST_COVERAGE)


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold, and the quiet rate that it was taken from.

    Parameters
    ----------
    threshold, median, sigma
        count/s.
    bins
        How many bins were quiet.
    """

    threshold: float
    median: float
    sigma: float
    bins: int


def clipped_level(curve: Curve, sigmas: float) -> Level:
    """The quiet rate by sigma clipping, and the threshold that lies `sigmas` spreads above it.

    Bins that differ from the median of the others by more than `sigmas` times their spread are left out, again and
    again, until none does. The spread is 1.4826 times the median of the distances from the median, which is the
    standard deviation of a normal distribution and hardly feels a flare; it is not less than that of counting: the
    square root of the median's counts in a bin. Only bins count at least half of which is good time.

    Raises
    ------
    TaskError
        Too few bins tell a rate.
    """
    quiet = curve.rates[curve.covered]
    if len(quiet) < FEWEST_BINS:
        raise TaskError("TooFewBins", f"{len(quiet)} bins tell a rate; {FEWEST_BINS} are needed to find the quiet one. "
                        "Take shorter bins (timebinsize), or give a threshold.")  # fmt: skip
    for _ in range(MOST_ROUNDS):
        median = float(np.median(quiet))
        counting = np.sqrt(max(median * curve.width, 1.0)) / curve.width
        sigma = max(_NORMAL * float(np.median(np.abs(quiet - median))), float(counting))
        kept = quiet[np.abs(quiet - median) <= sigmas * sigma]
        if len(kept) == len(quiet):
            break
        quiet = kept
    return Level(median + sigmas * sigma, median, sigma, len(quiet))
