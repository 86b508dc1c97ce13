"""VOTable with its rows in binary, in base64 (VOTable 1.4 §5.4).

Numpy fills one structured big-endian array for each run of fields of fixed size, the length of the variable field
that follows among them; Arrow joins these runs and the variable fields row by row, so that no row is touched in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pybase64

from obstap.metadata import Column
from obstap.writers.cells import bytes_of, cell_text, conform, fixed_size, is_text, is_time
from obstap.writers.votable import VOTableWriter
from vo.dali import VOTABLE
from vo.errors import AthanorError

__all__ = ["Binary2", "encode"]

BIG_ENDIAN = {
    "boolean": "S1",
    "short": ">i2",
    "int": ">i4",
    "long": ">i8",
    "float": ">f4",
    "double": ">f8",
}
"""Numpy type of an element of each VOTable data type that is no text."""

CHARACTER_BYTES = {"char": 1, "unicodeChar": 2}

NONE = pa.scalar(0, pa.int32())
TRUE, FALSE, UNKNOWN = pa.scalar(b"T"), pa.scalar(b"F"), pa.scalar(b"?")

FILLING = {"S": b"?", "i": 0, "f": np.nan}
"""What takes the place of a missing element, by the kind of its numpy type."""

LENGTH = ">i4"
"""Type of the number of elements that goes before a value of variable size."""


class Binary2(VOTableWriter):
    """Rows in binary with a mask of missing values before each."""

    media_types = (f"{VOTABLE};serialization=BINARY2",)
    aliases = ("votable/b2", "votable/binary2")
    ivo_id = "ivo://ivoa.net/std/TAPRegExt#output-votable-binary2"

    before_rows = b'<DATA>\n<BINARY2>\n<STREAM encoding="base64">\n'
    after_rows = b"</STREAM>\n</BINARY2>\n</DATA>\n"

    def encode(self, batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
        """The rows before base64."""
        return encode(batch, columns)

    def pack(self, rows: Iterable[bytes]) -> Iterator[bytes]:
        """The rows in base64, in lines that each stand for a multiple of three bytes but for the last."""
        carry = b""
        for row in rows:
            data = carry + row
            whole = len(data) - len(data) % 3
            carry = data[whole:]
            yield pybase64.b64encode(memoryview(data)[:whole]) + b"\n"
        if carry:
            yield pybase64.b64encode(carry) + b"\n"


class _Run:
    """Neighbouring fields of fixed size, gathered until one of variable size ends them."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._fields: list[np.ndarray] = []

    def add(self, values: np.ndarray) -> None:
        """Append a field; a second axis holds the elements of arrays."""
        self._fields.append(values)

    def take(self) -> list[pa.Array]:
        """The bytes of each row's fields, and a new start; an empty list when there are no fields."""
        if not self._fields:
            return []
        layout = [(f"f{number}", values.dtype, values.shape[1:]) for number, values in enumerate(self._fields)]
        packed = np.empty(self._rows, np.dtype(layout))
        for number, values in enumerate(self._fields):
            packed[f"f{number}"] = values
        self._fields = []
        return [_binary(packed, np.full(self._rows, packed.itemsize))]


def encode(batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
    """The rows of a batch as BINARY2 has them, before base64.

    Raises
    ------
    vo.errors.AthanorError
        When a value does not fit the type or the size of its column.
    """
    run = _Run(batch.num_rows)
    run.add(_mask(batch))
    parts: list[pa.Array] = []
    for column, array in zip(columns, batch, strict=True):
        if array.null_count == batch.num_rows:
            run.add(_missing(column, batch.num_rows))
            continue
        values = _conform(array, column)
        size = fixed_size(column)
        if size is None:
            counts, data = _variable_text(values, column) if is_text(column) else _variable_list(values, column)
            run.add(counts)
            parts += [*run.take(), data]
        elif is_text(column):
            run.add(_fixed_text(values, column, size))
        elif column.arraysize:
            run.add(_fixed_list(values, column, size))
        else:
            run.add(_scalars(values, column.datatype))
    parts += run.take()
    return bytes_of(pc.binary_join_element_wise(*parts, pa.scalar(b""), null_handling="replace", null_replacement=b""))


def _binary(data: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """An Arrow array of values of these lengths that lie one after the other in `data`."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(
        pa.binary(),
        len(lengths),
        [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data).view(np.uint8))],
    )


def _conform(array: pa.Array, column: Column) -> pa.Array:
    """The values of a column in the form that is packed; text of ``char`` fields is ASCII after this."""
    array = conform(array, column)
    if is_time(array):
        return cell_text(array, column)
    if column.datatype == "char" and _has_high_bytes(array):
        return pa.array([_ascii(value) for value in array.to_pylist()], pa.string())
    return array


def _has_high_bytes(text: pa.Array) -> bool:
    return not bytes_of(text).isascii()


def _ascii(value: str | None) -> str | None:
    return None if value is None else value.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _mask(batch: pa.RecordBatch) -> np.ndarray:
    """The bits of missing values: most significant first, one for each column, padded to whole bytes."""
    missing = np.zeros((batch.num_rows, batch.num_columns), bool)
    for number, array in enumerate(batch):
        if array.null_count == batch.num_rows:
            missing[:, number] = True
        elif array.null_count:
            missing[:, number] = array.is_null().to_numpy(zero_copy_only=False)
    return np.packbits(missing, axis=1)


def _missing(column: Column, rows: int) -> np.ndarray:
    """What stands for `rows` missing values: no elements, or elements that are NaN, 0, ``?`` or NUL."""
    size = fixed_size(column)
    if size is None:
        return np.zeros(rows, LENGTH)
    if is_text(column):
        return np.zeros(rows, f"S{size * CHARACTER_BYTES[column.datatype]}")
    kind = np.dtype(BIG_ENDIAN[column.datatype])
    return np.full((rows, size) if column.arraysize else rows, FILLING[kind.kind], kind)


def _scalars(array: pa.Array, datatype: str) -> np.ndarray:
    if datatype == "boolean":
        letters = pc.if_else(array, TRUE, FALSE).fill_null(UNKNOWN)
        return np.frombuffer(bytes_of(letters), "S1", len(letters), offset=letters.offset)
    kind = np.dtype(BIG_ENDIAN[datatype])
    if array.null_count:
        array = array.fill_null(FILLING[kind.kind])
    return array.to_numpy(zero_copy_only=False).astype(kind, copy=False)


def _variable_text(array: pa.Array, column: Column) -> tuple[np.ndarray, pa.Array]:
    if column.datatype == "unicodeChar":
        data = pa.array([None if value is None else _utf16(value) for value in array.to_pylist()], pa.binary())
    else:
        data = array.cast(pa.binary())
    lengths = pc.binary_length(data).fill_null(NONE).to_numpy(zero_copy_only=False)
    return (lengths // CHARACTER_BYTES[column.datatype]).astype(LENGTH), data


def _fixed_text(array: pa.Array, column: Column, size: int) -> np.ndarray:
    """Text cut or filled with NUL to `size` characters."""
    code = _utf16 if column.datatype == "unicodeChar" else str.encode
    length = size * CHARACTER_BYTES[column.datatype]
    values = [b"" if value is None else code(value)[:length] for value in array.to_pylist()]
    return np.array(values, f"S{length}")


def _utf16(value: str) -> bytes:
    return value.encode("utf-16-be")


def _elements(array: pa.ListArray, datatype: str) -> np.ndarray:
    return _scalars(array.flatten(), datatype)


def _counts(array: pa.ListArray) -> np.ndarray:
    return pc.list_value_length(array).fill_null(NONE).to_numpy(zero_copy_only=False)


def _variable_list(array: pa.ListArray, column: Column) -> tuple[np.ndarray, pa.Array]:
    elements = _elements(array, column.datatype)
    counts = _counts(array)
    return counts.astype(LENGTH), _binary(elements, counts * elements.itemsize)


def _fixed_list(array: pa.ListArray, column: Column, size: int) -> np.ndarray:
    """Arrays of `size` elements each; where one is missing its elements are NaN, 0 or ``?``."""
    counts = _counts(array)
    present = array.is_valid().to_numpy(zero_copy_only=False)
    if np.any(counts[present] != size):
        raise AthanorError(f"A value of column {column.name} has not the {size} elements that it is declared to have.")
    elements = _elements(array, column.datatype)
    filled = np.empty((len(array), size), elements.dtype)
    filled[~present] = FILLING[elements.dtype.kind]
    filled[present] = elements.reshape(-1, size)
    return filled
