"""Batches kept in a temporary file, for formats whose beginning depends on all rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

import pyarrow as pa

from vo.errors import UnavailableError, UsageError

__all__ = ["LARGEST", "Spool"]

LARGEST = 8 * 2**30
"""Bytes on disk, compressed, that one answer may take."""


class Spool:
    """A file of batches in the directory for temporary files, gone when it is closed; written, then read.

    Parameters
    ----------
    schema
        The type of all batches.

    Raises
    ------
    vo.errors.UnavailableError
        When no file can be made.
    """

    def __init__(self, schema: pa.Schema) -> None:
        with _room():
            self._file = tempfile.TemporaryFile(prefix="athanor-", buffering=0)  # noqa: SIM115 - closed by __exit__
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_file(pa.PythonFile(self._file, "w"), schema, options=options)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, batch: pa.RecordBatch) -> None:
        """Keep a batch.

        Raises
        ------
        vo.errors.UsageError
            When the answer takes more than `LARGEST` bytes.
        vo.errors.UnavailableError
            When there is no room left for it.
        """
        with _room():
            self._writer.write_batch(batch)
        if self._file.tell() > LARGEST:
            raise UsageError(
                f"The answer takes more than {LARGEST:,} bytes while it is prepared in this format.",
                hint="Ask for fewer rows, or for a format that is sent as it comes: RESPONSEFORMAT=votable/b2.",
            )

    def finish(self) -> None:
        """End the writing.

        Raises
        ------
        vo.errors.UnavailableError
            When there is no room left for the end.
        """
        with _room():
            self._writer.close()

    def batches(self, fields: Sequence[int] | None = None) -> Iterator[pa.RecordBatch]:
        """The batches in their order, with all fields or those of these numbers."""
        self._file.seek(0)
        options = pa.ipc.IpcReadOptions(included_fields=fields)
        reader = pa.ipc.open_file(pa.PythonFile(self._file, "r"), options=options)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


@contextmanager
def _room() -> Iterator[None]:
    """Says what a full disk means for the answer."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"There is no room to prepare the answer in this format ({error.strerror or error}).",
            hint="Ask for one that is sent as it comes, for example RESPONSEFORMAT=votable/b2.",
        ) from error
