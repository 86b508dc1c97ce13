"""Good time intervals as FITS tables: columns START and STOP in seconds (OGIP 93-003)."""

from __future__ import annotations

import numpy as np

from vo.errors import UsageError

from .fitsio import FitsFile, Hdu
from .fitsout import Field
from .intervals import union

__all__ = ["column_names", "good_time_cards", "good_time_fields", "has_good_times", "read_good_times"]


MOST_FIELDS = 999
"""Columns of a table (FITS 4.0, 7.3.1)."""


def has_good_times(hdu: Hdu) -> bool:
    """Whether a block is a table with columns START and STOP."""
    return hdu.kind == "BINTABLE" and {"START", "STOP"} <= column_names(hdu)


def column_names(hdu: Hdu) -> set[str]:
    """The columns of a table by what its header says, in capitals."""
    number = min(hdu.header.number("TFIELDS") or 0, MOST_FIELDS)
    return {hdu.header.text(f"TTYPE{place}").upper() for place in range(1, int(number) + 1)}


def read_good_times(file: FitsFile, hdu: Hdu) -> np.ndarray:
    """The intervals of a block for which `has_good_times` holds: shape (n, 2), seconds, sorted and disjoint.

    Raises
    ------
    vo.errors.UsageError
        When its columns hold no numbers.
    """
    table = file.table(hdu)
    for name in ("START", "STOP"):
        column = table.columns[name]
        if not column.scalar or column.code == "L":
            raise UsageError(f"Column {name} of block {hdu.name or hdu.index} in {file.name} holds no times.")
    rows = table.all()
    return union(np.column_stack([rows["START"], rows["STOP"]]))


def good_time_fields(intervals: np.ndarray) -> list[Field]:
    """The columns of a table of these intervals."""
    return [
        Field("START", intervals[:, 0], "lower GTI boundary", "s"),
        Field("STOP", intervals[:, 1], "upper GTI boundary", "s"),
    ]


def good_time_cards(intervals: np.ndarray) -> list[tuple[str, str | float, str]]:
    """Keyword, value and comment of what the header of such a table tells of them."""
    cards: list[tuple[str, str | float, str]] = [
        ("HDUCLASS", "OGIP", "format conforms to OGIP standard"),
        ("HDUCLAS1", "GTI", "table contains Good Time Intervals"),
        ("HDUCLAS2", "STANDARD", "standard Good Time Interval table"),
        ("ONTIME", float(np.diff(intervals, axis=1).sum()), "[s] sum of all Good Time Intervals"),
    ]
    if len(intervals):
        cards.append(("TSTART", float(intervals[0, 0]), "[s] Lower bound of first GTI"))
        cards.append(("TSTOP", float(intervals[-1, 1]), "[s] Upper bound of last GTI"))
    return cards
