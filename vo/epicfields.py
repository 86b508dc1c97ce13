"""The fields of view of the EPIC cameras in camera coordinates.

DETX and DETY are in steps of 0.05 arcsec about the optical axis. The outlines are a field of view of about 15 arcmin
radius, as the XMM-ESAS task suite uses it, and inside it the chips; those of pn were fitted to the counts of a real
image.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DET_STEP", "FIELDS_OF_VIEW", "Box", "FieldOfView"]

DET_STEP = 0.05
"""One step of DETX, DETY, X and Y in arc seconds."""

Box = tuple[float, float, float, float]
"""Smallest and largest DETX, smallest and largest DETY."""


@dataclass(frozen=True)
class FieldOfView:
    """A circle in camera coordinates, and boxes about its centre whose union is the outline of the chips."""

    x: float
    y: float
    radius: float
    chips: tuple[Box, ...]


def _box(half_width: float, half_height: float) -> Box:
    return (-half_width, half_width, -half_height, half_height)


FIELDS_OF_VIEW = {
    "EPN": FieldOfView(-2200.0, -1110.0, 17_980.0, ((-16_260.0, 15_410.0, -16_545.0, 16_295.0),)),
    "EMOS1": FieldOfView(100.0, -200.0, 17_700.0, (_box(19_905.0, 6_650.0), _box(13_255.0, 19_905.0))),
    "EMOS2": FieldOfView(0.0, -70.0, 17_700.0, (_box(6_650.0, 19_905.0), _box(19_905.0, 13_255.0))),
}
"""What each camera sees in its full-frame modes."""
