"""Sky positions, times and energies as people type them, read strictly."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from vo.angles import is_decimal, parse_dec, parse_ra

__all__ = ["iso_from_mjd", "mjd_from_text", "parse_dec", "parse_ra", "sexagesimal", "split_pair", "wavelength"]

_MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)

HC_KEV_M = 1.239841984332e-9
"""Planck constant times speed of light in keV m (CODATA 2018, exact to the digits given)."""


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
        both_decimal = is_decimal(match[1]) and is_decimal(match[2])
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
