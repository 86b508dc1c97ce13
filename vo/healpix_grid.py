"""Cells of the nested HEALPix scheme as squares of its twelve base cells: their numbers, places and neighbours.

Górski et al. 2005, ApJ 622, 759; the projection is that of Calabretta & Roukema 2007, MNRAS 381, 865, §2, with H = 4
and K = 3. Within a base cell, x runs from its southern corner to the north-east and y to the north-west.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "FACE_EAST",
    "FACE_NORTH",
    "MOST",
    "across",
    "centres",
    "interleaved",
    "places",
    "separated",
    "vectors",
]

Cells = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST = 29
"""The deepest order: its 12 · 4**29 cells are numbered in 64 bits."""

FACE_EAST = np.array([0.5, 1.5, 2.5, 3.5, 0.0, 1.0, 2.0, 3.0, 0.5, 1.5, 2.5, 3.5])
FACE_NORTH = np.array([0.5] * 4 + [0.0] * 4 + [-0.5] * 4)
"""Centres of the base cells in the plane of the projection, in units of their diagonal."""

_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)

_NORTH, _EQUATOR, _SOUTH = np.arange(4), np.arange(4, 8), np.arange(8, 12)

_NEIGHBOUR_FACES = np.array(
    [
        np.concatenate([_EQUATOR, np.roll(_SOUTH, 1), np.roll(_SOUTH, 1)]),
        np.concatenate([np.roll(_NORTH, -1), _NORTH, np.roll(_EQUATOR, -1)]),
        np.concatenate([np.roll(_EQUATOR, -1), _SOUTH, np.roll(_SOUTH, -1)]),
        np.concatenate([np.roll(_NORTH, 1), np.roll(_NORTH, 1), _EQUATOR]),
    ]
)
"""The base cells beyond the sides x = 0, x = 1, y = 0 and y = 1 of each base cell."""


def interleaved(face: Cells, x: Cells, y: Cells, order: ArrayLike) -> Cells:
    """The numbers of cells that lie at (x, y) in base cells."""
    return (face << 2 * np.asarray(order, dtype=np.int64)) | _spread(x) | (_spread(y) << 1)


def separated(cell: Cells, order: ArrayLike) -> tuple[Cells, Cells, Cells]:
    """The base cells of cells, and their x and y in them."""
    shift = 2 * np.asarray(order, dtype=np.int64)
    face = cell >> shift
    within = cell - (face << shift)
    return face, _gathered(within), _gathered(within >> 1)


def places(face: Cells, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """The longitude in [0, 360) and latitude in degrees of places in base cells, whose x and y run from 0 to 1."""
    lon, z, flat = _cylinder(face, np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    lon = np.degrees(lon)
    return np.where(lon < 0, lon + 360.0, lon), np.degrees(np.arctan2(z, flat))


def vectors(face: Cells, x: ArrayLike, y: ArrayLike) -> Floats:
    """The unit vectors, of shape (..., 3), of places in base cells, whose x and y run from 0 to 1."""
    lon, z, flat = _cylinder(face, np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    return np.stack([flat * np.cos(lon), flat * np.sin(lon), z], axis=-1)


def centres(order: ArrayLike, cell: ArrayLike) -> tuple[Floats, Floats]:
    """The longitudes in [0, 360) and latitudes, degrees, of the centres of cells.

    Parameters
    ----------
    order
        Orders of the cells.
    cell
        Numbers of the cells, of a shape that broadcasts with that of the orders.

    Returns
    -------
    tuple
        Two arrays, NaN where the order is not one from 0 to 29 or has no such cell.
    """
    order, cell = np.broadcast_arrays(np.asarray(order, dtype=np.int64), np.asarray(cell, dtype=np.int64))
    good = (order >= 0) & (order <= MOST)
    depth = np.where(good, order, 0)
    good = good & (cell >= 0) & (cell < np.int64(12) << 2 * depth)
    face, x, y = separated(np.where(good, cell, 0), depth)
    side = np.exp2(depth)
    lon, lat = places(face, (x + 0.5) / side, (y + 0.5) / side)
    return np.where(good, lon, np.nan), np.where(good, lat, np.nan)


def across(face: Cells, x: Cells, y: Cells, side: Cells, order: int) -> Cells:
    """The numbers of the cells beyond one side of each cell: 0 is that of the lower x, 1 of the higher x, 2, 3 of y."""
    last = (1 << order) - 1
    along_x = side < 2
    step = np.where(side % 2, 1, -1)
    x, y = x + np.where(along_x, step, 0), y + np.where(along_x, 0, step)
    outside = (x < 0) | (x > last) | (y < 0) | (y > last)
    beyond = np.where(outside, _NEIGHBOUR_FACES[side, face], face)
    # At the poles, base cells of one cap touch along sides that are turned by a quarter.
    turned = outside & (((face < 4) & (side % 2 == 1)) | ((face > 7) & (side % 2 == 0)))
    x, y = np.where(turned, y, x), np.where(turned, x, y)
    entered = np.where(turned, np.where(face < 4, last, 0), np.where(side % 2, 0, last))
    from_x = outside & (along_x != turned)
    from_y = outside & (along_x == turned)
    return interleaved(beyond, np.where(from_x, entered, x), np.where(from_y, entered, y), order)


def _cylinder(face: Cells, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Longitude in radians, sine and cosine of the latitude of places in base cells: the inverse of the projection."""
    v = FACE_NORTH[face] + (x + y) / 2 - 0.5
    polar = np.abs(v) > 0.5
    width = np.where(polar, 2 - 2 * np.abs(v), 1.0)
    lon = (np.pi / 2) * (FACE_EAST[face] + (x - y) / 2 / np.where(width > 0, width, 1.0))
    fall = width**2 / 3
    z = np.where(polar, np.copysign(1 - fall, v), v / 0.75)
    flat = np.where(polar, np.sqrt(fall * (2 - fall)), np.sqrt(np.maximum(1 - z**2, 0)))
    return lon, z, flat


def _spread(bits: Cells) -> Cells:
    """The bits of numbers below 2**29 moved to the even places."""
    for shift, mask in _SPREAD:
        bits = (bits | (bits << shift)) & mask
    return bits


def _gathered(bits: Cells) -> Cells:
    """The bits of the even places moved together: the inverse of `_spread`."""
    bits = bits & _SPREAD[-1][1]
    for (shift, _), (_, mask) in zip(_SPREAD[:0:-1], _SPREAD[-2::-1], strict=True):
        bits = (bits | (bits >> shift)) & mask
    return (bits | (bits >> _SPREAD[0][0])) & 0xFFFFFFFF
