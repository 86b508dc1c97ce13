"""What is asked of the tables and rows that are to be published, whichever engine publishes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.metadata import Table
from obstap.stores.base import TableContent
from vo.errors import NotFoundError, UsageError

__all__ = ["arriving", "check_key", "duplicate_key", "missing_keys", "published_name", "the_entry"]

_Entry = TypeVar("_Entry")


def published_name(table: Table) -> str:
    """The lower-case name under which a table is published.

    Raises
    ------
    vo.errors.UsageError
        When the name has not two parts.
    """
    schema, dot, name = table.name.partition(".")
    if not (schema and dot and name):
        raise UsageError(f"{table.name!r} names no table; write schema.table, such as xmm.catalogue.")
    return table.name.lower()


def check_key(table: Table) -> None:
    """Refuse a table whose rows cannot be told apart."""
    if not table.key:
        raise UsageError(f"{table.name} has no key column by which its rows could be told apart; replace it whole.")


def the_entry(entries: Mapping[str, _Entry], name: str) -> _Entry:
    """What is known of the published table `name`, in any case.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none.
    """
    entry = entries.get(name.lower())
    if entry is None:
        raise NotFoundError(f"There is no table {name}.", hint=f"Published are {', '.join(sorted(entries))}.")
    return entry


def missing_keys(table: Table, count: int) -> UsageError:
    """What is told of rows without a key."""
    return UsageError(f"{count} rows of {table.name} have no {table.key}; each row must have its own.")


def duplicate_key(table: Table, key: object) -> UsageError:
    """What is told of rows that share a key."""
    return UsageError(f"Several rows of {table.name} have the {table.key} {key!r}; it must be unique.")


@contextmanager
def arriving(content: TableContent, failures: type[Exception]) -> Iterator[pa.RecordBatchReader]:
    """The rows as a stream that an engine can read.

    An error of their source surfaces as itself, although the engine makes one of its own `failures` of it.

    Raises
    ------
    vo.errors.UsageError
        When batches do not have the table's schema.
    """
    source = _Source(content)
    try:
        yield pa.RecordBatchReader.from_batches(arrow_schema(content.table), source)
    except failures as error:
        if source.error is not None:
            raise source.error from error
        raise


class _Source:
    """Iterates batches, checks their schema and keeps what went wrong, which engines flatten to text."""

    def __init__(self, content: TableContent) -> None:
        self._content = content
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        expected = arrow_schema(self._content.table)
        try:
            for batch in self._content.batches:
                if not batch.schema.equals(expected):
                    raise UsageError(
                        f"Rows of {self._content.table.name} have the columns {batch.schema.names}"
                        f" of types {[str(kind) for kind in batch.schema.types]};"
                        f" they must be {expected.names} of types {[str(kind) for kind in expected.types]}."
                    )
                yield batch
        except BaseException as error:
            self.error = error
            raise
