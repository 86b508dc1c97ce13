"""Sizes, numbers and times in the units in which people think."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["human_count", "human_duration", "human_size", "relative_time"]

SIZES = ("bytes", "kB", "MB", "GB", "TB", "PB")


def human_count(value: int) -> str:
    """An integer; grouped with thin spaces from five digits on (ISO 80000-1)."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if abs(value) >= 10_000 else str(value)


def human_size(size: float) -> str:
    """A number of bytes in decimal units, three digits: 1 234 567 is ``1.23 MB``."""
    step = 0
    while size >= 999.5 and step < len(SIZES) - 1:
        size, step = size / 1000, step + 1
    if step == 0:
        return "1 byte" if size == 1 else f"{size:.0f} bytes"
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{size:.{digits}f} {SIZES[step]}"


def human_duration(duration: timedelta | float, *, units: int = 2) -> str:
    """A time span in one unit or two: ``0.4 s``, ``3 min 20 s``, ``2 d 4 h``."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
    if seconds < 0:
        return f"−{human_duration(-seconds, units=units)}"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, small, small_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit} {rest} {small_unit}" if rest and units > 1 else f"{whole // size} {unit}"
    return f"{whole} s"


def relative_time(moment: datetime, now: datetime) -> str:
    """A moment seen from now: ``3 min ago``, ``in 6 d``."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    return f"{human_duration(seconds, units=1)} ago" if seconds > 0 else f"in {human_duration(-seconds, units=1)}"
