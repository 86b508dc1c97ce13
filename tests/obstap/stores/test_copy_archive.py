"""`manage.py copy_archive`: the same tables in another engine."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from obstap import catalogue
from obstap.metadata import Column, Table
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent, TableStore
from tests.obstap.stores import processes
from tests.obstap.stores.samples import PLAIN, SAMPLE, content, plain
from tests.obstap.stores.test_contract import FULL
from tests.obstap.tap.conftest import OBSERVATIONS

EMPTY = Table(name='odd."Nothing"', columns=(Column("Select", "int"), Column('a "b"', "char", "*")))


@pytest.fixture
def urls(postgresql_url: str, tmp_path: Path) -> dict[str, str]:
    return {"duckdb": f"duckdb:{tmp_path / 'tables'}", "postgresql": postgresql_url}


def fill(store: TableStore) -> None:
    catalogue.ensure(store)
    sample = [FULL, {"id": "nan", "a_double": math.nan, "counts": [], "text": ""}, {"id": "null"}]
    contents = [content(SAMPLE, sample), plain(30_000), TableContent(EMPTY, ())]
    catalogue.publish([*contents, TableContent(OBSCORE, [batch(OBSERVATIONS)])], store=store)


def state(store: TableStore) -> dict[str, tuple[Table, list[str]]]:
    """The tables with their rows, which are compared as text, in which NaN is itself."""
    with store.snapshot() as snapshot:
        return {name: (table, _rows(snapshot, name)) for name, table in snapshot.tables.items()}


def _rows(snapshot, name: str) -> list[str]:
    rows = pa.Table.from_batches(
        list(snapshot.execute(f"SELECT * FROM {snapshot.physical(name)}")),
        schema=catalogue.arrow_schema(snapshot.tables[name]),
    )
    return sorted(repr(row) for row in rows.to_pylist())


@pytest.mark.parametrize(("one", "other"), [("duckdb", "postgresql"), ("postgresql", "duckdb")])
def test_contents_and_metadata_are_equal(urls: dict[str, str], one: str, other: str, capsys):
    source, target = processes.opened(urls[one]), processes.opened(urls[other])
    fill(source)
    for _ in range(2):
        call_command("copy_archive", urls[one], urls[other], verbosity=1)
        assert state(target) == state(source)
    assert "tables with " in capsys.readouterr().out
    source.replace([], drop=["test.plain"])
    with pytest.raises(CommandError, match=r"tables that the first has not: test\.plain\."):
        call_command("copy_archive", urls[one], urls[other], verbosity=0)
    call_command("copy_archive", urls[one], urls[other], drop=True, verbosity=0)
    assert state(target) == state(source)
    assert PLAIN.name not in state(target)
    source.close()
    target.close()


def test_what_cannot_be_copied_leaves_the_other_archive_as_it_was(urls: dict[str, str]):
    source, target = processes.opened(urls["duckdb"]), processes.opened(urls["postgresql"])
    target.replace([plain(5)])
    source.replace([plain(10), content(SAMPLE, [{"id": "a\0b"}])])
    with pytest.raises(CommandError, match="the character NUL"):
        call_command("copy_archive", urls["duckdb"], urls["postgresql"], verbosity=0)
    assert len(state(target)["test.plain"][1]) == 5
    source.close()
    target.close()


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ("duckdb:x", "duckdb:x", "FROM and TO are the same archive"),
        ("sqlite:x", "duckdb:x", "'sqlite:x'; it must be duckdb:"),
        ("postgresql://nobody@127.0.0.1:1/none", "duckdb:x", "cannot be reached now"),
    ],
)
def test_urls_that_are_wrong(tmp_path: Path, monkeypatch, one: str, other: str, message: str):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=message):
        call_command("copy_archive", one, other)
