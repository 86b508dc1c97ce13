"""What a table of provenance is: its description for TAP, and where in the database its rows are.

In its SQL, ``{activity:a}`` stands for the condition that an activity called `a` is open to the asker, ``{visible:e}``
that an entity called `e` can be seen, ``{own:e}`` that it is open or was made by an open activity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from obstap.metadata import Column, ForeignKey, Table

__all__ = ["Item", "View", "address", "number", "reference", "table", "text", "time"]

SCHEMA = "provenance"


@dataclass(frozen=True, slots=True)
class Item:
    """A column and the SQL of its values.

    Parameters
    ----------
    form
        What is made of the stored texts; see `provenance.tap.values`. Empty where they stay what they are.
    confine
        SQL of the text by which rows are looked up that have one of some values; `sql` where it is empty, None where
        there is none.
    """

    column: Column
    sql: str
    form: str = ""
    confine: str | None = ""


@dataclass(frozen=True, slots=True)
class View:
    """A table of which each asker sees other rows.

    Parameters
    ----------
    source
        What stands behind FROM.
    condition
        What stands behind WHERE.
    """

    table: Table
    items: Mapping[str, Item]
    source: str
    condition: str

    @property
    def order(self) -> str:
        """What rows are ordered by, so that those that were recorded first come first."""
        return self.items["entity_id"].sql if self.source.startswith("(") else f"{self.source.split()[1]}.id"


def table(
    name: str,
    description: str,
    *items: Item,
    source: str,
    where: str,
    keys: tuple[ForeignKey, ...] = (),
    utype: str = "",
) -> View:
    """A table of the schema; `utype` is the class of the model that it stands for."""
    columns = tuple(
        replace(item.column, utype=f"voprov:{item.column.utype}" if item.column.utype else "") for item in items
    )
    described = Table(
        name=f"{SCHEMA}.{name}",
        columns=columns,
        description=description,
        utype=f"voprov:{utype}" if utype else "",
        type="view",
        foreign_keys=keys,
    )
    return View(described, {item.column.name: item for item in items}, source, where)


def text(name: str, sql: str, description: str, *, form: str = "", confine: str | None = "", **more: object) -> Item:
    """A column of texts."""
    return Item(_column(name, "char", "*", description, more), sql, form, None if form and not confine else confine)


def time(name: str, sql: str, description: str, **more: object) -> Item:
    """A column of times in UTC."""
    return Item(_column(name, "char", "*", description, {"xtype": "timestamp", **more}), sql, "time", None)


def number(name: str, sql: str, description: str, *, datatype: str = "int", **more: object) -> Item:
    """A column of whole numbers."""
    return Item(_column(name, datatype, "", description, more), sql, "", None)


def address(name: str, sql: str, description: str, **more: object) -> Item:
    """A column of addresses, which are stored as paths below the service's URL, or in full."""
    return text(name, sql, description, form="address", **{"ucd": "meta.ref.url", **more})


def reference(column: str, target: str, target_column: str, description: str) -> ForeignKey:
    """A column that has values of another table's column."""
    return ForeignKey(f"{SCHEMA}.{target}", ((column, target_column),), description)


def _column(name: str, datatype: str, arraysize: str, description: str, more: Mapping[str, object]) -> Column:
    return Column(name, datatype, arraysize, description=description, **{"principal": True, **more})  # type: ignore[arg-type]
