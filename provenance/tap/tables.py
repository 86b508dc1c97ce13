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
    from obstap.stores import TableContent

__all__ = ["VIEWS", "ProvenanceTables"]

VIEWS: dict[str, View] = {
    view.table.name: replace(view, table=replace(view.table, index=place))
    for place, view in enumerate((LAST_STEP, *THINGS, *RELATIONS, *DESCRIPTIONS), start=1)
}
"""All tables by their names, in the order of listings."""


class ProvenanceTables(LiveTables):
    """What the database of this service knows of provenance."""

    tables = tuple(view.table for view in VIEWS.values())
    examples = EXAMPLES

    def read(self, wanted: Sequence[Wanted], asker: Asker) -> list[TableContent]:
        """The rows that the asker may see, of one moment for all tables."""
        from provenance.tap.contents import read_contents  # noqa: PLC0415 - Arrow loads with the first query

        return read_contents(VIEWS, wanted, asker)
