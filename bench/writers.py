"""Rows per second of each writer, as a ratio to pyarrow's own CSV writer on the same batches.

Usage: python -m bench.writers [rows]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.csv

from obstap.metadata import Column
from obstap.writers import WRITERS

ROWS = 100_000
BATCH_ROWS = 16_384
RUNS = 3
NULL_EVERY = 7


class Discard:
    """A file that counts what is written to it."""

    closed = False

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        """Count."""
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept."""


def archive(rows: int) -> tuple[list[Column], list[pa.RecordBatch]]:
    """A table of 38 columns with the shape of ObsCore: 16 texts, 16 doubles, 3 long, 2 int, 1 time."""
    random = np.random.default_rng(1)
    number = np.arange(rows)
    texts = {
        "dataproduct_type": "event",
        "obs_collection": "XMM-EPIC",
        "obs_id": "{:010d}",
        "obs_publisher_did": "ivo://athanor.example/xmm?{:010d}/pn/S003",
        "access_url": "http://localhost:8000/files/xmm/{:010d}/P{:010d}PNS003PIEVLI0000.FTZ",
        "access_format": "application/fits",
        "target_name": "Source {}",
        "s_region": "CIRCLE ICRS {0}.123456789 -{0}.987654321 0.25",
    }
    names = list(texts) + [f"text_{index}" for index in range(16 - len(texts))]
    columns, arrays = [], []
    for name in names:
        pattern = texts.get(name, "word {}")
        values = [pattern.format(value, value) if value % NULL_EVERY else None for value in number]
        columns.append(Column(name, "char", "*"))
        arrays.append(pa.array(values, pa.string()))
    for index in range(16):
        columns.append(Column(f"double_{index}", "double", unit="deg"))
        arrays.append(pa.array(random.uniform(-360, 360, rows), mask=number % NULL_EVERY == index % NULL_EVERY))
    for index, (datatype, kind) in enumerate([("long", "i8")] * 3 + [("int", "i4")] * 2):
        columns.append(Column(f"{datatype}_{index}", datatype))
        arrays.append(pa.array(random.integers(0, 10**6, rows).astype(kind), mask=number % NULL_EVERY == 0))
    start = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    columns.append(Column("obs_release_date", "char", "*", xtype="timestamp"))
    arrays.append(pa.array([start + timedelta(seconds=int(value)) for value in number], pa.timestamp("us")))
    table = pa.table(dict(zip([column.name for column in columns], arrays, strict=True)))
    return columns, table.to_batches(max_chunksize=BATCH_ROWS)


def plain_csv(batches: list[pa.RecordBatch]) -> int:
    sink = Discard()
    with pyarrow.csv.CSVWriter(pa.PythonFile(sink, "w"), batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.size


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Median seconds and bytes of a piece of work."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        size = work()
        seconds.append(time.perf_counter() - start)
    return median(seconds), size


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    columns, batches = archive(rows)
    base, size = timed(lambda: plain_csv(batches))
    print(f"{rows} rows x {len(columns)} columns, median of {RUNS}")
    print(f"{'pyarrow.csv':<12} {rows / base / 1e3:8.0f} k rows/s {size / base / 1e6:7.0f} MB/s  1.00")
    for kind in WRITERS:
        seconds, size = timed(lambda kind=kind: sum(map(len, kind().stream(batches, columns))))
        print(
            f"{kind.__name__:<12} {rows / seconds / 1e3:8.0f} k rows/s {size / seconds / 1e6:7.0f} MB/s"
            f"  {base / seconds:.2f}"
        )


if __name__ == "__main__":
    main()
