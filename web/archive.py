"""What the pages ask of the archive, read through ADQL as everybody else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache

from obstap.names import literal
from vo.cancellation import Cancellation
from vo.errors import NotFoundError
from web.queries import observation_adql

if TYPE_CHECKING:
    from obstap.tap.query import Answer

__all__ = [
    "Holdings",
    "holdings",
    "obscore_columns",
    "observation",
    "observation_of",
    "run_search",
]

OBSCORE = "ivoa.obscore"

HOLDINGS_SECONDS = 60
"""How old the numbers on the pages may be."""

SEARCH_LIMIT = 2000
"""Rows of an answer that the search page shows; all can be downloaded."""

PRODUCTS_LIMIT = 2000
"""Products of one observation that its page lists."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Numbers of data sets by (collection, instrument, product type); a member is an empty string where it is NULL."""

    counts: tuple[tuple[tuple[str, str, str], int], ...]

    @property
    def total(self) -> int:
        """All data sets."""
        return sum(count for _, count in self.counts)

    @property
    def collections(self) -> list[tuple[str, int]]:
        """(collection, number of data sets), by name."""
        return self._by(0)

    @property
    def instruments(self) -> list[tuple[str, int]]:
        """(instrument, number of data sets), by name."""
        return self._by(1)

    @property
    def product_types(self) -> list[tuple[str, int]]:
        """(product type, number of data sets), by name."""
        return self._by(2)

    @property
    def by_collection(self) -> list[tuple[str, list[tuple[str, int]], int]]:
        """(collection, its instruments with their numbers, number of data sets)."""
        return [(name, self._by(1, within=name), total) for name, total in self.collections]

    def _by(self, member: int, within: str | None = None) -> list[tuple[str, int]]:
        counter: Counter[str] = Counter()
        for key, count in self.counts:
            if key[member] and within in (None, key[0]):
                counter[key[member]] += count
        return sorted(counter.items())


def holdings(*, base_url: str) -> Holdings:
    """What the archive holds, at most a minute old."""
    return cache.get_or_set("web.holdings", lambda: _count(base_url), HOLDINGS_SECONDS)


def obscore_columns() -> tuple[tuple[str, str], ...]:
    """Name and description of each column of ivoa.obscore."""
    from obstap.obscore import OBSCORE as TABLE  # noqa: PLC0415 - Arrow comes with it

    return tuple((column.name, column.description) for column in TABLE.columns)


def run_search(*, adql: str, base_url: str, cancellation: Cancellation | None = None) -> Answer:
    """The answer to a query, as many of its rows as pages show.

    Parameters
    ----------
    cancellation
        What ends the query when nobody waits for it any more.

    Raises
    ------
    vo.errors.UsageError
        When the query is wrong.
    """
    return _fetch(adql, base_url=base_url, maxrec=SEARCH_LIMIT, cancellation=cancellation)


def observation(*, obs_id: str, base_url: str) -> Answer:
    """All columns of all products of an observation.

    Raises
    ------
    vo.errors.NotFoundError
        When the archive has no such observation.
    """
    answer = _fetch(observation_adql(obs_id), base_url=base_url, maxrec=PRODUCTS_LIMIT)
    if not answer.rows:
        raise NotFoundError(f"The archive has no observation {obs_id!r}.", hint="Search for it by its target.")
    return answer


def observation_of(*, did: str, base_url: str) -> str:
    """The `obs_id` of the data set with this `obs_publisher_did`.

    Raises
    ------
    vo.errors.NotFoundError
        When the archive has no such data set.
    """
    adql = f"SELECT obs_id FROM {OBSCORE} WHERE obs_publisher_did = {literal(did)}"  # noqa: S608 - quoted
    answer = _fetch(adql, base_url=base_url, maxrec=1)
    if not answer.rows:
        raise NotFoundError(f"The archive has no data set {did!r}.")
    return answer.rows[0][0]


def _count(base_url: str) -> Holdings:
    if not _is_published(OBSCORE):
        return Holdings(())
    adql = (
        f"SELECT obs_collection, instrument_name, dataproduct_type, COUNT(*) AS n FROM {OBSCORE} "  # noqa: S608
        "GROUP BY obs_collection, instrument_name, dataproduct_type"
    )
    return Holdings(tuple(_counted(_fetch(adql, base_url=base_url, maxrec=100_000).rows)))


def _counted(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[tuple[str, str, str], int]]:
    for collection, instrument, product_type, count in rows:
        yield (collection or "", instrument or "", product_type or ""), int(count)


def _is_published(name: str) -> bool:
    from obstap.stores import get_store  # noqa: PLC0415 - the engine comes with it

    with get_store().snapshot() as snapshot:
        return name in snapshot.tables


def _fetch(adql: str, *, base_url: str, maxrec: int, cancellation: Cancellation | None = None) -> Answer:
    from obstap.tap.query import fetch  # noqa: PLC0415 - the engine comes with it

    return fetch(adql, base_url=base_url, maxrec=maxrec, cancellation=cancellation)
