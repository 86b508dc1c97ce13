"""Which HEALPix cells lie near a place: what joins two tables of positions without looking at all pairs.

Cells are those of the nested scheme (see `vo.healpix`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vo.healpix import ORDER, compiled, reach
from vo.healpix_grid import separated, vectors
from vo.sphere import angle

__all__ = ["cells_near", "pairing_order"]

_NARROWEST = 0.55 * math.sqrt(math.pi / 3)
"""Radians: less than the width of any cell, times 2 to the power of its order.

The narrowest cells, at the meridians between polar base cells, are 0.67 times as wide as a square of their area.
"""

_MARGIN = 1e-8
"""Radians for the distance of a place from the centre of its cell of order 29, and for rounding."""


def pairing_order(radius: float) -> int:
    """The deepest order at which a cell and its neighbours hold all that is within `radius` degrees of the cell."""
    wide = _NARROWEST / (math.radians(radius) + _MARGIN)
    return min(max(math.floor(math.log2(wide)), 0), ORDER)


def cells_near(cell: NDArray[np.int64], order: int, radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cells of an order in which positions near others can lie.

    Parameters
    ----------
    cell
        The cells of order 29 of positions.
    order
        At most `pairing_order(radius)`.
    radius
        Degrees.

    Returns
    -------
    tuple
        For each position the number of cells, at most 9, and all cells one after the other. Every place within
        `radius` of a position is in one of its cells, which are all different.
    """
    centre = cell >> 2 * (ORDER - order)
    around = np.empty((len(cell), 9), dtype=np.int64)
    compiled().neighbours(order, centre.astype(np.uint64), around, np.uint16(1))
    kept = around >= 0
    place = _vectors(cell, ORDER)[:, None, :]
    far = angle(place, _vectors(np.where(kept, around, 0), order))
    kept &= far <= math.radians(radius) + reach(order) + _MARGIN
    kept[:, 4] = True
    return np.count_nonzero(kept, axis=1), around[kept]


def _vectors(cell: NDArray[np.int64], order: int) -> NDArray[np.float64]:
    """The unit vectors of the centres of cells."""
    face, x, y = separated(cell, order)
    side = 2.0**order
    return vectors(face, (x + 0.5) / side, (y + 0.5) / side)
