"""Publishing tables, and keeping the tables that describe them in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obstap import tap_schema
from obstap.arrow import arrow_schema
from obstap.metadata import Table
from obstap.obscore import OBSCORE, OBSCORE_HEA
from obstap.stores import TableContent, TableStore, get_store

__all__ = ["arrow_schema", "ensure", "publish", "upsert"]


def publish(contents: Sequence[TableContent], *, drop: Sequence[str] = (), store: TableStore | None = None) -> None:
    """Publish `contents` in place of the tables of the same names and drop others, all in one step.

    The tables of ``tap_schema`` change in the same step.

    Parameters
    ----------
    drop
        Names of tables that are no longer published.
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
        store.replace([*contents, *_descriptions(before, after)], drop=drop)


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
        store.upsert(contents, replace=_descriptions(before, after))


def ensure(store: TableStore | None = None) -> None:
    """Publish the tables that every archive has, ObsCore and ``tap_schema``, where they are missing or outdated.

    Rows that are there stay. It costs next to nothing when there is nothing to do.
    """
    store = store or get_store()
    standard = (OBSCORE, OBSCORE_HEA)
    wanted = {table.name.lower(): table for table in (*standard, *tap_schema.TAP_SCHEMA)}
    if not wanted.items() <= _published(store).items():
        upsert([TableContent(table, ()) for table in standard], store=store)


def _published(store: TableStore) -> Mapping[str, Table]:
    with store.snapshot() as snapshot:
        return dict(snapshot.tables)


def _descriptions(before: Mapping[str, Table], after: Mapping[str, Table]) -> list[TableContent]:
    described = {table.name.lower(): table for table in tap_schema.TAP_SCHEMA}
    if before == after and described.items() <= before.items():
        return []
    return tap_schema.contents(after.values())
