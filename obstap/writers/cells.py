"""Values as text: what the formats made of characters have in common, done by Arrow's kernels on whole columns.

Spellings are those of VOTable 1.4 §5 unless a format has its own: ``NaN``, ``+Inf``, ``-Inf``, ``T``, ``F``, ISO 8601
times without a zone, arrays with blanks between their elements. A missing value stays missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.arrow import arrow_type
from obstap.metadata import Column
from vo.errors import AthanorError

__all__ = [
    "LOWEST_PLAIN",
    "Spelling",
    "bytes_of",
    "cell_text",
    "cell_texts",
    "conform",
    "has_controls",
    "is_time",
    "join_rows",
]

LOWEST_PLAIN = 0x20
"""The first code point that is no control character, the blank."""

# Kernels take constants as Arrow scalars: those of Python are converted, and pandas looked for, at every call.
TRUE, FALSE = pa.scalar("T"), pa.scalar("F")
UNKNOWN = "?"
NAN, INF, PLUS_INF, MINUS_INF = pa.scalar("NaN"), pa.scalar("inf"), pa.scalar("+Inf"), pa.scalar("-Inf")
EMPTY, BLANK, NO_ELEMENTS, EPOCH = pa.scalar(""), pa.scalar(" "), pa.scalar(0, pa.int32()), pa.scalar(0, pa.int64())


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a format writes what is not plainly a number or a text.

    Parameters
    ----------
    missing_element
        A missing element of an array of integers or booleans; where it is None, booleans have VOTable's ``?``, and an
        array of integers is left out as a whole.
    nan_element
        The same in an array of floating-point numbers.
    opening, between, closing
        What stands around and between the elements of an array.
    """

    true: pa.StringScalar = TRUE
    false: pa.StringScalar = FALSE
    nan: pa.StringScalar = NAN
    plus_infinity: pa.StringScalar = PLUS_INF
    minus_infinity: pa.StringScalar = MINUS_INF
    missing_element: str | None = None
    nan_element: str = "NaN"
    opening: pa.StringScalar = EMPTY
    between: pa.StringScalar = BLANK
    closing: pa.StringScalar = EMPTY


USUAL = Spelling()

FEW = 1000
"""Rows up to which a kernel's call costs more than its work on them."""

TEXT = "text"
"""What columns of characters have in common."""

NUMBERS = frozenset({"short", "int", "long", "float", "double"})


def is_time(array: pa.Array) -> bool:
    """Whether the values are kept as points in time rather than as text."""
    return pa.types.is_temporal(array.type)


def conform(array: pa.Array, column: Column) -> pa.Array:
    """The values in the Arrow type that belongs to the column's VOTable type; points in time stay what they are.

    Raises
    ------
    vo.errors.AthanorError
        When a value does not fit the type.
    """
    if column.is_text and is_time(array):
        return array
    wanted = pa.string() if column.is_text else arrow_type(column)
    if array.type == wanted:
        return array
    try:
        return array.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise AthanorError(
            f"A value of column {column.name} does not fit its type {column.datatype} ({error}).",
            hint="CAST it to a wider type.",
        ) from error


def cell_text(array: pa.Array, column: Column, spelling: Spelling = USUAL) -> pa.Array:
    """Each value as text, unescaped; missing values stay missing.

    Parameters
    ----------
    spelling
        How the format writes truth values, NaN, infinities and arrays.

    Raises
    ------
    vo.errors.AthanorError
        When a value does not fit the column's type.
    """
    if array.null_count == len(array):
        return pa.nulls(len(array), pa.string())
    array = conform(array, column)
    if is_time(array):
        return _times(array)
    if column.is_text:
        return array
    if column.arraysize:
        return _lists(array, spelling)
    return _scalars(array, spelling)


def cell_texts(
    batch: pa.RecordBatch, columns: Sequence[Column], escape: Callable[[pa.Array], pa.Array]
) -> list[pa.Array]:
    """`cell_text` of each column, escaped where the column is made of characters.

    Where rows are few, columns of one type are spelled, and texts escaped, all at once.

    Raises
    ------
    vo.errors.AthanorError
        When a value does not fit its column's type.
    """
    if batch.num_rows > FEW:
        texts = (cell_text(array, column) for column, array in zip(columns, batch.columns, strict=True))
        return [escape(text) if column.is_text else text for column, text in zip(columns, texts, strict=True)]
    return _few_texts(batch, columns, escape)


def _few_texts(
    batch: pa.RecordBatch, columns: Sequence[Column], escape: Callable[[pa.Array], pa.Array]
) -> list[pa.Array]:
    rows = batch.num_rows
    texts = [pa.nulls(rows, pa.string())] * len(columns)
    alike: dict[str, list[tuple[int, pa.Array]]] = {}
    for number, (column, array) in enumerate(zip(columns, batch.columns, strict=True)):
        if array.null_count == rows:
            continue
        if column.is_text:
            text = conform(array, column)
            alike.setdefault(TEXT, []).append((number, _times(text) if is_time(text) else text))
        elif column.datatype in NUMBERS and not column.arraysize:
            alike.setdefault(column.datatype, []).append((number, conform(array, column)))
        else:
            texts[number] = cell_text(array, column)
    for kind, members in alike.items():
        together = pa.concat_arrays([array for _, array in members])
        together = escape(together) if kind == TEXT else _scalars(together, USUAL)
        for place, (number, _) in enumerate(members):
            texts[number] = together.slice(place * rows, rows)
    return texts


def bytes_of(array: pa.Array) -> bytes:
    """The bytes of all values of a text or binary column, one after the other."""
    _, offsets, data = array.buffers()
    if data is None or len(array) == 0:
        return b""
    start, end = np.frombuffer(offsets, np.int32)[[array.offset, array.offset + len(array)]]
    return data.slice(start, end - start).to_pybytes()


def has_controls(data: bytes) -> bool:
    """Whether a text in UTF-8 has characters below `LOWEST_PLAIN`."""
    return bool(data) and int(np.frombuffer(data, np.uint8).min()) < LOWEST_PLAIN


def join_rows(
    cells: Sequence[pa.Array],
    *,
    start: bytes = b"",
    between_cells: pa.Scalar,
    between_rows: pa.Scalar,
    end: bytes,
    missing: str = "",
) -> bytes:
    """The cells of at least one row, each row's side by side and the rows one after the other.

    Parameters
    ----------
    cells
        The text of each column.
    start, end
        What goes before the first row and after the last.
    missing
        What stands for a missing value.
    """
    rows = pc.binary_join_element_wise(*cells, between_cells, null_handling="replace", null_replacement=missing)
    ends = pa.array(np.array([0, len(rows)], np.int32))
    joined = pc.binary_join(pa.ListArray.from_arrays(ends, rows), between_rows)
    return b"".join((start, joined[0].as_buffer(), end))


def _scalars(array: pa.Array, spelling: Spelling) -> pa.Array:
    if pa.types.is_boolean(array.type):
        return pc.if_else(array, spelling.true, spelling.false)
    text = array.cast(pa.string())
    if pa.types.is_floating(array.type) and not pc.all(pc.is_finite(array), min_count=0).as_py():
        text = pc.if_else(pc.is_nan(array), spelling.nan, text)
        signed = pc.if_else(pc.equal(text, INF), spelling.plus_infinity, spelling.minus_infinity)
        text = pc.if_else(pc.is_inf(array), signed, text)
    return text


def _lists(array: pa.ListArray, spelling: Spelling) -> pa.Array:
    elements = _scalars(array.flatten(), spelling)
    missing = spelling.missing_element
    if pa.types.is_floating(array.type.value_type):
        missing = spelling.nan_element
    elif pa.types.is_boolean(array.type.value_type):
        missing = missing or UNKNOWN
    if missing is not None:
        elements = elements.fill_null(missing)
    ends = np.zeros(len(array) + 1, np.int32)
    np.cumsum(pc.list_value_length(array).fill_null(NO_ELEMENTS).to_numpy(zero_copy_only=False), out=ends[1:])
    text = pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), elements, mask=array.is_null()), spelling.between)
    if not spelling.opening.as_py():
        return text
    return pc.binary_join_element_wise(spelling.opening, text, spelling.closing, EMPTY)


def _times(array: pa.Array) -> pa.Array:
    if pa.types.is_date(array.type):
        return array.cast(pa.string())
    array = array.cast(pa.timestamp("us"))
    whole_seconds = not np.any(array.cast(pa.int64()).fill_null(EPOCH).to_numpy() % 1_000_000)
    text = pc.replace_substring(array.cast(pa.timestamp("s" if whole_seconds else "us")).cast(pa.string()), " ", "T")
    return text if whole_seconds else pc.ascii_rtrim(pc.ascii_rtrim(text, "0"), ".")
