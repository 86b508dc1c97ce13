"""The Arrow types that carry tables: published ones, and the answers of queries."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import DATATYPES, Column, Table
from vo.errors import UsageError

__all__ = ["arrow_schema", "arrow_type", "times_of"]

_SCALARS = {
    "boolean": pa.bool_(),
    "short": pa.int16(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
}
_HIDDEN = {
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DOUBLE[]": pa.list_(pa.float64()),
    "VARCHAR": pa.string(),
}


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type of a column's values.

    Text is a string, or a timestamp in microseconds when the xtype says so; arrays of numbers are lists.

    Raises
    ------
    vo.errors.UsageError
        When the column's data type is not one that tables may have.
    """
    if column.is_text:
        return pa.timestamp("us") if column.xtype == "timestamp" else pa.string()
    scalar = _SCALARS.get(column.datatype)
    if scalar is None:
        raise UsageError(
            f"Column {column.name} has the data type {column.datatype!r}; it must be one of {', '.join(DATATYPES)}."
        )
    return pa.list_(scalar) if column.arraysize else scalar


def arrow_schema(table: Table) -> pa.Schema:
    """The schema of a table's record batches: the visible columns in their order, then the hidden ones.

    Raises
    ------
    vo.errors.UsageError
        When a column's data type is not one that tables may have.
    """
    visible = [pa.field(column.name, arrow_type(column)) for column in table.columns]
    return pa.schema(visible + [pa.field(name, _HIDDEN[kind]) for name, kind in table.hidden.items()])


def times_of(text: pa.Array) -> pa.Array:
    """The times that texts in ISO 8601 spell, in UTC; of more than six digits of a second the rest is cut off.

    Raises
    ------
    pyarrow.ArrowInvalid
        When a text is no time.
    """
    text = pc.replace_substring_regex(text, r"(\.\d{6})\d+", r"\1")
    text = pc.replace_substring_regex(text, r"(?:Z|\+00:?00)$", "")
    return text.cast(pa.timestamp("us"))
