"""Sky positions, times and energies as people type them, read strictly."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["iso_from_mjd", "mjd_from_text", "parse_dec", "parse_ra", "sexagesimal", "split_pair", "wavelength"]

_SIGN_AND_FIRST = r"(?P<sign>[+−-]?)\s*(?P<first>\d{1,3})"
_SEXAGESIMAL = tuple(
    re.compile(_SIGN_AND_FIRST + rest, re.ASCII | re.IGNORECASE)
    for rest in (
        r"(?P<unit>):(?P<second>\d{1,2})(?::(?P<third>\d{1,2}(?:\.\d*)?))?",
        r"(?P<unit>) +(?P<second>\d{1,2})(?: +(?P<third>\d{1,2}(?:\.\d*)?))?",
        r"\s*(?P<unit>[hd°])\s*(?P<second>\d{1,2})\s*[m'′](?:\s*(?P<third>\d{1,2}(?:\.\d*)?)\s*[s\"″]?)?",
    )
)
_DECIMAL = re.compile(r"[+−-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?\s*(?:d|deg|°)?", re.ASCII | re.IGNORECASE)

_MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)

HC_KEV_M = 1.239841984332e-9
"""Planck constant times speed of light in keV m (CODATA 2018, exact to the digits given)."""


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


def sexagesimal(ra: float, dec: float) -> str:
    """A position in degrees as ``05:34:31.94 +22:00:52.2``: hundredths of a second of time, tenths of an arcsecond."""
    hundredths = round(ra / 15 * 360_000) % (24 * 360_000)
    tenths = round(abs(dec) * 36_000)
    right = f"{hundredths // 360_000:02}:{hundredths // 6000 % 60:02}:{hundredths % 6000 / 100:05.2f}"
    return f"{right} {'-' if dec < 0 else '+'}{tenths // 36_000:02}:{tenths // 600 % 60:02}:{tenths % 600 / 10:04.1f}"


def split_pair(text: str) -> tuple[str, str] | None:
    """Right ascension and declination when `text` holds both, as catalogues print them, else None."""
    text = text.strip()
    if match := re.fullmatch(r"(.*?[\d.hdms'\"°])[\s,]+([+−-]\s*\d.*)", text, re.IGNORECASE):
        return match[1], match[2]
    if match := re.fullmatch(r"([^\s,]+)\s*[,\s]\s*([^\s,]+)", text):
        both_decimal = _DECIMAL.fullmatch(match[1]) and _DECIMAL.fullmatch(match[2])
        both_sexagesimal = all(re.search(r"[:hdms]", part, re.IGNORECASE) for part in match.groups())
        if both_decimal or both_sexagesimal:
            return match[1], match[2]
    return None


def mjd_from_text(text: str, *, end_of_day: bool = False) -> float:
    """Modified Julian Date from a number or an ISO 8601 date (``2001-06-13``, ``2001-06-13T12:00:00Z``).

    Days begin at 0 h of the time scale of the table; leap seconds do not matter at this precision.
    With `end_of_day` a date without a time stands for the end of that day.

    Raises
    ------
    ValueError
        With a sentence for the user.
    """
    text = text.strip()
    if re.fullmatch(r"\d{4,6}(\.\d*)?", text) and not re.fullmatch(r"(19|20)\d\d", text):
        return float(text)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?", text):
        try:
            moment = datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=UTC)
        except ValueError:
            raise ValueError(f"there is no such date or time as {text}.") from None
        return (moment - _MJD_EPOCH) / timedelta(days=1) + (end_of_day and len(text) == len("2001-06-13"))
    raise ValueError(f"{text!r} is no time: write 2001-06-13, 2001-06-13T12:00:00 or an MJD such as 52073.5.")


def iso_from_mjd(mjd: float) -> str:
    """ISO 8601 date and time, to the second, of a Modified Julian Date.

    Raises
    ------
    OverflowError
        When the year lies outside 1 to 9999.
    """
    moment = _MJD_EPOCH + timedelta(days=mjd)
    return (moment + timedelta(microseconds=500_000)).strftime("%Y-%m-%dT%H:%M:%S")


def wavelength(energy: float) -> float:
    """Vacuum wavelength in metres of a photon of `energy` keV."""
    return HC_KEV_M / energy


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
