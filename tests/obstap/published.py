"""Archives of tables that a test names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from obstap import catalogue, stores
from obstap.stores import TableContent
from obstap.stores.duckdb import DuckDBStore


@contextmanager
def published(directory: Path, contents: Sequence[TableContent]) -> Iterator[str]:
    """The ARCHIVE_URL of an archive with these tables beside those that every archive has."""
    store = DuckDBStore(directory)
    catalogue.ensure(store)
    catalogue.publish(contents, store=store)
    store.close()
    url = f"duckdb:{directory}"
    try:
        yield url
    finally:
        (stores._stores.pop(url, None) or DuckDBStore(directory)).close()
