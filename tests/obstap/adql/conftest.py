"""The engines with small tables for all tests of ADQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.obstap.adql.tables import ROWS, DuckDBEngine, Engine, PostgreSQLEngine

ENGINES = ("duckdb", "postgresql")


def started(name: str, request: pytest.FixtureRequest, rows=ROWS) -> Engine:
    """An engine by its name; skips where PostgreSQL is not installed."""
    if name == "duckdb":
        return DuckDBEngine(rows)
    server = request.getfixturevalue("postgresql_server")
    return PostgreSQLEngine(server.url(server.create_database()), rows)


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine with the small tables."""
    engine = started(request.param, request)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def duck() -> Iterator[Engine]:
    """DuckDB alone."""
    engine = DuckDBEngine()
    yield engine
    engine.close()
