"""The columns of an uploaded table: what is told of each, and its values for the engines.

Every value comes back as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from obstap.arrow import arrow_type, times_of
from obstap.metadata import Column
from obstap.names import unique
from obstap.votable_columns import column_of, numbers_of
from vo.errors import UsageError
from vo.votable import Field, Values

__all__ = ["array_of", "columns_of", "with_room"]

_TIMES = frozenset({"timestamp", "adql:timestamp"})
_TIME_LENGTH = 26
"""Characters of a time with microseconds."""

_LARGEST = 1024
"""Elements up to which values are declared to have a fixed number of them: each takes its whole room in answers, also
where there is no value."""

_LONGEST_NAME = 128

_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?\d*)?)?Z?", re.ASCII)


def columns_of(fields: Sequence[Field]) -> tuple[Column, ...]:
    """The columns of a table; where names are equal in any case, the later ones get a number.

    Raises
    ------
    vo.errors.UsageError
        When a name is too long.
    """
    for field in fields:
        if len(field.name) > _LONGEST_NAME:
            raise UsageError(
                f"the name of column {field.name[:40]}… has {len(field.name)} characters; {_LONGEST_NAME} are allowed."
            )
    names = unique([field.name for field in fields], fold=True)
    return tuple(replace(_column(field), name=name) for name, field in zip(names, fields, strict=True))


def _column(field: Field) -> Column:
    column = column_of(field)
    if field.layout.text and field.xtype.lower() in _TIMES:
        return replace(column, xtype="timestamp", arraysize=_time_size(field))
    if field.layout.count is not None and field.layout.count > _LARGEST:
        return replace(column, arraysize=f"{column.arraysize}*")
    return column


def _time_size(field: Field) -> str:
    """The size of a time, which answers write in full."""
    room = field.layout.count if field.layout.limit is None else field.layout.limit
    return "*" if room is None or room < _TIME_LENGTH else field.arraysize


def array_of(column: Column, field: Field, values: Values, first_row: int) -> pa.Array:
    """The values of a column in the Arrow type that belongs to it.

    Parameters
    ----------
    first_row
        Number of the first of these rows, for messages.

    Raises
    ------
    vo.errors.UsageError
        When a text that should be a time is none, or there are more elements than can be taken at once.
    """
    kind = arrow_type(column)
    if pa.types.is_timestamp(kind):
        return _times(column, values, first_row)
    if field.layout.text:
        return pa.array(values.data, kind)
    # Numbers that stand for none within an array stay what they are: no answer could tell that they are none.
    return numbers_of(field, values, gaps=values.gaps if kind == pa.list_(pa.bool_()) else None).cast(kind)


def with_room(column: Column, arrays: Iterable[pa.Array]) -> Column:
    """The column, of any size where it has ``char`` texts beyond ASCII: in binary answers these take more room."""
    if column.datatype != "char" or column.arraysize == "*" or column.xtype == "timestamp":
        return column
    if all(pc.all(pc.string_is_ascii(array), min_count=0).as_py() is not False for array in arrays):
        return column
    return replace(column, arraysize="*")


def _times(column: Column, values: Values, first_row: int) -> pa.Array:
    texts = [(text or "").strip() or None for text in values.data]
    if all(text is None or _TIME.fullmatch(text) for text in texts):
        with suppress(pa.ArrowInvalid):  # which one it is must be told
            return times_of(pa.array(texts, pa.string()))
    row, text = next((row, text) for row, text in enumerate(texts, first_row) if text and not _is_time(text))
    raise UsageError(
        f"row {row}, column {column.name}: {text[:60]!r} is no timestamp; write it as 2024-12-31T23:59:59.5, in UTC."
    )


def _is_time(text: str) -> bool:
    try:
        return _TIME.fullmatch(text) is not None and times_of(pa.array([text])).null_count == 0
    except pa.ArrowInvalid:
        return False
