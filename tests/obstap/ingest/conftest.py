"""An archive of its own for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from obstap.stores import get_store


@pytest.fixture
def archive(tmp_path: Path, settings: Settings, db: None) -> Callable[[str], list[tuple]]:
    """An empty archive; calling it runs a query in the engine's SQL, in which {obscore} and {hea} are the tables."""
    settings.ARCHIVE_URL = f"duckdb:{tmp_path / 'tables'}"

    def query(sql: str) -> list[tuple]:
        with get_store().snapshot() as snapshot:
            names = {"obscore": snapshot.physical("ivoa.obscore"), "hea": snapshot.physical("ivoa.obscore_hea")}
            batches = snapshot.execute(sql.format(**names))
            return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]

    yield query
    get_store().close()
