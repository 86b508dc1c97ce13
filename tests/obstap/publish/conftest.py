"""An archive to publish into, and shorthands."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from obstap import catalogue, stores
from obstap.metadata import Table
from obstap.stores import TableStore, get_store
from obstap.stores.duckdb import DuckDBStore


@pytest.fixture(scope="session")
def empty_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an archive with the tables that every archive has."""
    store = DuckDBStore(tmp_path_factory.mktemp("archive") / "tables")
    catalogue.ensure(store)
    store.close()
    return store._directory


@pytest.fixture
def archive(empty_archive: Path, tmp_path: Path, settings) -> Iterator[TableStore]:
    """An archive of the test's own."""
    shutil.copytree(empty_archive, tmp_path / "tables")
    settings.ARCHIVE_URL = f"duckdb:{tmp_path / 'tables'}"
    yield get_store()
    stores._stores.pop(settings.ARCHIVE_URL).close()


@pytest.fixture
def publish(archive: TableStore, db: None) -> Callable[..., tuple[str, str]]:
    """Runs publish_table; gives what it writes to standard output and to standard error."""

    def run(path: Path | str, *arguments: str, name: str = "trial.sources") -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        call_command("publish_table", str(path), "--name", name, *arguments, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    return run


def published(store: TableStore, name: str = "trial.sources") -> Table:
    with store.snapshot() as snapshot:
        return snapshot.tables[name]


def rows(adql: str) -> list[tuple]:
    from obstap.tap.query import fetch

    return fetch(adql, base_url="http://testserver").rows
