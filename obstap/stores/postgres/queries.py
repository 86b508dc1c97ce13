"""Running one query: streams of record batches and of lines, with a time limit, cancelled when they are closed."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import pyarrow as pa

from obstap.stores.failures import several
from obstap.stores.postgres.failures import CANCELLED, FAILURES, explained, state_of
from obstap.stores.postgres.lines import Lines
from obstap.stores.postgres.sessions import Answer, ArrowSession, Session, Sessions, TextSession, keep
from obstap.stores.streams import QueryStream
from obstap.textform import Chunk, TextForm
from vo.cancellation import Cancellation
from vo.errors import AthanorError

__all__ = ["Batches", "Chunks", "check_single"]

_Piece = TypeVar("_Piece")
_S = TypeVar("_S", bound=Session)

_ROW_BYTES = 1024
"""Bytes of a wide row: the driver counts bytes, and what has more rows than were asked for is cut afterwards."""

_LARGEST = 2 * 2**20
"""Bytes of a batch, however many rows were asked for: the first is not to keep anybody waiting."""

_HIDDEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
"""What can hold a semicolon that ends no statement."""


class _Query(QueryStream[_Piece], Generic[_Piece, _S]):
    """A query with a session of its own, whose transaction reads the state of a snapshot.

    Parameters
    ----------
    begin
        Begins the transaction.
    cancellation
        What interrupts it, also while it begins.
    """

    failures = FAILURES

    def __init__(
        self,
        pool: Sessions[_S],
        begin: Callable[[_S], object],
        sql: str,
        *,
        time_limit: float | None,
        count_waiting: bool,
        cancellation: Cancellation,
    ) -> None:
        self._pool = pool
        self._begin = begin
        self._sql = sql
        self._process = os.getpid()
        self._cancelling = threading.Lock()
        self._session: _S | None = None
        super().__init__(time_limit=time_limit, count_waiting=count_waiting, cancellation=cancellation)

    def _ready(self) -> None:
        self._pool.begin(self._begin_interruptibly, cancellation=self._cancellation)

    def _begin_interruptibly(self, session: _S) -> None:
        self._session = session
        try:
            self._begin(session)
        except BaseException:
            with self._cancelling:
                self._session = None
            raise

    def _interrupt(self) -> None:
        with self._cancelling:
            if self._session is not None and self._process == os.getpid():
                self._session.cancel()

    def _release(self) -> None:
        if self._process != os.getpid():
            keep(vars(self).copy())
            return
        with self._cancelling:
            session, self._session = self._session, None
        if session is not None:
            self._finish(session)
            self._pool.end(session)

    def _finish(self, session: _S) -> None:
        """Make the session ready for other statements."""

    def _interrupted(self, error: Exception) -> bool:
        return state_of(error) == CANCELLED

    def _explained(self, error: Exception) -> AthanorError:
        return explained(error)


class Batches(_Query[pa.RecordBatch, ArrowSession]):
    """The rows of a query as record batches.

    Parameters
    ----------
    parameters
        Values of ``$1`` and so on. A query that has some is held in memory by the driver.
    """

    def __init__(
        self,
        pool: Sessions[ArrowSession],
        begin: Callable[[ArrowSession], object],
        sql: str,
        parameters: Sequence[object],
        *,
        time_limit: float | None,
        count_waiting: bool,
        cancellation: Cancellation,
        batch_rows: int,
    ) -> None:
        self._parameters = parameters
        self._batch_rows = batch_rows
        self._answer: Answer | None = None
        self._rest: pa.RecordBatch | None = None
        self._more = False
        super().__init__(
            pool, begin, sql, time_limit=time_limit, count_waiting=count_waiting, cancellation=cancellation
        )

    def _open(self) -> None:
        bound = None
        if self._parameters:
            names = [str(number) for number in range(len(self._parameters))]
            bound = pa.RecordBatch.from_arrays([pa.array([value]) for value in self._parameters], names=names)
        self._size = min(self._batch_rows * _ROW_BYTES, _LARGEST)
        self._answer = self._session.query(self._sql, bound, batch_bytes=self._size)
        self._schema = _plain(self._answer.schema)

    def _fetch(self) -> pa.RecordBatch | None:
        batch, self._rest = self._rest, None
        if batch is None:
            batch = self._answer.read()
            if batch is None:
                return None
            self._more = batch.nbytes * 2 > self._size
            batch = self._conformed(batch)
        if batch.num_rows > self._batch_rows:
            self._rest = batch.slice(self._batch_rows)
            batch = batch.slice(0, self._batch_rows)
        return batch

    def _goes_on(self, piece: pa.RecordBatch) -> bool:  # noqa: ARG002 - it may be a part of what came
        return self._more and self._rest is None

    def _conformed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = [
            column if column.type.equals(field.type) else getattr(column, "storage", column).cast(field.type)
            for column, field in zip(batch.columns, self._schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _finish(self, session: ArrowSession) -> None:  # noqa: ARG002 - the answer knows its session
        answer, self._answer, self._rest = self._answer, None, None
        if answer is not None:
            answer.close()


class Chunks(_Query[Chunk, TextSession]):
    """The rows of a query as chunks of whole lines of text.

    Parameters
    ----------
    before
        Statements that go before the query, in the same round trip.
    """

    def __init__(
        self,
        pool: Sessions[TextSession],
        begin: Callable[[TextSession], object],
        sql: str,
        form: TextForm,
        *,
        before: str = "",
        time_limit: float | None,
        count_waiting: bool,
        cancellation: Cancellation,
    ) -> None:
        self._before = before
        self._form = form
        self._lines: Lines | None = None
        super().__init__(
            pool, begin, sql, time_limit=time_limit, count_waiting=count_waiting, cancellation=cancellation
        )

    def _open(self) -> None:
        session = self._session
        sql = f"{self._before}COPY ({self._sql}) TO STDOUT ({_options(self._form)})"
        self._lines = Lines(lambda lines: session.copy(sql, lines))

    def _fetch(self) -> Chunk | None:
        return self._lines.read()

    def _finish(self, session: TextSession) -> None:
        if self._lines is not None:
            self._lines.close(session.cancel)


def _options(form: TextForm) -> str:
    delimiter = f"DELIMITER E'\\x{form.delimiter.hex()}'"
    return f"FORMAT csv, {delimiter}" if form.quoted else f"FORMAT text, {delimiter}, NULL ''"


def check_single(sql: str) -> str:
    """The statement, if it is one query.

    Raises
    ------
    vo.errors.UsageError
        When it is something else, or several.
    """
    bare = _HIDDEN.sub("''", sql).strip()
    if ";" in bare or not bare.lstrip("( \n").upper().startswith(("SELECT", "WITH")):
        raise several()
    return sql


def _plain(schema: pa.Schema) -> pa.Schema:
    """The schema without what the driver remarks; numbers of any precision become doubles."""
    return pa.schema([pa.field(field.name, _plain_type(field.type)) for field in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.OpaqueType):
        return pa.float64() if kind.type_name == "numeric" else kind.storage_type
    return pa.list_(kind.value_type) if pa.types.is_list(kind) else kind
