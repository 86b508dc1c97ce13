"""Publishing tables, and keeping the tables that describe them in step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from obstap import tap_schema
from obstap.arrow import arrow_schema
from obstap.live import live_tables
from obstap.metadata import Table
from obstap.names import delimited
from obstap.obscore import OBSCORE, OBSCORE_HEA
from obstap.stores import Snapshot, TableContent, TableStore, get_store

__all__ = ["arrow_schema", "ensure", "publish", "schema_descriptions", "upsert"]


def publish(
    contents: Sequence[TableContent],
    *,
    drop: Sequence[str] = (),
    schema_descriptions: Mapping[str, str] | None = None,
    store: TableStore | None = None,
) -> None:
    """Publish `contents` in place of the tables of the same names and drop others, all in one step.

    The tables of ``tap_schema`` change in the same step.

    Parameters
    ----------
    drop
        Names of tables that are no longer published.
    schema_descriptions
        What is told of schemas from now on, by their names; what is told of others stays.
    store
        Where to publish; by default the archive's own store.

    Raises
    ------
    vo.errors.NotFoundError
        When a table in `drop` is not published.
    vo.errors.UsageError
        When a table is described wrongly or its rows do not fit it.
    """
    store = store or get_store()
    with store.exclusive():
        before = _published(store)
        dropped = {name.lower() for name in drop}
        after = {name: table for name, table in before.items() if name not in dropped}
        after |= {content.table.name.lower(): content.table for content in contents}
        store.replace([*contents, *_descriptions(store, before, after, schema_descriptions)], drop=drop)


def upsert(contents: Sequence[TableContent], *, store: TableStore | None = None) -> None:
    """Add rows to tables, replacing those with the same `Table.key`, all in one step.

    Unknown tables are created, and the tables of ``tap_schema`` change in the same step where metadata do.

    Raises
    ------
    vo.errors.UsageError
        When a table has no key, is described wrongly or its rows do not fit it.
    """
    store = store or get_store()
    with store.exclusive():
        before = _published(store)
        after = before | {content.table.name.lower(): content.table for content in contents}
        store.upsert(contents, replace=_descriptions(store, before, after))


def ensure(store: TableStore | None = None) -> None:
    """Publish the tables that every archive has, ObsCore and ``tap_schema``, where they are missing or outdated.

    ``tap_schema`` is outdated too when live tables have changed. Rows that are there stay. It costs next to nothing
    when there is nothing to do.
    """
    store = store or get_store()
    standard = (OBSCORE, OBSCORE_HEA)
    wanted = {table.name.lower(): table for table in (*standard, *tap_schema.TAP_SCHEMA)}
    if not wanted.items() <= _published(store).items():
        upsert([TableContent(table, ()) for table in standard], store=store)
    if _outdated(store):
        with store.exclusive():
            store.replace(_outdated(store))


def _published(store: TableStore) -> Mapping[str, Table]:
    with store.snapshot() as snapshot:
        return dict(snapshot.tables)


def schema_descriptions(snapshot: Snapshot) -> dict[str, str]:
    """What is told of schemas, by their lower-case names."""
    if "tap_schema.schemas" not in snapshot.tables:
        return {}
    table = snapshot.physical("tap_schema.schemas")
    batches = snapshot.execute(f"SELECT schema_name, description FROM {table} WHERE description IS NOT NULL")  # noqa: S608
    rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch), strict=True))
    return {name.strip('"').lower(): description for name, description in rows}


def _descriptions(
    store: TableStore,
    before: Mapping[str, Table],
    after: Mapping[str, Table],
    changed: Mapping[str, str] | None = None,
) -> list[TableContent]:
    described = {table.name.lower(): table for table in tap_schema.TAP_SCHEMA}
    if before == after and not changed and described.items() <= before.items():
        return []
    with store.snapshot() as snapshot:
        told = schema_descriptions(snapshot)
    told |= {name.lower(): text for name, text in (changed or {}).items()}
    return tap_schema.contents([*after.values(), *live_tables().values()], told)


def _outdated(store: TableStore) -> list[TableContent]:
    """The tables of ``tap_schema`` if their rows are not what they should be, else nothing."""
    with store.snapshot() as snapshot:
        tables = {**live_tables(), **snapshot.tables}
        wanted = tap_schema.contents(tables.values(), schema_descriptions(snapshot))
        same = all(_rows(snapshot, content.table) == _listed(content.batches) for content in wanted)
    return [] if same else wanted


def _rows(snapshot: Snapshot, table: Table) -> list[str]:
    names = ", ".join(delimited(column.name) for column in table.columns)
    return _listed(snapshot.execute(f"SELECT {names} FROM {snapshot.physical(table.name)}"))  # noqa: S608 - quoted


def _listed(batches: Iterable[pa.RecordBatch]) -> list[str]:
    """Rows in an order of their own."""
    return sorted(repr(list(row.values())) for batch in batches for row in batch.to_pylist())
