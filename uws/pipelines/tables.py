"""Small tables in the formats that jobs and people write: VOTable, CSV, TSV, ECSV, JSON and FITS, as rows of text."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings

from vo.errors import UsageError

__all__ = ["read_table"]

Row = dict[str, str]

_NO_TEXT = re.compile("[\\0\ud800-\udfff]")
"""What databases cannot store: NUL and halves of characters, both of which JSON can say."""

MAX_COLUMNS = 1000
MAX_CELL = 65_536
"""Characters of one cell; as many as a parameter may have."""


def read_table(path: Path, *, most: int) -> list[Row]:
    """The rows of a table, each as column → text; a cell without a value is an empty text.

    The format is told by how the file begins, not by what it is called.

    Parameters
    ----------
    most
        Rows that are allowed.

    Raises
    ------
    vo.errors.UsageError
        When it is no table, or too large.
    """
    size = path.stat().st_size
    if size > settings.ATHANOR_UPLOAD_BYTES:
        raise UsageError(f"The table has {size:,} bytes; {settings.ATHANOR_UPLOAD_BYTES:,} are allowed.")
    with path.open("rb") as file:
        head = file.read(4096)
    names, cells = _reader(head)(path, most)
    _check_names(names)
    rows: list[Row] = []
    for row in cells:
        if len(rows) == most:
            raise _too_many(most)
        rows.append(dict(zip(names, row, strict=True)))
    return rows


Reader = Callable[[Path, int], tuple[list[str], Iterable[Sequence[str]]]]
"""Gives the names of the columns and the cells of the rows.

What a small file stands for may be large: a reader makes rows one by one, or stops when it has more than are allowed.
"""


def _reader(head: bytes) -> Reader:
    if head.startswith(b"SIMPLE  ="):
        return _read_fits
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return _read_votable
    if start[:1] in (b"[", b"{"):
        return _read_json
    return _read_text


def _check_names(names: Sequence[str]) -> None:
    if not names or not all(names):
        raise UsageError("The table has no columns, or one without a name.")
    if len(names) > MAX_COLUMNS:
        raise UsageError(f"The table has {len(names):,} columns; {MAX_COLUMNS:,} are allowed.")
    for name in names:
        if not name.isprintable():
            raise UsageError(f"The name of the column {name[:100]!r} is not printable.")
    lower = [name.lower() for name in names]
    for name in names:
        if lower.count(name.lower()) > 1:
            raise UsageError(f"The table has the column {name!r} more than once.")


def _read_text(path: Path, _: int) -> tuple[list[str], Iterable[Sequence[str]]]:
    """CSV, TSV and ECSV: comment lines, a line of names, lines of cells."""
    lines = _text_lines(path)
    first = next(lines, None)
    if first is None:
        raise UsageError("The table is empty.")
    delimiter = next((sign for sign in "\t,; " if sign in first), ",")
    records = _records(csv.reader(chain([first], lines), delimiter=delimiter, skipinitialspace=True))
    names = [name.strip() for name in next(records)]
    return names, _lines(records, len(names))


def _text_lines(path: Path) -> Iterator[str]:
    """The lines that hold something and are no comments."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from (line for line in file if line.strip() and not line.startswith("#"))
    except UnicodeDecodeError as error:
        raise UsageError("The table is no text in UTF-8, nor a VOTable or FITS file.") from error


def _records(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The line of names, then the rows."""
    number = 0
    try:
        for number, record in enumerate(reader, start=1):  # noqa: B007 - where it stopped is told
            yield record
    except csv.Error as error:
        where = f"row {number}" if number else "The line of names"
        raise UsageError(f"{where}: It cannot be read ({error}).") from error


def _lines(records: Iterable[list[str]], columns: int) -> Iterator[list[str]]:
    for number, record in enumerate(records, start=1):
        if len(record) != columns:
            raise UsageError(f"row {number}: It has {len(record)} cells; there are {columns} columns.")
        yield [_text(cell.strip(), number) for cell in record]


def _read_json(path: Path, most: int) -> tuple[list[str], Iterable[Sequence[str]]]:
    """A list of objects, or an object with such a list as ``data``; of a list of plain values, the column ``value``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The table is no JSON ({str(error)[:200]}).") from error
    if isinstance(content, dict):
        content = content.get("data")
    if not isinstance(content, list):
        raise UsageError("The JSON is no list of objects.")
    records = [item if isinstance(item, dict) else {"value": item} for item in content[: most + 1]]
    names = list(dict.fromkeys(name for record in records for name in record)) or ["value"]
    return names, _json_rows(records, names)


def _json_rows(records: Sequence[dict[str, Any]], names: Sequence[str]) -> Iterator[list[str]]:
    for number, record in enumerate(records, start=1):
        try:
            cells = [_text(_shown(record.get(name)), number) for name in names]
        except RecursionError as error:
            raise UsageError(f"row {number}: A cell holds lists within lists, too many.") from error
        yield cells


def _read_votable(path: Path, most: int) -> tuple[list[str], Iterable[Sequence[str]]]:
    from vo.votable import open_votable  # noqa: PLC0415 - brings numpy

    with path.open("rb") as file:
        table = open_votable(file)
        rows: list[list[str]] = []
        for block in table:
            columns = [_votable_column(values, block.rows) for values in block.columns]
            rows += [[_text(cell, len(rows) + 1) for cell in row] for row in zip(*columns, strict=True)]
            if len(rows) > most:
                break
    return [field.name for field in table.fields], rows


def _votable_column(values: Any, rows: int) -> list[str]:
    if values.offsets is not None:
        offsets = values.offsets.tolist()
        data = values.data.tolist()
        cells: list[Any] = [data[offsets[row] : offsets[row + 1]] for row in range(rows)]
    else:
        cells = values.data if isinstance(values.data, list) else values.data.tolist()
    return ["" if missing else _shown(cell) for cell, missing in zip(cells, values.missing.tolist(), strict=True)]


def _read_fits(path: Path, most: int) -> tuple[list[str], Iterable[Sequence[str]]]:
    """The first table of a FITS file."""
    import numpy as np  # noqa: PLC0415 - slow to import
    from astropy.io import fits  # noqa: PLC0415

    try:
        with fits.open(path, memmap=False) as file:
            table = next((unit for unit in file if isinstance(unit, fits.BinTableHDU)), None)
            if table is None:
                raise UsageError("The FITS file has no table.")
            count = int(table.header["NAXIS2"])
            if count > most:  # rows without a byte cost nothing in the file
                raise _too_many(most)
            names = list(table.columns.names)
            columns = [np.asarray(table.data[name]) for name in names]
            return names, [[_fits_cell(column[row], row + 1) for column in columns] for row in range(count)]
    except UsageError:
        raise
    except Exception as error:  # astropy has no one error for a spoilt file
        raise UsageError(f"The FITS file cannot be read ({str(error)[:200]}).") from error


def _fits_cell(value: Any, number: int) -> str:
    size = getattr(value, "size", 1)
    if size > MAX_CELL:
        raise UsageError(f"row {number}: A cell has {size:,} values; {MAX_CELL:,} are allowed.")
    return _text(_shown(value.tolist() if hasattr(value, "tolist") else value), number)


def _too_many(most: int) -> UsageError:
    return UsageError(f"The table has more than {most:,} rows.", hint="ATHANOR_MAX_ARRAY is the limit here.")


def _shown(value: Any) -> str:
    """A value as a parameter has it; one that is not a number is none."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value != value:  # noqa: PLR0124 - NaN
            return ""
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        case list():
            return " ".join(_shown(item) for item in value)
        case dict():
            return json.dumps(value)
    return str(value).strip()


def _text(cell: str, number: int) -> str:
    if len(cell) > MAX_CELL:
        raise UsageError(f"row {number}: A cell has {len(cell):,} characters; {MAX_CELL:,} are allowed.")
    if spoilt := _NO_TEXT.search(cell):
        raise UsageError(f"row {number}: A cell holds the character U+{ord(spoilt[0]):04X}.")
    return cell
