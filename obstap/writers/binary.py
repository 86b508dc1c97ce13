"""VOTable with its rows in binary, in base64 (VOTable 1.4 §5.3 BINARY, §5.4 BINARY2).

Numpy fills one structured big-endian array for each run of fields of fixed size, the length of the variable field
that follows among them; Arrow joins these runs and the variable fields row by row, so that no row is touched in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pybase64

from obstap.metadata import Column
from obstap.writers.cells import bytes_of, cell_text, conform
from obstap.writers.packing import (
    BIG_ENDIAN,
    CHARACTER_BYTES,
    Missing,
    conform_ascii,
    counts,
    fixed_list,
    fixed_text,
    fixed_utf16,
    packed,
    scalars,
    text_lengths,
    utf16,
    variable,
)
from obstap.writers.votable import VOTableWriter
from vo.dali import VOTABLE

__all__ = ["Binary", "Binary2"]

LENGTH = ">i4"
"""Type of the number of elements that goes before a value of variable size."""

LINE_BYTES = 3 * (2**16 - 1)
"""Most bytes of a line before base64: it becomes a quarter of a megabyte, which a web server sends in one piece."""


class _BinaryWriter(VOTableWriter):
    """Rows in binary, in base64."""

    fillings: ClassVar[Mapping[str, Missing]] = {
        "boolean": b"?",
        "short": 0,
        "int": 0,
        "long": 0,
        "float": np.nan,
        "double": np.nan,
    }
    """What takes the place of a missing element, by data type."""

    masked: ClassVar[bool]
    """Whether a mask of missing values goes before each row."""

    def encode(self, batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
        """The rows before base64.

        Raises
        ------
        vo.errors.AthanorError
            When a value does not fit the type or the size of its column.
        """
        run = [_mask(batch)] if self.masked else []
        parts: list[pa.Array] = []
        for column, array in zip(columns, batch, strict=True):
            if array.null_count == batch.num_rows:
                run.append(self._missing(column, batch.num_rows))
                continue
            values, data = self._field(array, column)
            run.append(values)
            if data is not None:
                parts += [_joinable(run), data]
                run = []
        if run:
            parts.append(_joinable(run))
        rows = pc.binary_join_element_wise(*parts, pa.scalar(b""), null_handling="replace", null_replacement=b"")
        return bytes_of(rows)

    def pack(self, rows: Iterable[bytes]) -> Iterator[bytes]:
        """The rows in base64, in lines that each stand for a multiple of three bytes but for the last.

        The lines are short, so that what is made of them on the way to the client stays in the processor's cache and
        the memory of one serves the next.
        """
        rest = b""
        for data in map(memoryview, rows):
            start = 0
            while start < len(data):
                end = start + LINE_BYTES - len(rest)
                piece = rest + data[start:end]
                whole = len(piece) - len(piece) % 3
                rest = piece[whole:]
                if whole:
                    yield pybase64.b64encode(memoryview(piece)[:whole]) + b"\n"
                start = end
        if rest:
            yield pybase64.b64encode(rest) + b"\n"

    def _field(self, array: pa.Array, column: Column) -> tuple[np.ndarray, pa.Array | None]:
        """The field of fixed size, or the lengths of one of variable size and its data."""
        size = column.fixed_size
        if not column.is_text:
            return self._numbers(conform(array, column), column, size)
        if column.datatype == "unicodeChar":
            text = cell_text(array, column)
            if size is not None:
                return fixed_utf16(text, size), None
            units, lengths = utf16(text)
            return lengths.astype(LENGTH), variable(units, lengths * units.itemsize)
        text = conform_ascii(array, column)
        if size is not None:
            return fixed_text(text, size), None
        return text_lengths(text).astype(LENGTH), text.cast(pa.binary())

    def _numbers(self, array: pa.Array, column: Column, size: int | None) -> tuple[np.ndarray, pa.Array | None]:
        missing = self.fillings[column.datatype]
        if not column.arraysize:
            return scalars(array, column, missing), None
        if size is not None:
            return fixed_list(array, column, size, missing), None
        elements = scalars(array.flatten(), column, missing)
        lengths = counts(array)
        return lengths.astype(LENGTH), variable(elements, lengths * elements.itemsize)

    def _missing(self, column: Column, rows: int) -> np.ndarray:
        """What stands for `rows` missing values: no elements, or elements that are."""
        size = column.fixed_size
        if size is None:
            return np.zeros(rows, LENGTH)
        if column.is_text:
            return np.zeros(rows, f"S{size * CHARACTER_BYTES[column.datatype]}")
        shape = (rows, size) if column.arraysize else rows
        return np.full(shape, self.fillings[column.datatype], BIG_ENDIAN[column.datatype])


class Binary2(_BinaryWriter):
    """Rows in binary with a mask of missing values before each."""

    media_types = (f"{VOTABLE};serialization=BINARY2",)
    aliases = ("votable/b2", "votable/binary2")
    ivo_id = "ivo://ivoa.net/std/TAPRegExt#output-votable-binary2"
    before_rows = b'<DATA>\n<BINARY2>\n<STREAM encoding="base64">\n'
    after_rows = b"</STREAM>\n</BINARY2>\n</DATA>\n"
    masked = True


class Binary(_BinaryWriter):
    """Rows in binary alone: a missing integer is a number that the FIELD names, a missing text an empty one.

    The numbers are set before the first row is known. They are neither the extremes of their types nor those of
    symmetric ranges, which occur in data; a value that is one of them ends the answer with an error.
    """

    media_types = (f"{VOTABLE};serialization=BINARY",)
    aliases = ("votable/b", "votable/binary")
    ivo_id = "ivo://ivoa.net/std/TAPRegExt#output-votable-binary"
    before_rows = b'<DATA>\n<BINARY>\n<STREAM encoding="base64">\n'
    after_rows = b"</STREAM>\n</BINARY>\n</DATA>\n"
    masked = False
    missing = {"short": -(2**15) + 2, "int": -(2**31) + 2, "long": -(2**63) + 2}
    fillings = {**_BinaryWriter.fillings, **missing}


def _joinable(fields: Sequence[np.ndarray]) -> pa.Array:
    rows = packed(fields)
    return variable(rows, np.full(len(rows), rows.itemsize))


def _mask(batch: pa.RecordBatch) -> np.ndarray:
    """The bits of missing values: most significant first, one for each column, padded to whole bytes."""
    missing = np.zeros((batch.num_rows, batch.num_columns), bool)
    for number, array in enumerate(batch):
        if array.null_count == batch.num_rows:
            missing[:, number] = True
        elif array.null_count:
            missing[:, number] = array.is_null().to_numpy(zero_copy_only=False)
    return np.packbits(missing, axis=1)
