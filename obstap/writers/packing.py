"""Values as big-endian binary: what the binary formats have in common, done by numpy and Arrow on whole columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.writers.cells import bytes_of, cell_text, conform, is_time
from vo.errors import AthanorError

__all__ = [
    "BIG_ENDIAN",
    "CHARACTER_BYTES",
    "Missing",
    "ascii_text",
    "conform_ascii",
    "counts",
    "fixed_list",
    "fixed_text",
    "fixed_utf16",
    "packed",
    "scalars",
    "text_lengths",
    "utf16",
    "variable",
]

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

NO_ELEMENTS = pa.scalar(0, pa.int32())
TRUE, FALSE, EMPTY = pa.scalar(b"T"), pa.scalar(b"F"), pa.scalar("")

UNIT = np.dtype(">u2")
"""Type of a code unit of UTF-16."""

FIRST_HALF, SECOND_HALF = 0xD800, 0xDC00
"""Where the code units begin that are the halves of a character."""

BEYOND_ONE_UNIT = "[\U00010000-\U0010ffff]"
"""Regular expression of the characters that take two code units of UTF-16."""

BEYOND_ASCII = "[^\x00-\x7f]"
"""Regular expression of the characters that ASCII has not."""

Missing = bytes | int | float
"""What takes the place of a missing element."""


def packed(fields: Sequence[np.ndarray]) -> np.ndarray:
    """At least one field side by side, row by row; a second axis of a field holds the elements of arrays."""
    layout = np.dtype([(f"f{number}", values.dtype, values.shape[1:]) for number, values in enumerate(fields)])
    rows = np.empty(len(fields[0]), layout)
    for number, values in enumerate(fields):
        rows[f"f{number}"] = values
    return rows


def variable(data: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """An Arrow array of values of these lengths in bytes that lie one after the other in `data`."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(
        pa.binary(),
        len(lengths),
        [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data).view(np.uint8))],
    )


def ascii_text(text: str) -> str:
    """A text with XML character references for what is not ASCII."""
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def conform_ascii(
    array: pa.Array,
    column: Column,
    *,
    is_plain: Callable[[bytes], bool] = bytes.isascii,
    foreign: str = BEYOND_ASCII,
    spell: Callable[[str], str] = ascii_text,
) -> pa.Array:
    """The values of a column in the form that is packed: text has nothing `foreign` in it, times are text.

    Parameters
    ----------
    is_plain
        Tells quickly whether the bytes of a column have nothing foreign.
    foreign
        Regular expression of the characters that the format cannot carry.
    spell
        What it carries instead of a text that has some.

    Raises
    ------
    vo.errors.AthanorError
        When a value does not fit the column's type.
    """
    array = conform(array, column)
    if is_time(array):
        return cell_text(array, column)
    if not column.is_text or is_plain(bytes_of(array)):
        return array
    mask = pc.match_substring_regex(array, foreign)
    spelled = [spell(value) for value in array.filter(mask).to_pylist()]
    return pc.replace_with_mask(array, mask, pa.array(spelled, pa.string()))


def scalars(array: pa.Array, column: Column, missing: Missing) -> np.ndarray:
    """Numbers or truth values, `missing` in the place of those that are.

    Raises
    ------
    vo.errors.AthanorError
        When a value is the number that stands for missing ones.
    """
    if column.datatype == "boolean":
        letters = pc.if_else(array, TRUE, FALSE).fill_null(missing)
        return np.frombuffer(bytes_of(letters), "S1", len(letters))
    if column.datatype in ("short", "int", "long") and missing and pc.any(pc.equal(array, missing)).as_py():
        raise AthanorError(
            f"Column {column.name} has the value {missing}, which stands for missing ones in this format.",
            hint="Ask for another one, for example RESPONSEFORMAT=votable/b2.",
        )
    if array.null_count:
        array = array.fill_null(missing)
    return array.to_numpy(zero_copy_only=False).astype(BIG_ENDIAN[column.datatype], copy=False)


def counts(array: pa.ListArray) -> np.ndarray:
    """The number of elements of each array; 0 for missing ones."""
    return pc.list_value_length(array).fill_null(NO_ELEMENTS).to_numpy(zero_copy_only=False)


def text_lengths(text: pa.Array) -> np.ndarray:
    """The number of bytes of each text; 0 for missing ones."""
    return pc.binary_length(text).fill_null(NO_ELEMENTS).to_numpy(zero_copy_only=False)


def fixed_list(array: pa.ListArray, column: Column, size: int, missing: Missing) -> np.ndarray:
    """Arrays of `size` elements each; where one is missing its elements are.

    Raises
    ------
    vo.errors.AthanorError
        When an array has another number of elements.
    """
    present = array.is_valid().to_numpy(zero_copy_only=False)
    if np.any(counts(array)[present] != size):
        raise AthanorError(f"A value of column {column.name} has not the {size} elements that it is declared to have.")
    elements = scalars(array.flatten(), column, missing)
    filled = np.empty((len(array), size), elements.dtype)
    filled[~present] = missing
    filled[present] = elements.reshape(-1, size)
    return filled


def fixed_text(array: pa.Array, width: int) -> np.ndarray:
    """ASCII text cut or filled with NUL to `width` characters; missing text is all NUL."""
    whole = pc.utf8_slice_codeunits(array.fill_null(EMPTY), 0, width)
    data = bytes_of(pc.ascii_rpad(whole, width, "\0"))
    return np.frombuffer(data, f"S{width}", len(array))


def utf16(text: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Text in UTF-16: the code units of all values one after the other, and how many each has."""
    data = bytes_of(text.drop_null())
    units = np.frombuffer(data.decode().encode("utf-16-be"), UNIT)
    lengths = pc.utf8_length(text)
    if not data.isascii():
        lengths = pc.add(lengths, pc.count_substring_regex(text, BEYOND_ONE_UNIT))
    return units, lengths.fill_null(NO_ELEMENTS).to_numpy(zero_copy_only=False)


def fixed_utf16(text: pa.Array, size: int) -> np.ndarray:
    """Text in UTF-16 cut or filled with NUL to `size` code units; missing text is all NUL."""
    units, lengths = utf16(text)
    place = np.arange(len(units)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    row = np.repeat(np.arange(len(text)), lengths)
    filled = np.zeros((len(text), size), UNIT)
    inside = place < size
    filled[row[inside], place[inside]] = units[inside]
    last = filled[:, -1]
    last[(last >= FIRST_HALF) & (last < SECOND_HALF)] = 0
    return filled
