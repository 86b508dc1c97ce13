"""Data types and array sizes (VOTable 1.5 §2.1, §2.2, §6)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from vo.errors import UsageError

__all__ = ["CHARACTERS", "Layout", "layout_of"]

CHARACTERS = {"char": 1, "unicodeChar": 2}
"""Bytes of a character of each data type of text, in binary."""

_ELEMENTS = {
    "boolean": ("S1", "?", 1),
    "bit": ("u1", "?", 1),
    "unsignedByte": ("u1", "u1", 1),
    "short": (">i2", "i2", 1),
    "int": (">i4", "i4", 1),
    "long": (">i8", "i8", 1),
    "float": (">f4", "f4", 1),
    "double": (">f8", "f8", 1),
    "floatComplex": (">f4", "f4", 2),
    "doubleComplex": (">f8", "f8", 2),
}
"""Each data type of numbers: numpy type in binary, numpy type in memory, and elements of one number."""

_ARRAYSIZE = re.compile(r"(?:[0-9]{1,9}x)*(?:[0-9]{1,9}\*?|\*)")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a value is made of elements.

    Parameters
    ----------
    text
        Whether elements are characters.
    bits
        Whether elements are bits, eight to a byte in binary.
    stored, native
        Numpy types of an element that is no character, in binary and in memory.
    width
        Bytes of an element in binary; of no meaning for bits.
    scalar
        Whether a value is one element alone.
    count
        Number of elements of each value; None where it varies.
    step
        Where the number varies: it is a multiple of this.
    limit
        Where the number varies: it is not larger than this; None where it is not limited.
    rows_of_text
        Whether a text is an array of texts, which follow each other.
    """

    text: bool
    bits: bool
    stored: np.dtype
    native: np.dtype
    width: int
    scalar: bool
    count: int | None
    step: int
    limit: int | None
    rows_of_text: bool

    def size(self, count: int) -> int:
        """Bytes of `count` elements in binary."""
        return (count + 7) // 8 if self.bits else count * self.width


def layout_of(name: str, datatype: str, arraysize: str) -> Layout:
    """The layout of a field.

    Raises
    ------
    vo.errors.UsageError
        When the data type is unknown or the array size is none.
    """
    text = datatype in CHARACTERS
    if not text and datatype not in _ELEMENTS:
        known = ", ".join([*_ELEMENTS, *CHARACTERS])
        raise UsageError(f"column {name}: there is no data type {datatype[:40]!r}; VOTable has {known}.")
    stored, native, parts = ("S1", "U1", 1) if text else _ELEMENTS[datatype]
    size = "".join(arraysize.split())
    if size and not _ARRAYSIZE.fullmatch(size):
        raise UsageError(
            f"column {name}: {arraysize[:40]!r} is no arraysize; it must be such as 3, *, 10*, 2x3 or 8x*."
        )
    *inner, last = size.split("x") if size else ["1"]
    step = parts * math.prod(map(int, inner))
    variable = last.endswith("*")
    bound = last.rstrip("*")
    whole = step * int(bound) if bound else None
    if step == 0 or whole == 0:
        raise UsageError(f"column {name}: its arraysize {arraysize[:40]!r} leaves no room for a value.")
    return Layout(
        text=text,
        bits=datatype == "bit",
        stored=np.dtype(stored),
        native=np.dtype(native),
        width=CHARACTERS[datatype] if text else np.dtype(stored).itemsize,
        scalar=not text and parts == 1 and size in ("", "1"),
        count=None if variable else whole,
        step=step,
        limit=whole if variable else None,
        rows_of_text=text and bool(inner),
    )
