"""The rows of FITS tables as Arrow arrays: numpy turns whole columns of a piece of the table at once.

Values that mean none become missing: TNULL, undefined booleans, NaN (later) and text of blanks alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obstap.metadata import Column
from obstap.publish.convert import parse
from obstap.publish.fits_columns import UNSIGNED, FitsColumn
from obstap.publish.source import BATCH_ROWS
from vo.errors import UsageError

__all__ = ["Layout", "text_array", "text_rows", "value_rows"]

PIECE = 8 * 2**20
"""Bytes of rows, and of values of variable length, that are taken at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a table lies in a file: its `start`, that of its `heap`, and its `end`, in bytes from the file's start."""

    path: Path
    start: int
    row_bytes: int
    rows: int
    heap: int
    end: int

    def pieces(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """The number of the first row, and rows as bytes (rows, row_bytes)."""
        step = max(1, min(BATCH_ROWS, PIECE // max(self.row_bytes, 1)))
        with self.path.open("rb") as stream:
            stream.seek(self.start)
            for first in range(0, self.rows, step):
                count = min(step, self.rows - first)
                data = np.fromfile(stream, np.uint8, count * self.row_bytes)
                if data.size < count * self.row_bytes:
                    raise UsageError("The file ends in the middle of the table.")
                yield first, data.reshape(count, self.row_bytes)


def value_rows(layout: Layout, columns: Sequence[FitsColumn]) -> Iterator[list[pa.Array]]:
    """The columns of a binary table, piece by piece.

    Raises
    ------
    vo.errors.UsageError
        When the file ends early, a value lies outside the heap or a whole number is too large.
    """
    with layout.path.open("rb") as stream:
        for first, rows in layout.pieces():
            for part in _by_heap(rows, columns, layout, first):
                yield [
                    _variable(part, column, layout, stream) if column.descriptor else _fixed(part, column)
                    for column in columns
                ]


def text_rows(layout: Layout, columns: Sequence[FitsColumn]) -> Iterator[list[pa.Array]]:
    """The columns of an ASCII table, piece by piece.

    Raises
    ------
    vo.errors.UsageError
        When the file ends early or a text is no number.
    """
    for _, rows in layout.pieces():
        yield [_spelled(_field(rows, column), column) for column in columns]


def text_array(data: NDArray[np.bytes_]) -> pa.Array:
    """Text without what follows a NUL and without blanks at its end; missing where nothing is left.

    Bytes that are no UTF-8 are read as Latin-1.
    """
    array = pa.array(data.ravel(), pa.binary())
    if pc.any(pc.match_substring(array, "\0"), min_count=0).as_py():
        array = pa.array([value.partition(b"\0")[0] for value in array.to_pylist()], pa.binary())
    try:
        text = array.cast(pa.string())
    except pa.ArrowInvalid:
        text = pa.array([_decoded(value) for value in array.to_pylist()], pa.string())
    text = pc.ascii_rtrim(text, " ")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _field(rows: NDArray[np.uint8], column: FitsColumn) -> NDArray[np.bytes_]:
    data = np.ascontiguousarray(rows[:, column.offset : column.offset + column.width])
    return data.view(f"S{column.width}").ravel()


def _fixed(rows: NDArray[np.uint8], column: FitsColumn) -> pa.Array:
    if column.code == "A":
        return text_array(_field(rows, column))
    data = np.ascontiguousarray(rows[:, column.offset : column.offset + column.width])
    if column.code == "X":
        bits = np.unpackbits(data, axis=1)[:, : column.count]
        flat = pa.array(np.ascontiguousarray(bits).ravel().astype(bool))
    else:
        flat = _elements(data.ravel().view(column.element), column)
    if not column.column.arraysize:
        return flat
    size = len(flat) // len(rows)
    return pa.ListArray.from_arrays(pa.array(np.arange(len(rows) + 1, dtype=np.int32) * size), flat)


def _elements(raw: NDArray, column: FitsColumn) -> pa.Array:
    """Elements as they are meant: in the machine's byte order, scaled, missing where they are TNULL."""
    if column.code == "L":
        true, false = raw == ord("T"), raw == ord("F")
        return pa.array(true, mask=~(true | false))
    mask = None if column.null is None else raw == column.null
    if column.scaled:
        values = raw.astype(np.float64) * column.scale + column.zero
    elif (column.code, column.zero) in UNSIGNED and column.zero:
        values = _moved(raw, column)
    elif column.code == "B":
        values = raw.astype(np.int16)
    else:
        values = raw.astype(raw.dtype.newbyteorder("="))
    return pa.array(values, mask=mask)


def _moved(raw: NDArray, column: FitsColumn) -> NDArray:
    """Whole numbers of the other signedness (§7.3.2)."""
    if column.code == "K":
        if (raw >= 0).any():
            value = int(raw[raw >= 0][0]) + 2**63
            raise UsageError(f"Column {column.column.name}: {value} exceeds the largest whole number, {2**63 - 1}.")
        return (raw.astype(np.uint64) + np.uint64(2**63)).astype(np.int64)
    kind = {"B": np.int16, "I": np.int32, "J": np.int64}[column.code]
    return raw.astype(kind) + kind(column.zero)


def _pairs(rows: NDArray[np.uint8], column: FitsColumn) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of elements and places in the heap."""
    data = np.ascontiguousarray(rows[:, column.offset : column.offset + column.width])
    pairs = data.view(column.descriptor).astype(np.int64)
    return pairs[:, 0], pairs[:, 1]


def _sizes(counts: NDArray[np.int64], column: FitsColumn) -> NDArray[np.int64]:
    """Bytes of values of these numbers of elements."""
    if column.code == "X":
        return -(-counts // 8)
    parts = 2 if column.code in "CM" else 1
    return counts * parts * (1 if column.code == "A" else np.dtype(column.element).itemsize)


def _by_heap(
    rows: NDArray[np.uint8], columns: Sequence[FitsColumn], layout: Layout, first: int
) -> Iterator[NDArray[np.uint8]]:
    """The rows in parts whose values of variable length take bounded memory, after a check of where these lie."""
    variable = [column for column in columns if column.descriptor]
    total = np.zeros(len(rows), np.int64)
    for column in variable:
        counts, places = _pairs(rows, column)
        sizes = _sizes(counts, column)
        wrong = (counts < 0) | ((counts > 0) & ((places < 0) | (layout.heap + places + sizes > layout.end)))
        if wrong.any():
            row = first + int(np.flatnonzero(wrong)[0]) + 1
            raise UsageError(f"Column {column.column.name}: its value in row {row} lies outside the heap of the table.")
        total += sizes
    if not variable:
        yield rows
        return
    part = np.cumsum(total) // PIECE
    yield from np.split(rows, np.flatnonzero(np.diff(part)) + 1)


def _variable(rows: NDArray[np.uint8], column: FitsColumn, layout: Layout, stream: BinaryIO) -> pa.Array:
    counts, places = _pairs(rows, column)
    sizes = _sizes(counts, column)
    pieces = []
    starts, ends = places + layout.heap, places + layout.heap + sizes
    run = 0
    while run < len(rows):
        last = run
        while last + 1 < len(rows) and starts[last + 1] == ends[last]:
            last += 1
        stream.seek(int(starts[run]) if ends[last] > starts[run] else 0)
        pieces.append(stream.read(int(ends[last] - starts[run])))
        run = last + 1
    data = np.frombuffer(b"".join(pieces), np.uint8)
    if column.code == "A":
        return _variable_text(data, sizes)
    if column.code == "X":
        bits = np.unpackbits(data)
        places = np.concatenate([np.arange(n) + 8 * at for n, at in zip(counts, np.cumsum(sizes) - sizes, strict=True)])
        flat = pa.array(bits[places.astype(np.int64)].astype(bool))
    else:
        flat = _elements(data.view(column.element), column)
    lengths = counts * (2 if column.code in "CM" else 1)
    return pa.ListArray.from_arrays(pa.array(np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)), flat)


def _variable_text(data: NDArray[np.uint8], sizes: NDArray[np.int64]) -> pa.Array:
    ends = np.cumsum(sizes)
    whole = data.tobytes()
    values = [whole[end - size : end] for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]
    return text_array(np.array(values, dtype=f"S{max(1, int(sizes.max(initial=1)))}"))


def _spelled(field: NDArray[np.bytes_], column: FitsColumn) -> pa.Array:
    """Values of a column of an ASCII table (§7.2.5); an empty field has none."""
    text = text_array(field)
    if column.code == "A":
        return text
    text = pc.utf8_trim_whitespace(text)
    if column.null is not None:
        text = pc.if_else(pc.equal(text, str(column.null)), pa.scalar(None, pa.string()), text)
    if column.code != "I":
        text = pc.replace_substring_regex(pc.utf8_upper(text), "D", "E")
    kind = Column(column.column.name, "long" if column.code == "I" else "double")
    values = parse(text, kind)
    if column.digits:
        bare = pc.invert(pc.match_substring(text, ".")).fill_null(False)
        values = pc.if_else(bare, pc.divide(values, 10.0**column.digits), values)
    if column.scaled:
        values = pc.add(pc.multiply(values.cast(pa.float64()), column.scale), column.zero)
    return values
