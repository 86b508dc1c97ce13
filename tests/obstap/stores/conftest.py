"""A store of its own for each test, of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from obstap.stores import TableStore
from obstap.stores.duckdb import DuckDBStore
from obstap.stores.postgres import PostgreSQLStore


@pytest.fixture
def duckdb_store(tmp_path: Path) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path / "tables", grace=0)
    yield store
    store.close()


@pytest.fixture
def postgresql_store(postgresql_url: str) -> Iterator[PostgreSQLStore]:
    store = PostgreSQLStore(postgresql_url, grace=0)
    yield store
    store.close()


@pytest.fixture(params=["duckdb", "postgresql"])
def store(request: pytest.FixtureRequest) -> TableStore:
    """An empty store of each kind."""
    return request.getfixturevalue(f"{request.param}_store")
