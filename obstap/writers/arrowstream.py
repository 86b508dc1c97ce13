"""Arrow's streaming format (IPC), for programs that compute with the columns as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from obstap.metadata import Column
from obstap.writers.base import Info, Rows, Writer
from obstap.writers.columnar import Outlet, schema, typed

__all__ = ["ArrowStream"]


class ArrowStream(Writer):
    """An Arrow IPC stream; units, UCDs and descriptions are metadata of its fields."""

    media_types = ("application/vnd.apache.arrow.stream",)
    aliases = ("arrow",)
    extension = "arrows"

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,  # noqa: ARG002 - few readers would notice; a broken stream is noticed
    ) -> Iterator[bytes]:
        """Write the stream; a cut is told by the metadata of a last batch without rows, a late error is raised."""
        wanted = schema(columns, facts={info.name: info.value for info in infos})
        outlet = Outlet()
        with pa.PythonFile(outlet, "w") as sink, pa.ipc.new_stream(sink, wanted) as writer:
            yield outlet.take()
            rows = Rows(batches, maxrec)
            for batch in rows:
                writer.write_batch(typed(batch, columns, wanted))
                yield outlet.take()
            if rows.late:
                ending = {fact.name: fact.value for fact in rows.late}
                writer.write_batch(pa.RecordBatch.from_pylist([], schema=wanted), custom_metadata=ending)
        yield outlet.take()
