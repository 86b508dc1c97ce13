"""Sizes and times in human units."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vo.quantities import human_count, human_duration, human_size, relative_time


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.00 kB"),
        (229_600, "230 kB"),
        (1_234_567, "1.23 MB"),
        (12_345_678, "12.3 MB"),
        (999_999_999, "1.00 GB"),
        (4e18, "4000 PB"),
    ],
)
def test_size(size, text):
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
        (-30, "−30 s"),
        (timedelta(minutes=2), "2 min"),
    ],
)
def test_duration(seconds, text):
    assert human_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "just now"), (-3, "just now"), (65, "1 min ago"), (-86400 * 7, "in 7 d")]
)
def test_relative(seconds, text):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert relative_time(now - timedelta(seconds=seconds), now) == text


def test_count():
    assert [human_count(number) for number in (0, 9999, 10_000, 1_234_567)] == [
        "0",
        "9999",
        "10\N{NARROW NO-BREAK SPACE}000",
        "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567",
    ]
