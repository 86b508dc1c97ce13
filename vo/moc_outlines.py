"""The outlines of coverage maps, which tell how regions lie to them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo import healpix_grid as grid
from vo import regions
from vo.healpix import cells
from vo.moc import Moc
from vo.sphere import angle, lonlat, unit

__all__ = ["SAG", "Arcs", "contains_shape", "intersects", "outline"]

Cells = NDArray[np.int64]
Floats = NDArray[np.float64]

SAG = 1.0 / 3600
"""Degrees by which the arcs of an outline may be off the curved sides of the cells."""

_BLOCK = 1 << 20
"""So many pairs of regions and arcs are looked at in one step."""

_ROUNDING = 1e-7
"""Radians by which cosines of angles between neighbouring directions may mislead."""

_FURTHER = {0: (0, 0, 0, 1), 1: (1, 0, 1, 1), 2: (0, 0, 1, 0), 3: (0, 1, 1, 1)}
"""Where in a cell the two smaller cells lie that share each of its sides: x and y of the one and of the other."""


def intersects(moc: Moc, shapes: ArrayLike) -> NDArray[np.bool_]:
    """Which regions, rows of an array, have a place in common with a MOC.

    Points are told exactly; of a region that is nearer than `SAG` to the border of the MOC, either may be said.
    """
    shapes = np.asarray(shapes, dtype=float)
    first = moc.contains(cells(shapes[:, 0], shapes[:, 1]))
    return first if shapes.shape[-1] == 2 else first | _arcs(moc).meet(shapes)


def contains_shape(moc: Moc, shapes: ArrayLike) -> NDArray[np.bool_]:
    """Which regions, rows of an array, lie within a MOC, to the same tolerance."""
    shapes = np.asarray(shapes, dtype=float)
    first = moc.contains(cells(shapes[:, 0], shapes[:, 1]))
    return first if shapes.shape[-1] == 2 else first & ~_arcs(moc).meet(shapes)


@lru_cache(maxsize=4)
def _arcs(moc: Moc) -> Arcs:
    return Arcs(outline(moc))


@lru_cache(maxsize=4)
def outline(moc: Moc) -> Floats:
    """Great-circle arcs along the borders of a MOC.

    Returns
    -------
    numpy.ndarray
        Rows of longitude and latitude of one end and of the other, degrees; off the true borders by less than `SAG`.
        Arcs of cells that follow each other in the MOC follow each other here.
    """
    keys, sides = zip(*_sides(moc), strict=True)
    ends = np.concatenate(sides)[np.argsort(np.concatenate(keys), kind="stable")]
    face, corners = ends[:, 0].astype(np.int64), ends[:, 1:]
    while True:
        bent = _bent(face, corners)
        if not bent.any():
            break
        face, corners = np.repeat(face, 1 + bent), _split(corners, bent)
    arcs = np.concatenate([np.stack(grid.places(face, corners[:, i], corners[:, i + 1]), -1) for i in (0, 2)], axis=1)
    arcs.flags.writeable = False
    return arcs


def _sides(moc: Moc) -> Iterator[tuple[Cells, Floats]]:
    """Sides of cells that have cells of the MOC on one side and none on the other.

    The keys tell the cells of order 29; the sides are base cell, and x and y of the ends, which run from 0 to 1.
    """
    yield np.empty(0, dtype=np.int64), np.empty((0, 5))
    own = dict(moc.by_order())
    cell, side = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    for order in range(moc.order + 1):
        fresh = own.get(order, np.empty(0, dtype=np.int64))
        cell = np.concatenate((cell, np.repeat(fresh, 4)))
        side = np.concatenate((side, np.tile(np.arange(4), len(fresh))))
        face, x, y = grid.separated(cell, order)
        full, empty = moc.overlap(grid.across(face, x, y, side, order), order)
        span = 2.0**order
        low_x, low_y = (side == 1) & empty, (side == 3) & empty
        a = np.stack([x + low_x, y + low_y], axis=-1)
        b = a + np.where((side < 2)[:, None], [0, 1], [1, 0])
        borders = np.concatenate([face[:, None], a / span, b / span], axis=1)
        yield cell[empty] << 2 * (grid.MOST - order), borders[empty]
        open_ = ~(full | empty)
        steps = np.array([_FURTHER[number] for number in range(4)])[side[open_]]
        children = [4 * cell[open_] + steps[:, i] + 2 * steps[:, i + 1] for i in (0, 2)]
        cell, side = np.concatenate(children), np.tile(side[open_], 2)


def _bent(face: Cells, corners: Floats) -> NDArray[np.bool_]:
    """Which sides are off the great circle through their ends."""
    a, b = (grid.vectors(face, corners[:, i], corners[:, i + 1]) for i in (0, 2))
    pole = np.cross(a - b, a + b)
    pole /= np.linalg.norm(pole, axis=-1, keepdims=True)
    result = np.zeros(len(face), dtype=bool)
    for part in (0.25, 0.5, 0.75):
        x, y = (corners[:, i] + part * (corners[:, i + 2] - corners[:, i]) for i in (0, 1))
        result |= np.abs(np.einsum("ij,ij->i", pole, grid.vectors(face, x, y) - a)) > np.radians(SAG)
    return result


def _split(corners: Floats, bent: NDArray[np.bool_]) -> Floats:
    """The sides, each bent one as two halves."""
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    result = np.repeat(corners, 1 + bent, axis=0)
    first = (np.cumsum(1 + bent) - 1 - bent)[bent]
    result[first, 2:] = result[first + 1, :2] = middle[bent]
    return result


class Arcs:
    """Great-circle arcs shorter than half a circle, made ready to be compared with regions.

    Parameters
    ----------
    arcs
        Rows as `outline` gives them.
    """

    def __init__(self, arcs: ArrayLike) -> None:
        arcs = np.asarray(arcs, dtype=float).reshape(-1, 4)
        self._triangles = np.concatenate([arcs, arcs[:, 2:]], axis=1)
        a, b = unit(arcs[:, 0], arcs[:, 1]), unit(arcs[:, 2], arcs[:, 3])
        middle = a + b
        self._middle = middle / np.linalg.norm(middle, axis=-1, keepdims=True)
        self._half = angle(a, b) / 2

    def around(self) -> tuple[float, float, float]:
        """Longitude, latitude and radius in degrees of a circle around all arcs."""
        axis = self._middle.sum(axis=0)
        size = np.linalg.norm(axis)
        axis = axis / size if size > 0 else np.array([0.0, 0.0, 1.0])
        radius = float(np.degrees((angle(axis, self._middle) + self._half).max(initial=0.0)))
        lon, lat = lonlat(axis)
        return float(lon), float(lat), min(radius, 180.0)

    def meet(self, shapes: ArrayLike) -> NDArray[np.bool_]:
        """Which circles and polygons, rows of an array as `vo.regions` takes them, an arc touches.

        An arc that passes by the first place of a region within `SAG` counts too: that place may lie between the arc
        and the border that it stands for.
        """
        shapes = np.asarray(shapes, dtype=float)
        first = np.concatenate([shapes[:, :2], np.full((len(shapes), 1), SAG)], axis=1)
        return self._touch(shapes) | self._touch(first)

    def _touch(self, shapes: Floats) -> NDArray[np.bool_]:
        x, y, z, radius = regions.bounding_cone(shapes)
        axes, radius = np.stack([x, y, z], axis=-1), np.radians(radius)
        result = np.zeros(len(shapes), dtype=bool)
        step = max(_BLOCK // max(len(self._half), 1), 1)
        for start in range(0, len(shapes), step):
            block = slice(start, start + step)
            reach = np.minimum(radius[block, None] + self._half + _ROUNDING, np.pi)
            row, arc = np.nonzero(axes[block] @ self._middle.T >= np.cos(reach))
            touched = regions.intersects(shapes[block][row], self._triangles[arc])
            result[block][row[touched]] = True
        return result
