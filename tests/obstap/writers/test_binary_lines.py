"""The lines of base64 in which binary rows are sent, and the memory that a long answer takes."""

from __future__ import annotations

import base64
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from obstap.metadata import Column
from obstap.writers import get_writer
from obstap.writers.binary import LINE_BYTES, Binary2

PIECE = 2**18
"""Bytes that the web server sends in one piece."""

COLUMNS = [Column("name", "char", "*"), Column("x", "double")]


@pytest.mark.parametrize(
    ("sizes", "lines"),
    [
        ([], []),
        ([1], [1]),
        ([3], [3]),
        ([4], [3, 1]),
        ([1, 1, 1], [3]),
        ([0, 2, 0, 2], [3, 1]),
        ([LINE_BYTES], [LINE_BYTES]),
        ([LINE_BYTES - 1], [LINE_BYTES - 3, 2]),
        ([LINE_BYTES + 1], [LINE_BYTES, 1]),
        ([1, LINE_BYTES, 2], [LINE_BYTES, 3]),
        ([2, 2 * LINE_BYTES + 5], [LINE_BYTES, LINE_BYTES, 6, 1]),
    ],
)
def test_lines_stand_for_whole_groups_and_fit_into_a_piece(sizes, lines):
    given = [np.random.default_rng(size).bytes(size) for size in sizes]
    sent = list(Binary2().pack(given))
    decoded = [base64.b64decode(line, validate=True) for line in (line.removesuffix(b"\n") for line in sent)]
    assert [len(data) for data in decoded] == lines
    assert b"".join(decoded) == b"".join(given)
    assert all(line.endswith(b"\n") and len(line) <= PIECE for line in sent)


@pytest.mark.parametrize("batches", [20, 80])
def test_a_longer_answer_takes_no_more_memory(batches):
    """Pieces in flight are bounded: some batches, however many there are."""
    rows = 5_000
    batch = pa.record_batch([pa.array(["x" * 92] * rows), pa.array(np.arange(float(rows)))], names=["name", "x"])
    answer = get_writer("votable/b2").stream((batch for _ in range(batches)), COLUMNS)
    before = pa.total_allocated_bytes()
    most = 0
    tracemalloc.start()
    try:
        for _ in answer:
            most = max(most, pa.total_allocated_bytes() - before)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak + most < 16 * batch.nbytes
