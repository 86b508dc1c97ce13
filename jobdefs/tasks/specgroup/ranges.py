"""Ranges of channels or energies as specgroup's parameters write them: ``2-20,63:97``, ``0.2-0.5``."""

from __future__ import annotations

import re

from vo.errors import ParameterError

__all__ = ["read_ranges"]

_NUMBER = r"\d+\.?\d*|\.\d+"
_RANGE = re.compile(rf"\s*({_NUMBER})(?:\s*[:-]\s*({_NUMBER}))?\s*")


def read_ranges(name: str, text: str, *, whole: bool) -> list[tuple[float, float]]:
    """The ranges, both ends included, in the order in which they are written.

    Parameters
    ----------
    name
        Of the parameter, for messages.
    whole
        Whether ends are channels, which are whole numbers.

    Raises
    ------
    vo.errors.ParameterError
        One is not written as ``low-high`` or ``low:high``, or the like.
    """
    found = []
    for item in text.split(","):
        match = _RANGE.fullmatch(item)
        if match is None:
            raise ParameterError(name, f"{item.strip()!r} is no range; ranges are written 2-20,63-97 or 0.2:0.5.")
        low, high = float(match[1]), float(match[2] or match[1])
        if whole and not (low.is_integer() and high.is_integer()):
            raise ParameterError(name, f"{item.strip()} must be whole channels; energies need units=KEV.")
        if low > high:
            raise ParameterError(name, f"{item.strip()} ends before it begins.")
        found.append((low, high))
    return found
