"""How the columns of a FITS binary table are laid out (FITS 4.0 §7.3), which depends on all their values.

Text has the width of the longest value, as all readers know it. Where a few long values would make a large table mostly
padding, texts stand in the heap behind the rows, as arrays of varying size do; astropy gives such texts as arrays of
characters. Text is printable ASCII (FITS 4.0 §3.1): any other character
is an XML character reference (``&#233;``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.arrow import arrow_type
from obstap.metadata import Column
from obstap.writers.cells import bytes_of
from obstap.writers.packing import (
    BIG_ENDIAN,
    Missing,
    conform_ascii,
    counts,
    fixed_list,
    fixed_text,
    packed,
    scalars,
    text_lengths,
)
from vo.errors import AthanorError

__all__ = ["Field", "Layout", "Survey", "printable"]

LETTERS = {"boolean": "L", "short": "I", "int": "J", "long": "K", "float": "E", "double": "D"}

DISPLAYS = {"short": "I6", "int": "I11", "long": "I20", "float": "G15.7", "double": "G25.16"}
"""How a number is shown in full (FITS 4.0 §7.3.4)."""

NULLS = {
    kind: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, -(2 ** (bits - 1)) + 2, 2 ** (bits - 1) - 3)
    for kind, bits in {"short": 16, "int": 32, "long": 64}.items()
}
"""What may stand for a missing integer, the usual one first: one that does not occur is taken."""

FOREIGN = "[^ -~]"
LOWEST, HIGHEST = 0x20, 0x7E

MOST_PADDING = 64 * 2**20
"""Bytes that the padding of a text column may take, whatever its share."""

PADDED_TO = 8
"""How many times the bytes of its values a text column may take beyond that."""

LARGEST_P = 2**31 - 1
"""Bytes of a heap that 32-bit descriptors reach (FITS 4.0 §7.3.5)."""


def printable(text: str) -> str:
    """A text with XML character references for what FITS does not allow."""
    return "".join(character if " " <= character <= "~" else f"&#{ord(character)};" for character in text)


def _is_printable(data: bytes) -> bool:
    numbers = np.frombuffer(data, np.uint8)
    return not data or (int(numbers.min()) >= LOWEST and int(numbers.max()) <= HIGHEST)


class Survey:
    """What must be known of a column before its first value is written."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.kind = pa.string() if column.is_text else arrow_type(column)
        """Arrow type of the values as they are surveyed."""
        self.longest = 0
        self.total = 0
        self.missing = False
        """Whether integers are missing."""
        self.nulls = list(NULLS.get(column.datatype, ()))

    def take(self, array: pa.Array) -> pa.Array:
        """Look at values, and give them in the form that is packed.

        Raises
        ------
        vo.errors.AthanorError
            When a value does not fit the column's type.
        """
        array = conform_ascii(array, self.column, is_plain=_is_printable, foreign=FOREIGN, spell=printable)
        array = array.cast(self.kind)
        if self.column.is_text or self.column.arraysize:
            lengths = _lengths(array, self.column)
            self.longest = max(self.longest, int(lengths.max()))
            self.total += int(lengths.sum())
        if self.nulls:
            self._look_for_nulls(array)
        return array

    def _look_for_nulls(self, array: pa.Array) -> None:
        numbers = array.flatten() if self.column.arraysize else array
        shows = self.column.fixed_size is not None and array.null_count > 0
        self.missing |= shows or numbers.null_count > 0
        ends = pc.min_max(numbers)
        low, high = ends["min"].as_py(), ends["max"].as_py()
        if low is None:
            return
        self.nulls = [
            null for null in self.nulls if not low <= null <= high or not pc.any(pc.equal(numbers, null)).as_py()
        ]


def _lengths(array: pa.Array, column: Column) -> np.ndarray:
    """Number of elements or characters of each value."""
    if not column.is_text:
        return counts(array)
    return text_lengths(array)


@dataclass(frozen=True, slots=True)
class Field:
    """A column as it is laid out.

    Parameters
    ----------
    letter
        Code of its elements (FITS 4.0 table 18).
    size
        Elements or characters of each value, at most where the values stand in the heap.
    bytes
        Bytes of an element.
    in_heap
        Bytes that its values take in the heap, or None where they stand in the rows.
    missing
        What takes the place of a missing element.
    null
        The value of ``TNULL``, where it needs one.
    """

    column: Column
    letter: str
    size: int
    bytes: int
    in_heap: int | None
    missing: Missing
    null: int | None

    @classmethod
    def of(cls, survey: Survey, rows: int) -> Field:
        """The layout that suits the values.

        Raises
        ------
        vo.errors.AthanorError
            When integers are missing and none is left to stand for them.
        """
        column = survey.column
        if column.is_text:
            width = max(survey.longest, 1)
            heap = rows * width > PADDED_TO * survey.total + MOST_PADDING
            return cls(column, "A", width, 1, survey.total if heap else None, b"", None)
        kind = np.dtype(BIG_ENDIAN[column.datatype])
        missing: Missing = b"\0" if kind.kind == "S" else np.nan
        null = None
        if column.datatype in NULLS:
            if survey.missing and not survey.nulls:
                raise AthanorError(
                    f"Column {column.name} has missing values and no number left to stand for them in FITS.",
                    hint="Ask for another format, for example RESPONSEFORMAT=votable/b2.",
                )
            null = survey.nulls[0] if survey.missing else None
            missing = null or 0
        size = column.fixed_size
        heap = survey.total * kind.itemsize if size is None else None
        longest = survey.longest if size is None else size
        return cls(column, LETTERS[column.datatype], longest, kind.itemsize, heap, missing, null)

    def form(self, descriptor: str) -> str:
        """The value of ``TFORM``; `descriptor` is P or Q."""
        return f"{self.size}{self.letter}" if self.in_heap is None else f"1{descriptor}{self.letter}({self.size})"

    @property
    def shape(self) -> str:
        """The value of ``TDIM``, for arrays of several dimensions."""
        dimensions = self.column.arraysize.split("x")
        return (
            f"({','.join(dimensions)})" if len(dimensions) > 1 and self.in_heap is None and self.letter != "A" else ""
        )

    @property
    def display(self) -> str:
        """The value of ``TDISP``, for single numbers."""
        return "" if self.column.arraysize else DISPLAYS.get(self.column.datatype, "")

    def values(self, array: pa.Array) -> np.ndarray:
        """Values that stand in the rows."""
        if self.letter == "A":
            return fixed_text(array, self.size)
        if self.column.arraysize:
            return fixed_list(array, self.column, self.size, self.missing)
        return scalars(array, self.column, self.missing)

    def heap(self, array: pa.Array) -> bytes:
        """Values that stand in the heap."""
        if self.letter == "A":
            return bytes_of(array.drop_null())
        return scalars(array.flatten(), self.column, self.missing).tobytes()


class Layout:
    """The layout of a table.

    Parameters
    ----------
    surveys
        What was seen of each column.
    rows
        Number of rows.
    """

    def __init__(self, surveys: Sequence[Survey], rows: int) -> None:
        self.fields = [Field.of(survey, rows) for survey in surveys]
        self.heap_bytes = sum(field.in_heap or 0 for field in self.fields)
        self.descriptor = "P" if self.heap_bytes <= LARGEST_P else "Q"
        self._pointer = ">i4" if self.descriptor == "P" else ">i8"
        self.row_bytes = sum(self._width(field) for field in self.fields)
        self._position = 0

    def _width(self, field: Field) -> int:
        return field.size * field.bytes if field.in_heap is None else 2 * np.dtype(self._pointer).itemsize

    def rows(self, batch: pa.RecordBatch) -> bytes:
        """The rows of the next batch; its values in the heap follow those of the batches before."""
        return packed([self._place(field, array) for field, array in zip(self.fields, batch, strict=True)]).tobytes()

    def _place(self, field: Field, array: pa.Array) -> np.ndarray:
        if field.in_heap is None:
            return field.values(array)
        lengths = _lengths(array, field.column).astype(np.int64)
        ends = self._position + np.cumsum(lengths) * field.bytes
        starts = ends - lengths * field.bytes
        self._position = int(ends[-1])
        return np.stack([lengths, starts], axis=1).astype(self._pointer)

    @property
    def heap_fields(self) -> list[int]:
        """The numbers of the fields whose values stand in the heap."""
        return [number for number, field in enumerate(self.fields) if field.in_heap is not None]

    def heap(self, batch: pa.RecordBatch) -> bytes:
        """What a batch of the fields in the heap, and no others, adds to it."""
        fields = (self.fields[number] for number in self.heap_fields)
        return b"".join(field.heap(array) for field, array in zip(fields, batch, strict=True))
