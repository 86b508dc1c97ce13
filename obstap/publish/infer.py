"""What can be told of columns only by reading them: types of CSV files, letters beyond ASCII, times, unique keys."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from obstap.arrow import arrow_type
from obstap.metadata import Column
from obstap.publish.convert import convert, fits, is_text
from obstap.publish.source import Source

__all__ = ["is_unique", "settle"]

LADDER = (
    Column("", "boolean"),
    Column("", "int"),
    Column("", "long"),
    Column("", "double"),
    Column("", "char", "*", xtype="timestamp"),
)
"""Types that a column of text may turn out to have, the first that fits all its values."""

_LEADING_ZERO = r"^\s*[-+]?0\d"
"""Numbers that begin with a zero are identifiers, whose zeros must not be lost."""

_WORDS = r"(?i)^\s*(t|f|true|false)?\s*$"


class _Judgement:
    """What is still possible for a column."""

    def __init__(self, column: Column, undeclared: bool) -> None:
        self.column = column
        self.ascii = True
        self.seen = False
        self.possible = list(LADDER) if undeclared else [LADDER[-1]] if _may_be_time(column) else []

    def look(self, text: pa.Array) -> None:
        self.ascii = self.ascii and bool(pc.all(pc.string_is_ascii(text), min_count=0).as_py())
        present = text.drop_null()
        if len(present):
            self.seen = True
            self.possible = [kind for kind in self.possible if _fits(present, kind)]

    def settled(self) -> Column:
        if self.possible and self.seen:
            kind = self.possible[0]
            return replace(self.column, datatype=kind.datatype, arraysize=kind.arraysize, xtype=kind.xtype)
        return self.column if self.ascii else replace(self.column, datatype="unicodeChar")


def settle(source: Source, columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with the types that their values turn out to have, after one look at those that are open.

    Types are found for those that the file does not declare; text that holds times alone, of a column that should have
    times by its UCD, becomes timestamps; text with letters beyond ASCII is ``unicodeChar``, where nobody said so.
    """
    open_ = {
        column.name: _Judgement(column, column.name in source.undeclared)
        for column in columns
        if _is_text(column) and (_may_be_time(column) or not source.judged)
    }
    if open_:
        for batch in source.batches(list(open_)):
            for name, array in zip(batch.schema.names, batch.columns, strict=True):
                if is_text(array.type):
                    open_[name].look(array)
    return tuple(open_[column.name].settled() if column.name in open_ else column for column in columns)


def is_unique(source: Source, column: Column) -> bool:
    """Whether each row has a value of its own in the column."""
    import duckdb  # noqa: PLC0415 - only where there is a candidate for a key

    values = _Values(source, column)
    with tempfile.TemporaryDirectory(prefix="athanor-publish-") as folder:
        config = {"memory_limit": "512MiB", "temp_directory": str(Path(folder))}
        with duckdb.connect(":memory:", config=config) as connection:
            connection.register("arriving", pa.RecordBatchReader.from_batches(values.schema, values))
            try:
                total, present, different = connection.execute(
                    "SELECT count(*), count(value), count(DISTINCT value) FROM arriving"
                ).fetchone()
            except duckdb.Error as error:
                if values.error is None:
                    raise
                raise values.error from error
    return total == present == different


class _Values:
    """Iterates the values of a column, and keeps what went wrong, which the engine would flatten to text."""

    def __init__(self, source: Source, column: Column) -> None:
        self._source = source
        self._column = column
        self.schema = pa.schema([("value", arrow_type(column))])
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._source.batches([self._column.name]):
                yield pa.RecordBatch.from_arrays([convert(batch.column(0), self._column)], schema=self.schema)
        except Exception as error:
            self.error = error
            raise


def _is_text(column: Column) -> bool:
    return column.is_text and not column.xtype


def _may_be_time(column: Column) -> bool:
    return _is_text(column) and column.ucd.lower().partition(";")[0] in ("time", "time.epoch", "time.start", "time.end")


def _fits(text: pa.Array, kind: Column) -> bool:
    if kind.datatype == "boolean" and not pc.all(pc.match_substring_regex(text, _WORDS)).as_py():
        return False
    if kind.datatype in ("int", "long", "double") and pc.any(pc.match_substring_regex(text, _LEADING_ZERO)).as_py():
        return False
    return fits(text, kind)
