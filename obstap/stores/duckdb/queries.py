"""Running one query: a stream of record batches with a time limit, cancelled when it is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb
import pyarrow as pa

from obstap.stores.duckdb.failures import FAILURES, explained
from vo.errors import TimeLimitError, UnavailableError, UsageError

__all__ = ["Batches"]

_T = TypeVar("_T")

_NAGGING = 0.1
"""Seconds between interrupts; one that comes between two steps of a query's start has no effect."""


class Batches(Iterator[pa.RecordBatch]):
    """The rows of one query.

    Any thread may call `close`, also while another waits for the next batch.

    Parameters
    ----------
    cursor
        A cursor of its own; it is closed with the stream.
    time_limit, count_waiting
        Seconds that the query may take, and whether the time of the consumer between batches is part of them.
    on_close
        Called once, when the stream has ended or was closed.

    Raises
    ------
    vo.errors.TimeLimitError, vo.errors.UsageError
        As `obstap.stores.base.Snapshot.execute` says.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        sql: str,
        parameters: Sequence[object],
        *,
        time_limit: float | None,
        count_waiting: bool,
        batch_rows: int,
        on_close: Callable[[], None],
    ) -> None:
        self._cursor = cursor
        self._on_close = on_close
        self._closed = False
        self._working = threading.Lock()
        self._clock = _Clock(cursor, time_limit, count_waiting)
        try:
            self._stream = self._step(lambda: _open(cursor, sql, parameters, batch_rows))
            self._first = self._step(self._fetch)
        except BaseException:
            self.close()
            raise

    def __next__(self) -> pa.RecordBatch:
        try:
            with self._working:
                batch, self._first = self._first, None
                if batch is None and not self._closed:
                    batch = self._step(self._fetch)
        except BaseException:
            self.close()
            raise
        if batch is None:
            self.close()
            raise StopIteration
        return batch

    def close(self) -> None:
        """Cancel what is left of the query and release what it holds."""
        if self._closed:
            return
        self._closed = True
        _interrupt(self._cursor)
        while not self._working.acquire(timeout=_NAGGING):
            _interrupt(self._cursor)
        self._clock.stop()
        self._stream = self._first = None
        self._cursor.close()
        self._working.release()
        self._on_close()

    def __del__(self) -> None:
        self.close()

    def _fetch(self) -> pa.RecordBatch | None:
        return next(self._stream, None)

    def _step(self, action: Callable[[], _T]) -> _T | None:
        """Let the engine work, under the clock; None when the stream was closed meanwhile."""
        try:
            with self._clock.running():
                return action()
        except FAILURES as error:
            if self._closed:
                return None
            if "INTERRUPT" not in str(error):
                raise explained(error) from error
            if self._clock.expired:
                raise self._clock.error() from error
            raise UnavailableError("The query was interrupted because the service is stopping.") from error


class _Clock:
    """Counts the time of a query and interrupts it when that exceeds the limit."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, limit: float | None, count_waiting: bool) -> None:
        self._cursor = cursor
        self._limit = limit
        self._count_waiting = count_waiting
        self._spent = 0.0
        self._began: float | None = time.monotonic() if count_waiting else None
        self._stopped = threading.Event()
        self.expired = False
        if limit is not None:
            threading.Thread(target=self._watch, name="query-clock", daemon=True).start()

    @contextmanager
    def running(self) -> Iterator[None]:
        if self._left() <= 0:
            raise self.error()
        if self._count_waiting:
            yield
            return
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._spent += time.monotonic() - self._began
            self._began = None

    def stop(self) -> None:
        self._stopped.set()

    def error(self) -> TimeLimitError:
        return TimeLimitError(
            f"The query exceeded its time limit of {self._limit:g} s.",
            hint="Narrow it, or give it more time: an asynchronous job may take as long as its EXECUTIONDURATION.",
        )

    def _left(self) -> float:
        if self._limit is None:
            return float("inf")
        began = self._began
        return self._limit - self._spent - (0.0 if began is None else time.monotonic() - began)

    def _watch(self) -> None:
        wait = self._limit
        while not self._stopped.wait(wait):
            left = self._left()
            if left <= 0:
                self.expired = True
                _interrupt(self._cursor)
            wait = max(left, _NAGGING)


def _interrupt(cursor: duckdb.DuckDBPyConnection) -> None:
    """Stop what the cursor works on; one that another thread has closed works on nothing."""
    with suppress(duckdb.ConnectionException):
        cursor.interrupt()


def _open(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object], batch_rows: int
) -> pa.RecordBatchReader:
    statements = cursor.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError("Only one SELECT at a time can be run on published tables.")
    relation = cursor.sql(statements[0], params=list(parameters) or None)
    return relation.to_arrow_reader(batch_rows)
