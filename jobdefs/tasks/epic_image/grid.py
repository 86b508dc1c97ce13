"""The pixels of an image of the sky, the same for all event lists of an observation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vo.errors import ParameterError
from vo.sphere import distance

from ..apertures import EventList
from ..reporting import TaskError

__all__ = ["Band", "Grid", "make_grid", "parse_bands"]

MOST_PIXELS = 4096
"""Of a side."""

MISMATCH = 0.5
"""Pixels by which corners of images that are added may lie apart."""


@dataclass(frozen=True, slots=True)
class Band:
    """A band of energy in eV: from `low` up to, but without, `high`."""

    low: int
    high: int

    @property
    def text(self) -> str:
        """In keV, for people."""
        return f"{self.low / 1000:g}–{self.high / 1000:g} keV"


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels about a position.

    Parameters
    ----------
    ra, dec
        Degrees.
    count
        Pixels of a side.
    step
        Sky pixels (of the columns X and Y) in a pixel.
    """

    ra: float
    dec: float
    count: int
    step: int

    def limits(self, events: EventList) -> tuple[int, int, int, int]:
        """Lowest and highest X and lowest and highest Y that lie in the image."""
        x, y = (round(value) - self.count * self.step // 2 for value in events.plane.pixel(self.ra, self.dec))
        width = self.count * self.step - 1
        return x, x + width, y, y + width

    def check_alike(self, lists: Sequence[EventList]) -> None:
        """See to it that a pixel is the same place in all event lists.

        Raises
        ------
        TaskError
            `GridsDiffer`: their planes touch the sky at places that are too different.
        """
        first = self._corners(lists[0])
        for events in lists[1:]:
            size = abs(events.plane.y.step) * self.step
            for one, other in zip(first, self._corners(events), strict=True):
                if float(distance(*one, *other)) > MISMATCH * size:
                    raise TaskError(
                        "GridsDiffer",
                        f"images of {lists[0].name} and {events.name} can't be added: their sky coordinates differ by "
                        "more than half a pixel at the edge; give event lists of one observation, or larger pixels.",
                    )

    def _corners(self, events: EventList) -> list[tuple[float, float]]:
        left, right, bottom, top = self.limits(events)
        return [events.plane.position(x, y) for x in (left, right) for y in (bottom, top)]


def make_grid(events: EventList, circle: tuple[float, float, float] | None, size: float, binsize: float) -> Grid:
    """The grid of an image.

    Parameters
    ----------
    circle
        What the image shows, degrees; None for the field about the middle of the event list's coordinates.
    size, binsize
        Width of the field in arcminutes, of a pixel in arcseconds.

    Raises
    ------
    vo.errors.ParameterError
        A pixel is no whole number of sky pixels, or there would be too many.
    """
    unit = abs(events.plane.x.step) * 3600
    step = round(binsize / unit)
    if step < 1 or abs(step * unit - binsize) > 1e-3 * binsize:
        raise ParameterError("binsize", f"it must be a multiple of {unit:.4g} arcsec, the size of a sky pixel.")
    ra, dec = (events.plane.x.value, events.plane.y.value) if circle is None else circle[:2]
    width = size * 60 if circle is None else 2 * circle[2] * 3600
    count = max(int(-(-width // binsize)), 1)
    if count > MOST_PIXELS:
        raise ParameterError("binsize", f"{count} pixels a side are too many; at most {MOST_PIXELS} are made.")
    return Grid(ra, dec, count, step)


def parse_bands(texts: Sequence[str]) -> list[Band]:
    """The bands that ``200:1000`` and the like name.

    Raises
    ------
    vo.errors.ParameterError
        One is not of that form, or named twice.
    """
    bands: list[Band] = []
    for text in texts:
        low, _, high = text.partition(":")
        if not (low.isdecimal() and high.isdecimal() and 0 <= int(low) < int(high) <= 20480):
            raise ParameterError("bands", f"{text!r} is no band; write lowest and highest energy in eV as 200:1000.")
        bands.append(Band(int(low), int(high)))
    if len(set(bands)) < len(bands):
        raise ParameterError("bands", "a band is named more than once.")
    return bands
