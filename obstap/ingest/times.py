"""Times of observations: the mission's own clock or calendar dates, turned into MJD in UTC.

ObsCore 1.1 §4.5 wants MJD and leaves the time scale to the service; this one gives UTC for all collections.
The keywords are those of the FITS standard 4.0 §9 and OGIP/93-003.
"""

from __future__ import annotations

import warnings

from astropy.time import Time, TimeDelta

from obstap.ingest.outcomes import Refused
from obstap.ingest.words import Words

__all__ = ["coverage", "date_to_utc", "met_to_utc"]

SCALES = {"UTC": "utc", "TT": "tt", "TDT": "tt", "ET": "tt", "TAI": "tai", "IAT": "tai", "TDB": "tdb", "TCB": "tcb",
          "TCG": "tcg", "UT1": "ut1", "GPS": "gps"}  # fmt: skip
"""Time scales that TIMESYS may name. UT1 is within 0.9 s of UTC and is taken for it."""

GPS_BEHIND_TAI = 19.0
"""Seconds."""

DAY = 86_400.0

UTC_DATES = {"XMM"}
"""Telescopes whose DATE-OBS and DATE-END are in UTC whatever TIMESYS says, as their comments tell."""


def coverage(words: Words) -> tuple[float | None, float | None]:
    """Start and end of an observation as MJD in UTC, None where the headers do not tell.

    TSTART and TSTOP are preferred to DATE-OBS and DATE-END.

    Raises
    ------
    Refused
        When TIMESYS is unknown or the end lies before the start.
    """
    start, stop = words.number("TSTART"), words.number("TSTOP")
    if start is not None and stop is not None and has_reference(words):
        times: tuple[float | None, float | None] = met_to_utc(words, start), met_to_utc(words, stop)
    else:
        times = date_to_utc(words, "DATE-OBS", "TIME-OBS"), date_to_utc(words, "DATE-END", "TIME-END")
    if None not in times and times[1] < times[0]:
        raise Refused(f"It ends (MJD {times[1]:.6f}) before it starts (MJD {times[0]:.6f}).")
    return times


def has_reference(words: Words) -> bool:
    """Whether the headers say when mission time is zero."""
    return words.number("MJDREF", "MJDREFI") is not None and words.text("TIMESYS").upper() != "LOCAL"


def met_to_utc(words: Words, value: float) -> float:
    """Mission time `value`, in TIMEUNIT since MJDREF, as MJD in UTC.

    TIMEZERO is added. In the scale UTC days have 86,400 seconds of mission time.

    Raises
    ------
    Refused
        When TIMESYS or TIMEUNIT is unknown.
    """
    whole, part = words.number("MJDREFI"), words.number("MJDREFF") or 0.0
    if whole is None:
        whole, part = words.number("MJDREF") or 0.0, 0.0
    elapsed = (value + (words.number("TIMEZERO") or 0.0)) * _unit(words)
    scale = _scale(words)
    if scale == "utc":
        return whole + (part + elapsed / DAY)
    return _utc(Time(whole, part, format="mjd", scale="tai" if scale == "gps" else scale), elapsed, scale)


def date_to_utc(words: Words, date: str, time: str) -> float | None:
    """A calendar date (with its time of day, or with that in the keyword `time`) as MJD in UTC."""
    text = words.text(date)
    if not text:
        return None
    if "T" not in text and words.text(time):
        text = f"{text}T{words.text(time)}"
    scale = "utc" if words.text("TELESCOP").upper() in UTC_DATES else _scale(words)
    try:
        moment = Time(text.removesuffix("Z"), format="isot" if "T" in text else "iso", scale=_astropy(scale))
    except ValueError as error:
        raise Refused(f"{date} is {text!r}; it must be an ISO 8601 date.") from error
    return float(moment.mjd) if scale == "utc" else _utc(moment, 0.0, scale)


def _astropy(scale: str) -> str:
    return "tai" if scale == "gps" else scale


def _utc(moment: Time, elapsed: float, scale: str) -> float:
    shift = GPS_BEHIND_TAI if scale == "gps" else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "dubious year": leap seconds of the far future are not known
        later = moment + TimeDelta(elapsed + shift, format="sec")
        try:
            return float(later.utc.mjd)
        except ValueError as error:
            raise Refused(f"Its times (MJD {later.mjd:g}) lie outside all calendars.") from error


def _scale(words: Words) -> str:
    name = words.text("TIMESYS").upper() or "UTC"
    name = name.partition("(")[0]
    scale = SCALES.get(name)
    if not scale:
        raise Refused(f"TIMESYS is {name!r}; it must be one of {', '.join(SCALES)}.")
    return "utc" if scale == "ut1" else scale


def _unit(words: Words) -> float:
    unit = words.text("TIMEUNIT").lower() or "s"
    if unit in ("s", "sec", "second", "seconds"):
        return 1.0
    if unit in ("d", "day", "days"):
        return DAY
    raise Refused(f"TIMEUNIT is {unit!r}; it must be s or d.")
