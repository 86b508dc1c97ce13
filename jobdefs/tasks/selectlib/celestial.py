"""Figures on the sky as figures in sky pixels (evselect manual, Filtering stage: celestial coordinates).

The projection is that of the table's columns X and Y: keywords REFXCTYP, REFXCRPX, REFXCRVL, REFXCDLT and their Y
fellows (XMM-Newton), or TCTYPn, TCRPXn, TCRVLn, TCDLTn of the two columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vo.errors import UsageError

__all__ = ["CELESTIAL", "Projection", "find_projection"]

CELESTIAL = {"circle": (2,), "annulus": (2, 3), "box": (2, 3)}
"""Figures that may be given in right ascension and declination, with the places of their sizes."""


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
            For a position that is 90 degrees or more away.
        """
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

    def figure(self, name: str, numbers: Sequence[float]) -> tuple[float, ...]:
        """The constants of a figure in sky pixels, from those in degrees.

        Raises
        ------
        vo.errors.UsageError
            For a figure that can't be given on the sky.
        """
        if name not in CELESTIAL:
            raise UsageError(f"On the sky only {', '.join(CELESTIAL)} are known, not {name}.")
        result = [float(number) for number in numbers]
        result[0:2] = self.to_pixels(result[0], result[1])
        for place in CELESTIAL[name]:
            axis = 1 if name == "box" and place == 3 else 0
            result[place] /= abs(self.step[axis])
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
    pixel, value, step = (
        tuple(float(header[key.format(part)]) for key in keys)  # type: ignore[arg-type]
        for part in ("RPX", "RVL", "DLT")
    )
    return Projection(by_upper["X"], by_upper["Y"], pixel, value, step)


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
