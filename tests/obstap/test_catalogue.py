"""Publishing, and the tables that describe what is published (TAP 1.1 §4)."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from obstap import catalogue, live, tap_schema
from obstap.metadata import Column, ForeignKey, Table
from obstap.obscore import OBSCORE, OBSCORE_HEA, batch
from obstap.stores import TableContent, TableStore
from obstap.stores.duckdb import DuckDBStore
from tests.obstap.stores.samples import content, read
from vo.errors import NotFoundError, UsageError

SOURCES = Table(
    name="xmm.4XMM",
    description="Sources",
    columns=(
        Column("srcid", "long", description="Number", principal=True, indexed=True),
        Column("date", "char", "*", xtype="timestamp", ucd="time"),
        Column("pos. error", "float", unit="arcsec"),
        Column("centre", "double", "2", xtype="point"),
        Column("matrix", "double", "2x2"),
        Column("band", "char", "10"),
    ),
    foreign_keys=(
        ForeignKey("ivoa.obscore", (("band", "obs_id"), ("date", "t_min")), "Where it was seen"),
        ForeignKey("xmm.elsewhere", (("srcid", "id"),)),
    ),
    key="srcid",
)
ROW = {"calib_level": 1, "obs_collection": "xmm", "obs_id": "1", "obs_publisher_did": "ivo://a/xmm?1"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path / "tables", grace=0)
    yield store
    store.close()


@pytest.fixture(autouse=True)
def _published_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tables beside those that are published."""
    monkeypatch.setattr(live, "_tables", {})


def number(store: TableStore) -> int:
    """How often something was published."""
    with store.snapshot() as snapshot:
        return int(snapshot.physical("tap_schema.schemas").split("-")[1])


def described(store: TableStore) -> list[str]:
    return [name for (name,) in read(store, "SELECT table_name FROM {tap_schema_tables} ORDER BY table_index")]


OWN = [table.name for table in tap_schema.TAP_SCHEMA]


def test_an_empty_archive(store: TableStore):
    catalogue.ensure(store)
    with store.snapshot() as snapshot:
        assert dict(snapshot.tables) == {table.name: table for table in (OBSCORE, OBSCORE_HEA, *tap_schema.TAP_SCHEMA)}
    assert described(store) == ["ivoa.obscore", "ivoa.obscore_hea", *OWN]
    assert read(store, "SELECT * FROM {ivoa_obscore}") == []


def test_ensure_keeps_what_is_there(store: TableStore):
    catalogue.ensure(store)
    catalogue.upsert([TableContent(OBSCORE, [batch([ROW])])], store=store)
    files = set(store._directory.iterdir())
    catalogue.ensure(store)
    assert set(store._directory.iterdir()) == files
    assert read(store, "SELECT obs_id FROM {ivoa_obscore}") == [("1",)]


def test_ensure_brings_metadata_up_to_date(store: TableStore):
    former = Table(name="ivoa.obscore", columns=OBSCORE.columns[:5], key=OBSCORE.key)
    catalogue.publish([content(former, [{"obs_id": "1", "obs_publisher_did": "ivo://a/xmm?1"}])], store=store)
    catalogue.ensure(store)
    with store.snapshot() as snapshot:
        assert snapshot.tables["ivoa.obscore"] == OBSCORE
    assert read(store, "SELECT obs_id, s_ra FROM {ivoa_obscore}") == [("1", None)]


def test_rows_alone_leave_descriptions_alone(store: TableStore):
    catalogue.ensure(store)
    before = number(store)
    catalogue.upsert([TableContent(OBSCORE, [batch([ROW])])], store=store)
    catalogue.publish([TableContent(OBSCORE, [batch([ROW])])], store=store)
    assert number(store) == before


def test_publish_and_drop(store: TableStore):
    catalogue.ensure(store)
    catalogue.publish([TableContent(SOURCES, ())], store=store)
    assert described(store) == ["ivoa.obscore", "ivoa.obscore_hea", *OWN, 'xmm."4XMM"']
    other = Table(name="abell.clusters", columns=(Column("name", "char", "*"),))
    catalogue.publish([TableContent(other, ())], drop=["xmm.4xmm"], store=store)
    assert described(store) == ["ivoa.obscore", "ivoa.obscore_hea", *OWN, "abell.clusters"]
    assert read(store, "SELECT count(*) FROM {tap_schema_columns} WHERE table_name LIKE 'xmm%'") == [(0,)]
    with pytest.raises(NotFoundError):
        catalogue.publish([], drop=["xmm.4xmm"], store=store)


def test_a_failure_leaves_descriptions_alone(store: TableStore):
    catalogue.ensure(store)
    with pytest.raises(UsageError):
        catalogue.publish([content(SOURCES, [{"srcid": 1}, {"srcid": 1}])], store=store)
    assert described(store) == ["ivoa.obscore", "ivoa.obscore_hea", *OWN]
    broken = Table(name="xmm.broken", columns=(Column("z", "doubleComplex"),))
    with pytest.raises(UsageError, match="Column z has the data type 'doubleComplex'; it must be one of boolean"):
        catalogue.publish([TableContent(broken, ())], store=store)


def test_rows_of_the_descriptions(store: TableStore):
    catalogue.ensure(store)
    catalogue.publish([TableContent(SOURCES, ())], store=store)
    assert read(store, "SELECT * FROM {tap_schema_schemas} ORDER BY schema_index") == [
        ("ivoa", None, "Tables whose columns IVOA standards define", 1),
        ("tap_schema", None, "Descriptions of the tables of this service (TAP 1.1)", 2),
        ("xmm", None, None, 3),
    ]
    assert read(
        store, "SELECT * FROM {tap_schema_tables} WHERE schema_name IN ('xmm', 'ivoa') ORDER BY table_index"
    ) == [
        ("ivoa", "ivoa.obscore", "table", OBSCORE.utype, OBSCORE.description, 1),
        ("ivoa", "ivoa.obscore_hea", "table", None, OBSCORE_HEA.description, 2),
        ("xmm", 'xmm."4XMM"', "table", None, "Sources", 8),
    ]
    sql = "SELECT * FROM {tap_schema_columns} WHERE table_name = $1 ORDER BY column_index"
    name = 'xmm."4XMM"'
    assert read(store, sql, name) == [
        (name, "srcid", "long", None, None, None, "Number", None, None, None, 1, 1, 0, 1),
        (name, '"date"', "char", "*", "timestamp", None, None, None, None, "time", 0, 0, 0, 2),
        (name, '"pos. error"', "float", None, None, None, None, None, "arcsec", None, 0, 0, 0, 3),
        (name, "centre", "double", "2", "point", 2, None, None, None, None, 0, 0, 0, 4),
        (name, "matrix", "double", "2x2", None, None, None, None, None, None, 0, 0, 0, 5),
        (name, "band", "char", "10", None, 10, None, None, None, None, 0, 0, 0, 6),
    ]


def test_foreign_keys(store: TableStore):
    catalogue.ensure(store)
    catalogue.publish([TableContent(SOURCES, ())], store=store)
    sql = (
        "SELECT from_table, from_column, target_table, target_column FROM {tap_schema_keys}"
        " JOIN {tap_schema_key_columns} USING (key_id) ORDER BY 1, 2"
    )
    assert read(store, sql) == [
        ("ivoa.obscore_hea", "obs_publisher_did", "ivoa.obscore", "obs_publisher_did"),
        ("tap_schema.columns", "table_name", "tap_schema.tables", "table_name"),
        ("tap_schema.key_columns", "key_id", "tap_schema.keys", "key_id"),
        ("tap_schema.keys", "from_table", "tap_schema.tables", "table_name"),
        ("tap_schema.keys", "target_table", "tap_schema.tables", "table_name"),
        ("tap_schema.tables", "schema_name", "tap_schema.schemas", "schema_name"),
        ('xmm."4XMM"', '"date"', "ivoa.obscore", "t_min"),
        ('xmm."4XMM"', "band", "ivoa.obscore", "obs_id"),
    ]


def test_own_columns_are_those_of_the_standard(store: TableStore):
    catalogue.ensure(store)
    sql = "SELECT table_name, column_name, datatype FROM {tap_schema_columns} WHERE table_name LIKE 'tap_schema.%'"
    found: dict[str, dict[str, str]] = {}
    for table, column, datatype in read(store, sql):
        found.setdefault(table.removeprefix("tap_schema."), {})[column] = datatype
    text, integer = "char", "int"
    assert found == {
        "schemas": {"schema_name": text, "utype": text, "description": text, "schema_index": integer},
        "tables": {
            "schema_name": text, "table_name": text, "table_type": text, "utype": text, "description": text,
            "table_index": integer,
        },
        "columns": {
            "table_name": text, "column_name": text, "datatype": text, "arraysize": text, "xtype": text,
            '"size"': integer, "description": text, "utype": text, "unit": text, "ucd": text, "indexed": integer,
            "principal": integer, "std": integer, "column_index": integer,
        },
        "keys": {"key_id": text, "from_table": text, "target_table": text, "description": text, "utype": text},
        "key_columns": {"key_id": text, "from_column": text, "target_column": text},
    }  # fmt: skip


def test_what_must_not_be_null_is_not(store: TableStore):
    catalogue.ensure(store)
    required = {
        "schemas": ["schema_name"],
        "tables": ["schema_name", "table_name", "table_type"],
        "columns": ["table_name", "column_name", "datatype", "indexed", "principal", "std"],
        "keys": ["key_id", "from_table", "target_table"],
        "key_columns": ["key_id", "from_column", "target_column"],
    }
    for table, columns in required.items():
        wrong = " OR ".join(f"{column} IS NULL" for column in columns)
        assert read(store, f"SELECT count(*) FROM {{tap_schema_{table}}} WHERE {wrong}") == [(0,)]


def _publish(directory: Path, name: str) -> None:
    store = DuckDBStore(directory, grace=0)
    for table in range(4):
        columns = (Column("name", "char", "*"),)
        catalogue.publish([TableContent(Table(name=f"{name}.t{table}", columns=columns), ())], store=store)
    store.close()


def test_publishers_in_several_processes_lose_nothing(store: TableStore):
    catalogue.ensure(store)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.obstap.stores.processes"])
    names = ("one", "two", "three")
    processes = [context.Process(target=_publish, args=(store._directory, name)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    expected = sorted(f"{name}.t{table}" for name in names for table in range(4))
    assert described(store)[7:] == expected
    with store.snapshot() as snapshot:
        assert len(snapshot.tables) == 7 + len(expected)
