"""Where a source is in an image of counts, and in which circle it stands out best.

The centre is the mean position of the counts in a circle, which follows it until it rests; an even background does not
move it. The background is the median over sectors of an annulus, so that a neighbour in one of them does not count. The
best radius has the largest ratio of net counts to their error, with the error of the background in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Background", "CountImage", "Optimum", "best_radius", "centred", "local_background", "measured"]

SECTORS = 12
ITERATIONS = 100
AT_REST = 0.05
"""Sky pixels: a centre that moves less has come to rest."""


@dataclass(frozen=True, slots=True)
class CountImage:
    """Counts in sky pixels.

    Parameters
    ----------
    x, y
        Of the middle of each cell, in sky pixels; shape of `counts`.
    counts
        Of each cell.
    seen
        Which cells can hold events.
    cell
        Area of a cell in sky pixels.
    """

    x: np.ndarray
    y: np.ndarray
    counts: np.ndarray
    seen: np.ndarray
    cell: float

    def distance(self, x: float, y: float) -> np.ndarray:
        """Sky pixels from a place to the middle of each cell."""
        return np.hypot(self.x - x, self.y - y)


@dataclass(frozen=True, slots=True)
class Background:
    """Counts per sky pixel, their error, and the annulus that they come from."""

    density: float
    error: float
    inner: float
    outer: float


@dataclass(frozen=True, slots=True)
class Optimum:
    """A circle: what is counted in it, what of that is background, and how far the rest stands out.

    Parameters
    ----------
    x, y, radius
        In sky pixels (0.05 arcsec).
    background, error
        Counts of the background that are expected in it, and the error of the net counts.
    area
        In square sky pixels, on the detector.
    """

    x: float
    y: float
    radius: float
    counts: int
    background: float
    error: float
    area: float

    @property
    def net(self) -> float:
        """Counts of the source."""
        return self.counts - self.background

    @property
    def signal_to_noise(self) -> float:
        """Net counts against their error."""
        return self.net / self.error if self.error else 0.0


def centred(image: CountImage, x: float, y: float, radius: float) -> tuple[float, float, int]:
    """The centre of the counts within a radius of a place.

    Returns
    -------
    tuple
        X and Y in sky pixels, and how many steps led there.
    """
    density = local_background(image, x, y, radius).density
    for step in range(1, ITERATIONS + 1):
        inside = image.distance(x, y) <= radius
        weights = image.counts[inside] - density * image.cell * image.seen[inside]
        total = max(float(weights.sum()), 0.1 * float(image.counts[inside].sum()))
        if total <= 0:
            return x, y, step
        move_x = float(((image.x[inside] - x) * weights).sum()) / total
        move_y = float(((image.y[inside] - y) * weights).sum()) / total
        longest = max(math.hypot(move_x, move_y) / (radius / 2), 1.0)
        x, y = x + move_x / longest, y + move_y / longest
        if math.hypot(move_x, move_y) < AT_REST:
            return x, y, step
    return x, y, ITERATIONS


def local_background(image: CountImage, x: float, y: float, radius: float) -> Background:
    """The background about a circle: an annulus from 2 to 4 of its radii, but from 60 arcsec (1200 pixels) at least."""
    inner = max(2 * radius, 1200.0)
    outer = 2 * inner
    distance = image.distance(x, y)
    ring = (distance >= inner) & (distance <= outer) & image.seen
    if not ring.any():
        return Background(0.0, 0.0, inner, outer)
    angles = np.arctan2(image.y[ring] - y, image.x[ring] - x)
    sectors = np.minimum(((angles + math.pi) / (2 * math.pi) * SECTORS).astype(int), SECTORS - 1)
    areas = np.bincount(sectors, minlength=SECTORS) * image.cell
    counts = np.bincount(sectors, weights=image.counts[ring], minlength=SECTORS)
    whole = areas > 0.25 * areas.max()
    densities = counts[whole] / areas[whole]
    median = float(np.median(densities))
    quiet = np.abs(densities - median) <= 3 * math.sqrt(max(median, 1 / areas.max()) / float(np.median(areas[whole])))
    if not quiet.any():
        quiet[:] = True
    area = float(areas[whole][quiet].sum())
    counted = float(counts[whole][quiet].sum())
    return Background(counted / area, math.sqrt(max(counted, 1.0)) / area, inner, outer)


def measured(image: CountImage, x: float, y: float, radius: float, background: Background) -> Optimum:
    """What a circle holds; place and radius are in sky pixels."""
    inside = image.distance(x, y) <= radius
    area = float((inside & image.seen).sum()) * image.cell
    counts = int(image.counts[inside].sum())
    expected = background.density * area
    error = math.hypot(math.sqrt(counts), background.error * area)
    return Optimum(x, y, radius, counts, expected, error, area)


def best_radius(
    image: CountImage, x: float, y: float, radii: np.ndarray, background: Background
) -> tuple[Optimum, list[Optimum]]:
    """The circle about a place that has the largest ratio of signal to noise, and all that were tried.

    Parameters
    ----------
    radii
        Those that are tried, in sky pixels.
    """
    tried = [measured(image, x, y, float(radius), background) for radius in radii]
    return max(tried, key=lambda item: item.signal_to_noise), tried
