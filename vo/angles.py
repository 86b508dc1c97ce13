"""Angles as people type them, read strictly: right ascensions, declinations, and sizes with a unit."""

from __future__ import annotations

import re

__all__ = ["is_decimal", "parse_dec", "parse_ra", "parse_size"]

_SIGN_AND_FIRST = r"(?P<sign>[+−-]?)\s*(?P<first>\d{1,3})"
_SEXAGESIMAL = tuple(
    re.compile(_SIGN_AND_FIRST + rest, re.ASCII | re.IGNORECASE)
    for rest in (
        r"(?P<unit>):(?P<second>\d{1,2})(?::(?P<third>\d{1,2}(?:\.\d*)?))?",
        r"(?P<unit>) +(?P<second>\d{1,2})(?: +(?P<third>\d{1,2}(?:\.\d*)?))?",
        r"\s*(?P<unit>[hd°])\s*(?P<second>\d{1,2})\s*[m'′](?:\s*(?P<third>\d{1,2}(?:\.\d*)?)\s*[s\"″]?)?",
    )
)
_DECIMAL = re.compile(r"[+−-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?\s*(?:d|deg|°)?", re.ASCII | re.IGNORECASE)

_SIZE = re.compile(
    r"(?P<number>[+]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?)\s*(?P<unit>[a-z\"'°″′]*)", re.ASCII | re.IGNORECASE
)
_UNITS = {
    "": 1.0, "d": 1.0, "deg": 1.0, "°": 1.0, "'": 60.0, "′": 60.0, "arcmin": 60.0, '"': 3600.0, "″": 3600.0,
    "arcsec": 3600.0,
}  # fmt: skip
"""Units of sizes and how many of each make a degree."""


def parse_ra(text: str) -> float:
    """ICRS right ascension in degrees from decimal degrees (``10.684``) or hours (``00:42:44.3``, ``00h42m44.3s``).

    Raises
    ------
    ValueError
        With a sentence for the user.
    """
    text = text.strip()
    if match := _sexagesimal_match(text):
        if match["unit"] in ("d", "D", "°"):
            raise ValueError("right ascension is given in hours (00h42m44.3s) or in decimal degrees.")
        if match["sign"] in ("-", "−"):
            raise ValueError("right ascension is not negative.")
        degrees = 15 * _sexagesimal(match)
    else:
        degrees = _decimal(text, "a right ascension: write degrees (10.684) or hours (00:42:44.3)")
    if not 0 <= degrees <= 360:
        raise ValueError(f"{text} lies outside 0 to 360 degrees.")
    return degrees


def parse_dec(text: str) -> float:
    """ICRS declination in degrees from decimal degrees (``+41.27``) or ``+41:16:09``, ``+41d16m09s``.

    Raises
    ------
    ValueError
        With a sentence for the user.
    """
    text = text.strip()
    if match := _sexagesimal_match(text):
        if match["unit"] in ("h", "H"):
            raise ValueError("declination is given in degrees (+41d16m09s), not in hours.")
        degrees = _sexagesimal(match) * (-1 if match["sign"] in ("-", "−") else 1)
    else:
        degrees = _decimal(text, "a declination: write degrees (41.269 or +41:16:09)")
    if not -90 <= degrees <= 90:
        raise ValueError(f"{text} lies outside -90 to +90 degrees.")
    return degrees


def parse_size(text: str) -> float:
    """A size in degrees, not negative, from a number with a unit: ``30"``, ``0.5'``, ``30 arcsec``; degrees without.

    Raises
    ------
    ValueError
        With a sentence for the user.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match["unit"].lower() not in _UNITS:
        raise ValueError(f"{text!r} is no size: write degrees (0.01), or 36\" or 0.6'.")
    return float(match["number"]) / _UNITS[match["unit"].lower()]


def is_decimal(text: str) -> bool:
    """Whether a text is an angle in decimal degrees."""
    return _DECIMAL.fullmatch(text) is not None


def _sexagesimal_match(text: str) -> re.Match[str] | None:
    return next((match for form in _SEXAGESIMAL if (match := form.fullmatch(text))), None)


def _sexagesimal(match: re.Match[str]) -> float:
    first, second, third = int(match["first"]), int(match["second"]), float(match["third"] or 0)
    if second >= 60 or third >= 60:
        raise ValueError("minutes and seconds must be less than 60.")
    return first + second / 60 + third / 3600


def _decimal(text: str, wanted: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not {wanted}.")
    return float(text.lower().rstrip("deg° ").replace("−", "-"))
