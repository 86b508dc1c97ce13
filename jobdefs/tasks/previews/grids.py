"""Pixels to be drawn: images binned down, and event lists binned, block by block, so that memory stays bounded."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..fitscards import Header
from ..fitsio import FitsFile, Hdu, Table
from ..reporting import TaskError
from ..skyplane import sky_plane

if TYPE_CHECKING:
    from astropy.wcs import WCS

__all__ = ["Grid", "event_grid", "image_grids", "smoothed"]

READ_BYTES = 4 * 2**20
MARGIN = 0.03
"""Empty border, as part of the larger side, that is left around what is not empty."""

_KINDS = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_PAIRS = (("X", "Y"), ("RA", "DEC"), ("DETX", "DETY"), ("RAWX", "RAWY"))


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels with their coordinates.

    Parameters
    ----------
    pixels
        Shape (ny, nx), float; what has no value is NaN.
    wcs
        Celestial coordinates, or None.
    extent, labels
        Where there are none: coordinates of the outer edges (left, right, bottom, top), and what they are.
    unit
        What a pixel's value is.
    """

    pixels: np.ndarray
    wcs: WCS | None
    extent: tuple[float, float, float, float]
    labels: tuple[str, str]
    unit: str


def image_grids(images: Sequence[tuple[FitsFile, Hdu]], most: int) -> list[Grid]:
    """The planes of images of one field, with at most about `most` pixels along an axis, cropped to what is not empty.

    Whole numbers without a unit, or counts, are summed when pixels are joined; other values are averaged.

    Raises
    ------
    TaskError
        The images are not of the same size.
    """
    header = images[0][1].header
    nx, ny = (int(header.number(f"NAXIS{axis}") or 0) for axis in (1, 2))
    if any((hdu.header.number("NAXIS1"), hdu.header.number("NAXIS2")) != (nx, ny) for _, hdu in images):
        raise TaskError("ImagesDiffer", "a colour picture needs three images of the same size.")
    factor = max(-(-max(nx, ny) // most), 1)
    planes = [
        _binned_plane(file, hdu, plane, factor=factor, counts=_are_counts(hdu.header))
        for file, hdu in images
        for plane in range(_planes(hdu.header))
    ]
    there = np.any([np.nan_to_num(plane) != 0 for plane in planes], axis=0)
    rows, columns = _filled(there)
    wcs = _celestial(header)
    if wcs is not None:
        wcs = wcs.slice(tuple(slice(side.start * factor, side.stop * factor, factor) for side in (rows, columns)))
    (left, right), (bottom, top) = (
        _linear(header, axis, side.start * factor, side.stop * factor) for axis, side in ((1, columns), (2, rows))
    )
    labels = (header.text("CTYPE1") or "x (pixel)", header.text("CTYPE2") or "y (pixel)")
    extent, unit = (left, right, bottom, top), _unit(header, factor)
    return [Grid(plane[rows, columns], wcs, extent, labels, unit) for plane in planes]


def _planes(header: Header) -> int:
    return int(header.number("NAXIS3") or 1) if int(header.number("NAXIS") or 0) > 2 else 1


def _are_counts(header: Header) -> bool:
    unit = header.text("BUNIT").lower()
    return unit in {"count", "counts", "ct"} or (not unit and int(header.number("BITPIX") or 0) > 0)


def _unit(header: Header, factor: int) -> str:
    if not _are_counts(header):
        return header.text("BUNIT") or "value"
    return f"counts per {factor}×{factor} pixels" if factor > 1 else "counts per pixel"


def event_grid(file: FitsFile, hdu: Hdu, most: int) -> tuple[Grid, int]:
    """The events of a list as an image of the sky, or of the detector where it has no sky; and their number.

    Raises
    ------
    TaskError
        The list has no pair of columns of positions.
    """
    table = file.table(hdu)
    pair = next((pair for pair in _PAIRS if all(name in table.columns for name in pair)), None)
    if pair is None:
        raise TaskError("NoPicture", f"the event list {file.name} has no columns {' or '.join(map(','.join, _PAIRS))}.")
    along = [table.columns[name] for name in pair]
    plane = sky_plane(table.header, *along) if pair != ("RA", "DEC") else None
    project = _tangent(table) if pair == ("RA", "DEC") else None
    low, high, count = _range(table, pair, project)
    if count == 0:
        low, high = np.zeros(2), np.ones(2)
    else:
        low, high = _without_strays(table, pair, project, low, high)
    bins = int(np.clip(1.5 * np.sqrt(count), 48, most))
    step = max(float((high - low).max()) / bins, 1e-9)
    if all(column.integer for column in along):
        step = max(round(step), 1)
        low, high = np.floor(low) - 0.5, np.ceil(high) + 0.5
    size = np.maximum(np.ceil((high - low) / step - 1e-9).astype(int), 1)
    pixels = np.zeros(size[::-1])
    for x, y in _positions(table, pair, project):
        inside = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])
        place = [
            np.minimum(((values[inside] - start) / step).astype(int), number - 1)
            for values, start, number in zip((x, y), low, size, strict=True)
        ]
        np.add.at(pixels, (place[1], place[0]), 1)
    rows, columns = _filled(pixels > 0)
    left, bottom = low[0] + columns.start * step, low[1] + rows.start * step
    extent = (left, low[0] + columns.stop * step, bottom, low[1] + rows.stop * step)
    wcs = None
    if plane is not None:
        wcs = _wcs(
            (plane.x.kind, plane.y.kind),
            [(plane.x.reference - left) / step + 0.5, (plane.y.reference - bottom) / step + 0.5],
            (plane.x.value, plane.y.value),
            [plane.x.step * step, plane.y.step * step],
            table.header,
        )
    elif project is not None:
        crpix = [-left / step + 0.5, -bottom / step + 0.5]
        wcs = _wcs(("RA---TAN", "DEC--TAN"), crpix, project, [-step, step], table.header)
        wcs.wcs.cdelt = [step, step]
        wcs.wcs.pc = np.diag([-1.0, 1.0])
    unit = "events per pixel"
    return Grid(pixels[rows, columns], wcs, extent, pair, unit), count


def smoothed(pixels: np.ndarray, sigma: float) -> np.ndarray:
    """The pixels convolved with a Gaussian of `sigma` pixels; pixels without value count as 0."""
    if sigma <= 0:
        return pixels
    reach = min(int(np.ceil(4 * sigma)), max(pixels.shape))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    result = np.nan_to_num(pixels.astype(float))
    for axis in (0, 1):
        length = result.shape[axis]
        result = np.apply_along_axis(lambda line, n=length: np.convolve(line, kernel)[reach : reach + n], axis, result)
    return result


def _binned_plane(file: FitsFile, hdu: Hdu, plane: int, *, factor: int, counts: bool) -> np.ndarray:
    """One plane with `factor` pixels joined to one; the last row and column may be made of fewer."""
    header = hdu.header
    bitpix = int(header.number("BITPIX") or 8)
    if bitpix not in _KINDS:
        raise TaskError("NoPicture", f"{file.name} is damaged: BITPIX of block {hdu.name or hdu.index} is {bitpix}.")
    kind = np.dtype(_KINDS[bitpix])
    scale, zero = header.number("BSCALE") or 1, header.number("BZERO") or 0
    blank = header.number("BLANK") if kind.kind in "iu" else None
    nx, ny = (int(header.number(f"NAXIS{axis}") or 0) for axis in (1, 2))
    across, down = -(-nx // factor), -(-ny // factor)
    sums, numbers = np.zeros((down, across)), np.zeros((down, across))
    edges = np.arange(0, nx, factor)
    step = max(READ_BYTES // max(nx * kind.itemsize, 1) // factor, 1) * factor
    for first in range(0, ny, step):
        count = min(step, ny - first)
        offset = hdu.offset + (plane * ny + first) * nx * kind.itemsize
        stored = np.frombuffer(file.read(offset, count * nx * kind.itemsize), dtype=kind).reshape(count, nx)
        values = stored.astype(float)
        if blank is not None:
            values[stored == blank] = np.nan
        values = values * scale + zero
        good = np.isfinite(values)
        rows = slice(first // factor, first // factor + -(-count // factor))
        for target, part in ((sums, np.where(good, values, 0.0)), (numbers, good.astype(float))):
            columns = np.add.reduceat(part, edges, axis=1)
            target[rows] = np.add.reduceat(columns, np.arange(0, count, factor), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(numbers > 0, sums if counts else sums / numbers, np.nan)


def _filled(there: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns around what is there, with a margin."""
    sides = []
    for axis in (1, 0):
        places = np.flatnonzero(there.any(axis=axis))
        sides.append((int(places[0]), int(places[-1]) + 1) if len(places) else (0, there.shape[1 - axis]))
    margin = int(np.ceil(MARGIN * max(stop - start for start, stop in sides)))
    (y0, y1), (x0, x1) = sides
    return (
        slice(max(y0 - margin, 0), min(y1 + margin, there.shape[0])),
        slice(max(x0 - margin, 0), min(x1 + margin, there.shape[1])),
    )


def _linear(header: Header, axis: int, first: int, last: int) -> tuple[float, float]:
    """Coordinates of the outer edges of pixels `first` to `last` (from 0, the last not included) along an axis."""
    pixel, value, step = (header.number(f"{word}{axis}") for word in ("CRPIX", "CRVAL", "CDELT"))
    if pixel is None or value is None or not step:
        return first + 0.5, last + 0.5
    low, high = (value + (edge + 0.5 - pixel) * step for edge in (first, last))
    return float(low), float(high)


def _celestial(header: Header) -> WCS | None:
    from astropy.io.fits import Header as AstropyHeader  # noqa: PLC0415 (heavy: when a picture is drawn)
    from astropy.wcs import WCS  # noqa: PLC0415

    words = [card for card in header.cards if card.keyword not in {"HISTORY", "COMMENT", "XPROC0", "SLCTEXPR", ""}]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of keywords that old missions write in their own way
            wcs = WCS(AstropyHeader.fromstring(Header(words).to_bytes()), naxis=2)
            if not wcs.has_celestial:
                return None
            wcs = wcs.celestial
            wcs.pixel_to_world_values(0, 0)
    except Exception:  # noqa: BLE001 (whatever is wrong with the header: the picture is drawn in pixels)
        return None
    return wcs


def _wcs(
    kinds: tuple[str, str],
    crpix: list[float],
    crval: tuple[float, float],
    cdelt: list[float],
    header: Header,
) -> WCS:
    from astropy.wcs import WCS  # noqa: PLC0415 (heavy: when a picture is drawn)

    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crpix, wcs.wcs.crval, wcs.wcs.cdelt = list(kinds), crpix, list(crval), cdelt
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.radesys = header.text("RADESYS") or header.text("RADECSYS") or "ICRS"
    wcs.wcs.set()
    return wcs


def _tangent(table: Table) -> tuple[float, float]:
    """Where the plane of the picture touches the sky: the pointing, else the first event; degrees."""
    ra, dec = (table.header.number(keyword) for keyword in ("RA_PNT", "DEC_PNT"))
    if ra is not None and dec is not None:
        return float(ra), float(dec)
    for chunk in table.chunks():
        good = np.isfinite(chunk["RA"]) & np.isfinite(chunk["DEC"])
        if good.any():
            return float(chunk["RA"][good][0]), float(chunk["DEC"][good][0])
    return 0.0, 0.0


def _positions(
    table: Table, pair: tuple[str, str], centre: tuple[float, float] | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for chunk in table.chunks():
        x, y = (np.asarray(chunk[name], dtype=float) for name in pair)
        good = np.isfinite(x) & np.isfinite(y)
        for name in pair:
            null = chunk.is_null(name)
            good &= True if null is None else ~null
        if centre is not None:
            x, y, near = _projected(x, y, centre)
            good &= near
        yield x[good], y[good]


def _projected(
    ra: np.ndarray, dec: np.ndarray, centre: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """West and north of the centre on the tangent plane, degrees (FITS WCS paper II, 5.1.3); and what is in reach."""
    longitude, latitude = np.radians(ra - centre[0]), np.radians(dec)
    pole = np.radians(centre[1])
    depth = np.sin(latitude) * np.sin(pole) + np.cos(latitude) * np.cos(pole) * np.cos(longitude)
    near = depth > 0.5
    depth = np.where(near, depth, 1.0)
    east = np.cos(latitude) * np.sin(longitude) / depth
    north = (np.sin(latitude) * np.cos(pole) - np.cos(latitude) * np.sin(pole) * np.cos(longitude)) / depth
    return -np.degrees(east), np.degrees(north), near


def _range(
    table: Table, pair: tuple[str, str], centre: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray, int]:
    low, high, count = np.full(2, np.inf), np.full(2, -np.inf), 0
    for x, y in _positions(table, pair, centre):
        if len(x):
            low = np.minimum(low, [x.min(), y.min()])
            high = np.maximum(high, [x.max(), y.max()])
            count += len(x)
    return low, high, count


def _without_strays(
    table: Table, pair: tuple[str, str], centre: tuple[float, float] | None, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The range without the outermost six events in a thousand, where these alone make it much larger."""
    counts = np.zeros((2, 4096))
    width = np.maximum(high - low, 1e-12) / counts.shape[1]
    for both in _positions(table, pair, centre):
        for axis, values in enumerate(both):
            place = np.minimum(((values - low[axis]) / width[axis]).astype(int), counts.shape[1] - 1)
            counts[axis] += np.bincount(place, minlength=counts.shape[1])
    reached = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
    first = np.argmax(reached >= 0.003, axis=1)
    last = np.argmax(reached >= 0.997, axis=1) + 1
    spread = 0.1 * (last - first)
    near = np.array([low + (first - spread) * width, low + (last + spread) * width])
    far = (near[1] - near[0]) < 0.6 * (high - low)
    return np.where(far, near[0], low), np.where(far, near[1], high)
