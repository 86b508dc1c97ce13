"""By how much a process grows while a million rows are written: python -m tests.obstap.writers.growth FORMAT."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.writers import get_writer

BATCHES = 250
BATCH_ROWS = 4000
WARM_UP = 50
"""Batches after which the process has what it needs."""

COLUMNS = (
    Column("number", "long"),
    Column("value", "double"),
    Column("small", "short"),
    Column("url", "char", "*"),
    Column("note", "char", "*"),
    Column("pair", "double", "2"),
    Column("several", "float", "*"),
)


def batches(sizes: list[int]) -> Iterator[pa.RecordBatch]:
    """Batches that share no memory with each other."""
    rows = range(BATCH_ROWS)
    value = pa.array([row / 7 if row % 5 else None for row in rows])
    small = pa.array([row % 100 if row % 3 else None for row in rows], pa.int16())
    note = pa.array([f"naïve {row}" if row % 2 else None for row in rows])
    pair = pa.array([[float(row), 1.5] for row in rows])
    several = pa.array([[0.5] * (row % 9) for row in rows], pa.list_(pa.float32()))
    for start in range(0, BATCHES * BATCH_ROWS, BATCH_ROWS):
        sizes.append(resident())
        number = pa.array(np.arange(start, start + BATCH_ROWS))
        url = pc.binary_join_element_wise("https://archive.example", "x" * 150, number.cast(pa.string()), "/")
        arrays = [number, pc.add(value, float(start)), small, url, note, pair, several]
        yield pa.record_batch(arrays, names=[column.name for column in COLUMNS])


def resident() -> int:
    """Bytes of memory that the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    sizes: list[int] = []
    written = 0
    with Path(os.devnull).open("wb") as file:
        for chunk in get_writer(sys.argv[1]).stream(batches(sizes), COLUMNS):
            written += file.write(chunk)
            sizes.append(resident())
    print(written, max(sizes) - max(sizes[:WARM_UP]))


if __name__ == "__main__":
    main()
