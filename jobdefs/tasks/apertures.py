"""Where the events of a source and of its background are taken from: regions of an event list, and their areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vo.errors import AthanorError
from vo.skyregions import Region, parse_region
from vo.skyshapes import make_shape

from .camera import CAMERAS, Camera, instrument_of_file
from .detector import Detector, find_detector
from .filespec import file_and_block
from .fitscards import Header
from .fitsio import Table, open_fits
from .regions import PlaneShape, check_overlap, condition, contains, outline_box, plane_shapes
from .reporting import Reporter, TaskError
from .skyplane import SkyPlane, sky_plane

__all__ = ["Aperture", "EventList", "annulus", "aperture", "background_region", "read_event_list", "warn_of_overlap"]

HALF = 0.5
"""Share of a region's area that is on the detector, below which there is a warning."""


@dataclass(frozen=True, slots=True)
class EventList:
    """An event list of an EPIC camera in an imaging mode, without its events.

    Parameters
    ----------
    table
        As tasks take it: ``file`` or ``file:BLOCK``.
    name
        The file.
    """

    table: str
    name: str
    camera: Camera
    plane: SkyPlane
    detector: Detector
    primary: Header
    header: Header

    def text(self, keyword: str) -> str:
        """The value of a keyword of the table or of the primary header."""
        return self.header.text(keyword) or self.primary.text(keyword)


@dataclass(frozen=True, slots=True)
class Aperture:
    """A region of one event list.

    Parameters
    ----------
    region
        As the user gave it.
    shapes
        In sky pixels.
    area, whole_area
        In sky pixels: where events can be, and of the whole region.
    """

    region: Region
    shapes: tuple[PlaneShape, ...]
    area: float
    whole_area: float

    @property
    def condition(self) -> str:
        """The condition that its events fulfil, in SAS's selection language."""
        return condition(self.shapes)


def read_event_list(text: str, *, clean: bool) -> EventList:
    """The event list that a parameter names.

    Parameters
    ----------
    clean
        Whether only events with FLAG 0 will be taken; see `jobdefs.tasks.detector.find_detector`.

    Raises
    ------
    TaskError
        It is of no EPIC camera (`NotEpic`), has no sky coordinates or no events (`NoSkyCoordinates`, `NoInputEvents`),
        or can't be read.
    """
    try:
        path, block = file_and_block(text)
        with open_fits(path) as file:
            instrument = instrument_of_file(file, block)
            table = file.table(file.find(block))
            plane = _plane(table, path)
            if not table.length:
                raise TaskError("NoInputEvents", f"{path} has no events.")
            detector = find_detector(table, instrument, clean=clean)
            return EventList(
                text, path, CAMERAS[instrument], plane, detector, file.hdus[0].header, table.header
            )  # fmt: skip
    except TaskError:
        raise
    except AthanorError as error:
        raise TaskError("DatasetError", str(error)) from error


def aperture(events: EventList, region: Region, *, parameter: str, reporter: Reporter) -> Aperture:
    """A region of an event list.

    Parameters
    ----------
    parameter
        The one that gives the region, for messages.

    Raises
    ------
    TaskError
        `RegionOutside`: no part of it can hold events.
    """
    shapes = plane_shapes(region, events.plane)
    where = {"parameter": parameter, "file": events.name, "plane": events.plane}
    check_overlap(shapes, events.detector.field, **where)
    area, whole = events.detector.area(shapes)
    if not area:
        raise TaskError(
            "RegionOutside",
            f"{parameter} lies on no working pixel of {events.name}: in a gap between chips, outside the field of "
            "view, or excluded.",
        )
    if not events.detector.is_known:
        reporter.warning(
            "GeometricArea",
            f"{events.name} does not tell where its chips lie; the area of {parameter} is that of the figure.",
        )
    elif area < HALF * whole:
        reporter.warning("RegionCut", f"only {100 * area / whole:.0f} % of {parameter} lies on working pixels.")
    return Aperture(region, shapes, area, whole)


def background_region(
    source: Region, background: str, exclude: str, *, events: EventList, factors: tuple[float, float]
) -> Region:
    """The region of the background.

    Parameters
    ----------
    background
        Text of a region; empty for an annulus about the source.
    exclude
        Text of a region that is left out; empty for none.
    factors
        Inner and outer radius of the annulus in units of the source's radius.

    Raises
    ------
    TaskError
        `ExcludedRegion`: what is to be left out has parts that are left out themselves.
    """
    chosen = parse_region(background) if background else annulus(source, events.plane, factors)
    left_out = parse_region(exclude).shapes if exclude else ()
    if any(shape.excluded for shape in left_out):
        raise TaskError("ExcludedRegion", "exclude: give the shapes that are to be left out, without NOT or -.")
    more = (make_shape(item.kind, item.numbers, excluded=True, physical=item.physical) for item in left_out)
    return Region((*chosen.shapes, *more))


def annulus(source: Region, plane: SkyPlane, factors: tuple[float, float]) -> Region:
    """An annulus about a region's bounding circle.

    Raises
    ------
    TaskError
        `BadRadius`: the outer radius is not larger than the inner.
    """
    inner, outer = factors
    if inner >= outer:
        raise TaskError(
            "BadRadius", f"outerfactor={outer:g} must be larger than innerfactor={inner:g}, for there to be an annulus."
        )
    if source.is_physical:
        shapes = plane_shapes(source, plane)
        low_x, high_x, low_y, high_y = outline_box(shapes)
        middle = ((low_x + high_x) / 2, (low_y + high_y) / 2)
        radius = max(high_x - low_x, high_y - low_y) / 2
        if len(shapes) > 1 or shapes[0].name != "circle":
            radius = float(np.hypot(high_x - low_x, high_y - low_y)) / 2
        middle, radius = (round(middle[0], 3), round(middle[1], 3)), round(radius, 3)
    else:
        *middle, radius = source.bounding_circle()
    numbers = (*middle, inner * radius, outer * radius)
    return Region((make_shape("annulus", numbers, physical=source.is_physical),))


def warn_of_overlap(source: Aperture, background: Aperture, reporter: Reporter) -> None:
    """Warn where source and background have a place in common."""
    if _overlap(source.shapes, background.shapes):
        reporter.warning("RegionOverlap", "the background region holds a part of the source region.")


def _overlap(first: Sequence[PlaneShape], second: Sequence[PlaneShape]) -> bool:
    box = outline_box(first)
    x, y = np.meshgrid(np.linspace(box[0], box[1], 101), np.linspace(box[2], box[3], 101))
    both = contains(first, x.ravel(), y.ravel()) & contains(second, x.ravel(), y.ravel())
    # Borders that touch, as those of a circle and of an annulus about it may, are no overlap.
    return bool(both.sum() > 0.002 * both.size)


def _plane(table: Table, path: str) -> SkyPlane:
    columns = table.columns
    plane = sky_plane(table.header, columns["X"], columns["Y"]) if {"X", "Y"} <= set(columns) else None
    if plane is None:
        raise TaskError(
            "NoSkyCoordinates",
            f"{path} has no sky coordinates (columns X, Y and keywords REFXCRVL, …); an event list of an imaging mode "
            "is needed.",
        )
    return plane
