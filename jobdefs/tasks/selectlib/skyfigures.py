"""Figures of tables with columns RA and DEC in degrees: circles and annuli on the sphere, others in a tangent plane.

The plane touches the sphere at the figure's centre (of a polygon or rectangle: the mean of its corners), so that the
edges of polygons are great circles. Its first axis runs to the west, as the sky pixels X of XMM-Newton do.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vo.errors import UsageError

from .figures import Figure, make_figure

__all__ = ["PREFIX", "make_sky_figure"]

PREFIX = "sky "
"""What the name of a figure on the sphere begins with in a tree."""

_EVERYWHERE = (-math.inf, math.inf, -math.inf, math.inf)
_COST = 60
_SLACK = 1e-9


def make_sky_figure(name: str, numbers: tuple[float, ...]) -> Figure:
    """The figure of that name, for right ascension and declination in degrees.

    Parameters
    ----------
    name
        As in `vocabulary.SHAPES`.
    numbers
        All its constants, in degrees.

    Raises
    ------
    vo.errors.UsageError
        For a figure that can't be given on the sky.
    """
    if name == "line":
        raise UsageError("On the sky a line has no width: no row can lie on it.", hint="Use a box or a polygon.")
    if any(not -90 <= dec <= 90 for _, dec in _positions(name, numbers)):
        raise UsageError("A declination must lie between -90 and 90 degrees.")
    if name in _ROUND:
        return _ROUND[name](*numbers)
    positions = _positions(name, numbers)
    plane = _Plane(*_middle(positions))
    placed = [value for position in positions for value in plane.place(*position)]
    if name == "rectangle":
        placed = [min(placed[0::2]), min(placed[1::2]), max(placed[0::2]), max(placed[1::2])]
    figure = make_figure(name, (*placed, *numbers[len(placed) :]))

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v, near = plane.project(x, y)
        return near & figure.inside(u, v)

    return Figure(inside, plane.band(figure.box), cost=_COST + figure.cost)


def _positions(name: str, numbers: tuple[float, ...]) -> list[tuple[float, float]]:
    count = {"polygon": len(numbers) // 2, "polygon2": len(numbers) // 2, "rectangle": 2}.get(name, 1)
    return list(zip(numbers[0 : 2 * count : 2], numbers[1 : 2 * count : 2], strict=True))


def _middle(positions: list[tuple[float, float]]) -> tuple[float, float]:
    """The direction of the mean of the positions' unit vectors."""
    if len(positions) == 1:
        return positions[0]
    lon, lat = np.radians(np.array(positions)).T
    x, y, z = (np.cos(lat) * np.cos(lon)).sum(), (np.cos(lat) * np.sin(lon)).sum(), np.sin(lat).sum()
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


class _Plane:
    """The plane that touches the sphere at a position (degrees)."""

    def __init__(self, ra: float, dec: float) -> None:
        self.ra = ra
        self.dec = dec
        self._sine, self._cosine = math.sin(math.radians(dec)), math.cos(math.radians(dec))

    def project(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Degrees to the west and to the north in the plane, and which positions are on this half of the sphere."""
        lon, lat = np.radians(x - self.ra), np.radians(y)
        depth = self._sine * np.sin(lat) + self._cosine * np.cos(lat) * np.cos(lon)
        near = depth > 0
        depth = np.where(near, depth, 1.0)
        west = np.degrees(-np.cos(lat) * np.sin(lon) / depth)
        north = np.degrees((self._cosine * np.sin(lat) - self._sine * np.cos(lat) * np.cos(lon)) / depth)
        return west, north, near

    def place(self, ra: float, dec: float) -> tuple[float, float]:
        """A corner's place in the plane."""
        if (ra, dec) == (self.ra, self.dec):
            return 0.0, 0.0
        west, north, near = self.project(np.array([ra]), np.array([dec]))
        if not near[0]:
            raise UsageError("The corners of the figure are more than 90 degrees from its middle.")
        return float(west[0]), float(north[0])

    def band(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """The range of declinations that a figure with this box in the plane can reach."""
        if any(math.isinf(bound) for bound in box):
            return _EVERYWHERE
        return _cap(self.dec, math.hypot(max(map(abs, box[:2])), max(map(abs, box[2:]))))


def _cap(dec: float, radius: float) -> tuple[float, float, float, float]:
    return -math.inf, math.inf, dec - radius - _SLACK, dec + radius + _SLACK


def _separation(x: np.ndarray, y: np.ndarray, ra: float, dec: float) -> np.ndarray:
    """Great-circle distance in degrees (haversine formula)."""
    lon, lat = np.radians(x - ra), np.radians(y)
    lat0 = math.radians(dec)
    square = np.sin((lat - lat0) / 2) ** 2 + math.cos(lat0) * np.cos(lat) * np.sin(lon / 2) ** 2
    return np.degrees(2 * np.arcsin(np.sqrt(np.clip(square, 0, 1))))


def _circle(ra: float, dec: float, radius: float) -> Figure:
    return Figure(lambda x, y: _separation(x, y, ra, dec) <= radius, _cap(dec, radius), cost=_COST)


def _annulus(ra: float, dec: float, inner: float, outer: float) -> Figure:
    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        distance = _separation(x, y, ra, dec)
        return (distance >= inner) & (distance <= outer)

    return Figure(inside, _cap(dec, outer), cost=_COST)


def _point(ra: float, dec: float) -> Figure:
    return Figure(lambda x, y: (np.mod(x - ra, 360) == 0) & (y == dec), (-math.inf, math.inf, dec, dec))


_ROUND: dict[str, Callable[..., Figure]] = {"circle": _circle, "annulus": _annulus, "point": _point}
