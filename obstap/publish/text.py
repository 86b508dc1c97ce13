"""CSV, TSV and ECSV files: everything is read as text and converted later."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from obstap.metadata import Column
from obstap.publish.ecsv_header import read_yaml
from obstap.publish.source import Source
from vo.errors import UsageError

__all__ = ["CsvSource", "EcsvSource"]

BLOCK = 8 * 2**20
"""Bytes that are read at once; a row must fit."""

LONGEST_HEADER = 2**22
"""Bytes of the lines before the rows."""


class CsvSource(Source):
    """A file of delimited text whose first line names the columns (RFC 4180).

    Raises
    ------
    vo.errors.UsageError
        When there is no first line, or the file is no text in UTF-8.
    """

    def __init__(self, path: Path, *, delimiter: str = ",") -> None:
        self._path = path
        self._delimiter = delimiter
        with path.open("rb") as stream:
            line = _line(stream)
            self._start = stream.tell()
        names = _cells(line, delimiter)
        super().__init__([Column(name.strip(), "char", "*") for name in names])
        self.judged = False
        self.undeclared = frozenset(column.name for column in self.columns)

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows as text; empty cells are missing."""
        yield from _rows(self._path, self._start, self._delimiter, [column.name for column in self.columns], names)


class EcsvSource(Source):
    """A file of delimited text after a description of its columns in YAML (Astropy Proposal for Enhancement 6).

    Raises
    ------
    vo.errors.UsageError
        When the description is malformed or does not fit the line that names the columns.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as stream:
            lines, line = [], _line(stream)
            while line.startswith("#"):
                lines.append(line[2:] if line.startswith("# ") else line[1:])
                line = _line(stream)
            self._start = stream.tell()
        if not lines or not lines[0].startswith("%ECSV"):
            raise UsageError("The file is no ECSV: its first line must be '# %ECSV 1.0'.")
        header = read_yaml("".join(text for text in lines[1:] if text.strip() != "---"))
        self._delimiter = header.delimiter
        names = _cells(line, header.delimiter)
        if names != [column.name for column in header.columns]:
            raise UsageError("The line of names does not hold the columns that the ECSV header describes.")
        super().__init__(header.columns)
        self.judged = False
        self.description = header.description
        self.frames = header.frames

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows as text; empty cells are missing."""
        yield from _rows(self._path, self._start, self._delimiter, [column.name for column in self.columns], names)


def _line(stream: BinaryIO) -> str:
    """The next line that is not empty.

    Raises
    ------
    vo.errors.UsageError
        When there is none, or it is no text.
    """
    while stream.tell() < LONGEST_HEADER and (line := stream.readline(LONGEST_HEADER)):
        if line.strip():
            try:
                return line.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise UsageError("The file is no text in UTF-8.") from error
    raise UsageError("The file has no line that names its columns.")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise UsageError(f"The line that names the columns cannot be read: {error}.") from error


def _rows(
    path: Path, start: int, delimiter: str, columns: Sequence[str], names: Sequence[str] | None
) -> Iterator[pa.RecordBatch]:
    # Columns are numbered for the parser: what it takes for a name is then never one of the file.
    numbers = [str(number) for number in range(len(columns))]
    wanted = [number for number, name in zip(numbers, columns, strict=True) if names is None or name in names]
    labels = [columns[int(number)] for number in wanted]
    with path.open("rb") as stream:
        stream.seek(start)
        if not stream.peek(1):
            return
        try:
            reader = arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(column_names=numbers, block_size=BLOCK),
                parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(numbers, pa.string()), include_columns=wanted, strings_can_be_null=False
                ),
            )
            for batch in reader:
                yield pa.RecordBatch.from_arrays([_present(column) for column in batch], names=labels)
        except pa.ArrowException as error:
            raise UsageError(f"The rows cannot be read: {_told(error)}.") from error


def _present(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
