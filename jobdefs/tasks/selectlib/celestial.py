"""Figures on the sky as figures in sky pixels (evselect manual, Filtering stage: celestial coordinates).

The projection is that of the table's columns X and Y: keywords REFXCTYP, REFXCRPX, REFXCRVL, REFXCDLT and their Y
fellows (XMM-Newton), or TCTYPn, TCRPXn, TCRVLn, TCDLTn of the two columns. Positions are projected, sizes are divided
by the size of a pixel, and angles stay: counter-clockwise from the column X, which runs to the west.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vo.errors import UsageError

__all__ = ["Projection", "find_projection"]

_SIZES: dict[str, tuple[tuple[int, int], ...]] = {
    "circle": ((2, 0),),
    "annulus": ((2, 0), (3, 0)),
    "ellipse": ((2, 0), (3, 1)),
    "elliptannulus": ((2, 0), (3, 1), (4, 0), (5, 1)),
    "box": ((2, 0), (3, 1)),
    "rhombus": ((2, 0), (3, 1)),
}
"""Places of a figure's sizes, and the axis along which each lies (0 for x, 1 for y)."""

_CORNERS = {"line": 2, "rectangle": 2}
"""Figures with more positions than a centre; those of polygons are all their numbers."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A gnomonic projection (TAN) without rotation: reference pixel, position and pixel size on both axes.

    Parameters
    ----------
    x, y
        Names of the columns.
    pixel, value, step
        CRPIX, CRVAL (degrees) and CDELT (degrees a pixel) of both axes.
    """

    x: str
    y: str
    pixel: tuple[float, float]
    value: tuple[float, float]
    step: tuple[float, float]

    def to_pixels(self, ra: float, dec: float) -> tuple[float, float]:
        """Sky pixels of a position (degrees, in the system of the table).

        Raises
        ------
        vo.errors.UsageError
            For a position that is 90 degrees or more away, or no position.
        """
        if not -90 <= dec <= 90:
            raise UsageError(f"The declination {dec:g} is not between -90 and 90 degrees.")
        ra0, dec0 = (math.radians(value) for value in self.value)
        lon, lat = math.radians(ra) - ra0, math.radians(dec)
        depth = math.sin(dec0) * math.sin(lat) + math.cos(dec0) * math.cos(lat) * math.cos(lon)
        if depth <= 0:
            raise UsageError(f"The position {ra:g}, {dec:g} is 90 degrees or more from the pointing direction.")
        xi = math.cos(lat) * math.sin(lon) / depth
        eta = (math.cos(dec0) * math.sin(lat) - math.sin(dec0) * math.cos(lat) * math.cos(lon)) / depth
        return (
            self.pixel[0] + math.degrees(xi) / self.step[0],
            self.pixel[1] + math.degrees(eta) / self.step[1],
        )

    def to_sky(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Right ascension and declination of sky pixels, in degrees; the former may exceed 0 … 360."""
        xi = np.radians((x - self.pixel[0]) * self.step[0])
        eta = np.radians((y - self.pixel[1]) * self.step[1])
        sine, cosine = math.sin(math.radians(self.value[1])), math.cos(math.radians(self.value[1]))
        depth = cosine - eta * sine
        ra = self.value[0] + np.degrees(np.arctan2(xi, depth))
        return ra, np.degrees(np.arctan2(sine + eta * cosine, np.hypot(xi, depth)))

    def figure(self, name: str, numbers: Sequence[float]) -> tuple[float, ...]:
        """The constants of a figure in sky pixels, from those in degrees.

        Parameters
        ----------
        name
            As in `vocabulary.SHAPES`.
        """
        result = [float(number) for number in numbers]
        positions = len(result) // 2 if name.startswith("polygon") else _CORNERS.get(name, 1)
        for place in range(0, 2 * positions, 2):
            result[place : place + 2] = self.to_pixels(result[place], result[place + 1])
        for place, axis in _SIZES.get(name, ()):
            result[place] /= abs(self.step[axis])
        if name == "rectangle":
            result[0], result[2] = sorted((result[0], result[2]))
            result[1], result[3] = sorted((result[1], result[3]))
        return tuple(result)


def find_projection(header: Mapping[str, object], columns: Sequence[str]) -> Projection | None:
    """The projection of the columns X and Y, or None when the table has no sky pixels.

    Raises
    ------
    vo.errors.UsageError
        When it is another projection than TAN.
    """
    by_upper = {name.upper(): name for name in columns}
    if not {"X", "Y"} <= set(by_upper):
        return None
    keys = _keys(header)
    if keys is None:
        return None
    kinds = [str(header.get(key.format("TYP"), "")) for key in keys]
    if not all(kind.endswith("-TAN") for kind in kinds) or not kinds[0].startswith("RA"):
        raise UsageError(f"The sky pixels of the table are in the projection {' '.join(kinds)}; RA---TAN is needed.")
    pixel, value, step = (tuple(_number(header, key.format(part)) for key in keys) for part in ("RPX", "RVL", "DLT"))
    return Projection(by_upper["X"], by_upper["Y"], pixel, value, step)


def _number(header: Mapping[str, object], keyword: str) -> float:
    value = header[keyword]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{keyword}={value!r} in the header of the table is no number; its sky pixels have no place.")
    return float(value)


def _keys(header: Mapping[str, object]) -> tuple[str, str] | None:
    """Patterns of the keywords for both axes."""
    candidates = [("REFXC{}", "REFYC{}")]
    numbers = {}
    for number in range(1, int(str(header.get("TFIELDS", 0))) + 1):
        numbers[str(header.get(f"TTYPE{number}", "")).strip().upper()] = number
    if {"X", "Y"} <= set(numbers):
        candidates.append((f"TC{{}}{numbers['X']}", f"TC{{}}{numbers['Y']}"))
    for pair in candidates:
        if all(key.format(part) in header for key in pair for part in ("RPX", "RVL", "DLT")):
            return pair
    return None
