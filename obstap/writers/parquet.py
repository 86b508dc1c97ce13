"""Parquet with the metadata of a VOTable (IVOA Note "Parquet in the VO" 1.0, VOParquet).

Two keys of the file's footer hold the version of the convention and a VOTable without data that describes the columns.
Points in time are text, as that VOTable has them: readers of the convention compare the types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from obstap.metadata import Column
from obstap.writers.base import PIECE_BYTES, Info, Rows, Writer
from obstap.writers.columnar import Outlet, schema, typed
from obstap.writers.votable import footer, header

__all__ = ["Parquet"]

VERSION, CONTENT = "IVOA.VOTable-Parquet.version", "IVOA.VOTable-Parquet.content"

GROUP_ROWS = 2**17
"""Rows of a row group, fewer where they take more than `PIECE_BYTES`."""


class Parquet(Writer):
    """Parquet, its row groups written as they fill."""

    media_types = ("application/vnd.apache.parquet",)
    aliases = ("parquet",)
    extension = "parquet"

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,  # noqa: ARG002 - few readers would notice; a file without its end is noticed
    ) -> Iterator[bytes]:
        """Write the file; a cut is told in the VOTable of its footer, a late error is raised."""
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - it loads with the first answer that needs it

        wanted = schema(columns, facts={}, times_as_text=True)
        described = [replace(column, name=name) for column, name in zip(columns, wanted.names, strict=True)]
        outlet = Outlet()
        with pa.PythonFile(outlet, "w") as sink, ParquetWriter(sink, wanted, compression="zstd") as writer:
            rows = Rows(batches, maxrec)
            for group in _groups(typed(batch, columns, wanted) for batch in rows):
                table = pa.Table.from_batches(group)
                writer.write_table(table, row_group_size=table.num_rows)
                yield outlet.take()
            content = header(described, infos) + footer(rows.late)
            writer.add_key_value_metadata({VERSION: "1.0", CONTENT: content.decode()})
        yield outlet.take()


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches that together are worth a row group."""
    group: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        group.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= GROUP_ROWS or size >= PIECE_BYTES:
            yield group
            group, rows, size = [], 0, 0
    if group:
        yield group
