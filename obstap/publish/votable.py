"""VOTables of every serialisation (VOTable 1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.publish.source import Source
from obstap.publish.votable_fields import read_head
from vo.errors import UsageError
from vo.votable import Field, Limits, Values, VOTable, open_votable

__all__ = ["VOTableSource"]

LIMITS = Limits(size=2**46, rows=2**40)
"""The file is the operator's own: it may be as large as the disk."""

DATATYPES = {"bit": "boolean", "unsignedByte": "short", "floatComplex": "float", "doubleComplex": "double"}
"""Data types that tables do not have, and those that take their values; a complex number is a pair."""


class VOTableSource(Source):
    """A table of a VOTable document.

    Parameters
    ----------
    table
        Name, ID or number of the TABLE; by default the first with rows.

    Raises
    ------
    vo.errors.UsageError
        When the document is broken or has no such table.
    """

    def __init__(self, path: Path, *, table: str = "") -> None:
        self._path = path
        self._table = table
        with path.open("rb") as stream:
            opened = self._opened(stream)
            description, fields = opened.description, opened.fields
        super().__init__([_column(field) for field in fields])
        self.description = " ".join(description.split())
        self._fields = fields
        told = read_head(path, table)
        self.utype = told.utype
        self.frames = told.frames

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, as the document is parsed."""
        chosen = [
            (number, column) for number, column in enumerate(self.columns) if names is None or column.name in names
        ]
        with self._path.open("rb") as stream:
            for block in self._opened(stream):
                arrays = [_array(block.columns[number], self._fields[number]) for number, _ in chosen]
                yield pa.RecordBatch.from_arrays(arrays, names=[column.name for _, column in chosen])

    def _opened(self, stream: BinaryIO) -> VOTable:
        return open_votable(stream, limits=LIMITS, table=self._table)


def _column(field: Field) -> Column:
    arraysize = field.arraysize if field.arraysize != "1" else ""
    if field.layout.text:
        arraysize = f"{arraysize}*" if arraysize.isdecimal() else arraysize or "*"
    elif field.datatype.endswith("Complex"):
        arraysize = f"2x{arraysize}" if arraysize else "2"
    return Column(
        name=field.name,
        datatype=DATATYPES.get(field.datatype, field.datatype),
        arraysize=arraysize,
        xtype=field.xtype,
        unit=field.unit,
        ucd=field.ucd,
        utype=field.utype,
        description=field.description,
    )


def _array(values: Values, field: Field) -> pa.Array:
    if field.layout.text:
        text = pc.utf8_rtrim(pa.array(values.data, pa.string()), " \0")
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    data = values.data.astype(np.int16) if field.datatype == "unsignedByte" else values.data
    if values.offsets is None:
        if field.datatype.endswith("Complex"):
            return _pairs(data, values.missing)
        return pa.array(data, mask=values.missing)
    if len(data) > np.iinfo(np.int32).max:
        raise UsageError(
            f"Column {field.name}: {len(values.missing)} rows have more elements than can be taken at once."
        )
    gaps = None if values.gaps is None or data.dtype.kind == "f" else values.gaps
    flat = pa.array(data, mask=gaps)
    if values.gaps is not None and data.dtype.kind == "f":
        flat = pa.array(np.where(values.gaps, np.nan, data).astype(data.dtype))
    offsets = pa.array(values.offsets.astype(np.int32))
    return pa.ListArray.from_arrays(offsets, flat, mask=pa.array(values.missing) if values.missing.any() else None)


def _pairs(data: np.ndarray, missing: np.ndarray) -> pa.Array:
    offsets = pa.array(2 * np.arange(len(missing) + 1, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(data), mask=pa.array(missing) if missing.any() else None)
