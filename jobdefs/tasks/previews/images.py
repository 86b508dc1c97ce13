"""Pictures of images: of the sky with right ascension and declination, of the detector with its own coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vo.errors import ParameterError

from ..reporting import TaskError
from .grids import Grid, smoothed
from .style import INK, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SCALES", "colours", "draw_colours", "draw_grid"]

SCALES = ("asinh", "log", "linear")

_FRAMES = {"FK5": "J2000", "FK4": "B1950", "": "ICRS"}
_AXES = {
    "RA": "Right ascension",
    "DEC": "Declination",
    "GLON": "Galactic longitude",
    "GLAT": "Galactic latitude",
    "ELON": "Ecliptic longitude",
    "ELAT": "Ecliptic latitude",
}


def draw_grid(grid: Grid, name: str, details: str, *, size: int, scale: str, smooth: float) -> Sheet:
    """The picture of an image, its brightness in colours.

    Parameters
    ----------
    size
        Width in pixels.
    scale
        Of brightness: one of `SCALES`.
    smooth
        Sigma of a Gaussian in pixels of the picture; 0 for none.

    Raises
    ------
    vo.errors.ParameterError
        There is no such scale.
    """
    if scale not in SCALES:
        raise ParameterError("scale", f"{scale!r} is none of {', '.join(SCALES)}.")
    empty = np.isnan(grid.pixels)
    pixels = np.where(empty, np.nan, smoothed(grid.pixels, smooth))
    sheet = Sheet(size, _ratio(grid.pixels.shape, bar=size >= 600))
    axes = _axes(sheet, grid)
    norm = _norm(pixels, scale)
    shown = axes.imshow(pixels, origin="lower", norm=norm, cmap="inferno", interpolation="nearest", **_extent(grid))
    axes.set_facecolor("#d9d6cf")
    sheet.title(axes, name, details)
    if not sheet.small:
        bar = sheet.figure.colorbar(shown, ax=axes, pad=0.02, fraction=0.05, aspect=32)
        bar.set_label(grid.unit, parse_math=False)
        bar.ax.set_yticks(_bar_ticks(*shown.get_clim(), scale, getattr(norm, "linear_width", 0.0)))
        bar.ax.minorticks_off()
        bar.ax.set_yticklabels([f"{tick:.3g}" for tick in bar.ax.get_yticks()])
    return sheet


def draw_colours(
    grids: Sequence[Grid], name: str, details: str, *, size: int, smooth: float, names: Sequence[str]
) -> Sheet:
    """The picture of three images of the same field as red, green and blue.

    Parameters
    ----------
    size, smooth
        As in `draw_grid`.
    names
        What the three show, from red to blue; empty for no legend.

    Raises
    ------
    TaskError
        `ImagesDiffer`: there are not three.
    """
    if len(grids) != 3:
        raise TaskError("ImagesDiffer", f"a colour picture needs three images, not {len(grids)}.")
    sheet = Sheet(size, _ratio(grids[0].pixels.shape, bar=False))
    axes = _axes(sheet, grids[0])
    pixels = colours([smoothed(grid.pixels, smooth) for grid in grids])
    axes.imshow(pixels, origin="lower", interpolation="nearest", **_extent(grids[0]))
    axes.set_facecolor("black")
    sheet.title(axes, name, details)
    if names and not sheet.small:
        for place, (text, colour) in enumerate(zip(names, ("#ff7b6b", "#77e08a", "#8ab8ff"), strict=True)):
            label = axes.text(
                0.015, 0.985 - 0.035 * place, text, transform=axes.transAxes, va="top", color=colour, fontsize=9.5
            )
            label.set_parse_math(False)
    return sheet


def colours(planes: Sequence[np.ndarray]) -> np.ndarray:
    """Red, green and blue, 8 bits, of three images (Lupton et al. 2004, PASP 116, 133), each by its own brightness.

    Of each image the median is taken for background; what is brighter than all but the brightest 0.2 % is saturated.
    """
    from astropy.visualization import make_lupton_rgb  # noqa: PLC0415 (heavy: when a picture is drawn)

    scaled = []
    for plane in planes:
        values = np.nan_to_num(plane.astype(float))
        values = np.maximum(values - np.median(values), 0)
        positive = values[values > 0]
        scaled.append(values / (np.percentile(positive, 99.8) if len(positive) else 1.0))
    with np.errstate(invalid="ignore", divide="ignore"):  # of empty pixels
        return make_lupton_rgb(*scaled, minimum=0, stretch=0.15, Q=8)


def _ratio(shape: tuple[int, int], *, bar: bool) -> float:
    """Height by width of a sheet on which an image of this shape fills its axes."""
    across = 0.72 if bar else 0.84
    return float(np.clip(shape[0] / shape[1] * across + 0.15, 0.45, 1.4))


def _extent(grid: Grid) -> dict[str, Any]:
    return {} if grid.wcs is not None else {"extent": grid.extent}


def _norm(pixels: np.ndarray, scale: str) -> Any:
    from matplotlib.colors import AsinhNorm, LogNorm, Normalize  # noqa: PLC0415 (heavy: when a picture is drawn)

    good = pixels[np.isfinite(pixels)]
    filled = good[good > 0]
    if not len(filled):
        low, high = (float(good.min()), float(good.max())) if len(good) else (0.0, 1.0)
        return Normalize(low, high if high > low else low + 1)
    high = float(np.percentile(filled, 99.9))
    low = min(float(good.min()), 0.0) if good.min() <= 0 else float(good.min())
    if scale == "log":
        low = float(filled.min())
        return LogNorm(low, high if high > low else low * 10, clip=True)
    if high <= low:
        high = low + max(abs(low), 1.0)
    if scale == "linear":
        return Normalize(low, high)
    return AsinhNorm(linear_width=_faint(filled, high), vmin=low, vmax=high)


def _faint(filled: np.ndarray, high: float) -> float:
    """Below it brightness is shown as it is, above as its logarithm: about what most pixels have."""
    return float(np.clip(np.median(filled), high / 300, high / 10))


def _bar_ticks(low: float, high: float, scale: str, faint: float) -> list[float]:
    """Ticks of a colour bar: round numbers that lie apart on its scale."""
    if scale == "linear" or high <= 0:
        step = _round((high - low) / 5)
        return (np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step).tolist()
    floor = max(high / 60, faint / 2) if scale == "asinh" else low
    powers = 10.0 ** np.arange(np.floor(np.log10(max(floor, high * 1e-6))), np.ceil(np.log10(high)) + 1)
    ticks = [value for power in powers for value in (power, 2 * power, 5 * power) if max(low, floor) <= value <= high]
    return ([0.0, *ticks] if low <= 0 and scale == "asinh" else ticks) or [low, high]


def _round(value: float) -> float:
    power = 10.0 ** np.floor(np.log10(max(value, 1e-300)))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999))


def _axes(sheet: Sheet, grid: Grid) -> Axes:
    if grid.wcs is None:
        axes = sheet.figure.add_subplot()
        axes.set_xlabel(grid.labels[0], parse_math=False)
        axes.set_ylabel(grid.labels[1], parse_math=False)
        axes.set_aspect("equal")
        return axes
    from astropy.visualization.wcsaxes import WCSAxes  # noqa: PLC0415 (heavy: when a picture is drawn)

    axes = sheet.figure.add_subplot(axes_class=WCSAxes, wcs=grid.wcs)
    frame = str(grid.wcs.wcs.radesys).strip().upper()
    shown = _FRAMES.get(frame, frame)
    for number, (coordinate, kind) in enumerate(zip(axes.coords, grid.wcs.wcs.ctype, strict=True)):
        word = kind.partition("-")[0]
        label = _AXES.get(word, word)
        coordinate.set_axislabel(f"{label} ({shown})" if word in ("RA", "DEC") else label, minpad=0.6)
        side = "b" if number == 0 else "l"
        coordinate.set_ticklabel_position(side)
        coordinate.set_axislabel_position(side)
        coordinate.set_ticks(number=3 if sheet.small else 6, color=INK, size=4, direction="out")
        coordinate.set_ticklabel(exclude_overlapping=True, size=8 if sheet.small else 10)
        coordinate.display_minor_ticks(not sheet.small)
    axes.coords.grid(color="white", alpha=0.22, linewidth=0.5)
    return axes
