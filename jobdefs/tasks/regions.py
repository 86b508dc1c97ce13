"""Sky regions in the sky pixels (columns X, Y) of an event list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vo.skyregions import Region
from vo.skyshapes import SkyShape
from vo.sphere import lonlat, unit
from vo.wording import plain

from .reporting import TaskError
from .selectlib.figures import Figure, make_figure
from .skyplane import SkyPlane

__all__ = ["PlaneShape", "check_overlap", "condition", "contains", "outline_box", "plane_shapes", "selection"]

_STEP = 1e-4
"""Length in radians of the step by which directions on the sky are found in the plane."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlaneShape:
    """A shape in sky pixels.

    Parameters
    ----------
    name, numbers
        Figure of the selection language and its constants; boxes and ellipses have half widths.
    excluded
        Whether the region is without it.
    """

    name: str
    numbers: tuple[float, ...]
    excluded: bool = False

    @property
    def text(self) -> str:
        """The condition, such as ``((X,Y) IN CIRCLE(24120,23560,600))``."""
        inside = f"((X,Y) IN {self.name.upper()}({','.join(map(plain, self.numbers))}))"
        return f"!{inside}" if self.excluded else inside

    @property
    def figure(self) -> Figure:
        """What tells which points lie inside."""
        return make_figure(self.name, self.numbers)


def selection(region: Region, plane: SkyPlane) -> str:
    """The condition, in SAS's selection language, that events within a region fulfil.

    Parameters
    ----------
    plane
        Of the event list's columns X and Y.

    Returns
    -------
    str
        For instance ``((X,Y) IN CIRCLE(27671.939,24896.105,1011.9646))``; shapes are joined by ``||``, excluded ones by
        ``&& !``.

    Raises
    ------
    TaskError
        The region lies 90 degrees or more away, or the plane is no tangent plane.
    """
    return condition(plane_shapes(region, plane))


def condition(shapes: Sequence[PlaneShape]) -> str:
    """The same of shapes that are in sky pixels already."""
    included = " || ".join(shape.text for shape in shapes if not shape.excluded)
    several = sum(not shape.excluded for shape in shapes) > 1
    excluded = [shape.text for shape in shapes if shape.excluded]
    return " && ".join([f"({included})" if several else included, *excluded])


def plane_shapes(region: Region, plane: SkyPlane) -> tuple[PlaneShape, ...]:
    """The shapes of a region in sky pixels, to 0.001 of them; those that are given so stay as they are."""
    return tuple(_plane_shape(shape, plane) for shape in region.shapes)


def contains(shapes: Sequence[PlaneShape], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which places (X, Y) lie in a shape that is not excluded, and in none that is."""
    inside = np.zeros(x.shape, dtype=bool)
    for shape in shapes:
        if not shape.excluded:
            inside |= shape.figure.inside(x, y)
    for shape in shapes:
        if shape.excluded:
            inside &= ~shape.figure.inside(x, y)
    return inside


def outline_box(shapes: Sequence[PlaneShape]) -> Box:
    """Lowest and highest X, lowest and highest Y of what is not excluded."""
    boxes = np.array([shape.figure.box for shape in shapes if not shape.excluded])
    return (
        float(boxes[:, 0].min()), float(boxes[:, 1].max()), float(boxes[:, 2].min()), float(boxes[:, 3].max())
    )  # fmt: skip


def check_overlap(shapes: Sequence[PlaneShape], field: Box, *, parameter: str, file: str, plane: SkyPlane) -> None:
    """Check that a region reaches into the field of an event list.

    Parameters
    ----------
    field
        Lowest and highest X, lowest and highest Y of the events.
    parameter, file
        Named by the error.

    Raises
    ------
    TaskError
        `RegionOutside`: it does not.
    """
    box = outline_box(shapes)
    if box[0] <= field[1] and box[1] >= field[0] and box[2] <= field[3] and box[3] >= field[2]:
        return
    middle = ((field[0] + field[1]) / 2, (field[2] + field[3]) / 2)
    ra, dec = plane.position(*middle)
    away = math.hypot((box[0] + box[1]) / 2 - middle[0], (box[2] + box[3]) / 2 - middle[1]) * abs(plane.y.step)
    raise TaskError(
        "RegionOutside",
        f"{parameter} lies outside the field of {file}: its middle is {away * 60:.1f} arcmin from that of the field, "
        f"ra {ra:.4f}, dec {dec:.4f} (X {middle[0]:.0f}, Y {middle[1]:.0f}).",
    )


def _plane_shape(shape: SkyShape, plane: SkyPlane) -> PlaneShape:
    numbers = list(shape.numbers)
    if not shape.physical:
        numbers = _projected(shape, plane)
    if shape.kind == "box":
        numbers[2:4] = [side / 2 for side in numbers[2:4]]
    return PlaneShape(shape.kind, tuple(numbers), shape.excluded)


def _projected(shape: SkyShape, plane: SkyPlane) -> list[float]:
    numbers = shape.numbers
    if shape.kind == "polygon":
        corners = (plane.pixel(*pair) for pair in zip(numbers[0::2], numbers[1::2], strict=True))
        return [round(value, 3) for corner in corners for value in corner]
    x, y = plane.pixel(*numbers[:2])
    sizes = [number / abs(plane.y.step) for number in numbers[2:4]]
    angles = [_turned(shape, plane)] if len(numbers) == 5 else []
    return [round(value, 3) + 0.0 for value in (x, y, *sizes, *angles)]


def _turned(shape: SkyShape, plane: SkyPlane) -> float:
    """The angle in the plane, counter-clockwise from X to the shape's first axis, in degrees."""
    ra, dec, angle = shape.numbers[0], shape.numbers[1], math.radians(shape.numbers[4])
    along = -math.cos(angle) * unit(ra + 90.0, 0.0) + math.sin(angle) * unit(ra, dec + 90.0)
    x, y = plane.pixel(ra, dec)
    far_x, far_y = plane.pixel(*map(float, lonlat(unit(ra, dec) + _STEP * along)))
    return math.degrees(math.atan2(far_y - y, far_x - x)) % 180
