"""What every table store can do; one contract test holds all of them to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from obstap.metadata import Column, Table
from obstap.textform import Chunk, TextForm
from vo.cancellation import Cancellation

__all__ = ["Snapshot", "TableContent", "TableStore"]


@dataclass(frozen=True, slots=True)
class TableContent:
    """A table with its rows: what is published.

    `batches` carry all columns, visible and hidden, in the types that `arrow_schema` gives.
    """

    table: Table
    batches: Iterable[pa.RecordBatch]


class Snapshot(ABC):
    """One state of all published tables; it stays readable while it is held, whatever is published meanwhile.

    When what was asked for with it is cancelled, all its queries end, also those that wait for their first row: the
    engine works on them no more, and they hold nothing.
    """

    engine: ClassVar[str]
    """Which SQL `execute` takes: duckdb or postgresql."""

    tables: Mapping[str, Table]
    """Published tables by their lower-case ``schema.table`` name."""

    @abstractmethod
    def physical(self, name: str) -> str:
        """The engine's quoted name of the published table `name` (lower case), for use in `execute`."""

    @abstractmethod
    def execute(
        self,
        sql: str,
        parameters: Sequence[object] = (),
        *,
        time_limit: float | None = None,
        count_waiting: bool = True,
        batch_rows: int = 16_384,
    ) -> Iterator[pa.RecordBatch]:
        """Run one query in the engine's own SQL and stream its rows.

        The first batch is computed before the iterator is returned, so that errors of the query surface here.
        Closing the iterator cancels the query.

        Parameters
        ----------
        time_limit
            Seconds after which the query is cancelled.
        count_waiting
            Whether the time counts that the consumer takes between batches; where it does not, a client with a slow
            line gets its whole answer as long as the engine's own work stays within the limit.

        Raises
        ------
        vo.errors.CancellationError
            When it was cancelled (also later, from the iterator).
        vo.errors.TimeLimitError
            When the time limit is exceeded (also later, from the iterator).
        vo.errors.UsageError
            When the data make the query fail, such as a division by zero or a bad cast.
        """

    @abstractmethod
    def with_uploads(self, contents: Sequence[TableContent]) -> AbstractContextManager[Snapshot]:
        """The same state with more tables, which whoever holds it sees and nobody else.

        They are gone when it is let go, whatever happened meanwhile, and with the process.

        Parameters
        ----------
        contents
            The tables; none has the name of another or of a published one. Their rows are read once.

        Raises
        ------
        vo.errors.AthanorError
            What reading the rows raises, when the context is entered.
        vo.errors.UsageError
            When the engine cannot hold the tables, when the context is entered or a query begins.
        """

    def copy_text(
        self,
        sql: str,  # noqa: ARG002 - an engine that writes no text takes nothing
        columns: Sequence[Column],  # noqa: ARG002
        form: TextForm,  # noqa: ARG002
        *,
        rows: int | None = None,  # noqa: ARG002
        time_limit: float | None = None,  # noqa: ARG002
        count_waiting: bool = True,  # noqa: ARG002
    ) -> Iterator[Chunk] | None:
        """Run one query and stream its rows as chunks of whole lines of text; None where the engine writes none.

        The first chunk is there before the iterator is returned, as with `execute`, whose other promises hold too.

        Parameters
        ----------
        columns
            What the answer's columns are: their types decide on the form of their values.
        rows
            No more rows than these are needed.

        Raises
        ------
        vo.errors.CancellationError, vo.errors.TimeLimitError, vo.errors.UsageError
            As from `execute`.
        """
        return None


class TableStore(ABC):
    """Published tables, replaced atomically and read by any number of processes."""

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers out, so that what is read inside is still true when it is written there."""

    @abstractmethod
    def snapshot(self, *, cancellation: Cancellation | None = None) -> AbstractContextManager[Snapshot]:
        """Hold the present state of all tables for reading.

        Parameters
        ----------
        cancellation
            What ends all queries of the snapshot.
        """

    @abstractmethod
    def replace(self, contents: Sequence[TableContent], *, drop: Sequence[str] = ()) -> None:
        """Publish `contents` in place of the tables of the same names and drop others, all in one step.

        A crash at any moment leaves either the old state or the new one.
        """

    @abstractmethod
    def upsert(self, contents: Sequence[TableContent], *, replace: Sequence[TableContent] = ()) -> None:
        """Add rows to tables, replacing those with the same `Table.key`, and publish `replace`, all in one step.

        Unknown tables are created. Where the metadata of a table differ from what is published they become those of
        `contents`. Of several rows in `contents` that share a key the last one stays.
        """

    @abstractmethod
    def delete(self, name: str, keys: Sequence[str]) -> int:
        """Remove the rows with these keys from a table; gives the number removed."""

    @abstractmethod
    def close(self) -> None:
        """Release files and connections."""
