"""Frames of reference of the sky, and the rotations between them.

The frames are those of the IVOA's vocabulary http://www.ivoa.net/rdf/refframe. The Endorsed Note "Catalogue of ADQL
User Defined Functions" 1.2 asks for plain rotations: FK4 (equator and equinox B1950.0) is taken without its elliptic
aberration and without the slow rotation against FK5, which leaves it within half an arcsecond.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo.errors import UsageError
from vo.sphere import lonlat, unit

__all__ = ["FRAMES", "rotated", "rotation"]

FRAMES = ("ICRS", "FK5", "FK4", "GALACTIC", "SUPER_GALACTIC", "ECLIPTIC")
"""The frames that are known; FK5 and ECLIPTIC have the equinox J2000.0, FK4 B1950.0."""

Floats = NDArray[np.float64]

_ARCSECOND = np.pi / 648_000


def rotation(given: str, wanted: str) -> Floats:
    """The 3 by 3 matrix that turns vectors of one frame into those of another.

    Raises
    ------
    vo.errors.UsageError
        When a frame is not known; upper and lower case matter.
    """
    for name in (given, wanted):
        if name not in FRAMES:
            hint = f"Did you mean {name.upper()}?" if name.upper() in FRAMES else f"Frames are {', '.join(FRAMES)}."
            raise UsageError(f"{name[:40]!r} is no frame of reference.", hint=hint)
    return _to_icrs(wanted).T @ _to_icrs(given)


def rotated(shape: ArrayLike, matrix: ArrayLike) -> Floats:
    """Shapes, as `vo.regions` takes them, in the frame to which a matrix of `rotation` turns them."""
    shape, matrix = np.asarray(shape, dtype=float), np.asarray(matrix, dtype=float).reshape(3, 3)
    pairs = 2 if shape.shape[-1] == 3 else shape.shape[-1]
    places = unit(shape[..., 0:pairs:2], shape[..., 1:pairs:2]) @ matrix.T
    turned = np.stack(lonlat(places), axis=-1).reshape(*shape.shape[:-1], pairs)
    return np.concatenate([turned, shape[..., pairs:]], axis=-1)


@cache
def _to_icrs(name: str) -> Floats:
    """The matrix that turns vectors of a frame into those of ICRS."""
    if name == "ICRS":
        return np.eye(3)
    if name == "FK5":
        # ESA SP-1200, vol. 1, §1.5.7: the axes are turned against those of ICRS by -19.9, -9.1 and 22.9 mas.
        return _turn(2, -0.0229 * _ARCSECOND) @ _turn(1, 0.0091 * _ARCSECOND) @ _turn(0, 0.0199 * _ARCSECOND)
    if name == "FK4":
        # IAU 1958: the galactic pole in B1950.0, and the galactic longitude of the celestial pole.
        return _to_icrs("GALACTIC") @ _frame(192.25, 27.4, 123.0)
    if name == "SUPER_GALACTIC":
        # Lahav et al. 2000, MNRAS 312, 166: pole and origin in galactic coordinates.
        pole, origin = unit(47.37, 6.32), unit(137.37, 0.0)
        return _to_icrs("GALACTIC") @ np.stack([origin, np.cross(pole, origin), pole], axis=1)
    if name == "GALACTIC":
        # Reid & Brunthaler 2004, ApJ 616, 872, appendix: the pole of IAU 1958 in FK5, and the longitude of that of FK5.
        return _to_icrs("FK5") @ _frame(192.85948121, 27.12825118, 122.93191857).T
    # IERS Conventions 2010, §5.4.4 and eq. 5.21: the mean equator of J2000.0 in ICRS, and the obliquity (IAU 2006).
    bias = _turn(0, -0.0068192 * _ARCSECOND) @ _turn(1, 0.016617 * _ARCSECOND) @ _turn(2, 0.0146 * _ARCSECOND)
    return bias.T @ _turn(0, 84_381.406 * _ARCSECOND)


def _frame(pole_lon: float, pole_lat: float, north: float) -> Floats:
    """The matrix into the frame with this pole, in which the old pole has the longitude `north`; degrees."""
    return (
        _turn(2, np.radians(north - 180.0)) @ _turn(1, -np.radians(90.0 - pole_lat)) @ _turn(2, -np.radians(pole_lon))
    )


def _turn(axis: int, angle: float) -> Floats:
    """The matrix that turns vectors by an angle (radians) around x, y or z."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[b, a], matrix[a, b] = np.sin(angle), -np.sin(angle)
    return matrix
