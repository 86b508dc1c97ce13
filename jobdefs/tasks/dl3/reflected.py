"""Regions of the background at the source's own distance from the pointing, where the camera is as sensitive.

Source: Berge, Funk & Hinton 2007, A&A 466, 1219, section 4.3 (reflected regions).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vo.sphere import distance, lonlat, unit

__all__ = ["Cone", "inside", "reflected_cones"]

STEP = math.radians(0.5)
"""By how much a region is moved on along the ring where it would lie in something that is left out."""


@dataclass(frozen=True, slots=True)
class Cone:
    """A circle on the sky: position and radius in degrees."""

    ra: float
    dec: float
    radius: float

    def touches(self, other: Cone) -> bool:
        """Whether the two overlap."""
        return float(distance(self.ra, self.dec, other.ra, other.dec)) < self.radius + other.radius

    @property
    def text(self) -> str:
        """As DS9 writes it."""
        return f"circle({self.ra:.6f},{self.dec:.6f},{self.radius:.6f})"


def inside(cones: Sequence[Cone], ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Which positions, in degrees, lie in one of the circles."""
    found = np.zeros(len(ra), dtype=bool)
    for cone in cones:
        found |= distance(cone.ra, cone.dec, ra, dec) <= cone.radius
    return found


def reflected_cones(pointing: tuple[float, float], on: Cone, left_out: Sequence[Cone], gap: float) -> list[Cone]:
    """As many circles like `on` as fit on its ring around the pointing.

    Parameters
    ----------
    pointing
        Degrees.
    left_out
        What no region may touch; the region of the source is always such.
    gap
        Degrees by which the regions stay away from that of the source.

    Returns
    -------
    list
        None where the pointing lies in the region of the source itself.
    """
    away = float(distance(*pointing, on.ra, on.dec))
    if away <= on.radius or away + on.radius >= 90:
        return []
    half = math.asin(min(math.sin(math.radians(on.radius)) / math.sin(math.radians(away)), 1.0))
    kept_free = [*left_out, Cone(on.ra, on.dec, on.radius + gap)]
    cones: list[Cone] = []
    turned = 2 * half
    while turned <= 2 * math.pi - 2 * half + 1e-12:
        cone = _turned(pointing, on, turned)
        if any(cone.touches(other) for other in kept_free):
            turned += STEP
        else:
            cones.append(cone)
            turned += 2 * half + 1e-9
    return cones


def _turned(pointing: tuple[float, float], on: Cone, angle: float) -> Cone:
    """The circle turned around the pointing (Rodrigues' rotation)."""
    axis, start = unit(*pointing), unit(on.ra, on.dec)
    vector = (
        start * math.cos(angle)
        + np.cross(axis, start) * math.sin(angle)
        + axis * (axis @ start) * (1 - math.cos(angle))
    )
    ra, dec = lonlat(vector)
    return Cone(float(ra), float(dec), on.radius)
