"""Rows as XML elements (VOTable 1.5 §5.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from vo.votable.decoder import Decoder
from vo.votable.model import Block, Field, Limits, wrong
from vo.votable.texts import values_of

__all__ = ["Handlers", "TableData"]

_BLOCK_ROWS = 16_384
_OUTSIDE, _IN_ROW, _IN_CELL = range(3)


class Handlers(NamedTuple):
    """What expat calls."""

    start: Callable[[str, dict[str, str]], None]
    end: Callable[[str], None]
    text: Callable[[str], None]


class TableData(Decoder):
    """Gathers the texts of cells column by column."""

    def __init__(self, fields: Sequence[Field], limits: Limits) -> None:
        super().__init__(fields, limits)
        self._cells: list[str] = []

    def handlers(self, prefix: str, leave: Callable[[], None]) -> Handlers:
        """What is called for the elements and texts below TABLEDATA.

        These functions see every cell, so they do as little as can be; what they share are variables of this call.

        Parameters
        ----------
        prefix
            The namespace prefix of TABLEDATA, with its colon.
        leave
            Called at the end of TABLEDATA.
        """
        row_name, cell_name = f"{prefix}TR", f"{prefix}TD"
        width, longest = len(self.fields), self.limits.cell
        cells = self._cells
        push = cells.append
        state, text, filled = _OUTSIDE, "", 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal state, text
            if name == cell_name and state == _IN_ROW:
                if attributes and attributes.get("encoding"):
                    raise self._wrong(f"a cell with the encoding {attributes['encoding'][:20]!r} is not read.")
                state, text = _IN_CELL, ""
            elif name == row_name and state == _OUTSIDE:
                state = _IN_ROW
            else:
                raise self._wrong(f"a {name[:40]} element cannot stand here; TABLEDATA has TR elements, and TR has TD.")

        def end(name: str) -> None:  # noqa: ARG001 - expat checks that it is the element that began
            nonlocal state, filled
            if state == _IN_CELL:
                push(text)
                state = _IN_ROW
            elif state == _IN_ROW:
                filled += width
                if len(cells) != filled:
                    raise wrong(
                        f"it has {len(cells) - filled + width} cells, and the table has {width} columns.",
                        row=self.rows + filled // width,
                    )
                state = _OUTSIDE
                if filled == width * _BLOCK_ROWS:
                    self._flush()
                    filled = 0
            else:
                leave()

        def characters(data: str) -> None:
            nonlocal text
            if state == _IN_CELL:
                text = text + data if text else data
                if len(text) > longest:
                    raise self._wrong(
                        f"a text is longer than the {longest:,} characters that are allowed.",
                        column=self.fields[min(len(cells) - filled, width - 1)].name,
                    )
            elif not data.isspace():
                raise self._wrong(f"the text {data.strip()[:40]!r} stands outside of any TD element.")

        return Handlers(start, end, characters)

    def end(self) -> None:
        """Make the last block."""
        self._flush()

    def _wrong(self, message: str, column: str = "") -> Exception:
        return wrong(message, row=self.rows + len(self._cells) // len(self.fields) + 1, column=column)

    def _flush(self) -> None:
        width = len(self.fields)
        rows = len(self._cells) // width
        if not rows:
            return
        self.check_rows(self.rows + rows)
        first = self.rows + 1
        columns = tuple(values_of(field, self._cells[index::width], first) for index, field in enumerate(self.fields))
        self._cells.clear()
        self.add(Block(rows, columns))
