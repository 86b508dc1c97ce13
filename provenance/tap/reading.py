"""Reads rows from the database of this service into Arrow, all tables in one state, and leaves nobody waiting.

Each query has a connection of its own, which Django's do not share, for as long as it reads. Of SQLite it is one of
Python's own library: a second copy of SQLite in a process, such as a driver of Arrow brings, takes the locks of the
first one with it when it closes a file, and writers no longer exclude each other.
"""

from __future__ import annotations

import io
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
from django.db import DatabaseError, connection

from obstap.stores.streams import Clock
from provenance.tap.sql import Statement
from vo.cancellation import Cancellation
from vo.errors import CancellationError, UnavailableError, UsageError

__all__ = ["MOST_BYTES", "Reader", "open_reader", "too_much"]

MOST_BYTES = 2**29
"""What the tables of one query may take in memory."""

_ROWS = 2048
"""Rows that are read at a time."""

_BLOCK = 2**20
"""Bytes of CSV that are taken apart at a time, at least."""


def too_much() -> UsageError:
    """What is told when a query would read more than that."""
    return UsageError(
        f"The query would read more than {MOST_BYTES >> 20} MB of provenance.",
        hint="Select the columns that are needed alone, or rows of certain activities: "
        "… WHERE provenance.parameter.activity_id = 'JOBID'.",
    )


class Reader(ABC):
    """A state of the database that can be read."""

    zone: str
    """What turns a time into one without zone, in UTC, as text, with ``{}`` for the time."""

    @abstractmethod
    def read(self, statement: Statement, types: Sequence[pa.DataType]) -> Iterator[list[pa.Array]]:
        """The columns of a statement's rows, some rows at a time.

        Parameters
        ----------
        types
            Of its columns: strings or integers.
        """


@contextmanager
def open_reader(*, cancellation: Cancellation, time_limit: float | None) -> Iterator[Reader]:
    """Hold the present state of the database for reading.

    Raises
    ------
    vo.errors.CancellationError, vo.errors.TimeLimitError
        From the context, when it was cancelled or took longer than so many seconds.
    vo.errors.UnavailableError
        When the database does not answer.
    """
    opened, failures = (_sqlite, sqlite3.Error) if connection.vendor == "sqlite" else (_postgresql, DatabaseError)
    cancellation.check()
    clock = None
    try:
        with opened() as (reader, interrupt):
            clock = Clock(interrupt, time_limit, count_waiting=True)
            clock.start()
            with cancellation.calling(interrupt):
                yield reader
                clock.check()
    except failures as error:
        if cancellation.cancelled:
            raise CancellationError from error
        if clock is not None and clock.expired:
            raise clock.error() from error
        raise UnavailableError("The database of provenance cannot be read.", retry_after=5) from error
    finally:
        if clock is not None:
            clock.stop()


class _SQLite(Reader):
    zone = "{}"

    def __init__(self, own: sqlite3.Connection) -> None:
        self._own = own

    def read(self, statement: Statement, types: Sequence[pa.DataType]) -> Iterator[list[pa.Array]]:
        sql, values = statement
        with closing(self._own.execute(sql.replace("%s", "?"), values)) as cursor:
            while rows := cursor.fetchmany(_ROWS):
                yield [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]


@contextmanager
def _sqlite() -> Iterator[tuple[Reader, Any]]:
    settings = connection.settings_dict
    name, patience = str(settings["NAME"]), settings["OPTIONS"].get("timeout", 5.0)
    own = sqlite3.connect(
        name, timeout=patience, isolation_level=None, check_same_thread=False, uri=name.startswith("file:")
    )
    with closing(own):
        own.execute("PRAGMA query_only = ON")
        own.execute("BEGIN")  # deferred: it takes no lock that a writer waits for
        yield _SQLite(own), own.interrupt


class _Answer(io.BytesIO):
    """What COPY sends, up to the most that may be read."""

    def write(self, data: Any) -> int:
        if self.tell() > MOST_BYTES:
            raise too_much()
        return super().write(data)


class _PostgreSQL(Reader):
    zone = "CAST({} AT TIME ZONE 'UTC' AS text)"

    def __init__(self, own: Any) -> None:
        self._own = own

    def read(self, statement: Statement, types: Sequence[pa.DataType]) -> Iterator[list[pa.Array]]:
        sql, values = statement
        answer = _Answer()
        with self._own.cursor() as cursor:
            query = cursor.mogrify(sql, values).decode()
            cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT csv)", answer)
        if not answer.tell():
            return
        names = [str(number) for number in range(len(types))]
        table = pc.read_csv(
            pa.BufferReader(answer.getbuffer()),
            read_options=pc.ReadOptions(column_names=names, block_size=max(answer.tell(), _BLOCK)),  # no row is cut
            parse_options=pc.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pc.ConvertOptions(
                column_types=dict(zip(names, types, strict=True)), null_values=[""], strings_can_be_null=True
            ),
        )
        for batch in table.to_batches():
            yield list(batch.columns)


@contextmanager
def _postgresql() -> Iterator[tuple[Reader, Any]]:
    wrapper = connection.copy()
    try:
        wrapper.ensure_connection()
        own = wrapper.connection
        with wrapper.wrap_database_errors:
            own.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
            yield _PostgreSQL(own), own.cancel
    finally:
        wrapper.close()
