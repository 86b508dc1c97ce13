"""Publishing a file as a table, and taking a table away; each in one step of the archive's store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from obstap import catalogue
from obstap.metadata import Table
from obstap.publish.describe import RESERVED_SCHEMAS
from obstap.publish.overrides import read_overrides
from obstap.publish.plan import Choices, Plan, make_plan
from obstap.publish.reading import open_source
from obstap.signals import table_published, table_unpublished
from obstap.stores import TableContent, TableStore, get_store
from uws.runner_results import digest
from uws.times import now
from vo.errors import AuthorizationError, NotFoundError, UsageError
from vo.wording import did_you_mean

__all__ = ["publish_file", "referring", "removable", "unpublish"]


def publish_file(
    path: Path,
    choices: Choices,
    *,
    table: str = "",
    metadata: Path | None = None,
    schema_description: str = "",
    replace: bool = False,
    dry_run: bool = False,
    started: Callable[[Plan], Callable[[int], object]] = lambda _plan: lambda _rows: None,
    store: TableStore | None = None,
) -> Plan:
    """Publish the table of a file.

    Parameters
    ----------
    table
        Which table of the file; see `obstap.publish.reading.open_source`.
    metadata
        A file that describes the columns; see `obstap.publish.overrides`.
    schema_description
        What the schema holds; empty leaves what is told of it.
    replace
        Whether a published table of the name is replaced.
    dry_run
        Whether everything is read and checked, and nothing published.
    started
        Is given the plan before the rows flow; what it gives is told how many rows came.

    Returns
    -------
    Plan
        What was published, with counts and warnings.

    Raises
    ------
    vo.errors.UsageError
        When the file or a choice cannot be published; nothing is published then.
    """
    store, begun = store or get_store(), now()
    _check_free(choices.name, _published(store), replace=replace)
    overrides = read_overrides(metadata) if metadata else None
    with open_source(path, table=table) as source:
        if overrides is not None:
            overrides.apply(source)
        plan = make_plan(source, choices, _published(store))
        rows = plan.batches(started(plan))
        if dry_run:
            for _ in rows:
                pass  # each batch is checked while it is made
            return plan
        size, sha256 = digest(path)
        with store.exclusive():
            _check_free(choices.name, _published(store), replace=replace)
            descriptions = {plan.table.schema: schema_description} if schema_description else {}
            catalogue.publish([TableContent(plan.table, rows)], schema_descriptions=descriptions, store=store)
            table_published.send(
                Plan,
                name=plan.table.name,
                path=path,
                sha256=sha256,
                size=size,
                started=begun,
                parameters=_told(choices, table, replace=replace),
                metadata=metadata,
            )
    return plan


def unpublish(name: str, *, store: TableStore | None = None) -> list[str]:
    """Take a published table away; gives the names of the tables that referred to it.

    Raises
    ------
    vo.errors.AuthorizationError, vo.errors.NotFoundError
        As `removable` does.
    """
    store = store or get_store()
    with store.exclusive():
        found = removable(name, store)
        others = referring(found.name, _published(store))
        catalogue.publish([], drop=[found.name], store=store)
        table_unpublished.send(Plan, name=found.name)
    return others


def removable(name: str, store: TableStore) -> Table:
    """The published table of that name, if it may be taken away.

    Raises
    ------
    vo.errors.AuthorizationError
        When the table is the service's own.
    vo.errors.NotFoundError
        When there is no such table.
    """
    published = _published(store)
    plain = name.replace('"', "").lower()
    if plain.partition(".")[0] in RESERVED_SCHEMAS:
        raise AuthorizationError(f"{name} belongs to the service itself; it cannot be taken away.")
    found = published.get(plain)
    if found is None:
        names = [table.name for table in published.values() if table.schema.lower() not in RESERVED_SCHEMAS]
        hint = did_you_mean(name, names) or (f"Published are {', '.join(sorted(names))}." if names else "")
        raise NotFoundError(f"There is no table {name}.", hint=hint)
    return found


def referring(name: str, published: Mapping[str, Table]) -> list[str]:
    """Names of the other tables with foreign keys into the table `name`."""
    return sorted(
        table.name
        for table in published.values()
        if table.name.lower() != name.lower() and any(key.target.lower() == name.lower() for key in table.foreign_keys)
    )


def _told(choices: Choices, table: str, *, replace: bool) -> dict[str, list[object]]:
    """What was decided, by the names of the command's options; what was left to the file is not among it."""
    given: dict[str, list[object]] = {
        "name": [choices.name],
        "description": [choices.description],
        "utype": [choices.utype],
        "hdu": [table],
        "position": [" ".join(choices.position or ())],
        "foreign-key": list(choices.foreign_keys),
        "index": list(choices.indexed),
        "principal": list(choices.principal),
    }
    told = {name: kept for name, values in given.items() if (kept := [value for value in values if value])}
    if choices.key is not None:
        told["key"] = [choices.key]
    return told | ({"replace": [True]} if replace else {})


def _check_free(name: str, published: Mapping[str, Table], *, replace: bool) -> None:
    if name.lower() in published and not replace:
        raise UsageError(f"There is a table {published[name.lower()].name} already; give --replace to replace it.")


def _published(store: TableStore) -> Mapping[str, Table]:
    with store.snapshot() as snapshot:
        return dict(snapshot.tables)
