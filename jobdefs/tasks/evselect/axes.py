"""How a column's values fall into bins (evselect manual, ranges and binning of images, spectra and rates).

Each value of an integer column stands for the interval value ± 0.5, so the first pixel of an image of X, Y with legal
limits 1:51840 begins at 0.5; a real column's first bin begins at its lower limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vo.wording import plain

from ..fitsio import Column
from ..reporting import TaskError

__all__ = ["Axis", "Limits", "bins_for", "make_axis", "needs_data", "value_range"]

MOST_BINS = 2**28
"""Bins of a product: a gigabyte of counts."""

_SLACK = 1e-6  # of a bin: what rounding may add to a quotient that is whole


@dataclass(frozen=True, slots=True)
class Limits:
    """A range that a user asked for, or none.

    Parameters
    ----------
    parameters
        Names of the two parameters, for messages.
    code
        SAS's error code of a bad range.
    """

    low: float | None
    high: float | None
    parameters: tuple[str, str]
    code: str

    @property
    def given(self) -> bool:
        """Whether the user gave a range."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True, slots=True)
class Axis:
    """Equal bins over a column's values.

    Parameters
    ----------
    low, high
        Lowest and highest value that count, both included.
    bin
        Width in units of the column.
    count
        Number of bins; the last one may reach beyond `high`.
    origin
        Lower edge of the first bin; by default `low`, or `low` - 0.5 for an integer column.
    """

    column: Column
    low: float
    high: float
    bin: float
    count: int
    origin: float

    @property
    def first(self) -> float:
        """Centre of the first bin."""
        return self.origin + self.bin / 2

    def place(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which bin each value falls into.

        Returns
        -------
        tuple
            Bin numbers from 0 (meaningless where the second is False), and which values lie in the range.
        """
        if values.dtype.kind in "iu" and float(self.bin).is_integer() and float(self.origin + 0.5).is_integer():
            inside = (values >= math.ceil(self.low)) & (values <= math.floor(self.high))
            number = (values.astype(np.int64, copy=False) - round(self.origin + 0.5)) // int(self.bin)
        else:
            values = values.astype(np.float64, copy=False)
            inside = (values >= self.low) & (values <= self.high)
            number = np.where(inside, np.floor((values - self.origin) / self.bin), 0).astype(np.int64)
        return np.minimum(number, self.count - 1), inside


def needs_data(column: Column, limits: Limits, *, ignore_legal: bool) -> bool:
    """Whether the range of the data must be known before binning: none was asked for and none is legal."""
    return not limits.given and (ignore_legal or _legal(column) is None)


def value_range(
    column: Column,
    limits: Limits,
    *,
    ignore_legal: bool,
    data: tuple[float, float] | None,
    warn: Callable[[str, str], None],
) -> tuple[float, float]:
    """Lowest and highest value that count: as asked for, else TLMIN and TLMAX, else those of the data.

    Parameters
    ----------
    data
        Lowest and highest selected value, needed where `needs_data` says so; None when nothing is selected.
    warn
        Takes code and text of a warning: what was asked for is cut to the legal limits unless `ignore_legal`.

    Raises
    ------
    TaskError
        The range is empty or lies outside the legal limits, or there is nothing to take it from.
    """
    legal = None if ignore_legal else _legal(column)
    if not limits.given:
        found = legal or data
        if found is None:
            raise TaskError(
                limits.code,
                f"column {column.name} has no legal limits (TLMIN, TLMAX) and no event is selected: "
                f"give {limits.parameters[0]} and {limits.parameters[1]}.",
            )
        return found
    return _asked(column, limits, legal, warn)


def _asked(
    column: Column, limits: Limits, legal: tuple[float, float] | None, warn: Callable[[str, str], None]
) -> tuple[float, float]:
    low, high = float(limits.low or 0), float(limits.high or 0)
    names = limits.parameters
    if column.integer:
        low, high = math.ceil(low), math.floor(high)
    if low > high or (low == high and not column.integer):
        raise TaskError(limits.code, f"{names[0]}={plain(limits.low)} must be below {names[1]}={plain(limits.high)}.")
    if legal is None:
        return low, high
    if high < legal[0] or low > legal[1]:
        raise TaskError(
            limits.code,
            f"{names[0]}={plain(limits.low)}, {names[1]}={plain(limits.high)} lie outside the legal limits of column "
            f"{column.name}, {plain(legal[0])} to {plain(legal[1])}.",
        )
    if low < legal[0]:
        warn(
            "MinParamRange",
            f"{names[0]}={plain(limits.low)} is below TLMIN of column {column.name}; {plain(legal[0])} is used.",
        )
    if high > legal[1]:
        warn(
            "MaxParamRange",
            f"{names[1]}={plain(limits.high)} is above TLMAX of column {column.name}; {plain(legal[1])} is used.",
        )
    return max(low, legal[0]), min(high, legal[1])


def bins_for(column: Column, span: tuple[float, float], count: int) -> float:
    """The bin with which a range makes that many pixels; for integer columns the next whole number (imageSize mode)."""
    extent = span[1] - span[0] + (1 if column.integer else 0)
    return math.ceil(extent / count - _SLACK) if column.integer else extent / count


def make_axis(column: Column, span: tuple[float, float], width: float, *, parameter: str, code: str) -> Axis:
    """Bins of that width from the lower end of the range on; as many as cover it.

    Raises
    ------
    TaskError
        The width is not positive, not whole though the column is, or makes too many bins.
    """
    if not width > 0:
        raise TaskError(code, f"{parameter}={plain(width)} must be greater than 0.")
    if column.integer and not float(width).is_integer():
        raise TaskError(
            code, f"{parameter}={plain(width)} must be a whole number, because column {column.name} is integer."
        )
    half = 0.5 if column.integer else 0.0
    extent = span[1] - span[0] + 2 * half
    count = max(math.ceil(extent / width - _SLACK), 1)
    if count > MOST_BINS:
        raise TaskError(code, f"{parameter}={plain(width)} makes {count} bins; at most {MOST_BINS} are possible.")
    return Axis(column, span[0], span[1], width, count, span[0] - half)


def _legal(column: Column) -> tuple[float, float] | None:
    if column.low is None or column.high is None or column.low > column.high:
        return None
    return column.low, column.high
