"""Running one query: a stream of record batches with a time limit, cancelled when it is closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import duckdb
import pyarrow as pa

from obstap.stores.duckdb.failures import FAILURES, explained
from obstap.stores.failures import several
from obstap.stores.streams import QueryStream
from vo.cancellation import Cancellation
from vo.errors import AthanorError

__all__ = ["Batches"]


class Batches(QueryStream[pa.RecordBatch]):
    """The rows of one query.

    Parameters
    ----------
    cursor
        A cursor of its own; it is closed with the stream.
    load
        Gives the cursor the tables that it alone sees.
    on_close
        Called once, when the stream has ended or was closed.
    """

    failures = FAILURES

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        sql: str,
        parameters: Sequence[object],
        *,
        time_limit: float | None,
        count_waiting: bool,
        batch_rows: int,
        load: Callable[[duckdb.DuckDBPyConnection], None],
        on_close: Callable[[], None],
        cancellation: Cancellation,
    ) -> None:
        self._cursor = cursor
        self._query = (sql, parameters, batch_rows)
        self._load = load
        self._on_close = on_close
        self._stream: pa.RecordBatchReader | None = None
        super().__init__(time_limit=time_limit, count_waiting=count_waiting, cancellation=cancellation)

    def _open(self) -> None:
        self._load(self._cursor)
        self._stream = _open(self._cursor, *self._query)

    def _fetch(self) -> pa.RecordBatch | None:
        return next(self._stream, None)

    def _goes_on(self, piece: pa.RecordBatch) -> bool:
        *_, batch_rows = self._query
        return piece.num_rows >= batch_rows

    def _interrupt(self) -> None:
        # A cursor that another thread has closed works on nothing.
        with suppress(duckdb.ConnectionException):
            self._cursor.interrupt()

    def _release(self) -> None:
        self._stream = None
        self._cursor.close()
        self._on_close()

    def _interrupted(self, error: Exception) -> bool:
        return "INTERRUPT" in str(error)

    def _explained(self, error: Exception) -> AthanorError:
        return explained(error)


def _open(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object], batch_rows: int
) -> pa.RecordBatchReader:
    """Start a query.

    The cursor's method `sql` would parse and bind the query once more to know its columns, which costs more than a
    small query itself; `_submit` is what it calls in the end, and refuses several statements.
    """
    if not sql.startswith("SELECT "):
        statements = cursor.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise several()
    try:
        return cursor._submit(sql, list(parameters) or None, "stream", batch_rows).arrow_reader()
    except duckdb.InvalidInputException as error:
        if "exactly one SQL statement" in str(error):
            raise several() from error
        raise
