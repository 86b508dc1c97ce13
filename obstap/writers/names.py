"""Names of columns in formats that do not allow two of the same name."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["unique"]


def unique(names: Sequence[str], *, fold: bool = False) -> list[str]:
    """The names, with a number after each that came before.

    Parameters
    ----------
    fold
        Whether names that differ in case alone count as the same.
    """
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        candidate, number = name, 1
        while _key(candidate, fold) in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(_key(candidate, fold))
        result.append(candidate)
    return result


def _key(name: str, fold: bool) -> str:
    return name.casefold() if fold else name
