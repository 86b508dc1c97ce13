"""The tables that say what is published (``schema.sql``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from obstap.metadata import Table
from obstap.names import delimited

__all__ = ["SCHEMA", "Entries", "Entry", "physical", "read"]

SCHEMA = "athanor_data"
"""Where the tables with rows are."""

_ENTRIES = "SELECT name, physical, metadata::text, rows FROM athanor.manifest ORDER BY name"


@dataclass(frozen=True, slots=True)
class Entry:
    """A published table, the name of the table that has its rows, and their number."""

    table: Table
    physical: str
    rows: int


Entries = Mapping[str, Entry]
"""Published tables by their lower-case names."""


def read(run: Callable[[str], list[tuple]]) -> dict[str, Entry]:
    """What is published in the state that `run` sees."""
    return {
        name: Entry(table=Table.from_dict(json.loads(metadata)), physical=table, rows=rows)
        for name, table, metadata, rows in run(_ENTRIES)
    }


def physical(table: str) -> str:
    """The quoted name of a table with rows."""
    return f"{SCHEMA}.{delimited(table)}"
