"""Words of JDL documents: multiplicities, and names of variables of scripts."""

from __future__ import annotations

import re

__all__ = ["is_variable", "multiplicity", "unlike"]

_HEEDED = re.compile(r"PATH|IFS|ENV|HOME|CDPATH|PS[0-4]|SHELLOPTS|GLOBIGNORE|PROMPT_COMMAND|(BASH|LD|PYTHON|PERL).*")
"""Variables that a shell, or what it runs, heeds by itself."""


def is_variable(name: str) -> bool:
    """Whether a script may have a variable of that name whose value a user chooses: none that a shell itself heeds."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and not _HEEDED.fullmatch(name)


def unlike(name: str, taken: set[str]) -> str:
    """The name, or one much like it, that is not among `taken`, to which it is added."""
    wanted, number = name[:60], 1
    while wanted in taken:
        number += 1
        wanted = f"{name[:56]}_{number}"
    taken.add(wanted)
    return wanted


def multiplicity(text: str) -> tuple[float, float]:
    """``1``, ``*`` or ``0..1``: at least so many, and at most so many; one where it says nothing."""
    low, dots, high = text.strip().partition("..")
    most = high if dots else low
    return _count("1" if low == "*" else low, 1), _count(most, 1)


def _count(text: str, default: float) -> float:
    if text in ("*", "n", "N"):
        return float("inf")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default
