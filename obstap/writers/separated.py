"""Text tables with a separator: CSV (RFC 4180) and TSV (IANA text/tab-separated-values).

In CSV a missing value is an empty field and an empty text a quoted one. TSV has no way to quote: a tab or an end of
line in a value becomes a blank there.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.textform import Chunk, TextForm
from obstap.writers.base import Info, Rows, Writer
from obstap.writers.cells import bytes_of, cell_texts, join_rows
from obstap.writers.lines import LineRows, with_infinities, without_escapes

__all__ = ["Csv", "Tsv"]


NOTHING, QUOTE, EMPTY = pa.scalar(0, pa.int32()), pa.scalar('"'), pa.scalar("")

_LINE = re.compile(rb'("(?:[^"]|"")*"|[^"\n]*)\n')
"""A line of one value."""

_BLANKS = dict.fromkeys((b"t", b"n", b"r", b"r\\n"), b" ")
"""What stands in TSV for what would be taken for structure, by its escape."""


class SeparatedWriter(Writer):
    """One line a row, after a line of column names; an error while the rows are sent is raised to the reader."""

    separator: ClassVar[pa.StringScalar]
    line_end: ClassVar[pa.StringScalar]
    alone: ClassVar[pa.StringScalar] = EMPTY
    """What stands for nothing in a table of one column, where an empty line would be skipped."""

    @abstractmethod
    def escape(self, text: pa.Array) -> pa.Array:
        """Text that cannot be mistaken for structure."""

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),  # noqa: ARG002 - the format has no place for them
        maxrec: int | None = None,
        tell_errors: bool = True,  # noqa: ARG002 - nor for errors
    ) -> Iterator[bytes]:
        """Write the table; neither `infos` nor a cut can be told in this format."""
        yield self._names(columns)
        yield from Rows(batches, maxrec).written(lambda batch: self._lines(batch, columns), tell_errors=False)

    def stream_text(
        self,
        lines: Iterable[Chunk],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),  # noqa: ARG002 - as above
        maxrec: int | None = None,
        tell_errors: bool = True,  # noqa: ARG002 - as above
    ) -> Iterator[bytes]:
        """Write the table; neither `infos` nor a cut can be told in this format."""
        yield self._names(columns)
        for chunk in LineRows(lines, self.text_form, maxrec):
            yield self.adapt(with_infinities(chunk.data, self.text_form, columns), columns)

    @abstractmethod
    def adapt(self, chunk: bytes, columns: Sequence[Column]) -> bytes:
        """Lines as this format has them."""

    def _names(self, columns: Sequence[Column]) -> bytes:
        names = self.escape(pa.array([column.name for column in columns]))
        return (self.separator.as_py().join(names.to_pylist()) + self.line_end.as_py()).encode()

    def _lines(self, batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
        cells = cell_texts(batch, columns, self.escape)
        if len(cells) == 1:
            cells = [pc.if_else(pc.equal(pc.binary_length(cells[0].fill_null("")), NOTHING), self.alone, cells[0])]
        end = self.line_end.as_py().encode()
        return join_rows(cells, between_cells=self.separator, between_rows=self.line_end, end=end)


class Csv(SeparatedWriter):
    """Comma-separated values."""

    media_types = ("text/csv;header=present", "text/csv")
    aliases = ("csv",)
    extension = "csv"
    separator = pa.scalar(",")
    line_end = pa.scalar("\r\n")
    alone = pa.scalar('""')
    text_form = TextForm(b",", quoted=True)

    def escape(self, text: pa.Array) -> pa.Array:
        """Quotes around what has a separator, a quote or an end of line in it, and around empty text."""
        if text.null_count == len(text):
            return text
        data = bytes_of(text)
        unsafe = pc.equal(pc.binary_length(text), NOTHING)
        if any(character in data for character in (b",", b'"', b"\n", b"\r")):
            unsafe = pc.or_(unsafe, pc.match_substring_regex(text, '[,"\r\n]'))
            if b'"' in data:
                text = pc.replace_substring(text, '"', '""')
        if not pc.any(unsafe).as_py():
            return text
        return pc.if_else(unsafe, pc.binary_join_element_wise(QUOTE, text, QUOTE, EMPTY), text)

    def adapt(self, chunk: bytes, columns: Sequence[Column]) -> bytes:
        """Lines with another end, but for those in quotes."""
        if len(columns) == 1:
            chunk = _LINE.sub(lambda line: line[0] if line[1] else b'""\n', chunk)
        if b'"' not in chunk:
            return chunk.replace(b"\n", b"\r\n")
        parts = chunk.split(b'"')
        parts[::2] = [part.replace(b"\n", b"\r\n") for part in parts[::2]]
        return b'"'.join(parts)


class Tsv(SeparatedWriter):
    """Tab-separated values."""

    media_types = ("text/tab-separated-values",)
    aliases = ("tsv",)
    extension = "tsv"
    separator = pa.scalar("\t")
    line_end = pa.scalar("\n")
    text_form = TextForm(b"\t")

    def escape(self, text: pa.Array) -> pa.Array:
        """A blank for each tab and end of line."""
        data = bytes_of(text)
        if any(character in data for character in (b"\t", b"\n", b"\r")):
            return pc.replace_substring_regex(text, "\r\n|[\t\r\n]", " ")
        return text

    def adapt(self, chunk: bytes, columns: Sequence[Column]) -> bytes:  # noqa: ARG002 - all columns are alike
        """Lines with a blank for each tab and end of line in a value."""
        if b"\\" not in chunk:
            return chunk
        return without_escapes(chunk, _BLANKS.get)
