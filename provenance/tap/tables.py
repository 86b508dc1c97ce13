"""The tables of the schema ``provenance`` of TAP, filled for each asker when a query names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from obstap.live import Asker, LiveTables, Wanted
from provenance.tap.descriptions import DESCRIPTIONS
from provenance.tap.examples import EXAMPLES
from provenance.tap.laststep import LAST_STEP
from provenance.tap.relations import RELATIONS
from provenance.tap.things import THINGS
from provenance.tap.view import View

if TYPE_CHECKING:
    import pyarrow as pa

    from obstap.stores import TableContent
    from provenance.tap.reading import Reader

__all__ = ["VIEWS", "ProvenanceTables"]

VIEWS: dict[str, View] = {
    view.table.name: replace(view, table=replace(view.table, index=place))
    for place, view in enumerate((LAST_STEP, *THINGS, *RELATIONS, *DESCRIPTIONS), start=1)
}
"""All tables by their names, in the order of listings."""

MOST_BYTES = 2**29
"""What the tables of one query may take in memory."""


class ProvenanceTables(LiveTables):
    """What the database of this service knows of provenance."""

    tables = tuple(view.table for view in VIEWS.values())
    examples = EXAMPLES

    def read(self, wanted: Sequence[Wanted], asker: Asker) -> list[TableContent]:
        """The rows that the asker may see, of one moment for all tables."""
        from provenance.tap.reading import open_reader  # noqa: PLC0415 - Arrow loads with the first query

        limits = {"cancellation": asker.cancellation, "time_limit": asker.time_limit}
        with open_reader(**limits) as reader:
            room = MOST_BYTES
            contents = []
            for item in wanted:
                content, size = _content(reader, item, asker, room)
                contents.append(content)
                room -= size
            return contents


def _content(reader: Reader, wanted: Wanted, asker: Asker, room: int) -> tuple[TableContent, int]:
    """The rows of one table and their bytes."""
    import pyarrow as pa  # noqa: PLC0415 - as above

    from obstap.arrow import arrow_schema  # noqa: PLC0415
    from obstap.stores import TableContent  # noqa: PLC0415
    from provenance.tap.sql import statement  # noqa: PLC0415
    from provenance.tap.values import formed  # noqa: PLC0415
    from vo.errors import UsageError  # noqa: PLC0415

    view = VIEWS[wanted.table.name]
    items = [view.items[column.name] for column in wanted.table.columns]
    schema = arrow_schema(wanted.table)
    types = [kind if pa.types.is_integer(kind) else pa.string() for kind in schema.types]
    asked = statement(view, [item.column.name for item in items], wanted.only, user=asker.user, zone=reader.zone)
    batches: list[pa.RecordBatch] = []
    size = 0
    for columns in reader.read(asked, types):
        arrays = [formed(array, item.form, base_url=asker.base_url) for array, item in zip(columns, items, strict=True)]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        size += batches[-1].nbytes
        if size > room:
            raise UsageError(
                f"The query would read more than {MOST_BYTES >> 20} MB of provenance.",
                hint="Select only the columns that are needed, or rows of certain activities: "
                "… WHERE provenance.parameter.activity_id = 'JOBID'.",
            )
    return TableContent(wanted.table, tuple(batches)), size
