"""Many keys or names in lists that a query can name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["KEYS", "NAMES", "chunks"]

KEYS = 10_000
"""Keys that one query names at most; SQLite allows 32,766."""

NAMES = 400
"""Identifiers that one query names at most: of these each may be long."""

_Item = TypeVar("_Item")


def chunks(items: Iterable[_Item], size: int = KEYS) -> Iterator[list[_Item]]:
    """The items in lists of that size; the last may be shorter."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
