"""What messages to users have in common."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["did_you_mean", "is_storable", "nearest", "plain", "storable"]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name, in its own spelling, that looks most like another one; empty when none does."""
    by_lower = {other.lower(): other for other in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that offers the nearest known name, or an empty text."""
    near = nearest(name, known)
    return f"Did you mean {near}?" if near else ""


def plain(value: float) -> str:
    """A number in the fewest digits that are read back as the same: ``80``, ``0.05``, ``1048576``."""
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def storable(text: str) -> str:
    """The text as every database stores it: U+FFFD stands for NUL and for halves of surrogate pairs."""
    return text if text.isprintable() else _UNSTORABLE.sub("\ufffd", text)


def is_storable(text: str) -> bool:
    """Whether every database stores the text, and may be asked for it, as it is."""
    return storable(text) == text
