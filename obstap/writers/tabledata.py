"""VOTable with its rows as XML (VOTable 1.4 §5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.textform import Chunk, TextForm
from obstap.writers.base import Info
from obstap.writers.cells import LOWEST_PLAIN, bytes_of, cell_texts, has_controls, join_rows
from obstap.writers.lines import LineRows, with_infinities, without_escapes
from obstap.writers.votable import VOTableWriter
from vo.dali import VOTABLE
from vo.xmltext import ILLEGAL, REFERENCES

__all__ = ["TableData", "escape"]

BETWEEN_CELLS, BETWEEN_ROWS = pa.scalar("</TD><TD>"), pa.scalar("</TD></TR>\n<TR><TD>")

NONCHARACTERS = b"\xef\xbf"
"""First bytes of U+FFFE and U+FFFF in UTF-8, shared with a few characters that are legal."""


_REFERENCES = [(character.encode(), reference.encode()) for character, reference in REFERENCES.items()]
_UNESCAPED = [pair for pair in _REFERENCES if pair[0] != b"\r"]
"""Those that lines without escapes can have."""

_ROW, _NEXT_ROW = b"<TR><TD>", b"</TD></TR>\n<TR><TD>"

_IN_VALUES = {b"n": b"\xff", b"r\\n": b"\r\xff", b"\x7f": b"\xfe"}
"""What stands for a line feed and a delimiter in a value until the lines have become rows: no bytes of UTF-8."""

_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""`vo.xmltext.ILLEGAL` in UTF-8."""


class TableData(VOTableWriter):
    """Rows as ``<TR><TD>…`` elements."""

    media_types = (VOTABLE, f"{VOTABLE};serialization=TABLEDATA", "text/xml", "application/xml")
    aliases = ("votable", "votable/td")
    ivo_id = "ivo://ivoa.net/std/TAPRegExt#output-votable-td"

    text_form = TextForm(b"\x7f")

    before_rows = b"<DATA>\n<TABLEDATA>\n"
    after_rows = b"</TABLEDATA>\n</DATA>\n"

    def encode(self, batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
        """The TR elements."""
        return join_rows(
            cell_texts(batch, columns, escape),
            start=b"<TR><TD>",
            between_cells=BETWEEN_CELLS,
            between_rows=BETWEEN_ROWS,
            end=b"</TD></TR>\n",
        )

    def stream_text(
        self,
        lines: Iterable[Chunk],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,
    ) -> Iterator[bytes]:
        """Write the document; a late error becomes its last INFO, after the rows that came before it."""
        rows = LineRows(lines, self.text_form, maxrec)
        encoded = rows.written(lambda chunk: self._rows_of_lines(chunk, columns), tell_errors=tell_errors)
        return self.around(rows, encoded, columns, infos)

    def _rows_of_lines(self, chunk: Chunk, columns: Sequence[Column]) -> bytes:
        """The TR elements of a chunk of lines."""
        data = chunk.data
        escaped = b"\\" in data
        if escaped:
            data = without_escapes(data, _IN_VALUES.get)
        data = _writable(with_infinities(data, self.text_form, columns), chunk.rows)
        for character, reference in _REFERENCES if escaped else _UNESCAPED:
            if character in data:
                data = data.replace(character, reference)
        data = data.replace(self.text_form.delimiter, b"</TD><TD>").replace(b"\n", _NEXT_ROW)
        if escaped:
            data = data.replace(b"\xff", b"\n").replace(b"\xfe", self.text_form.delimiter)
        return b"".join((_ROW, memoryview(data)[: -len(_ROW)]))


def _writable(data: bytes, rows: int) -> bytes:
    """Lines without the characters that XML cannot carry."""
    controls = np.count_nonzero(np.frombuffer(data, np.uint8) < LOWEST_PLAIN)
    if controls != rows or (not data.isascii() and NONCHARACTERS in data):
        return _CONTROLS.sub("\ufffd".encode(), data)
    return data


def escape(text: pa.Array) -> pa.Array:
    """Text as it may stand in XML: the kernels run only where the column has something to replace."""
    data = bytes_of(text)
    if not data:
        return text
    for character, reference in REFERENCES.items():
        if character.encode() in data:
            text = pc.replace_substring(text, character, reference)
    if has_controls(data) or (not data.isascii() and NONCHARACTERS in data):
        text = pc.replace_substring_regex(text, ILLEGAL, "\ufffd")
    return text
