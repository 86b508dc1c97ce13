"""Readers of the options of `manage.py jobs`; what they cannot read ends the command with their words."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import datetime

from uws.phases import Phase
from uws.times import parse_time

__all__ = ["count", "days", "instant", "phase"]


def phase(text: str) -> str:
    """A phase by its name, in any case."""
    try:
        return Phase(text.upper()).value
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no phase; there are {', '.join(Phase)}") from None


def instant(text: str) -> datetime:
    """A time in ISO 8601."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    """A whole number of 0 or more."""
    if not (text.isascii() and text.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is no whole number of 0 or more")
    return int(text)


def days(text: str) -> float:
    """A number of days, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 100_000:
        raise ArgumentTypeError(f"{text!r} is no number of days")
    return number
