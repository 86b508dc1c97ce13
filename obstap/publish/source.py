"""What the readers of all formats have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import pyarrow as pa

from obstap.metadata import Column

__all__ = ["BATCH_ROWS", "Source"]

BATCH_ROWS = 65_536
"""Rows of a batch at most; readers make smaller ones of wide rows."""


class Source(ABC):
    """A table in a file: its description, and its rows as often as they are wanted.

    Attributes
    ----------
    columns
        What is declared of each column. Values that come in another Arrow type than that of the column, such as the
        text of a CSV file, are converted later.
    rows
        Number of rows, or None when the file does not tell.
    description, utype
        Of the table; empty when the file says nothing.
    origin
        What the file tells of where its data come from, see `obstap.origin`.
    frames
        Name of a column to the celestial frame of its coordinates, such as ``ICRS`` or ``FK5``, where it is told.
    judged
        Whether the data types of text columns say if they hold characters beyond ASCII.
    undeclared
        Names of columns whose type the file does not tell; it is found by reading them.
    notes
        What the reader left out or took otherwise than it stands in the file, one sentence each.
    """

    def __init__(self, columns: Sequence[Column], *, rows: int | None = None) -> None:
        self.columns = tuple(columns)
        self.rows = rows
        self.description = ""
        self.utype = ""
        self.origin: tuple[tuple[str, str], ...] = ()
        self.frames: dict[str, str] = {}
        self.judged = True
        self.undeclared: frozenset[str] = frozenset()
        self.notes: list[str] = []

    @abstractmethod
    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows from the first, with all columns or those of these names, in the order of `columns`.

        Raises
        ------
        vo.errors.UsageError
            When the file turns out to be broken.
        """

    def close(self) -> None:
        """Release files."""
        return
