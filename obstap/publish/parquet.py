"""Parquet files, with the metadata that they may bring.

In the order in which they are believed: a VOTable without rows under the key ``IVOA.VOTable-Parquet.content`` (IVOA
Note VOParquet 1.0), the header that astropy writes under ``table_meta_yaml``, and the keys ``unit``, ``ucd``,
``utype``, ``xtype`` and ``description`` of single columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obstap.metadata import Column
from obstap.publish.ecsv_header import read_yaml
from obstap.publish.source import BATCH_ROWS, Source
from obstap.publish.votable_metadata import apply, read_metadata
from vo.errors import UsageError

__all__ = ["ParquetSource"]

VOTABLE = b"IVOA.VOTable-Parquet.content"
YAML = b"table_meta_yaml"

SCALARS = {
    pa.bool_(): "boolean",
    pa.int8(): "short",
    pa.uint8(): "short",
    pa.int16(): "short",
    pa.uint16(): "int",
    pa.int32(): "int",
    pa.uint32(): "long",
    pa.int64(): "long",
    pa.uint64(): "long",
    pa.float16(): "float",
    pa.float32(): "float",
    pa.float64(): "double",
}
KEYS = ("unit", "ucd", "utype", "xtype", "description")


class ParquetSource(Source):
    """The table of a Parquet file.

    Raises
    ------
    vo.errors.UsageError
        When the file is broken or a column is nested or of a type that tables cannot have.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False)
            schema = self._file.schema_arrow
            names = schema.names
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The Parquet file cannot be read: {_first_line(error)}.") from error
        notes = []
        fields = []
        for name, field in zip(names, schema, strict=True):
            if name.startswith("__index_level_"):
                notes.append(f"Column {name}, an index of pandas, is left out.")
            else:
                fields.append(field)
        super().__init__([_column(field) for field in fields], rows=self._file.metadata.num_rows)
        self._names = [field.name for field in fields]
        self.judged = False
        self.notes = notes
        self._describe(schema.metadata or {})

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, row group by row group."""
        wanted = [column.name for column in self.columns if names is None or column.name in names]
        inner = [
            name
            for name, column in zip(self._names, self.columns, strict=True)
            if names is None or column.name in names
        ]
        try:
            for batch in self._file.iter_batches(batch_size=BATCH_ROWS, columns=inner):
                yield pa.RecordBatch.from_arrays([_plain(batch.column(name)) for name in inner], names=wanted)
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"The Parquet file is broken: {_first_line(error)}.") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _describe(self, metadata: dict[bytes, bytes]) -> None:
        if document := metadata.get(VOTABLE):
            table = read_metadata(document, table="0")
            if table is not None and [field.name for field in table.fields] == self._names:
                apply(table, self)
                return
            self.notes.append("The VOTable among the file's metadata does not describe its columns; it is left aside.")
        if header := metadata.get(YAML):
            told = read_yaml(header.decode("utf-8", "replace"))
            known = {column.name: column for column in told.columns}
            self.columns = tuple(_merged(column, known.get(column.name)) for column in self.columns)
            self.description = told.description
            self.frames = told.frames


def _column(field: pa.Field) -> Column:
    kind, arraysize = field.type, ""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind, arraysize = kind.value_type, "*"
    elif pa.types.is_fixed_size_list(kind):
        kind, arraysize = kind.value_type, str(kind.list_size)
    xtype = ""
    if kind in SCALARS:
        datatype = SCALARS[kind]
    elif pa.types.is_decimal(kind) and not arraysize:
        datatype = "double"
    elif not arraysize and (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        datatype, arraysize = "char", "*"
    elif not arraysize and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        datatype, arraysize, xtype = "char", "*", "timestamp"
    else:
        raise UsageError(
            f"Column {field.name} has the type {field.type}; a published column holds numbers, booleans, text or times,"
            " or lists of numbers or booleans. Leave it out or take it apart."
        )
    told = {key: (field.metadata or {}).get(key.encode(), b"").decode("utf-8", "replace") for key in KEYS}
    return Column(field.name, datatype, arraysize, **{**told, "xtype": xtype or told["xtype"]})


def _plain(array: pa.Array) -> pa.Array:
    """Without dictionaries and with the types of text and lists that everything else has."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
    if pa.types.is_null(kind) or pa.types.is_large_string(array.type):
        return array.cast(pa.string())
    if pa.types.is_date(kind):
        return array.cast(pa.timestamp("us"))
    if kind == pa.float16():
        return array.cast(pa.float32())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _list(array)
    return array


def _list(array: pa.Array) -> pa.Array:
    """A list whose missing elements are NaN where they are real numbers."""
    array = array.cast(pa.list_(array.type.value_type))
    if not pa.types.is_floating(array.type.value_type) or not array.values.null_count:
        return array
    lengths = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    offsets = pa.array([0, *lengths.cumsum().tolist()], pa.int32())
    values = array.flatten().fill_null(float("nan"))
    return pa.ListArray.from_arrays(offsets, values, mask=array.is_null())


def _merged(column: Column, told: Column | None) -> Column:
    if told is None:
        return column
    return replace(column, **{key: value for key in KEYS if (value := getattr(told, key))})


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
