"""Values of a file in the Arrow type of the column that they are published in, whole columns at a time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.arrow import arrow_type, times_of
from obstap.metadata import Column
from vo.errors import UsageError

__all__ = ["convert", "fits", "is_text", "parse"]

MISSING = pa.array(["", "null", "NULL", "None", "NA", "N/A", "--", "\\N"])
"""What stands for no value where a number, a boolean or a time is expected."""

TRUE = pa.array(["t", "true", "1", "yes", "y"])
FALSE = pa.array(["f", "false", "0", "no", "n"])

WORDS = {
    "boolean": "boolean (T or F)",
    "short": "whole number between -32768 and 32767",
    "int": "whole number of 32 bits",
    "long": "whole number of 64 bits",
    "float": "number",
    "double": "number",
}

_PADDED_SIGN = r"^\+"
_SEPARATORS = r"[\[\](){},;\s]+"


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type is text."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def convert(array: pa.Array, column: Column) -> pa.Array:
    """The values in the type of `column`; numbers that are NaN become missing.

    Raises
    ------
    vo.errors.UsageError
        When a value does not fit; the message names the column and the value.
    """
    wanted = arrow_type(column)
    if array.type != wanted:
        array = parse(array, column) if is_text(array.type) and not is_text(wanted) else _cast(array, column, wanted)
    if pa.types.is_list(wanted):
        _check_sizes(array, column)
    return _without_nan(array) if pa.types.is_floating(wanted) else array


def parse(text: pa.Array, column: Column) -> pa.Array:
    """The values that texts spell.

    Booleans are T, F, true, false, 1, 0, yes or no; times ISO 8601, of which more than six digits of a second are cut
    off; arrays are numbers between blanks or commas, in brackets or without.

    Raises
    ------
    vo.errors.UsageError
        When a text spells no value of the column's type.
    """
    try:
        return _spelled(text, column)
    except pa.ArrowException as error:
        value = _first_wrong(text, column)
        raise UsageError(f"Column {column.name}: {value!r} is no {_kind(column)}.") from error


def fits(text: pa.Array, column: Column) -> bool:
    """Whether all texts spell values of the column's type, and at least one is not missing."""
    try:
        values = _spelled(text, column)
    except pa.ArrowException:
        return False
    return values.null_count < len(values)


def _spelled(text: pa.Array, column: Column) -> pa.Array:
    wanted = arrow_type(column)
    text = _present(text)
    if pa.types.is_list(wanted):
        return _lists(text, column, wanted)
    if pa.types.is_timestamp(wanted):
        return _times(text)
    return _scalars(text, column.datatype, wanted)


def _kind(column: Column) -> str:
    if column.xtype == "timestamp":
        return "time such as 2024-05-31T12:00:00"
    if column.arraysize:
        return f"list of values of type {column.datatype}"
    return WORDS[column.datatype]


def _present(text: pa.Array) -> pa.Array:
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.is_in(text, value_set=MISSING), pa.scalar(None, text.type), text)


def _scalars(text: pa.Array, datatype: str, wanted: pa.DataType) -> pa.Array:
    if datatype == "boolean":
        lower = pc.ascii_lower(text)
        true, false = pc.is_in(lower, value_set=TRUE), pc.is_in(lower, value_set=FALSE)
        if not pc.all(pc.or_(pc.or_(true, false), text.is_null()), min_count=0).as_py():
            raise pa.ArrowInvalid("neither true nor false")
        return pc.if_else(text.is_valid(), true, pa.scalar(None, pa.bool_()))
    return pc.replace_substring_regex(text, _PADDED_SIGN, "").cast(wanted)


def _lists(text: pa.Array, column: Column, wanted: pa.ListType) -> pa.Array:
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, _SEPARATORS, " "))
    words = pc.split_pattern(plain, " ")
    flat = words.flatten()
    flat = pc.if_else(pc.is_in(flat, value_set=MISSING), pa.scalar(None, flat.type), flat)
    counts = pc.list_value_length(words).fill_null(0).to_numpy(zero_copy_only=False)
    counts = np.where(pc.equal(plain, "").fill_null(False).to_numpy(zero_copy_only=False), 0, counts)
    if pa.types.is_floating(wanted.value_type):
        values = _scalars(flat, column.datatype, wanted.value_type).fill_null(float("nan"))
    else:
        values = _scalars(flat, column.datatype, wanted.value_type)
    if int(counts.sum()) != len(values):  # the one empty word of an empty list is no element
        values = values.filter(pc.invert(pc.equal(flat.fill_null("-"), "")))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    mask = pa.array(text.is_null()) if text.null_count else None
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=wanted, mask=mask)


def _times(text: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(text, r"^[^-]*$"), min_count=0).as_py():
        raise pa.ArrowInvalid("not a date")
    return times_of(text)


def _first_wrong(text: pa.Array, column: Column) -> str:
    """The first of the texts, of which one is wrong, that spells no value."""
    start, end = 0, len(text)
    while end - start > 1:
        middle = (start + end) // 2
        try:
            _spelled(text.slice(start, middle - start), column)
            start = middle
        except pa.ArrowException:
            end = middle
    return str(text[start].as_py())[:60]


def _cast(array: pa.Array, column: Column, wanted: pa.DataType) -> pa.Array:
    try:
        if pa.types.is_timestamp(wanted):
            if pa.types.is_timestamp(array.type) and array.type.tz is not None:
                array = array.cast(pa.timestamp(array.type.unit, "UTC"))
            return array.cast(wanted, safe=False)
        if pa.types.is_list(wanted):
            return _cast_list(array, wanted)
        if pa.types.is_floating(wanted):
            return array.cast(wanted, safe=False)
        return array.cast(wanted)
    except pa.ArrowException as error:
        what = "text" if is_text(wanted) else column.datatype + (f"[{column.arraysize}]" if column.arraysize else "")
        raise UsageError(f"Column {column.name}: its values ({array.type}) do not fit {what}: {error}.") from error


def _cast_list(array: pa.Array, wanted: pa.ListType) -> pa.Array:
    if pa.types.is_fixed_size_list(array.type):
        array = array.cast(pa.list_(array.type.value_type))
    return array.cast(wanted, safe=not pa.types.is_floating(wanted.value_type))


def _check_sizes(array: pa.Array, column: Column) -> None:
    size = column.fixed_size
    if size is None:
        return
    wrong = pc.not_equal(pc.list_value_length(array), size).fill_null(False)
    if pc.any(wrong, min_count=0).as_py():
        found = len(array.filter(wrong)[0])
        raise UsageError(f"Column {column.name}: a value has {found} elements; each must have {size}.")


def _without_nan(array: pa.Array) -> pa.Array:
    nan = pc.is_nan(array)
    if pc.any(nan, min_count=0).as_py():
        return pc.if_else(nan, pa.scalar(None, array.type), array)
    return array
