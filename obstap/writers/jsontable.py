"""A table as one JSON object (RFC 8259): facts and columns first, rows as arrays, and how it ended last.

JSON has no NaN and no infinities: they are the texts ``NaN``, ``Infinity`` and ``-Infinity``, which JavaScript's
``Number`` and Python's ``float`` read. A missing value is null. Integers are written with all their digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.writers.base import Info, Rows, Writer
from obstap.writers.cells import LOWEST_PLAIN, Spelling, bytes_of, cell_text, has_controls, join_rows

__all__ = ["Json"]

DESCRIBED = ("name", "datatype", "arraysize", "xtype", "unit", "ucd", "utype", "description")
"""What is told of a column, where it has it."""

SPELLING = Spelling(
    true=pa.scalar("true"),
    false=pa.scalar("false"),
    nan=pa.scalar('"NaN"'),
    plus_infinity=pa.scalar('"Infinity"'),
    minus_infinity=pa.scalar('"-Infinity"'),
    missing_element="null",
    nan_element="null",
    opening=pa.scalar("["),
    between=pa.scalar(","),
    closing=pa.scalar("]"),
)

BETWEEN_CELLS, BETWEEN_ROWS = pa.scalar(","), pa.scalar("],\n[")
QUOTE, EMPTY = pa.scalar('"'), pa.scalar("")


class Json(Writer):
    """JSON with the rows as arrays of values."""

    media_types = ("application/json",)
    aliases = ("json",)
    extension = "json"

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,
    ) -> Iterator[bytes]:
        """Write the object; a cut or a late error is told by its last members."""
        facts = [{name: value for name, value in asdict(info).items() if value} for info in infos]
        described = [{name: getattr(column, name) for name in DESCRIBED if getattr(column, name)} for column in columns]
        yield f'{{"infos": {_text(facts)},\n"columns": {_text(described)},\n"data": ['.encode()
        rows = Rows(batches, maxrec)
        between = b"\n"
        for lines in rows.written(lambda batch: _rows(batch, columns), tell_errors=tell_errors):
            yield between
            yield lines
            between = b",\n"
        status, message = rows.status
        yield f'\n],\n"query_status": {_text(status)},\n"message": {_text(message)}}}\n'.encode()


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rows(batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
    cells = [_cell(array, column) for column, array in zip(columns, batch, strict=True)]
    return join_rows(
        cells, start=b"[", between_cells=BETWEEN_CELLS, between_rows=BETWEEN_ROWS, end=b"]", missing="null"
    )


def _cell(array: pa.Array, column: Column) -> pa.Array:
    text = cell_text(array, column, SPELLING)
    return _quoted(text) if column.is_text else text


def _quoted(text: pa.Array) -> pa.Array:
    """Text as JSON strings: the kernels run only where the column has something to escape."""
    data = bytes_of(text)
    for character in ("\\", '"'):
        if character.encode() in data:
            text = pc.replace_substring(text, character, "\\" + character)
    if has_controls(data):
        for code in range(LOWEST_PLAIN):
            if code in data:
                text = pc.replace_substring(text, chr(code), f"\\u{code:04x}")
    return pc.binary_join_element_wise(QUOTE, text, QUOTE, EMPTY)
