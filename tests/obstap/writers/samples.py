"""A table with everything in it that a format can stumble over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from obstap.metadata import Column

NAN, INF = float("nan"), float("inf")

COLUMNS = (
    Column("name", "char", "*", ucd="meta.id;meta.main", description="A <name> & more", principal=True),
    Column("note", "unicodeChar", "*"),
    Column("flag", "boolean"),
    Column("small", "short"),
    Column("count", "int", ucd="meta.number"),
    Column("big", "long"),
    Column("rate", "float", unit="ct/s"),
    Column("ra", "double", unit="deg", ucd="pos.eq.ra", utype="obscore:Char.SpatialAxis.Coverage.Location.C1"),
    Column("seen", "char", "*", xtype="timestamp"),
    Column("position", "double", "2", xtype="point"),
    Column("cone", "double", "3", xtype="circle"),
    Column("outline", "double", "*", xtype="polygon"),
    Column("numbers", "int", "*"),
    Column("code", "char", "4"),
    Column("end of line", "char", "8*"),
)

TYPES = (
    pa.string(),
    pa.string(),
    pa.bool_(),
    pa.int16(),
    pa.int32(),
    pa.int64(),
    pa.float32(),
    pa.float64(),
    pa.timestamp("us"),
    pa.list_(pa.float64()),
    pa.list_(pa.float64()),
    pa.list_(pa.float64()),
    pa.list_(pa.int32()),
    pa.string(),
    pa.string(),
)

ROWS: tuple[tuple[Any, ...], ...] = (
    (
        'a "quoted", <b>bold</b> & back\\slashed',
        "naïve 日本 𝄞",
        True,
        -32768,
        2147483647,
        -9223372036854775808,
        0.1,
        0.1,
        datetime.fromisoformat("2020-02-29T12:34:56.789"),
        [83.633, 22.0145],
        [10.0, -20.0, 0.5],
        [0.0, 0.0, 1.0, 0.0, 1.0, 1.0],
        [1, -2],
        "abcd",
        "x",
    ),
    (None,) * len(COLUMNS),
    (
        "two\nlines\tand\r\na return",
        "",
        False,
        0,
        0,
        0,
        -INF,
        NAN,
        datetime.fromisoformat("1999-12-31T23:59:59"),
        [NAN, 1e-300],
        [0.0, INF, -INF],
        [],
        [],
        "ab",
        "]]>",
    ),
)


def batches(rows: Sequence[Sequence[Any]] = ROWS, *, size: int = 2) -> list[pa.RecordBatch]:
    """The rows in batches of `size` rows."""
    arrays = [pa.array([row[number] for row in rows], kind) for number, kind in enumerate(TYPES)]
    table = pa.table(arrays, names=[column.name for column in COLUMNS])
    return table.to_batches(max_chunksize=size)
