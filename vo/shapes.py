"""What makes a shape: the checks that every region given by a user passes, and boxes as polygons."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo.errors import UsageError
from vo.sphere import angle, lonlat, unit

__all__ = ["TOLERANCE", "box", "boxes", "checked", "parse_shape"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

TOLERANCE = 1e-12
"""Degrees within which two places are one: 3.6 nanoarcseconds, some ten times the rounding of coordinates."""


def checked(shape: Iterable[float]) -> tuple[float, ...]:
    """One shape as a tuple, if it is one.

    Raises
    ------
    UsageError
        When the number of coordinates fits no shape, a coordinate is not finite, a latitude lies outside -90 to 90
        degrees or a radius outside 0 to 180 degrees, or two vertices that follow each other are antipodes.
    """
    values = tuple(map(float, shape))
    count = len(values)
    if count not in (2, 3) and (count < 6 or count % 2):
        raise UsageError(
            f"{count} coordinates make no region: a point has 2, a circle 3 (longitude, latitude, radius), "
            "a polygon 6 or more in pairs."
        )
    if not all(map(math.isfinite, values)):
        raise UsageError("Coordinates of a region must be finite numbers.")
    if count == 3 and not 0 <= values[2] <= 180.0:
        raise UsageError(f"The radius {values[2]:g} lies outside 0 to 180 degrees.")
    for lat in values[1:2] if count == 3 else values[1::2]:
        if abs(lat) > 90:
            raise UsageError(f"The latitude {lat:g} lies outside -90 to 90 degrees.")
    if count >= 6:
        vertices = unit(values[0::2], values[1::2])
        if (angle(vertices, np.roll(vertices, -1, axis=0)) > np.pi - np.radians(TOLERANCE)).any():
            raise UsageError("Two vertices that follow each other are antipodes: no edge joins them.")
    return values


def parse_shape(text: str, kind: str) -> tuple[float, ...]:
    """The shape that a text has as DALI writes it (DALI 1.1 §3.3): coordinates in degrees with spaces between them.

    Parameters
    ----------
    kind
        POINT, CIRCLE or POLYGON.

    Raises
    ------
    UsageError
        When the text is no such shape.
    """
    words = text.split()
    if not all(map(_NUMBER.fullmatch, words)):
        raise UsageError(f"{text!r} is no {kind}: it must be numbers with spaces between them, such as '10.5 -20.1'.")
    count = len(words)
    if not {"POINT": count == 2, "CIRCLE": count == 3, "POLYGON": count >= 6}[kind]:
        raise UsageError(
            f"{count} coordinates make no {kind}: a POINT has 2, a CIRCLE 3 (longitude, latitude, radius), "
            "a POLYGON 6 or more in pairs."
        )
    return checked(map(float, words))


def box(lon: float, lat: float, width: float, height: float) -> tuple[float, ...]:
    """The polygon of a box (ADQL 2.1 §4.2.9).

    A cross is centred on (lon, lat), its arms parallel there to the axes and `width` and `height` long (degrees, below
    180); the sides are great circles through the ends of the arms, at right angles to them.

    Raises
    ------
    UsageError
        When a side is negative or 180 degrees or more, or the latitude lies outside -90 to 90 degrees.
    """
    for side, name in ((width, "width"), (height, "height")):
        if not 0 <= side < 180.0:
            raise UsageError(f"The {name} {side:g} of a box lies outside 0 to 180 degrees.")
    if not abs(lat) <= 90:
        raise UsageError(f"The latitude {lat:g} lies outside -90 to 90 degrees.")
    return tuple(boxes(lon, lat, width, height).tolist())


def boxes(lon: ArrayLike, lat: ArrayLike, width: ArrayLike, height: ArrayLike) -> NDArray[np.float64]:
    """Many boxes as `box` makes them, an array of shape (..., 8); NaN for what is no box."""
    lon, lat, width, height = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (lon, lat, width, height))
    )
    good = (np.minimum(width, height) >= 0) & (np.maximum(width, height) < 180.0) & (np.abs(lat) <= 90)
    centre, east = unit(lon, lat), unit(lon + 90.0, np.zeros(lon.shape))
    north = np.cross(centre, east)
    x, y = (np.tan(np.radians(np.where(good, side, 0.0) / 2))[..., None] for side in (width, height))
    corners = [centre + a * x * east + b * y * north for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    vertices = np.stack(lonlat(np.stack(corners, axis=-2)), axis=-1).reshape(*lon.shape, 8)
    return np.where(good[..., None], vertices, np.nan)
