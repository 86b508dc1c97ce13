"""Positions, times and energies are read strictly."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.coordinates import iso_from_mjd, mjd_from_text, parse_dec, parse_ra, sexagesimal, split_pair, wavelength


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("10.684", 10.684),
        (" 0 ", 0),
        ("360", 360),
        ("1.5e2", 150),
        (".5", 0.5),
        ("10.684deg", 10.684),
        ("10.684°", 10.684),
        ("00:42:44.3", 15 * (42 / 60 + 44.3 / 3600)),
        ("00 42 44.3", 15 * (42 / 60 + 44.3 / 3600)),
        ("00h42m44.3s", 15 * (42 / 60 + 44.3 / 3600)),
        ("0h 42m 44.3s", 15 * (42 / 60 + 44.3 / 3600)),
        ("5:30", 82.5),
        ("23:59:59.999", 15 * (23 + 59 / 60 + 59.999 / 3600)),
    ],
)
def test_right_ascension(text, degrees):
    assert parse_ra(text) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("+41.27", 41.27),
        ("-90", -90),
        ("−5.5", -5.5),
        ("+41:16:09", 41 + 16 / 60 + 9 / 3600),
        ("-00:30:00", -0.5),
        ("-0 30", -0.5),
        ("+41d16m09s", 41 + 16 / 60 + 9 / 3600),
        ("41°16′09″", 41 + 16 / 60 + 9 / 3600),
        ("41d16'09\"", 41 + 16 / 60 + 9 / 3600),
    ],
)
def test_declination(text, degrees):
    assert parse_dec(text) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (parse_ra, "361", "361 lies outside 0 to 360 degrees."),
        (parse_ra, "-3", "-3 lies outside 0 to 360 degrees."),
        (parse_ra, "-3:00:00", "right ascension is not negative."),
        (parse_ra, "24:00:01", "24:00:01 lies outside 0 to 360 degrees."),
        (parse_ra, "10:60:00", "minutes and seconds must be less than 60."),
        (parse_ra, "10:00:60", "minutes and seconds must be less than 60."),
        (parse_ra, "12d30m", "right ascension is given in hours (00h42m44.3s) or in decimal degrees."),
        (
            parse_ra,
            "10;DROP",
            "'10;DROP' is not a right ascension: write degrees (10.684) or hours (00:42:44.3).",
        ),
        (parse_ra, "nan", "'nan' is not a right ascension: write degrees (10.684) or hours (00:42:44.3)."),
        (parse_ra, "٣", "'٣' is not a right ascension: write degrees (10.684) or hours (00:42:44.3)."),
        (parse_dec, "91", "91 lies outside -90 to +90 degrees."),
        (parse_dec, "5h30m", "declination is given in degrees (+41d16m09s), not in hours."),
        (parse_dec, "north", "'north' is not a declination: write degrees (41.269 or +41:16:09)."),
        (parse_dec, "1 2 3 4", "'1 2 3 4' is not a declination: write degrees (41.269 or +41:16:09)."),
    ],
)
def test_refused(read, text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read(text)


@pytest.mark.parametrize(
    ("ra", "dec", "text"),
    [
        (83.633083, 22.0145, "05:34:31.94 +22:00:52.2"),
        (281.279125, -4.594672, "18:45:06.99 -04:35:40.8"),
        (0.0, -0.00001, "00:00:00.00 -00:00:00.0"),
        (359.9999999, 89.99999999, "00:00:00.00 +90:00:00.0"),
        (14.99999, 0.9999999, "01:00:00.00 +01:00:00.0"),
    ],
)
def test_position_as_people_write_it(ra, dec, text):
    assert sexagesimal(ra, dec) == text


@given(st.floats(0, 359.99), st.floats(-90, 90))
def test_positions_come_back(ra, dec):
    shown = sexagesimal(ra, dec).split()
    assert parse_ra(shown[0]) == pytest.approx(ra, abs=1e-4)
    assert parse_dec(shown[1]) == pytest.approx(dec, abs=2e-5)


@given(st.text(max_size=20))
def test_anything_is_a_number_in_range_or_refused(text):
    for read, low, high in ((parse_ra, 0, 360), (parse_dec, -90, 90)):
        try:
            value = read(text)
        except ValueError:
            continue
        assert low <= value <= high


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("00 42 44.3 +41 16 09", ("00 42 44.3", "+41 16 09")),
        ("10.68, 41.27", ("10.68", "41.27")),
        ("10.68 -41.27", ("10.68", "-41.27")),
        ("00:42:44.3 41:16:09", ("00:42:44.3", "41:16:09")),
        ("00h42m44s +41d16m09s", ("00h42m44s", "+41d16m09s")),
        ("10.68", None),
        ("00 42 44", None),
        ("M 31", None),
        ("", None),
    ],
)
def test_pair(text, pair):
    assert split_pair(text) == pair


@pytest.mark.parametrize(
    ("text", "mjd"),
    [
        ("52073.5", 52073.5),
        ("2001-06-13", 52073.0),
        ("2001-06-13T12:00", 52073.5),
        ("2001-06-13 12:00:00", 52073.5),
        ("2001-06-13T12:00:00Z", 52073.5),
        ("2001-06-13T06:00:00.000", 52073.25),
    ],
)
def test_time(text, mjd):
    assert mjd_from_text(text) == mjd


def test_a_date_may_stand_for_its_end():
    assert mjd_from_text("2001-06-13", end_of_day=True) == 52074.0
    assert mjd_from_text("2001-06-13T12:00", end_of_day=True) == 52073.5
    assert mjd_from_text("52073", end_of_day=True) == 52073.0


@pytest.mark.parametrize("text", ["2001", "2001-13-01", "2001-06-13T25:00", "yesterday", "1e5", "13/06/2001", ""])
def test_no_time(text):
    with pytest.raises(ValueError, match="time"):
        mjd_from_text(text)


@given(st.integers(0, 80_000 * 86_400))
def test_times_come_back_to_the_second(seconds):
    mjd = seconds / 86400
    assert mjd_from_text(iso_from_mjd(mjd)) == pytest.approx(mjd, abs=0.6 / 86400)


def test_wavelength_of_one_kev():
    assert math.isclose(wavelength(1.0), 1.2398419843e-9, rel_tol=1e-10)
