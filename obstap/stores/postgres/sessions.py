"""Sessions of the database: psycopg2 for statements and COPY's text, ADBC for streams of Arrow batches.

Reading sessions act as the role `READER`, which may read the published tables and nothing else, and all that they do is
in read-only transactions. They are kept and used again.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

import adbc_driver_manager
import adbc_driver_postgresql
import psycopg2
import pyarrow as pa
from adbc_driver_manager._reader import AdbcRecordBatchReader  # gives errors with their SQLSTATE
from django.core.exceptions import ImproperlyConfigured
from psycopg2.extensions import make_dsn, parse_dsn

from obstap.names import delimited
from obstap.stores.postgres.failures import FAILURES, is_lost, unavailable
from obstap.stores.postgres.places import Places
from vo.cancellation import Cancellation
from vo.errors import UnavailableError

__all__ = ["READER", "ArrowSession", "Connector", "Pool", "Session", "Sessions", "TextSession", "keep"]

READER = "athanor_reader"
"""The role under which queries run."""

OLDEST = 150_000
"""The least version of the server, as PQserverVersion has it."""

_CONNECTING = {"connect_timeout": "10", "application_name": "athanor", "client_encoding": "UTF8"}
"""Parameters of connections that do not set them."""

_SETTINGS = """
SET client_min_messages = error; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1;
SET jit = off; SET client_connection_check_interval = '10s';
SELECT set_config('search_path', concat_ws(', ', 'athanor', 'public', (SELECT quote_ident(nspname) FROM pg_extension
  JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_sphere' AND nspname <> 'public')), false)
"""
_READING = "SET default_transaction_read_only = on"

_kept: list[object] = []

_Session = TypeVar("_Session", bound="Session")
_Result = TypeVar("_Result")


class Session(Protocol):
    """What both kinds of sessions can do."""

    def run(self, sql: str) -> object:
        """Execute statements."""

    def cancel(self) -> None:
        """Make what it executes fail, from another thread."""

    def close(self) -> None:
        """End it."""


class Sessions(Protocol[_Session]):
    """Where queries have their sessions from."""

    def begin(self, start: Callable[[_Session], _Result], *, cancellation: Cancellation) -> tuple[_Session, _Result]:
        """A session in which `start` has succeeded."""

    def end(self, session: _Session) -> None:
        """Take it back."""


class Connector:
    """Makes sessions.

    Parameters
    ----------
    url
        URL of the database for the role that publishes.
    reader_url
        URL for the role under which queries run; empty where those are to take the role `READER` themselves.
    """

    def __init__(self, url: str, reader_url: str = "") -> None:
        self._writer = _dsn(url)
        self._reader = _dsn(reader_url or url)
        self._role = "" if reader_url else f"; SET ROLE {delimited(READER)}"
        self._drivers: dict[str, adbc_driver_manager.AdbcDatabase] = {}
        self._lock = threading.Lock()

    def text_reader(self) -> TextSession:
        """A reading session of psycopg2."""
        return self._prepared(TextSession(self._reader), f"{_SETTINGS}; {_READING}{self._role}")

    def arrow_reader(self) -> ArrowSession:
        """A reading session of ADBC."""
        return self._prepared(ArrowSession(self._driver(self._reader)), f"{_SETTINGS}; {_READING}{self._role}")

    def text_writer(self) -> TextSession:
        """A session of psycopg2 for the role that publishes."""
        return self._prepared(TextSession(self._writer), _SETTINGS)

    def arrow_writer(self) -> ArrowSession:
        """A session of ADBC for the role that publishes."""
        return self._prepared(ArrowSession(self._driver(self._writer)), _SETTINGS)

    def _prepared(self, session: _Session, settings: str) -> _Session:
        try:
            session.run(settings)
        except BaseException:
            session.close()
            raise
        return session

    def _driver(self, dsn: str) -> adbc_driver_manager.AdbcDatabase:
        """ADBC's knowledge of the types of the database, which takes it some time to gather."""
        with self._lock:
            if dsn not in self._drivers:
                self._drivers[dsn] = adbc_driver_postgresql.connect(dsn)
            return self._drivers[dsn]


class TextSession:
    """A session of psycopg2 in which each statement is a transaction unless a transaction was begun.

    Raises
    ------
    vo.errors.UnavailableError
        When the server is older than `OLDEST`.
    """

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg2.connect(dsn)
        self._connection.autocommit = True
        version = self._connection.server_version
        if version < OLDEST:
            self._connection.close()
            raise UnavailableError(
                f"The archive's database runs PostgreSQL {version // 10_000};"
                f" Athanor needs {OLDEST // 10_000} or later."
            )

    def run(self, sql: str, parameters: tuple[object, ...] | None = None) -> list[tuple]:
        """Execute statements in one round trip; gives the rows of the last one."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def copy(self, sql: str, file: object) -> None:
        """Execute COPY … TO STDOUT; each row is a call of the method ``write`` of `file`."""
        with self._connection.cursor() as cursor:
            cursor.copy_expert(sql, file)

    def cancel(self) -> None:
        """Make what it executes fail, from another thread."""
        with suppress(psycopg2.Error):
            self._connection.cancel()

    def close(self) -> None:
        """End it."""
        self._connection.close()


class ArrowSession:
    """A session of ADBC in which each statement is a transaction unless a transaction was begun."""

    def __init__(self, driver: adbc_driver_manager.AdbcDatabase) -> None:
        self._connection = adbc_driver_manager.AdbcConnection(driver)

    def run(self, sql: str) -> None:
        """Execute statements in one round trip."""
        with self._statement() as statement:
            statement.set_sql_query(sql)
            statement.execute_update()

    def rows(self, sql: str) -> list[tuple]:
        """The rows of a statement that gives few."""
        with self._statement(**{adbc_driver_postgresql.StatementOptions.USE_COPY.value: "false"}) as statement:
            statement.set_sql_query(sql)
            handle, _ = statement.execute_query()
            table = AdbcRecordBatchReader._import_from_c(handle.address).read_all()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def load(self, table: str, rows: pa.RecordBatchReader, *, schema: str = "") -> None:
        """Append rows to a table, a temporary one where no schema is named."""
        place = {"target_db_schema": schema} if schema else {"temporary": "true"}
        options = {"target_table": table, "mode": "adbc.ingest.mode.append", **place}
        with self._statement(**{f"adbc.ingest.{name}": value for name, value in options.items()}) as statement:
            statement.bind_stream(rows)
            statement.execute_update()

    def query(self, sql: str, parameters: pa.RecordBatch | None = None, *, batch_bytes: int) -> Answer:
        """Start a query; its batches have about `batch_bytes`."""
        options = {adbc_driver_postgresql.StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(batch_bytes)}
        statement = self._statement(**options)
        try:
            statement.set_sql_query(sql)
            if parameters is not None:
                statement.bind(*_exported(parameters))
            handle, _ = statement.execute_query()
            return Answer(statement, AdbcRecordBatchReader._import_from_c(handle.address))
        except BaseException:
            statement.close()
            raise

    def cancel(self) -> None:
        """Make what it executes fail, from another thread."""
        with suppress(adbc_driver_manager.Error):
            self._connection.cancel()

    def close(self) -> None:
        """End it."""
        self._connection.close()

    def _statement(self, **options: str) -> adbc_driver_manager.AdbcStatement:
        statement = adbc_driver_manager.AdbcStatement(self._connection)
        if options:
            statement.set_options(**options)
        return statement


class Answer:
    """The batches of a query of ADBC."""

    def __init__(self, statement: adbc_driver_manager.AdbcStatement, reader: pa.RecordBatchReader) -> None:
        self._statement = statement
        self._reader = reader
        self.schema: pa.Schema = reader.schema

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None."""
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None

    def close(self) -> None:
        """Leave the session to other statements; a query that still runs is cancelled."""
        self._reader.close()
        self._statement.close()


class Pool(Generic[_Session]):
    """Sessions that wait for work, and a bound to their number.

    Parameters
    ----------
    connect
        Makes a session.
    size
        The most sessions at a time.
    patience
        Seconds to wait for one when all are at work.
    """

    def __init__(self, connect: Callable[[], _Session], *, size: int, patience: float) -> None:
        self._connect = connect
        self._places = Places(size)
        self._patience = patience
        self._waiting: deque[_Session] = deque()
        self._process = os.getpid()

    def begin(self, start: Callable[[_Session], _Result], *, cancellation: Cancellation) -> tuple[_Session, _Result]:
        """A session in which `start` has succeeded; one that the server has ended meanwhile is replaced.

        Raises
        ------
        vo.errors.UnavailableError
            When the server cannot be reached, or all sessions are at work for too long.
        vo.errors.CancellationError
            When it is cancelled while all sessions are at work.
        """
        if not self._places.take(patience=self._patience, cancellation=cancellation):
            raise UnavailableError("All connections to the archive's database are in use.", retry_after=10)
        try:
            while True:
                try:
                    session = self._waiting.pop()
                    fresh = False
                except IndexError:
                    session = self._connect()
                    fresh = True
                try:
                    return session, start(session)
                except BaseException as error:
                    session.close()
                    if fresh or not (isinstance(error, FAILURES) and is_lost(error)):
                        raise
        except BaseException as error:
            self._places.give()
            if isinstance(error, FAILURES) and is_lost(error):
                raise unavailable(error) from error
            raise

    def end(self, session: _Session) -> None:
        """Take a session back and end its transaction."""
        if self._process != os.getpid():
            keep(session)
            return
        try:
            session.run("ROLLBACK")
        except FAILURES:
            session.close()
        else:
            self._waiting.append(session)
        finally:
            self._places.give()

    def close(self) -> None:
        """End the sessions that wait for work."""
        while self._waiting:
            self._waiting.pop().close()


def keep(inherited: object) -> None:
    """Never let go of what a forked process has from its parent: to close it would end the parent's sessions."""
    _kept.append(inherited)


def _dsn(url: str) -> str:
    try:
        given: Mapping[str, str] = parse_dsn(url)
    except psycopg2.ProgrammingError as error:
        # What libpq says may repeat the URL with its password.
        raise ImproperlyConfigured(
            "The URL of the archive's database is malformed; it must be postgresql://user:password@host:port/database."
        ) from error
    return make_dsn(**{**_CONNECTING, **given})


def _exported(batch: pa.RecordBatch) -> tuple[object, object]:
    schema, array = batch.__arrow_c_array__()
    return array, schema
