"""A store in a folder of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from obstap.stores import TableStore
from obstap.stores.duckdb import DuckDBStore


@pytest.fixture
def duckdb_store(tmp_path: Path) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path / "tables", grace=0)
    yield store
    store.close()


@pytest.fixture(params=["duckdb"])
def store(request: pytest.FixtureRequest) -> TableStore:
    """An empty store of each kind."""
    return request.getfixturevalue(f"{request.param}_store")
