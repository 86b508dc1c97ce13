"""Tables that live elsewhere: described like published ones, their rows read when a query names them, for its asker.

Packages that this one does not know register theirs. What a query does not need is not read: only the tables that it
names, of these the columns that matter, and where a condition says so only rows with certain values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from obstap.metadata import Table

if TYPE_CHECKING:
    from obstap.stores import Snapshot, TableContent
    from obstap.tap.examples import Example
    from vo.cancellation import Cancellation

__all__ = [
    "Asker",
    "LiveTables",
    "Wanted",
    "all_tables",
    "live_examples",
    "live_tables",
    "names_some",
    "read_live",
    "register_live",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query needs of a table.

    Parameters
    ----------
    table
        Its description with the columns that matter, at least one.
    only
        Columns, of which only rows with one of these texts matter; others may come too.
    joined
        Columns, of which only values matter that a column of another wanted table has: own column, name of that table
        in lower case, its column.
    """

    table: Table
    only: Mapping[str, frozenset[str]]
    joined: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom tables are read, and how long that may take.

    Parameters
    ----------
    user
        None for nobody in particular.
    base_url
        URL of the service without a final slash.
    time_limit
        Seconds; None for no limit.
    """

    user: Any
    base_url: str
    cancellation: Cancellation
    time_limit: float | None = None


class LiveTables(ABC):
    """Tables that one package has, all of schemas of its own; `tables` are all of them."""

    tables: tuple[Table, ...]

    examples: tuple[Example, ...] = ()
    """Queries of these tables to start from."""

    @abstractmethod
    def read(self, wanted: Sequence[Wanted], asker: Asker) -> list[TableContent]:
        """The rows that the asker may see, of one moment for all tables, in their order.

        Raises
        ------
        vo.errors.CancellationError, vo.errors.TimeLimitError
            When it was cancelled or took too long.
        vo.errors.UsageError
            When there is more than the engine could be given.
        vo.errors.UnavailableError
            When the place where the rows live does not answer.
        """


_providers: list[LiveTables] = []
_tables: dict[str, Table] = {}


def register_live(provider: LiveTables) -> LiveTables:
    """Add tables; called from `AppConfig.ready` of the package that has them."""
    if provider not in _providers:
        _providers.append(provider)
        _tables.update({table.name.lower(): table for table in provider.tables})
    return provider


def live_tables() -> Mapping[str, Table]:
    """All live tables by their lower-case ``schema.table`` names."""
    return MappingProxyType(_tables)


def live_examples() -> tuple[Example, ...]:
    """Queries of live tables to start from."""
    return tuple(example for provider in _providers for example in provider.examples)


def all_tables(snapshot: Snapshot) -> Mapping[str, Table]:
    """The published tables of a snapshot and the live ones, by their lower-case names."""
    return {**_tables, **snapshot.tables}


def names_some(query: str) -> bool:
    """Whether a query may name a live table; where not it certainly names none."""
    text = query.lower()
    return any(schema in text for schema in {table.schema.lower() for table in _tables.values()})


def read_live(wanted: Iterable[Wanted], asker: Asker) -> list[TableContent]:
    """The rows of live tables, whoever has them; see `LiveTables.read`."""
    needed = {item.table.name.lower(): item for item in wanted}
    contents: list[TableContent] = []
    for provider in _providers:
        own = [needed[name] for table in provider.tables if (name := table.name.lower()) in needed]
        if own:
            contents += provider.read(own, asker)
    return contents
