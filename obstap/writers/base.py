"""What every writer does: turn record batches and their metadata into a stream of bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import pyarrow as pa

from obstap.metadata import Column
from obstap.textform import Chunk, TextForm
from obstap.writers.inorder import in_order
from vo.errors import AthanorError

__all__ = ["Info", "Rows", "Writer"]

Made = TypeVar("Made")

PIECE_BYTES = 32 * 2**20
"""Size in memory above which a batch is written in pieces."""


@dataclass(frozen=True, slots=True)
class Info:
    """A fact about an answer, for formats that can carry it (VOTable's INFO)."""

    name: str
    value: str
    content: str = ""


class Rows:
    """Record batches, cut after `maxrec` rows and into pieces of bounded size.

    Parameters
    ----------
    maxrec
        Largest number of rows, or None for all.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch], maxrec: int | None = None) -> None:
        self._batches = batches
        self._maxrec = maxrec
        self.overflow = maxrec == 0
        """Whether rows were cut off, or none were wanted (DALI 1.1 §3.4.4); known when the iteration has ended."""
        self.error = ""
        """What ended the rows before their time; known when `written` has ended."""

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        left = self._maxrec
        for batch in self._batches:
            if left is not None and batch.num_rows > left:
                self.overflow = True
                yield from _pieces(batch.slice(0, left))
                return
            yield from _pieces(batch)
            if left is not None:
                left -= batch.num_rows

    def written(
        self, encode: Callable[[pa.RecordBatch], Made], *, tell_errors: bool, ahead: bool = True
    ) -> Iterator[Made]:
        """What `encode` makes of each batch.

        Parameters
        ----------
        tell_errors
            Whether an error ends the rows, to be found in `error` then, instead of being raised.
        ahead
            Whether threads may call `encode`, before what it gives is wanted.

        Raises
        ------
        vo.errors.AthanorError
            What the batches or `encode` raise, where it is not told.
        """
        try:
            yield from in_order(encode, self) if ahead else map(encode, self)
        except AthanorError as error:
            if not tell_errors:
                raise
            self.error = str(error)

    @property
    def status(self) -> tuple[str, str]:
        """How the rows have ended (DALI 1.1 §4.4): OK, OVERFLOW or ERROR, and what the error is."""
        if self.error:
            return "ERROR", self.error
        return ("OVERFLOW" if self.overflow else "OK"), ""

    @property
    def late(self) -> tuple[Info, ...]:
        """The facts about the answer that only its end shows: none, or its status."""
        status, message = self.status
        return () if status == "OK" else (Info("QUERY_STATUS", status, message),)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if batch.num_rows == 0:
        return
    # The buffers of a slice are those of the whole, so they tell what is small for certain, and that quickly.
    count = 1
    if batch.get_total_buffer_size() > PIECE_BYTES:
        count = min(batch.num_rows, batch.nbytes // PIECE_BYTES + 1)
    rows = -(-batch.num_rows // count)
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


class Writer(ABC):
    """A format of answers.

    Parameters
    ----------
    media_type
        The media type that was asked for, to be echoed; the usual one when empty.
    """

    media_types: ClassVar[tuple[str, ...]]
    """Media types by which the format may be asked for, the usual one first."""

    aliases: ClassVar[tuple[str, ...]] = ()
    """Short names by which it may be asked for."""

    ivo_id: ClassVar[str] = ""
    """Identifier in the TAPRegExt record, where it has one."""

    extension: ClassVar[str]
    """Ending of file names, without the dot."""

    usual_type: ClassVar[str] = ""
    """Media type of an answer that was asked for by a short name, where it is not the first of `media_types`."""

    text_form: ClassVar[TextForm | None] = None
    """The form of lines that `stream_text` takes, where the format takes what an engine has written."""

    def __init__(self, media_type: str = "") -> None:
        self.media_type = media_type or self.usual_type or self.media_types[0]

    @abstractmethod
    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,
    ) -> Iterator[bytes]:
        """Write an answer piece by piece.

        Parameters
        ----------
        batches
            The rows; their columns stand in the order of `columns`.
        infos
            Facts about the answer.
        maxrec
            Number of rows after which the answer is cut off.
        tell_errors
            Whether an error that comes after the first bytes is told at the end of the document, where the format can;
            else it is raised.

        Raises
        ------
        vo.errors.AthanorError
            What `batches` raise or a value that does not fit its column, where it is not told.
        """

    def stream_text(
        self,
        lines: Iterable[Chunk],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,
    ) -> Iterator[bytes]:
        """Write an answer whose rows are chunks of whole lines in `text_form`, with the same values as `stream`.

        Raises
        ------
        vo.errors.AthanorError
            What `lines` raise, where it is not told.
        """
        raise NotImplementedError
