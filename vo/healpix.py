"""Cells of the nested HEALPix scheme (Górski et al. 2005, ApJ 622, 759), the index of sky positions.

The cells of many positions are computed by the compiled part of cdshealpix. Its Python part is left
out because it imports all of astropy.coordinates, which costs more than a second at the first query of a process.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import math
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo import healpix_grid as grid
from vo.sphere import angle

__all__ = ["ORDER", "cells", "compiled", "cone_ranges", "joined", "reach"]

ORDER = grid.MOST
"""The order of the cells that are stored: 12 · 4**29 cells of about 0.4 milliarcseconds, the deepest in 64 bits."""

Cells = NDArray[np.int64]

_WIDTH = math.sqrt(math.pi / 3)
"""Radians: the side of a square of the area of a cell of order 0."""

_SPAN = 1.8
"""How many radii of a cone a cell must be wide for the nine cells around any place of the cone's centre to cover it.

The narrowest cells, at the meridians between polar base cells, are 0.67 times as wide as a square of their area.
"""

_DESCENT = 3
"""Orders between the cells that are wider than a cone's radius and those that follow its rim."""

_CHILD_X, _CHILD_Y = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
_BLOCK_Y, _BLOCK_X = np.divmod(np.arange((3 << _DESCENT) ** 2), 3 << _DESCENT)

_MARGIN = 1e-8
"""Degrees by which cones are widened, so that rounding at the rim loses no cell."""


@cache
def compiled() -> ModuleType:
    """The compiled part of cdshealpix."""
    package = importlib.util.find_spec("cdshealpix")
    if package is None:
        raise ImportError("cdshealpix is not installed")
    spec = importlib.machinery.PathFinder.find_spec("cdshealpix.cdshealpix", package.submodule_search_locations)
    if spec is None or spec.loader is None:
        raise ImportError("cdshealpix has no compiled part")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(lon: ArrayLike, lat: ArrayLike, order: ArrayLike = ORDER) -> NDArray[np.int64]:
    """The nested HEALPix cells of positions.

    Parameters
    ----------
    lon, lat
        ICRS degrees, of shapes that broadcast; any longitude is taken modulo 360.
    order
        0 to 29, one for all positions or one for each.

    Returns
    -------
    numpy.ndarray
        int64 of the broadcast shape; -1 where a coordinate is not finite, the latitude lies outside -90 to 90 or the
        order outside 0 to 29.
    """
    lon, lat, order = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float), order)
    good = np.isfinite(lon) & (np.abs(lat) <= 90.0) & (order >= 0) & (order <= ORDER)
    result = np.full(lon.shape, -1, dtype=np.int64)
    count = int(np.count_nonzero(good))
    if count == 0:
        return result
    found = np.empty(count, dtype=np.uint64)
    offset = np.empty(count)
    compiled().lonlat_to_healpix(
        order[good].astype(np.uint8),
        np.radians(np.remainder(lon[good], 360.0)),
        np.radians(lat[good]),
        found,
        offset,
        np.empty(count),
        np.uint16(1),
    )
    result[good] = found.view(np.int64)
    return result


def cone_ranges(lon: float, lat: float, radius: float, max_ranges: int = 64) -> list[tuple[int, int]]:
    """Ranges of cells of order 29 that together cover a cone.

    Parameters
    ----------
    lon, lat, radius
        Centre and radius in degrees, latitude within -90 to 90.
    max_ranges
        At most so many ranges are given, at least 1; fewer ranges cover more sky outside the cone.

    Returns
    -------
    list of tuple
        (first, last) cells, both inclusive, ascending and disjoint; every position within the cone has its cell in
        one of them.

    Notes
    -----
    cdshealpix has a cone search of its own, but in version 0.9 it misses cells at the rim of some cones of more than
    4 degrees.
    """
    radius = math.radians(radius + _MARGIN)
    a, b = math.radians(lon % 360.0), math.radians(lat)
    centre = np.array([math.cos(b) * math.cos(a), math.cos(b) * math.sin(a), math.sin(b)])
    deepest = _order_for(radius)
    order, (face, x, y) = _around(a, b, deepest)
    found = []
    while face.size:
        offset = grid.vectors(face, (x + 0.5) / 2.0**order, (y + 0.5) / 2.0**order) - centre
        far = np.einsum("ij,ij->i", offset, offset)
        margin = reach(order)
        touched = far <= _chord(radius + margin)
        done = touched if order == deepest else far <= _chord(radius - margin)
        found.append((face[done], x[done], y[done], np.full(np.count_nonzero(done), order)))
        split = touched & ~done
        order += 1
        face = np.repeat(face[split], 4)
        x = (2 * x[split][:, None] + _CHILD_X).ravel()
        y = (2 * y[split][:, None] + _CHILD_Y).ravel()
    face, x, y, orders = np.concatenate(found, axis=1)
    return joined(*_ranges(face, x, y, orders), max(max_ranges, 1))


def _chord(angle: float) -> float:
    """The square of the distance of unit vectors at an angle in radians; negative where that is."""
    return 4 * math.sin(min(angle, math.pi) / 2) ** 2 if angle >= 0 else -1.0


def _order_for(radius: float) -> int:
    """The order at which a cone of this radius (radians) is some five cells wide."""
    return min(max(math.floor(math.log2(_WIDTH / (_SPAN * radius))), 0) + _DESCENT, ORDER)


def _around(lon: float, lat: float, deepest: int) -> tuple[int, tuple[Cells, Cells, Cells]]:
    """An order, and cells of it (face, x, y) among which are all that the cone touches; angles in radians.

    Where the cone's centre lies well inside a base cell, these are of the order `deepest`, in a block of nine cells of
    an order at which a cell is wider than the cone's radius; else they are all base cells.
    """
    order = deepest - _DESCENT
    side = 1 << order
    for face, u, v in zip(range(12), *_face_offsets(lon, lat), strict=True):
        x, y = math.floor(side * (0.5 + v + u)), math.floor(side * (0.5 + v - u))
        if 1 <= x < side - 1 and 1 <= y < side - 1:
            return deepest, (
                np.full(len(_BLOCK_X), face),
                ((x - 1) << _DESCENT) + _BLOCK_X,
                ((y - 1) << _DESCENT) + _BLOCK_Y,
            )
    return 0, (np.arange(12), np.zeros(12, dtype=np.int64), np.zeros(12, dtype=np.int64))


def _face_offsets(lon: float, lat: float) -> tuple[list[float], list[float]]:
    """The place of a position in the HEALPix projection, as seen from the centres of the 12 base cells.

    Unit: the diagonal of a base cell (Calabretta & Roukema 2007, MNRAS 381, 865, §2, with H = 4 and K = 3).
    """
    quarter = math.pi / 2
    z = math.sin(lat)
    u, v = lon / quarter, 0.75 * z
    if abs(z) > 2 / 3:
        width = math.sqrt(3 * (1 - abs(z)))
        middle = math.floor(u) + 0.5
        u, v = middle + (u - middle) * width, math.copysign(1 - width / 2, z)
    east, north = ((u - grid.FACE_EAST + 2) % 4 - 2).tolist(), (v - grid.FACE_NORTH).tolist()
    return east, north


def _ranges(face: Cells, x: Cells, y: Cells, order: Cells) -> tuple[Cells, Cells]:
    """First and last cells of order 29 of cells of other orders."""
    shift = 2 * (ORDER - order)
    first = grid.interleaved(face, x, y, order) << shift
    return first, first + (np.int64(1) << shift) - 1


@cache
def reach(order: int) -> float:
    """Radians within which all of a cell lies about its centre, with one part in a hundred to spare.

    The farthest corner is that of the cells that touch the parallel sin(latitude) = 2/3 a quarter of a base cell off
    the middle.
    """
    side = 2.0**order
    height = 1 - (1 - 1 / side) ** 2 / 3
    corner = np.array([np.sqrt(1 - height**2), 0.0, height])
    turn = np.pi / (4 * side)
    middle = np.array([np.sqrt(5) / 3 * np.cos(turn), np.sqrt(5) / 3 * np.sin(turn), 2 / 3])
    return 1.01 * float(angle(corner, middle))


def joined(first: NDArray[np.int64], last: NDArray[np.int64], max_ranges: int) -> list[tuple[int, int]]:
    """Sorted ranges, joined where they touch and across the smallest gaps until there are `max_ranges`."""
    rank = np.argsort(first)
    first, last = first[rank], last[rank]
    gaps = first[1:] - last[:-1] - 1
    widest = np.argsort(-gaps, kind="stable")[: max_ranges - 1]
    cut = np.sort(widest[gaps[widest] > 0])
    starts = first[np.concatenate(([0], cut + 1))]
    ends = last[np.concatenate((cut, [len(last) - 1]))]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
