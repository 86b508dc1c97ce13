"""The rows of all tables that a query names: of each no more than it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from obstap.arrow import arrow_schema
from obstap.live import Asker, Wanted
from obstap.metadata import Table
from obstap.stores import TableContent
from provenance.tap.reading import MOST_BYTES, Reader, open_reader, too_much
from provenance.tap.sql import MOST_VALUES, statement
from provenance.tap.values import formed
from provenance.tap.view import View

__all__ = ["read_contents"]


def read_contents(views: Mapping[str, View], wanted: Sequence[Wanted], asker: Asker) -> list[TableContent]:
    """The rows that the asker may see; see `obstap.live.LiveTables.read`."""
    with open_reader(cancellation=asker.cancellation, time_limit=asker.time_limit) as reader:
        return _Contents(views, reader, asker).all(wanted)


class _Contents:
    """The tables of one query as they are read, those first of which little is wanted: they confine others."""

    def __init__(self, views: Mapping[str, View], reader: Reader, asker: Asker) -> None:
        self._views = views
        self._reader = reader
        self._asker = asker
        self._room = MOST_BYTES
        self._done: dict[str, TableContent] = {}

    def all(self, wanted: Sequence[Wanted]) -> list[TableContent]:
        """The tables in the order in which they are wanted."""
        waiting = {item.table.name.lower(): item for item in wanted}
        while waiting:
            choices = {name: self._confined(item) for name, item in waiting.items()}
            name = max(choices, key=lambda name: bool(choices[name]))
            self._done[name] = self._content(waiting.pop(name).table, choices[name])
        return [self._done[item.table.name.lower()] for item in wanted]

    def _confined(self, wanted: Wanted) -> dict[str, frozenset[str]]:
        """Values to which columns are confined, by the query itself and by tables that have been read."""
        only = dict(wanted.only)
        for column, other, other_column in wanted.joined:
            values = _few(self._done[other], other_column) if other in self._done else None
            if values is not None:
                only[column] = only.get(column, values) & values
        return only

    def _content(self, table: Table, only: Mapping[str, frozenset[str]]) -> TableContent:
        view, schema = self._views[table.name], arrow_schema(table)
        names = [column.name for column in table.columns]
        types = [kind if pa.types.is_integer(kind) else pa.string() for kind in schema.types]
        asked = statement(view, names, only, user=self._asker.user, zone=self._reader.zone)
        batches: list[pa.RecordBatch] = []
        for columns in self._reader.read(asked, types):
            arrays = [
                formed(array, view.items[name].form, base_url=self._asker.base_url)
                for array, name in zip(columns, names, strict=True)
            ]
            batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
            self._room -= batches[-1].nbytes
            if self._room < 0:
                raise too_much()
        return TableContent(table, tuple(batches))


def _few(content: TableContent, column: str) -> frozenset[str] | None:
    """The texts that a column has, if they are few."""
    found = pc.unique(pa.chunked_array([batch[column] for batch in content.batches], pa.string()))
    if len(found) > MOST_VALUES:
        return None
    return frozenset(text for text in found.to_pylist() if text is not None)
