"""Text for terminals: tables with aligned columns, and lines that are not too long."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

__all__ = ["WIDTH", "cut", "printable", "table", "wrap"]

WIDTH = 100
"""Columns of a terminal that a line takes at most."""

GAP = "  "


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), widest: int = 24
) -> list[str]:
    """The lines of a table.

    Parameters
    ----------
    right
        Heads of the columns that are aligned to the right.
    widest
        Characters of a cell at most, but for those of the last column, which takes what is left of the line.
    """
    cells = [[cut(printable(cell), widest) for cell in row[:-1]] + [printable(row[-1])] for row in rows]
    widths = [max(len(line[number]) for line in [heads, *cells]) for number in range(len(heads))]
    left = WIDTH - sum(widths[:-1]) - len(GAP) * (len(heads) - 1)
    lines = []
    for line in [list(heads), *cells]:
        line[-1] = cut(line[-1], max(left, len(heads[-1])))
        aligned = [
            cell.rjust(width) if head in right else cell.ljust(width)
            for cell, width, head in zip(line, widths, heads, strict=True)
        ]
        lines.append(GAP.join(aligned).rstrip())
    return lines


def printable(text: str) -> str:
    """A text on one line, without what would move the cursor of a terminal or colour it."""
    return "".join(" " if unicodedata.category(sign).startswith("C") else sign for sign in text)


def cut(text: str, width: int) -> str:
    """A text of at most so many characters; an ellipsis tells that there were more."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def wrap(text: str, *, first: str) -> list[str]:
    """The lines of a text, the first one after `first` and the others as far to the right; long words stay whole."""
    left = " " * len(first)
    indented = text[: len(text) - len(text.lstrip())]
    lines = textwrap.wrap(
        text.lstrip(),
        WIDTH,
        initial_indent=first + indented,
        subsequent_indent=left + indented,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [""]
