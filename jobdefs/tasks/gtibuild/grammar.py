"""The text from which gtibuild makes good times (SAS documentation of gtibuild-1.5.1, Input Files).

One interval a line, in any order: ``start stop [op [len1 len2]]``, in seconds. ``+`` (which is meant without an
operator) says that the interval is good, ``-`` that it is bad. ``+g``, ``+b``, ``-g`` and ``-b`` repeat a pair of
segments of lengths len1 and len2 from start until the period is over in which stop lies; the letter says whether the
first is the good one of the two, or the bad one. Of a periodic ``+`` the good segments are added to what is good, of
a periodic ``-`` the bad segments to what is bad. ``stop`` 0 means for ever. ``timeref yyyy-mm-ddThh:mm:ss[.s]`` (UTC)
says from when times count, for the whole text. ``#`` begins a comment.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass, field

import erfa
import numpy as np

from vo.errors import ParameterError, ParameterErrors

from ..intervals import subtract, union

__all__ = ["FOREVER", "parse_times", "utc_to_mission"]

FOREVER = 1e10
"""The end of all time, in seconds since 1998-01-01 (TT): the year 2314."""

MOST_INTERVALS = 1_000_000
"""Into which periodic lines may be taken apart."""

_MOST_TOLD = 20
_EPOCH = 2450814.5
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d{1,3})?")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):((?:[0-5]\d|60)(?:\.\d*)?)")
_OPERATORS = ("+", "-", "+g", "+b", "-g", "-b")


class _Wrong(Exception):
    """What is wrong with a line."""


@dataclass(slots=True)
class _Text:
    """What the lines said so far."""

    good: list[np.ndarray] = field(default_factory=list)
    bad: list[np.ndarray] = field(default_factory=list)
    has_good: bool = False
    origin: float = 0.0
    origin_line: int = 0
    count: int = 0


def parse_times(text: str, *, name: str = "file") -> np.ndarray:
    """The good times that a text describes: the union of its good intervals without the union of its bad ones.

    Parameters
    ----------
    name
        Of the parameter that the text is the value of, for messages.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2), seconds since 1998-01-01T00:00:00 TT, sorted and disjoint. Where no line is good, all times are,
        from 0 to `FOREVER`, that are not bad.

    Raises
    ------
    vo.errors.ParameterErrors
        One error for each line that is wrong, by its number.
    """
    read = _Text()
    errors: list[ParameterError] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        words = line.partition("#")[0].split()
        try:
            if words and words[0].lower() == "timeref":
                _read_origin(read, words, number)
            elif words:
                _read_interval(read, words)
        except _Wrong as wrong:
            errors.append(ParameterError(name, f"line {number}: {wrong}"))
            if len(errors) == _MOST_TOLD:
                break
    if errors:
        raise ParameterErrors(errors)
    good = _joined(read.good, read.origin) if read.has_good else np.array([[0.0, FOREVER]])
    return subtract(good, _joined(read.bad, read.origin))


def utc_to_mission(text: str) -> float:
    """Seconds since 1998-01-01T00:00:00 TT of a moment in UTC, written as ``yyyy-mm-ddThh:mm:ss[.s]``.

    Raises
    ------
    ValueError
        It is written in another way, or there is no such moment.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    *whole, seconds = found.groups()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # leap seconds of the far future are not known
        try:
            day, fraction = erfa.taitt(*erfa.utctai(*erfa.dtf2d("UTC", *map(int, whole), float(seconds))))
        except erfa.ErfaError as error:
            raise ValueError(text) from error
    return float((day - _EPOCH) * 86400 + fraction * 86400)


def _joined(lots: list[np.ndarray], origin: float) -> np.ndarray:
    if not lots:
        return np.empty((0, 2))
    intervals = union(np.concatenate(lots) + origin)
    return np.column_stack([intervals[:, 0], np.where(np.isinf(intervals[:, 1]), FOREVER, intervals[:, 1])])


def _read_origin(read: _Text, words: list[str], number: int) -> None:
    if read.origin_line:
        raise _Wrong(f"timeref was given in line {read.origin_line} already; it counts for the whole text.")
    if len(words) != 2:
        raise _Wrong("timeref is followed by one date: timeref yyyy-mm-ddThh:mm:ss.")
    try:
        read.origin = utc_to_mission(words[1])
    except ValueError:
        raise _Wrong(f"{words[1][:40]!r} is no date of the form yyyy-mm-ddThh:mm:ss[.s] (UTC).") from None
    read.origin_line = number


def _read_interval(read: _Text, words: list[str]) -> None:
    if len(words) < 2:
        raise _Wrong(f"after {words[0]!r} the end of the interval is missing: start stop [op [len1 len2]].")
    start, stop = _number(words[0], "start"), _number(words[1], "stop")
    operator = words[2].lower() if len(words) > 2 else "+"
    if operator not in _OPERATORS:
        raise _Wrong(f"{words[2][:40]!r} is no operator; it must be one of {' '.join(_OPERATORS)}.")
    if stop == 0:
        stop = math.inf
    elif stop <= start:
        raise _Wrong(f"stop {words[1]} must lie after start {words[0]}.")
    if len(operator) == 1:
        if len(words) > 3:
            raise _Wrong(f"{words[3]!r} is too much: lengths follow +g, +b, -g and -b only.")
        _add(read, operator, np.array([[start, stop]]))
    else:
        _add(read, operator, _periods(read, operator, start, stop, words))


def _periods(read: _Text, operator: str, start: float, stop: float, words: list[str]) -> np.ndarray:
    """The segments that a periodic line adds to the good or to the bad times."""
    if len(words) != 5:
        raise _Wrong(f"{operator} is followed by two lengths: start stop {operator} len1 len2.")
    first, second = _number(words[3], "len1"), _number(words[4], "len2")
    if first <= 0 or second <= 0:
        raise _Wrong("both lengths of a period must be above 0.")
    if math.isinf(stop):
        raise _Wrong("a periodic interval must have an end; stop is 0.")
    periods = (stop - start) / (first + second)
    room = MOST_INTERVALS - read.count
    if periods > room:
        raise _Wrong(f"the interval has {periods:.4g} periods; there may be {MOST_INTERVALS:,} in the whole text.")
    count = math.ceil(periods - 1e-9 * max(periods, 1))
    read.count += count
    begins = start + (first + second) * np.arange(max(count, 1))
    wants_first = operator in {"+g", "-b"}
    ends = start + (first + second) * np.arange(1, max(count, 1) + 1)
    return np.column_stack([begins, begins + first] if wants_first else [begins + first, ends])


def _add(read: _Text, operator: str, intervals: np.ndarray) -> None:
    if operator[0] == "+":
        read.has_good = True
        read.good.append(intervals)
    else:
        read.bad.append(intervals)


def _number(word: str, what: str) -> float:
    if not _NUMBER.fullmatch(word):
        raise _Wrong(f"{word[:40]!r} is no number; {what} is a time in seconds.")
    value = float(re.sub("[dD]", "e", word))
    if not 0 <= value <= FOREVER:
        raise _Wrong(f"{what} {word[:40]} must lie between 0 and {FOREVER:g}.")
    return value
