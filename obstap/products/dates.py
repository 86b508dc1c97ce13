"""The date on which a product becomes public, as people write it."""

from __future__ import annotations

from datetime import datetime

from uws.times import parse_time
from vo.errors import ParameterError

__all__ = ["parse_release_date"]

LATEST = 2200


def parse_release_date(text: str) -> datetime | None:
    """The time that an ISO 8601 date or time stands for (UTC where it names no zone); None for an empty text.

    Raises
    ------
    vo.errors.ParameterError
        When it is no such date, or beyond the year 2200.
    """
    if not text.strip():
        return None
    try:
        moment = parse_time(text.strip())
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not 1900 <= moment.year < LATEST:
        raise ParameterError(
            "RELEASE_DATE", f"{text[:40]!r} is no date; write it as 2027-01-31 or 2027-01-31T12:00:00."
        )
    return moment
