"""VOTables of every serialisation (VOTable 1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.origin import told_origin
from obstap.publish.source import Source
from obstap.publish.votable_metadata import frames_of
from obstap.votable_columns import column_of, numbers_of
from vo.votable import Field, Limits, Values, VOTable, open_votable

__all__ = ["VOTableSource"]

LIMITS = Limits(size=2**46, rows=2**40)
"""The file is the operator's own: it may be as large as the disk."""


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
        super().__init__([_column(field) for field in opened.fields])
        self._fields = opened.fields
        self.description = opened.description
        self.utype = opened.utype
        self.origin = told_origin(opened.infos)
        self.frames = frames_of(opened.fields)

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
    column = column_of(field)
    if not field.layout.text:
        return column
    # Texts lose the blanks at their ends, so they have no fixed size.
    size = f"{column.arraysize}*" if column.arraysize.isdecimal() else column.arraysize or "*"
    return replace(column, arraysize=size)


def _array(values: Values, field: Field) -> pa.Array:
    if field.layout.text:
        text = pc.utf8_rtrim(pa.array(values.data, pa.string()), " \0")
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    if values.gaps is not None and values.data.dtype.kind == "f":
        data = np.where(values.gaps, np.nan, values.data).astype(values.data.dtype)
        return numbers_of(field, replace(values, data=data))
    return numbers_of(field, values, gaps=values.gaps)
