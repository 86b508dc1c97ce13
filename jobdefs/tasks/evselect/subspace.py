"""The data subspace (DSS): what filters a table has passed, as keywords DSTYPi, DSUNIi, DSFORMi, DSVALi and DSREFi.

A subspace has dimensions (columns) and components, of which one at least holds for each row; component k > 1 writes
kDSVALi and kDSREFi where it differs from the first (one component for each CCD, with that CCD's good times).
Conventions: ASC data model, and files written by SAS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..fitsio import Hdu
from ..intervals import format_ranges, intersect, parse_ranges, union
from ..reporting import TaskError
from ..selectlib import Block, Constraint, RegionRow

__all__ = ["ANYTHING", "CCD_COLUMNS", "Dimension", "Entry", "GoodTimes", "Subspace", "good_times_of"]

CCD_COLUMNS = ("CCDNR", "CCD_ID")
"""Columns that name the CCD: XMM-Newton's and Chandra's."""


@dataclass(frozen=True, slots=True)
class GoodTimes:
    """Good time intervals in a table of their own.

    Parameters
    ----------
    intervals
        Shape (n, 2), seconds; sorted and disjoint.
    source
        The block that they came from, None for times that were given in the expression only.
    changed
        Whether they differ from those in `source`.
    """

    intervals: np.ndarray
    source: Hdu | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column, or a pair such as ``POS(X,Y)``."""

    name: str
    unit: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one component demands in one dimension.

    Parameters
    ----------
    value
        DSVAL: ranges, bits, ``TABLE`` or ``IMAGE``.
    table
        What DSREF names: good times, a block of the input to copy, a block of another file, or shapes.
    """

    value: str
    table: GoodTimes | Hdu | Block | tuple[RegionRow, ...] | None = None


ANYTHING = Entry(":")
"""The entry of a component that demands nothing in a dimension."""


class _InexpressibleError(Exception):
    """Two entries can't be said as one; the dimension is named twice."""


@dataclass(frozen=True, slots=True)
class Subspace:
    """Dimensions, and components with one entry for each dimension."""

    dimensions: tuple[Dimension, ...] = ()
    components: tuple[tuple[Entry, ...], ...] = field(default=((),))

    def find(self, *names: str) -> int | None:
        """The number (from 0) of the first dimension of one of these names."""
        upper = {name.upper() for name in names}
        return next((number for number, item in enumerate(self.dimensions) if item.name.upper() in upper), None)

    def ccds(self, component: tuple[Entry, ...]) -> list[int]:
        """The CCDs that a component names; none when it is not about CCDs."""
        number = self.find(*CCD_COLUMNS)
        ranges = None if number is None else parse_ranges(component[number].value)
        if ranges is None or not np.isfinite(ranges).all() or float(np.ptp(ranges)) > 100:
            return []
        return [ccd for low, high in ranges.tolist() for ccd in range(round(low), round(high) + 1)]

    def restricted(self, constraints: Iterable[Constraint], units: dict[str, str]) -> Subspace:
        """The subspace of the rows that pass these filters too.

        Parameters
        ----------
        units
            Capitalised column name → unit.
        """
        subspace = self
        for constraint in constraints:
            subspace = subspace._with(constraint, units.get(constraint.axis.upper(), ""))
        return subspace._sorted()

    def simplified(self) -> Subspace:
        """Without dimensions that demand nothing and without components that repeat another."""
        kept = [
            number
            for number in range(len(self.dimensions))
            if any(component[number] != ANYTHING for component in self.components)
        ]
        components: list[tuple[Entry, ...]] = []
        seen: set[tuple[object, ...]] = set()
        for component in self.components:
            entries = tuple(component[number] for number in kept)
            key = tuple((entry.value, id(entry.table) if entry.table is not None else 0) for entry in entries)
            if key not in seen:
                seen.add(key)
                components.append(entries)
        return Subspace(tuple(self.dimensions[number] for number in kept), tuple(components))

    def _with(self, constraint: Constraint, unit: str) -> Subspace:
        new = _entry(constraint)
        for number, dimension in enumerate(self.dimensions):
            if dimension.name.upper() != constraint.axis.upper():
                continue
            try:
                pairs = [(component, _combined(component[number], new)) for component in self.components]
            except _InexpressibleError:
                continue
            components = tuple(_replaced(old, number, entry) for old, entry in pairs if entry is not None)
            form = "X" if any(item[number].value.startswith("b") for item in components) else ""
            dimensions = _replaced(self.dimensions, number, replace(dimension, form=form or dimension.form))
            return Subspace(dimensions, components) if components else self
        dimensions = (*self.dimensions, Dimension(constraint.axis, unit, constraint.form))
        return Subspace(dimensions, tuple((*component, new) for component in self.components))

    def _sorted(self) -> Subspace:
        order = sorted(range(len(self.dimensions)), key=lambda number: self.dimensions[number].name.upper())
        return Subspace(
            tuple(self.dimensions[number] for number in order),
            tuple(tuple(component[number] for number in order) for component in self.components),
        )


def good_times_of(subspace: Subspace, component: tuple[Entry, ...], column: str) -> np.ndarray | None:
    """The good times of a component; None when it does not limit the times on both sides."""
    number = subspace.find(column)
    if number is None:
        return None
    entry = component[number]
    if isinstance(entry.table, GoodTimes):
        return entry.table.intervals
    ranges = parse_ranges(entry.value)
    return ranges if ranges is not None and np.isfinite(ranges).all() else None


def _entry(constraint: Constraint) -> Entry:
    if constraint.kind == "gti" and constraint.table is not None:
        columns = constraint.table.columns
        if not {"START", "STOP"} <= set(columns):
            raise TaskError("DssException", f"{constraint.source} has no columns START and STOP.")
        return Entry(
            "TABLE", GoodTimes(union(np.column_stack([columns["START"], columns["STOP"]])), None, changed=True)
        )
    if constraint.kind == "region":
        return Entry("TABLE", constraint.region or constraint.table)
    if constraint.kind == "mask":
        return Entry("IMAGE", constraint.table)
    return Entry(constraint.value)


def _combined(old: Entry, new: Entry) -> Entry | None:
    """What both entries allow; None for nothing."""
    if old == ANYTHING:
        return new
    if isinstance(old.table, GoodTimes) or isinstance(new.table, GoodTimes):
        return _combined_times(old, new)
    if old.table is not None or new.table is not None:
        raise _InexpressibleError
    if old.value == new.value:
        return old
    if old.value.startswith("b") or new.value.startswith("b"):
        return _combined_bits(old.value, new.value)
    first, second = parse_ranges(old.value), parse_ranges(new.value)
    if first is None or second is None:
        raise _InexpressibleError
    both = intersect(first, second)
    return Entry(format_ranges(both)) if len(both) else None


def _combined_times(old: Entry, new: Entry) -> Entry | None:
    first, second = _intervals(old), _intervals(new)
    if first is None or second is None:
        raise _InexpressibleError
    both = intersect(first, second)
    origin = old.table if isinstance(old.table, GoodTimes) else new.table
    changed = origin.changed or not np.array_equal(both, origin.intervals)
    return Entry("TABLE", GoodTimes(both, origin.source, changed))


def _intervals(entry: Entry) -> np.ndarray | None:
    if isinstance(entry.table, GoodTimes):
        return entry.table.intervals
    return None if entry.table is not None else parse_ranges(entry.value)


def _combined_bits(old: str, new: str) -> Entry | None:
    width = max(len(old), len(new), 33) - 1
    patterns = [_pattern(value, width) for value in (old, new)]
    merged = []
    for first, second in zip(*patterns, strict=True):
        if "x" not in (first, second) and first != second:
            return None
        merged.append(second if first == "x" else first)
    single = next((value for value in (old, new) if not value.startswith("b")), None)
    return Entry(single if single is not None else "b" + "".join(merged).lstrip("x"))


def _pattern(value: str, width: int) -> str:
    """A bit pattern of that width; a whole number that is not negative is a pattern without freedom."""
    if value.startswith("b"):
        return value[1:].rjust(width, "x")
    if not value.isdecimal():
        raise _InexpressibleError
    return format(int(value), "b").rjust(width, "0")


def _replaced(items: Sequence, number: int, item: object) -> tuple:
    return (*items[:number], item, *items[number + 1 :])
