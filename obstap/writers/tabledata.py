"""VOTable with its rows as XML (VOTable 1.4 §5.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.writers.cells import bytes_of, cell_text, is_text, join_rows
from obstap.writers.votable import VOTableWriter
from vo.dali import VOTABLE
from vo.xmltext import ILLEGAL

__all__ = ["TableData", "escape"]

REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
"""What must not stand in XML text as it is; a bare carriage return would be read as a line feed."""

BETWEEN_CELLS, BETWEEN_ROWS = pa.scalar("</TD><TD>"), pa.scalar("</TD></TR>\n<TR><TD>")

LOWEST_PLAIN = 0x20
NONCHARACTERS = b"\xef\xbf"
"""First bytes of U+FFFE and U+FFFF in UTF-8, shared with a few characters that are legal."""


class TableData(VOTableWriter):
    """Rows as ``<TR><TD>…`` elements."""

    media_types = (VOTABLE, f"{VOTABLE};serialization=TABLEDATA", "text/xml", "application/xml")
    aliases = ("votable", "votable/td")
    ivo_id = "ivo://ivoa.net/std/TAPRegExt#output-votable-td"

    before_rows = b"<DATA>\n<TABLEDATA>\n"
    after_rows = b"</TABLEDATA>\n</DATA>\n"

    def encode(self, batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
        """The TR elements."""
        cells = [self._cell(array, column) for column, array in zip(columns, batch, strict=True)]
        return join_rows(
            cells,
            start=b"<TR><TD>",
            between_cells=BETWEEN_CELLS,
            between_rows=BETWEEN_ROWS,
            end=b"</TD></TR>\n",
        )

    def _cell(self, array: pa.Array, column: Column) -> pa.Array:
        text = cell_text(array, column)
        return escape(text) if is_text(column) else text


def escape(text: pa.Array) -> pa.Array:
    """Text as it may stand in XML: the kernels run only where the column has something to replace."""
    data = bytes_of(text)
    if not data:
        return text
    for character, reference in REFERENCES.items():
        if character.encode() in data:
            text = pc.replace_substring(text, character, reference)
    if int(np.frombuffer(data, np.uint8).min()) < LOWEST_PLAIN or (not data.isascii() and NONCHARACTERS in data):
        text = pc.replace_substring_regex(text, ILLEGAL, "\ufffd")
    return text
