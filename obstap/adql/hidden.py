"""Hidden columns that sub-queries hand on with the columns that they belong to.

A query around a sub-query can so use the index of its positions and compute with its regions.
"""

from __future__ import annotations

from collections.abc import Iterator

from obstap.adql import bound
from obstap.adql.bound import Kind
from obstap.adql.kinds import column_of
from obstap.metadata import Position, Region

__all__ = ["pass_on"]


def pass_on(select: bound.Select) -> None:
    """Fill `extras`, `positions` and `regions` of a sub-query whose rows are rows of its tables."""
    extras = _Extras(select)
    select.positions = tuple(extras.positions())
    select.regions = dict(extras.regions())
    select.extras = tuple(extras.added)


class _Extras:
    def __init__(self, select: bound.Select) -> None:
        self._fields = [item for item in select.items if isinstance(item.value, bound.Field)]
        self._taken = {item.name.lower() for item in select.items}
        self._names: dict[tuple[str, str], str] = {}
        self.added: list[tuple[str, bound.Field]] = []

    def positions(self) -> Iterator[Position]:
        """The positions both of whose coordinates are in the answer."""
        names = {(item.value.relation.alias, item.value.column): item.name for item in self._fields}
        for item in self._fields:
            relation = item.value.relation
            for position in relation.positions:
                lat = names.get((relation.alias, position.lat))
                if position.lon == item.value.column and lat is not None:
                    yield Position(item.name, lat, self._add(item, "cell", position.cell, Kind.LONG))

    def regions(self) -> Iterator[tuple[str, Region]]:
        """The regions whose texts are in the answer."""
        for item in self._fields:
            region = item.value.region
            if region is not None:
                axis = [
                    self._add(item, name, column, Kind.DOUBLE)
                    for name, column in (("x", region.x), ("y", region.y), ("z", region.z), ("radius", region.radius))
                ]
                yield item.name, Region(item.name, self._add(item, "shape", region.shape, Kind.REGION), *axis)

    def _add(self, item: bound.Item, purpose: str, column: str, kind: Kind) -> str:
        """Hand on a hidden column of the table of `item`, once; gives its name."""
        key = item.value.relation.alias, column
        if key in self._names:
            return self._names[key]
        name = f"{item.name}__{purpose}"
        while name.lower() in self._taken:
            name += "_"
        self._taken.add(name.lower())
        self._names[key] = name
        self.added.append((name, bound.Field(item.value.relation, column, kind, column_of(kind))))
        return name
