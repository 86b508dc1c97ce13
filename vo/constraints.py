"""Values with which VO protocols narrow a search: intervals and positions (SIA 2.0 §2.1, SODA 1.0 §3.3, DALI 1.1 §3.3).

Numbers stand between blanks, angles are ICRS degrees, and an open end is written ``-Inf`` or ``+Inf``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vo.errors import ParameterError, UsageError

__all__ = ["Interval", "parse_interval", "parse_number", "parse_position"]

Shape = tuple[float, ...]

SHOWN = 80
"""Characters of a wrong value that a message repeats."""

FLATNESS = 1.0 / 3600.0
"""Degrees by which the polygon that stands for a range may reach beyond it."""

THINNEST = 1e-6
"""Degrees that a range measures at least: a polygon needs an inside."""

_WIDEST = 90.0
"""Degrees of longitude that one polygon of a range covers at most."""

_FORMS = {
    "CIRCLE": "CIRCLE <longitude> <latitude> <radius>",
    "RANGE": "RANGE <longitude1> <longitude2> <latitude1> <latitude2>",
    "POLYGON": "POLYGON <longitude1> <latitude1> … with at least 3 pairs",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers from `lower` to `upper`, both included; an open end is infinite."""

    lower: float
    upper: float


def parse_number(name: str, text: str) -> float:
    """A finite number.

    Raises
    ------
    vo.errors.ParameterError
        When the text is none.
    """
    number = _number(text)
    if number is None or math.isinf(number):
        raise ParameterError(name, f"{text[:SHOWN]!r} is no number.")
    return number


def parse_interval(name: str, text: str) -> Interval:
    """The interval between two numbers, or from one number to itself.

    Raises
    ------
    vo.errors.ParameterError
        When the text is neither.
    """
    numbers = [_number(word) for word in text.split()]
    if not 1 <= len(numbers) <= 2 or None in numbers:
        raise ParameterError(
            name,
            f"{text[:SHOWN]!r} is no number and no interval; write one number, or two with a blank between them, "
            "such as 0.5 10 or 300 +Inf.",
        )
    lower, upper = numbers[0], numbers[-1]
    if lower > upper:
        raise ParameterError(name, f"the interval {text[:SHOWN]!r} ends before it begins.")
    return Interval(lower, upper)


def parse_position(name: str, text: str) -> list[list[Shape]]:
    """The shapes of a region given as ``CIRCLE``, ``RANGE`` or ``POLYGON``.

    Returns
    -------
    list of list of tuple
        Alternatives: what touches all shapes of one of them touches the region. A range whose sides are no great
        circles becomes polygons that reach at most `FLATNESS` beyond it.

    Raises
    ------
    vo.errors.ParameterError
        When the text is no such region.
    """
    keyword, *words = text.split() or [""]
    form = _FORMS.get(keyword.upper())
    if form is None:
        raise ParameterError(name, f"{text[:SHOWN]!r} is no region; write {', or '.join(_FORMS.values())}.")
    numbers = [_number(word) for word in words]
    if None in numbers:
        raise ParameterError(name, f"{text[:SHOWN]!r} has something that is no number; write {form}.")
    if keyword.upper() == "RANGE":
        if len(numbers) != 4:
            raise ParameterError(name, f"a range has 4 numbers, and {text[:SHOWN]!r} has {len(numbers)}; write {form}.")
        return _range(name, numbers)
    if (len(numbers) == 3) != (keyword.upper() == "CIRCLE") or len(numbers) < 3:
        raise ParameterError(name, f"{text[:SHOWN]!r} has {len(numbers)} numbers; write {form}.")
    _check_longitudes(name, numbers[:1] if len(numbers) == 3 else numbers[::2])
    from vo.regions import checked  # noqa: PLC0415 - numpy loads with the first position

    try:
        return [[checked(numbers)]]
    except UsageError as error:
        raise ParameterError(name, str(error)) from error


def _number(text: str) -> float | None:
    """A number, infinite ones among them; None for anything else."""
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) or "_" in text else number


def _check_longitudes(name: str, longitudes: Sequence[float]) -> None:
    for longitude in longitudes:
        if not 0 <= longitude <= 360:
            raise ParameterError(name, f"the longitude {longitude:g} lies outside 0 to 360 degrees.")


def _range(name: str, numbers: Sequence[float]) -> list[list[Shape]]:
    west, east = (_closed(number, 0.0, 360.0) for number in numbers[:2])
    south, north = (_closed(number, -90.0, 90.0) for number in numbers[2:])
    _check_longitudes(name, (west, east))
    for latitude in (south, north):
        if not abs(latitude) <= 90:
            raise ParameterError(name, f"the latitude {latitude:g} lies outside -90 to 90 degrees.")
    if west > east or south > north:
        raise ParameterError(
            name,
            "the first longitude and latitude of a range must not exceed the second; "
            f"give {name} twice for a range across longitude 0.",
        )
    if east - west == 360:
        # A region is of one piece: one that reaches below the upper and above the lower parallel lies between them.
        return [[(0.0, -90.0, north + 90.0), (0.0, 90.0, 90.0 - south)]]
    if east - west < THINNEST:
        west, east = west - THINNEST / 2, east + THINNEST / 2
    if north - south < THINNEST:
        south, north = max(south - THINNEST / 2, -90.0), min(north + THINNEST / 2, 90.0)
    pieces = math.ceil((east - west) / _WIDEST)
    limits = [west + (east - west) * number / pieces for number in range(pieces + 1)]
    return [[_patch(limits[number], limits[number + 1], south, north)] for number in range(pieces)]


def _closed(number: float, lowest: float, highest: float) -> float:
    """An end of a range, an open one at the end of all coordinates."""
    if math.isinf(number):
        return highest if number > 0 else lowest
    return number


def _patch(west: float, east: float, south: float, north: float) -> Shape:
    """A polygon around the part of the sky between two meridians and two parallels."""
    middle = [((west, east), (south + north) / 2)] if north - south > _WIDEST else []
    lower, upper = list(_parallel(west, east, south, outwards=-1)), list(_parallel(west, east, north, outwards=1))
    right = [(limits[1], latitude) for limits, latitude in middle]
    left = [(limits[0], latitude) for limits, latitude in middle]
    vertices = [*lower, *right, *reversed(upper), *left]
    return tuple(round(value, 12) for lon, lat in vertices for value in (lon % 360.0, lat))


def _parallel(west: float, east: float, latitude: float, *, outwards: int) -> Iterator[tuple[float, float]]:
    """Vertices, from west to east, of great circles that follow a parallel on its outer side.

    `outwards` is 1 where the north of the parallel lies outside, -1 where its south does. Great circles bend towards
    the pole: where that is inwards, their vertices lie further out so that their middles touch the parallel.
    """
    if abs(latitude) == 90:
        yield west, latitude
        return
    bend = math.sin(math.radians(abs(latitude))) * math.cos(math.radians(latitude))
    longest = math.degrees(math.sqrt(8 * math.radians(FLATNESS) / bend)) if bend > 1e-9 else _WIDEST
    count = math.ceil((east - west) / min(longest, _WIDEST))
    if latitude * outwards < 0:
        half = math.radians((east - west) / count / 2)
        latitude = math.degrees(math.atan(math.tan(math.radians(latitude)) * math.cos(half)))
    for number in range(count + 1):
        yield west + (east - west) * number / count, latitude
