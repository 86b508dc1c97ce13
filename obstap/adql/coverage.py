"""Positions and regions against MOCs, in an engine's SQL.

A position is in a MOC when one of its cells is that of the position, whatever their orders. A region is compared with
the arcs along the borders of the MOC: where none touches it, its first place tells on which side all of it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from obstap.adql.bound import Kind
from obstap.adql.dialects import Dialect
from vo.moc import Moc
from vo.moc_outlines import Arcs, outline
from vo.regions import bounding_cone

__all__ = ["in_moc", "indexed_in_moc", "region_and_moc"]

_PARTS = 8
"""Parts of a group of arcs; a region that is not near a group is compared with none of its parts."""

_MARGIN = 2 / 3600
"""Degrees by which arcs are taken to be wider: they pass by regions within an arcsecond (`vo.moc_outlines.SAG`)."""

_HALF_SKY = 90.0
"""Degrees from which the bounding cone of a MOC tells nothing."""

Cone = tuple[float, float, float, float]
Touching = Callable[[Cone, str], str]


def in_moc(dialect: Dialect, moc: Moc, lon: str, lat: str) -> str:
    """That a position is in a MOC, both coordinates given in SQL."""
    return _listed(moc, lambda order: dialect.call("IVO_HEALPIX_INDEX", Kind.LONG, [str(order), lon, lat]))


def indexed_in_moc(dialect: Dialect, moc: Moc, column: str, most: int) -> tuple[str, int]:
    """That the cell of order 29 in a column belongs to a MOC, and how many ranges of cells that compares."""
    ranges = moc.joined(max(most, 1))
    exact = len(ranges) == len(moc.ranges)
    tests = [f"({' OR '.join(f'{column} BETWEEN {first} AND {last}' for first, last in ranges)})"] if ranges else []
    if not exact or not ranges:
        tests.append(_listed(moc, lambda order: dialect.cell(column, order)))
    return f"({' AND '.join(tests)})", len(ranges)


def region_and_moc(dialect: Dialect, name: str, moc: Moc, shape: str, touching: Touching | None) -> str:
    """That a region lies within a MOC (CONTAINS) or has a place in common with it (INTERSECTS).

    Parameters
    ----------
    shape
        The region in SQL.
    touching
        Puts a cheap test of the region's bounding cone against another cone before an exact test, if there is one.
    """
    first = in_moc(dialect, moc, dialect.element(shape, 1), dialect.element(shape, 2))
    arcs, text = outline(moc), first
    if len(arcs):
        met = _met(dialect, arcs, shape, touching)
        text = f"({first} OR {met})" if name == "INTERSECTS" else f"({first} AND NOT {met})"
    text = f"CASE WHEN {shape} IS NOT NULL THEN {text} END"
    lon, lat, radius = moc.around()
    if touching is None or radius + _MARGIN >= _HALF_SKY:
        return text
    return touching(_cone(lon, lat, radius), text)


def _listed(moc: Moc, cell: Callable[[int], str]) -> str:
    """That the cell of some order is one of the MOC's."""
    tests = [f"{cell(order)} IN ({', '.join(map(str, found.tolist()))})" for order, found in moc.by_order()]
    return f"({' OR '.join(tests)})" if tests else f"({cell(0)} < 0)"


def _met(dialect: Dialect, arcs: NDArray[np.float64], shape: str, touching: Touching | None) -> str:
    """That an arc touches the region; arcs that are near each other are asked for together, in groups within groups."""
    if len(arcs) <= dialect.arcs:
        numbers = [f"{number:.13g}" for number in arcs.ravel().tolist()]
        text = dialect.call("MEETS", Kind.BOOLEAN, [shape, dialect.numbers(numbers)])
    else:
        parts = np.array_split(arcs, min(_PARTS, -(-len(arcs) // dialect.arcs)))
        text = f"({' OR '.join(_met(dialect, part, shape, touching) for part in parts)})"
    return text if touching is None else touching(_cone(*Arcs(arcs).around()), text)


def _cone(lon: float, lat: float, radius: float) -> Cone:
    """The bounding cone of a slightly larger circle."""
    return tuple(float(value) for value in bounding_cone((lon, lat, min(radius + _MARGIN, 180.0))))
