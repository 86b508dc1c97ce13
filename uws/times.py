"""Times as UWS and DALI write them: ISO 8601, UTC, with ``T`` and ``Z`` (UWS 1.1 §2.2.3, DALI 1.1 §3.3.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["format_time", "now", "parse_time"]

_FORM = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:[Zz]|[+-]\d{2}:?\d{2})?", flags=re.ASCII
)


def now() -> datetime:
    """The present instant, UTC, in whole milliseconds: what is stored is what is shown and compared."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def format_time(moment: datetime | None) -> str:
    """An instant as ``2026-03-01T12:00:00.000Z``, or an empty string for None."""
    if moment is None:
        return ""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def parse_time(text: str) -> datetime:
    """The instant that a text such as ``2026-03-01T12:00:00Z`` or ``2026-03-01`` names; UTC where no zone is given.

    Raises
    ------
    ValueError
        When the text is no date or time.
    """
    text = text.strip()
    if not _FORM.fullmatch(text):
        raise ValueError(f"{text!r} is no time; write it as 2026-03-01T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: {error}.") from error
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999.") from error
