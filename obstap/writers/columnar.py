"""What the columnar formats have in common: batches of exactly the declared types, and a file that is a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from obstap.arrow import arrow_type
from obstap.metadata import Column
from obstap.names import unique
from obstap.writers.cells import cell_text, conform, is_time
from vo.errors import AthanorError

__all__ = ["Outlet", "schema", "typed"]


class Outlet:
    """A file that keeps what is written to it until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep a copy."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """What was written stays until it is taken."""

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def schema(columns: Sequence[Column], *, facts: Mapping[str, str], times_as_text: bool = False) -> pa.Schema:
    """The schema of an answer: no two names are the same, and each field has what is known of it as metadata.

    Parameters
    ----------
    facts
        Metadata of the whole.
    times_as_text
        Whether points in time are written in ISO 8601 rather than in a type of their own.
    """
    fields = []
    for name, column in zip(unique([column.name for column in columns], fold=True), columns, strict=True):
        kind = arrow_type(column)
        if times_as_text and pa.types.is_temporal(kind):
            kind = pa.string()
        known = {key: getattr(column, key) for key in ("unit", "ucd", "utype", "xtype", "description")}
        told = {"datatype": column.datatype, "arraysize": column.arraysize, **known}
        fields.append(pa.field(name, kind, metadata={key: value for key, value in told.items() if value}))
    return pa.schema(fields, metadata=dict(facts))


def typed(batch: pa.RecordBatch, columns: Sequence[Column], wanted: pa.Schema) -> pa.RecordBatch:
    """The batch in the types of a schema.

    Raises
    ------
    vo.errors.AthanorError
        When a value does not fit the type of its column.
    """
    arrays = [_typed(array, column, kind) for array, column, kind in zip(batch, columns, wanted.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=wanted)


def _typed(array: pa.Array, column: Column, kind: pa.DataType) -> pa.Array:
    if array.null_count == len(array):
        return pa.nulls(len(array), kind)
    array = conform(array, column)
    if is_time(array) and not pa.types.is_temporal(kind):
        return cell_text(array, column)
    try:
        return array.cast(kind)
    except pa.ArrowInvalid as error:
        raise AthanorError(
            f"A value of column {column.name} is no time ({error}).", hint="CAST it to VARCHAR."
        ) from error
