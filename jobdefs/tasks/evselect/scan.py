"""One pass over the rows of a table: the expression is evaluated once for each chunk, all products are fed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from ..fitsio import Chunk, Table
from ..selectlib import Selection

__all__ = ["DataRanges", "Product", "Selected", "scan"]


class Selected:
    """The rows of a chunk that passed.

    Parameters
    ----------
    mask
        One truth value a row.
    """

    def __init__(self, chunk: Chunk, mask: np.ndarray) -> None:
        self.chunk = chunk
        self.mask = mask
        self.index = np.flatnonzero(mask)
        self._values: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, name: str) -> np.ndarray:
        """The column's values in these rows."""
        key = name.upper()
        if key not in self._values:
            values = self.chunk[key]
            self._values[key] = values if len(self.index) == len(values) else values.take(self.index, axis=0)
        return self._values[key]

    def is_null(self, name: str) -> np.ndarray | None:
        """Which of these rows have no value in the column; None where it has no TNULL."""
        null = self.chunk.is_null(name)
        return None if null is None else null.take(self.index)

    @property
    def rows(self) -> np.ndarray:
        """The rows themselves, as bytes."""
        return self.chunk.rows if len(self.index) == len(self.chunk.rows) else self.chunk.rows.take(self.index, axis=0)


class Product(Protocol):
    """Something that is made of selected rows."""

    def add(self, selected: Selected) -> None:
        """Take the selected rows of the next chunk."""


class DataRanges:
    """Lowest and highest selected value of some columns."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.ranges: dict[str, tuple[float, float] | None] = {name.upper(): None for name in columns}

    def add(self, selected: Selected) -> None:
        """Take the selected rows of the next chunk."""
        for name, known in self.ranges.items():
            values = selected[name]
            values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
            null = selected.is_null(name)
            values = values if null is None else values[~null]
            if len(values):
                low, high = float(values.min()), float(values.max())
                self.ranges[name] = (min(low, known[0]), max(high, known[1])) if known else (low, high)


def scan(
    table: Table,
    selection: Selection,
    products: Iterable[Product],
    *,
    progress: Callable[[int, int], None],
    chunk_rows: int = 0,
) -> int:
    """Feed the products with the rows that pass the selection.

    Parameters
    ----------
    progress
        Told rows done and rows in all after each chunk.
    chunk_rows
        Rows of a chunk; 0 for as many as suit the cache. No product depends on it.

    Returns
    -------
    int
        Number of rows that passed.
    """
    count = 0
    for chunk in table.chunks(chunk_rows):
        selected = Selected(chunk, selection.evaluate(chunk))
        count += len(selected)
        for product in products:
            product.add(selected)
        progress(chunk.start + len(chunk.rows), table.length)
    return count
