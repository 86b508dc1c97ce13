"""One shape of a sky region: circle, annulus, ellipse, box or polygon.

Angles of ellipses and boxes are those of DS9: degrees from the parallel (of physical shapes: from the X axis) to the
shape's first axis, counter-clockwise on a picture with north up and east to the left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vo.errors import UsageError
from vo.frames import rotation
from vo.regions import area, bounding_cone
from vo.shapes import checked
from vo.sphere import lonlat, unit
from vo.wording import plain

__all__ = ["KINDS", "SkyShape", "make_shape", "to_icrs"]

KINDS = {
    "circle": "ra, dec, radius",
    "annulus": "ra, dec, inner radius, outer radius",
    "ellipse": "ra, dec, half axis, other half axis, angle",
    "box": "ra, dec, width, height, angle",
    "polygon": "ra, dec of each of three or more corners",
}
"""The shapes, and the numbers that each takes; the angle may be left out."""

_SIZES = {"circle": slice(2, 3), "annulus": slice(2, 4), "ellipse": slice(2, 4), "box": slice(2, 4)}
_LARGEST = 60.0
"""Degrees: shapes that reach farther from their centre fit no tangent plane."""

_FLAT = 1e-9
"""A polygon with less area than this times the square of its radius lies on a line."""


@dataclass(frozen=True, slots=True)
class SkyShape:
    """A shape on the sky, or in the sky pixels of an event list.

    Parameters
    ----------
    kind
        One of `KINDS`.
    numbers
        ICRS degrees, in the order of `KINDS`, the angle always there; of a physical shape, X and Y in its units.
    excluded
        Whether the region is without it.
    physical
        Whether the numbers are sky pixels.
    """

    kind: str
    numbers: tuple[float, ...]
    excluded: bool = False
    physical: bool = False

    @property
    def text(self) -> str:
        """The canonical text, such as ``CIRCLE 150.1 2.2 0.01``, ``NOT BOX …`` or ``PHYSICAL CIRCLE …``."""
        words = ["NOT"] * self.excluded + ["PHYSICAL"] * self.physical + [self.kind.upper()]
        return " ".join([*words, *map(plain, self.numbers)])

    def cone(self) -> tuple[NDArray[np.float64], float]:
        """A cone that holds a celestial shape: unit vector of its axis, and radius in degrees."""
        if self.kind == "polygon":
            x, y, z, radius = bounding_cone(self.numbers)
            return np.array([x, y, z], dtype=float), float(radius)
        return unit(*self.numbers[:2]), _reach(self.kind, self.numbers)


def make_shape(kind: str, numbers: Sequence[float], *, excluded: bool = False, physical: bool = False) -> SkyShape:
    """A shape, if it is one, with its numbers in canonical form.

    Parameters
    ----------
    numbers
        As in `SkyShape`; the angle may be missing.

    Raises
    ------
    vo.errors.UsageError
        When the numbers make no such shape.
    """
    numbers = _completed(kind, numbers)
    if not all(map(math.isfinite, numbers)):
        raise UsageError("Coordinates of a region must be finite numbers.")
    if (
        any(size <= 0 for size in _sizes(kind, numbers)[kind == "annulus" :])
        or min(_sizes(kind, numbers), default=0) < 0
    ):
        raise UsageError(f"A size of the {kind} is 0 or less; sizes must be greater than 0.")
    if kind == "annulus" and numbers[2] >= numbers[3]:
        raise UsageError("The inner radius of an annulus must be smaller than its outer radius.")
    if not physical:
        numbers = _celestial(kind, numbers)
    if kind in ("ellipse", "box"):
        numbers = (*numbers[:4], round(numbers[4] % 180, 9) % 180)
    if kind == "polygon" and _is_flat(numbers, physical):
        raise UsageError("The corners of the polygon lie on one line: it has no area.")
    return SkyShape(kind, tuple(number + 0.0 for number in numbers), excluded, physical)


def to_icrs(frame: str, kind: str, numbers: Sequence[float]) -> tuple[float, ...]:
    """The numbers of a shape that were given in another frame of `vo.frames`."""
    numbers = _completed(kind, numbers)
    matrix = rotation(frame, "ICRS")
    places = len(numbers) if kind == "polygon" else 2
    turned = unit(numbers[0:places:2], numbers[1:places:2]) @ matrix.T
    result = [float(value) for pair in zip(*lonlat(turned), strict=True) for value in pair]
    rest = list(numbers[places:])
    if kind in ("ellipse", "box"):
        old_north = unit(numbers[0], numbers[1] + 90.0) @ matrix.T
        east, north = unit(result[0] + 90.0, 0.0), unit(result[0], result[1] + 90.0)
        # The old north stands at this angle from the new one, towards east; DS9's angles run the same way.
        rest[2] += math.degrees(math.atan2(float(old_north @ east), float(old_north @ north)))
    return (*result, *rest)


def _completed(kind: str, numbers: Sequence[float]) -> tuple[float, ...]:
    """The numbers with the angle 0 where it was left out."""
    count = len(numbers)
    wanted = {"circle": (3,), "annulus": (4,), "ellipse": (4, 5), "box": (4, 5)}.get(kind)
    if count not in wanted if wanted else (count < 6 or count % 2):
        raise UsageError(f"{count} numbers make no {kind}: it takes {KINDS[kind]}.")
    return (*map(float, numbers), 0.0) if kind in ("ellipse", "box") and count == 4 else tuple(map(float, numbers))


def _sizes(kind: str, numbers: Sequence[float]) -> Sequence[float]:
    return numbers[_SIZES[kind]] if kind in _SIZES else ()


def _reach(kind: str, numbers: Sequence[float]) -> float:
    """Degrees from the centre to the farthest point."""
    sizes = _sizes(kind, numbers)
    if kind != "box":
        return max(sizes)
    return math.degrees(math.atan(math.hypot(*(math.tan(math.radians(side / 2)) for side in sizes))))


def _celestial(kind: str, numbers: tuple[float, ...]) -> tuple[float, ...]:
    """Longitudes within 0 to 360 degrees, everything to a tenth of a nanodegree (0.36 µas)."""
    places = len(numbers) if kind == "polygon" else 2
    for lon, lat in zip(numbers[0:places:2], numbers[1:places:2], strict=True):
        if not -360 <= lon <= 360:
            raise UsageError(f"The right ascension {plain(lon)} lies outside 0 to 360 degrees.")
        if abs(lat) > 90:
            raise UsageError(f"The declination {plain(lat)} lies outside -90 to 90 degrees.")
    if any(side >= 180 for side in _sizes(kind, numbers)):
        raise UsageError(f"The {kind} is larger than half the sky.")
    rounded = [round(number, 10) for number in numbers]
    for place in range(0, places, 2):
        rounded[place] = round(rounded[place] % 360, 10) % 360
    reach = float(bounding_cone(checked(rounded))[3]) if kind == "polygon" else _reach(kind, rounded)
    if reach > _LARGEST:
        raise UsageError(f"The {kind} reaches {reach:.0f} degrees from its centre; {_LARGEST:.0f} are allowed.")
    if not all(_sizes(kind, rounded)[kind == "annulus" :]):
        raise UsageError(f"The {kind} is smaller than a microarcsecond.")
    return tuple(rounded)


def _is_flat(numbers: Sequence[float], physical: bool) -> bool:
    x, y = np.array(numbers[0::2]), np.array(numbers[1::2])
    if not physical:
        return float(area(numbers)) <= _FLAT * float(bounding_cone(numbers)[3]) ** 2
    x, y = x - x.mean(), y - y.mean()
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) <= _FLAT * float(np.max(x**2 + y**2))
