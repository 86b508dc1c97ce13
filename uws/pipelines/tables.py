"""Small tables in the formats that jobs and people write: VOTable, CSV, TSV, ECSV, JSON and FITS, as rows of text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from vo.errors import UsageError

__all__ = ["read_table"]

Row = dict[str, str]

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
    names, cells = _reader(head)(path)
    _check_names(names)
    rows: list[Row] = []
    for row in cells:
        if len(rows) == most:
            raise UsageError(f"The table has more than {most:,} rows.", hint="ATHANOR_MAX_ARRAY is the limit here.")
        rows.append(dict(zip(names, row, strict=True)))
    return rows


Reader = Callable[[Path], tuple[list[str], Iterable[Sequence[str]]]]


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
    lower = [name.lower() for name in names]
    for name in names:
        if lower.count(name.lower()) > 1:
            raise UsageError(f"The table has the column {name!r} more than once.")


def _read_text(path: Path) -> tuple[list[str], Iterable[Sequence[str]]]:
    """CSV, TSV and ECSV: comment lines, a line of names, lines of cells."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("The table is no text in UTF-8, nor a VOTable or FITS file.") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise UsageError("The table is empty.")
    delimiter = next((sign for sign in "\t,; " if sign in lines[0]), ",")
    records = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, skipinitialspace=True)
    names = [name.strip() for name in next(records)]
    return names, _lines(records, len(names))


def _lines(records: Iterator[list[str]], columns: int) -> Iterator[list[str]]:
    number = 0
    try:
        for record in records:
            number += 1
            if len(record) != columns:
                raise UsageError(f"row {number}: It has {len(record)} cells; there are {columns} columns.")
            yield [_text(cell.strip(), number) for cell in record]
    except csv.Error as error:
        raise UsageError(f"row {number + 1}: It cannot be read ({error}).") from error


def _read_json(path: Path) -> tuple[list[str], Iterable[Sequence[str]]]:
    """A list of objects, or an object with such a list as ``data``; of a list of plain values, the column ``value``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The table is no JSON ({str(error)[:200]}).") from error
    if isinstance(content, dict):
        content = content.get("data")
    if not isinstance(content, list):
        raise UsageError("The JSON is no list of objects.")
    records = [item if isinstance(item, dict) else {"value": item} for item in content]
    names = list(dict.fromkeys(name for record in records for name in record)) or ["value"]
    return names, [
        [_text(_shown(record.get(name)), number) for name in names] for number, record in enumerate(records, start=1)
    ]


def _read_votable(path: Path) -> tuple[list[str], Iterable[Sequence[str]]]:
    from vo.votable import open_votable  # noqa: PLC0415 - brings numpy

    with path.open("rb") as file:
        table = open_votable(file)
        rows: list[list[str]] = []
        for block in table:
            columns = [_votable_column(values, block.rows) for values in block.columns]
            rows += [[_text(cell, len(rows) + 1) for cell in row] for row in zip(*columns, strict=True)]
    return [field.name for field in table.fields], rows


def _votable_column(values: Any, rows: int) -> list[str]:
    if values.offsets is not None:
        offsets = values.offsets.tolist()
        data = values.data.tolist()
        cells: list[Any] = [data[offsets[row] : offsets[row + 1]] for row in range(rows)]
    else:
        cells = values.data if isinstance(values.data, list) else values.data.tolist()
    return ["" if missing else _shown(cell) for cell, missing in zip(cells, values.missing.tolist(), strict=True)]


def _read_fits(path: Path) -> tuple[list[str], Iterable[Sequence[str]]]:
    """The first table of a FITS file."""
    import numpy as np  # noqa: PLC0415 - slow to import
    from astropy.io import fits  # noqa: PLC0415

    try:
        with fits.open(path, memmap=False) as file:
            table = next((unit for unit in file if isinstance(unit, fits.BinTableHDU)), None)
            if table is None:
                raise UsageError("The FITS file has no table.")
            columns = [np.asarray(table.data[name]).tolist() for name in table.columns.names]
            names = list(table.columns.names)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"The FITS file cannot be read ({str(error)[:200]}).") from error
    return names, [[_text(_shown(cell), number) for cell in row] for number, row in enumerate(zip(*columns), start=1)]  # noqa: B905 - columns of one table


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
    return cell
