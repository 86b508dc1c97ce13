"""A small table with a column of every type, and its rows."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.metadata import Column, Position, Table
from obstap.stores import Snapshot, TableContent, TableStore

SAMPLE = Table(
    name="test.Sample",
    description="Öne of everything",
    columns=(
        Column("id", "char", "*"),
        Column("Flag", "boolean"),
        Column("a_short", "short"),
        Column("an_int", "int"),
        Column("a_long", "long"),
        Column("a_float", "float", unit="deg"),
        Column("a_double", "double", unit="deg"),
        Column("text", "unicodeChar", "*"),
        Column("time", "char", "*", xtype="timestamp"),
        Column("point", "double", "2", xtype="point"),
        Column("counts", "int", "*"),
    ),
    key="id",
    hidden={"_cell": "BIGINT", "_shape": "DOUBLE[]", "_note": "VARCHAR", "_x": "DOUBLE"},
    positions=(Position("a_float", "a_double", "_cell"),),
)
PLAIN = Table(name="test.plain", columns=(Column("n", "long"), Column("version", "int")))


def content(table: Table, rows: Iterable[dict[str, object]], *, batch_rows: int = 1000) -> TableContent:
    rows = list(rows)
    schema = arrow_schema(table)
    starts = range(0, len(rows), batch_rows)
    return TableContent(
        table, [pa.RecordBatch.from_pylist(rows[start : start + batch_rows], schema=schema) for start in starts]
    )


def plain(count: int, version: int = 1, table: Table = PLAIN) -> TableContent:
    schema = arrow_schema(table)
    columns = [pa.array(range(count), pa.int64()), pa.array([version] * count, pa.int32())]
    return TableContent(table, [pa.RecordBatch.from_arrays(columns, schema=schema)])


def query(snapshot: Snapshot, sql: str, *parameters: object, **options: object) -> list[tuple]:
    """The rows of a query in which names in braces stand for published tables."""
    names = {name.replace(".", "_"): snapshot.physical(name) for name in snapshot.tables}
    batches = snapshot.execute(sql.format(**names), parameters, **options)
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def read(store: TableStore, sql: str, *parameters: object) -> list[tuple]:
    with store.snapshot() as snapshot:
        return query(snapshot, sql, *parameters)
