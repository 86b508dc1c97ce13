"""Byte ranges of HTTP requests (RFC 9110 §14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vo.errors import RangeError

__all__ = ["ByteRange", "requested"]

_UNIT = "bytes"
_INT_RANGE = re.compile(r"([0-9]{1,30})-([0-9]{0,30})")
_SUFFIX_RANGE = re.compile(r"-([0-9]{1,30})")

_MOST = 64
"""So many ranges are served at once; RFC 9110 §14.2 lets a server ignore requests that are unlikely to be sensible."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `first` to `last` (0-based, both included) of a file of `size` bytes."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """The value of Content-Range (§14.4)."""
        return f"{_UNIT} {self.first}-{self.last}/{self.size}"


def requested(header: str, size: int) -> list[ByteRange]:
    """The parts of a file of `size` bytes that a Range header asks for, in its order.

    Returns
    -------
    list of ByteRange
        Empty when the header is to be ignored and the whole file sent: it has another unit or is malformed
        (§14.2), it asks for a suffix of an empty file, for more ranges than are sensible, or for more bytes in all
        than the file has.

    Raises
    ------
    vo.errors.RangeError
        When no range lies in the file (§15.5.17).
    """
    unit, _, specifiers = header.partition("=")
    if unit.strip().lower() != _UNIT:
        return []
    texts = [text for specifier in specifiers.split(",") if (text := specifier.strip(" \t"))]
    parsed = [_parse(text, size) for text in texts]
    if not parsed or len(parsed) > _MOST or None in parsed:
        return []
    if size == 0 and any(text.startswith("-") for text in texts):
        return []
    found = [part for part in parsed if part.length > 0]
    if not found:
        raise RangeError(f"No byte of the range {header!r} lies in the file, which has {size} bytes.", size=size)
    return found if sum(part.length for part in found) <= size else []


def _parse(text: str, size: int) -> ByteRange | None:
    """One range, of no length when it lies outside the file; None when it is malformed."""
    if match := _SUFFIX_RANGE.fullmatch(text):
        return ByteRange(max(size - int(match[1]), 0), size - 1, size)
    match = _INT_RANGE.fullmatch(text)
    if match is None:
        return None
    first = int(match[1])
    last = int(match[2]) if match[2] else max(size - 1, first)
    if last < first:
        return None
    return ByteRange(first, min(last, size - 1), size)
