"""A table to read in a terminal: names, units where there are any, a rule, and the rows in aligned columns.

The widths come from the first rows; a longer value further down pushes the rest of its line to the right, and is not
cut. Control characters in texts become blanks, so that no value can command the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.writers.base import Info, Rows, Writer
from obstap.writers.cells import bytes_of, cell_text, has_controls, join_rows

__all__ = ["PlainText"]

LOOK_AHEAD = 1000
"""Rows from which the widths are taken."""

WIDEST = 80
"""Characters to which a column is padded at most."""

GAP = pa.scalar("  ")
LINE_END = pa.scalar("\n")
EMPTY = pa.scalar("")

CONTROLS = "\r\n|[\x00-\x1f\x7f-\x9f]"
DELETE = b"\x7f"
LEAD_OF_CONTROLS = b"\xc2"
"""First byte in UTF-8 of U+0080 to U+00BF, the upper control characters among them."""


class PlainText(Writer):
    """Aligned columns."""

    media_types = ("text/plain",)
    usual_type = "text/plain;charset=utf-8"
    aliases = ("text",)
    extension = "txt"

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),  # noqa: ARG002 - they would stand before what is to be read
        maxrec: int | None = None,
        tell_errors: bool = True,
    ) -> Iterator[bytes]:
        """Write the table; its last line tells the number of rows, and a cut or a late error."""
        rows = Rows(batches, maxrec)
        pieces = rows.written(
            lambda batch: [_cell(array, column) for column, array in zip(columns, batch, strict=True)],
            tell_errors=tell_errors,
            ahead=False,
        )
        first: list[list[pa.Array]] = []
        for cells in pieces:
            first.append(cells)
            if sum(len(cells[0]) for cells in first) >= LOOK_AHEAD:
                break
        names = _clean(pa.array([column.name for column in columns], pa.string()))
        units = _clean(pa.array([column.unit for column in columns], pa.string()))
        widths = [
            min(WIDEST, max(map(_width, (names[n : n + 1], units[n : n + 1], *(cells[n] for cells in first)))))
            for n in range(len(columns))
        ]
        yield _head(names.to_pylist(), units.to_pylist(), columns, widths)
        number = 0
        for cells in chain(first, pieces):
            number += len(cells[0])
            yield _lines(cells, columns, widths)
        yield _foot(number, rows)


def _is_number(column: Column) -> bool:
    """Whether the column is set flush right."""
    return not column.arraysize and not column.is_text and column.datatype != "boolean"


def _cell(array: pa.Array, column: Column) -> pa.Array:
    text = cell_text(array, column)
    return _clean(text) if column.is_text else text


def _clean(text: pa.Array) -> pa.Array:
    data = bytes_of(text)
    if has_controls(data) or DELETE in data or LEAD_OF_CONTROLS in data:
        return pc.replace_substring_regex(text, CONTROLS, " ")
    return text


def _width(text: pa.Array) -> int:
    return pc.max(pc.utf8_length(text)).as_py() or 0


def _head(names: Sequence[str], units: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> bytes:
    lines = []
    for words in (names, *([units] if any(units) else []), ["-" * width for width in widths]):
        set_words = [
            word.rjust(width) if _is_number(column) else word.ljust(width)
            for word, column, width in zip(words, columns, widths, strict=True)
        ]
        lines.append("  ".join(set_words).rstrip() + "\n")
    return "".join(lines).encode()


def _lines(cells: Sequence[pa.Array], columns: Sequence[Column], widths: Sequence[int]) -> bytes:
    padded = [
        (pc.utf8_lpad if _is_number(column) else pc.utf8_rpad)(text.fill_null(EMPTY), width)
        for text, column, width in zip(cells, columns, widths, strict=True)
    ]
    lines = pc.utf8_rtrim(pc.binary_join_element_wise(*padded, GAP), " ")
    return join_rows([lines], between_cells=GAP, between_rows=LINE_END, end=b"\n")


def _foot(number: int, rows: Rows) -> bytes:
    told = f"# {number} {'row' if number == 1 else 'rows'}"
    for fact in rows.late:
        told += f", {fact.value}: {' '.join(fact.content.split()) or 'there are more'}"
    return f"{told}\n".encode()
