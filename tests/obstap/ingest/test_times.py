"""All times come out as MJD in UTC, whatever clock the mission kept."""

from __future__ import annotations

import pytest
from astropy.io import fits

from obstap.ingest import times
from obstap.ingest.outcomes import Refused
from obstap.ingest.words import Words

SECOND = 1 / 86400


def words(**cards: object) -> Words:
    header = fits.Header()
    for keyword, value in cards.items():
        header[keyword.replace("_", "-") if keyword[:4] in ("DATE", "TIME") else keyword] = value
    return Words(header)


@pytest.mark.parametrize(
    ("cards", "value", "expected"),
    [
        # 2008-10-04T00:44:07.43077 TT; TT is ahead of UTC by 32.184 s and 33 leap seconds
        ({"MJDREF": 50814.0, "TIMESYS": "TT"}, 339468247.43077, 54743 + (2647.43077 - 65.184) * SECOND),
        ({"MJDREF": 50814.0, "TIMESYS": "UTC"}, 339468247.43077, 54743 + 2647.43077 * SECOND),
        ({"MJDREF": 50814.0}, 339468247.43077, 54743 + 2647.43077 * SECOND),
        ({"MJDREF": 50814.0, "TIMESYS": "TAI"}, 339468247.43077, 54743 + (2647.43077 - 33) * SECOND),
        ({"MJDREF": 50814.0, "TIMESYS": "GPS"}, 339468247.43077, 54743 + (2647.43077 - 14) * SECOND),
        ({"MJDREFI": 50814, "MJDREFF": 0.5, "TIMESYS": "UTC"}, 0.0, 50814.5),
        ({"MJDREFI": 50814, "MJDREF": 1.0, "TIMESYS": "UTC"}, 0.0, 50814.0),
        ({"MJDREF": 50814.0, "TIMESYS": "UTC", "TIMEZERO": 100.0}, 20.0, 50814 + 120 * SECOND),
        ({"MJDREF": 50814.0, "TIMESYS": "UTC", "TIMEUNIT": "d", "TIMEZERO": 1.0}, 2.0, 50817.0),
    ],
)
def test_mission_time(cards: dict[str, object], value: float, expected: float) -> None:
    assert times.met_to_utc(words(**cards), value) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("day", "leap"),
    [(50814.0, 31), (51177.9, 31), (51179.1, 32), (57202.9, 35), (57204.1, 36), (57752.9, 36), (57754.1, 37)],
)
def test_leap_seconds_are_those_of_the_date(day: float, leap: int) -> None:
    terrestrial = times.met_to_utc(words(MJDREF=day, TIMESYS="TT"), 0.0)
    coordinated = times.met_to_utc(words(MJDREF=day, TIMESYS="UTC"), 0.0)
    assert (coordinated - terrestrial) / SECOND == pytest.approx(32.184 + leap, abs=2e-5)


def test_terrestrial_time_of_our_days_differs_by_69_seconds() -> None:
    rows = [times.coverage(words(MJDREF=50814.0, TIMESYS=scale, TSTART=8e8, TSTOP=8.0001e8)) for scale in ("TT", "UTC")]
    assert [(utc - tt) / SECOND for tt, utc in zip(*rows, strict=True)] == pytest.approx([69.184, 69.184], abs=2e-5)


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        ({"DATE_OBS": "2000-12-10T21:24:27", "TIMESYS": "UTC"}, 51888 + 77067 * SECOND),
        ({"DATE_OBS": "2000-12-10T21:24:27Z"}, 51888 + 77067 * SECOND),
        ({"DATE_OBS": "2000-12-10T21:24:27", "TIMESYS": "TT"}, 51888 + (77067 - 64.184) * SECOND),
        ({"DATE_OBS": "2000-12-10T21:24:27", "TIMESYS": "TT", "TELESCOP": "XMM"}, 51888 + 77067 * SECOND),
        ({"DATE_OBS": "2000-12-10", "TIME_OBS": "21:24:27", "TIMESYS": "UTC"}, 51888 + 77067 * SECOND),
        ({"DATE_OBS": "2000-12-10", "TIMESYS": "UTC"}, 51888.0),
    ],
)
def test_calendar_dates(cards: dict[str, object], expected: float) -> None:
    start, stop = times.coverage(words(**cards))
    assert start == pytest.approx(expected, abs=1e-9)
    assert stop is None


def test_mission_time_is_preferred_to_dates() -> None:
    cards = {"MJDREF": 50814.0, "TSTART": 0.0, "TSTOP": 86400.0, "TIMESYS": "UTC", "DATE_OBS": "2020-01-01T00:00:00"}
    assert times.coverage(words(**cards)) == (50814.0, 50815.0)


def test_local_clocks_and_missing_references_give_no_times() -> None:
    assert times.coverage(words(TSTART=0.0, TSTOP=10.0)) == (None, None)
    assert times.coverage(words(TSTART=0.0, TSTOP=10.0, MJDREF=50814.0, TIMESYS="LOCAL")) == (None, None)


@pytest.mark.parametrize(
    ("cards", "message"),
    [
        ({"MJDREF": 50814.0, "TSTART": 0.0, "TSTOP": 1.0, "TIMESYS": "LST"}, "TIMESYS is 'LST'; it must be one of UTC"),
        ({"MJDREF": 50814.0, "TSTART": 0.0, "TSTOP": 1.0, "TIMEUNIT": "h"}, "TIMEUNIT is 'h'; it must be s or d"),
        ({"MJDREF": 50814.0, "TSTART": 2.0, "TSTOP": 1.0, "TIMESYS": "UTC"}, "ends .* before it starts"),
        ({"MJDREF": 1e12, "TSTART": 0.0, "TSTOP": 1.0, "TIMESYS": "TT"}, r"times \(MJD 1e\+12\) lie outside"),
        ({"DATE_OBS": "10/12/00"}, "DATE-OBS is '10/12/00'; it must be an ISO 8601 date"),
    ],
)
def test_wrong_words_are_refused(cards: dict[str, object], message: str) -> None:
    with pytest.raises(Refused, match=message):
        times.coverage(words(**cards))
