"""Pictures of spectra: counts per second and keV with errors, grouped, and the background (OGIP 92-007)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vo.errors import UsageError

from ..fitscards import Header
from ..fitsio import Chunk, FitsFile, Hdu, open_fits
from ..reporting import TaskError
from .contents import Kind, classify
from .style import ACCENT, MAIN, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_spectrum"]

LEAST_COUNTS = 20
"""Counts of a bin of the picture where the spectrum is not grouped."""

_EPIC = ("EPN", "EMOS1", "EMOS2")
_TO_KEV = {"kev": 1.0, "ev": 1e-3, "mev": 1e3, "gev": 1e6, "tev": 1e9}


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """A spectrum as it is drawn.

    Parameters
    ----------
    low, high
        Edges of channels.
    counts, errors
        Of channels.
    scale
        Exposure, in seconds, times area and background scaling.
    starts
        Indices of the channels that begin groups; empty where it is not grouped.
    """

    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray
    errors: np.ndarray
    good: np.ndarray
    exposure: float
    backscale: np.ndarray
    areascale: np.ndarray
    starts: np.ndarray
    quantity: str
    unit: str


def draw_spectrum(file: FitsFile, hdu: Hdu, name: str, details: str, *, size: int, background: Path | None) -> Sheet:
    """The picture of a spectrum.

    Parameters
    ----------
    background
        File of the background's spectrum, drawn scaled by exposure, BACKSCAL and AREASCAL; without it the one that
        BACKFILE names, where it lies in the same directory.

    Raises
    ------
    TaskError
        The table is no spectrum.
    """
    source = _read(file, hdu)
    other = _background(file, hdu, background)
    sheet = Sheet(size, 0.6)
    axes = sheet.figure.add_subplot()
    starts = source.starts if len(source.starts) else _groups(source)
    _plot(
        axes,
        source,
        starts=starts,
        factor=np.ones(len(source.counts)),
        colour=MAIN,
        label="source" if other is not None else None,
    )
    if other is not None and len(other.counts) == len(source.counts):
        ratio = np.divide(
            source.backscale * source.areascale * source.exposure,
            other.backscale * other.areascale * other.exposure,
            out=np.zeros(len(source.counts)),
            where=other.backscale * other.areascale * other.exposure > 0,
        )
        factor = ratio * other.exposure / source.exposure
        _plot(axes, other, starts=starts, factor=factor, colour=ACCENT, label="background, scaled")
    if source.quantity == "Energy":
        axes.set_xscale("log")
    if source.counts.any():
        axes.set_yscale("log", nonpositive="mask")
    _tick(axes, source)
    axes.set_xlabel(f"{source.quantity} ({source.unit})" if source.unit else source.quantity)
    axes.set_ylabel(f"count s⁻¹ {source.unit}⁻¹" if source.unit else "count s⁻¹ channel⁻¹")
    axes.grid(visible=True, which="major")
    if other is not None and not sheet.small and axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right")
    total = int(source.counts[source.good].sum())
    grouped = "" if len(source.starts) else f" · bins of ≥ {LEAST_COUNTS} counts"
    sheet.title(axes, name, f"{details} · {total} counts{grouped}".lstrip(" ·"))
    return sheet


def _plot(
    axes: Axes, spectrum: _Spectrum, *, starts: np.ndarray, factor: np.ndarray, colour: str, label: str | None
) -> None:
    """Draw a spectrum in groups that begin at `starts`; `factor` scales each channel."""
    if not len(starts):
        return
    ends = np.append(starts[1:], len(spectrum.counts))
    weights = np.where(spectrum.good, factor, 0.0)
    sums, squares, width = (
        np.add.reduceat(values, starts)
        for values in (
            spectrum.counts * weights,
            (spectrum.errors * weights) ** 2,
            np.where(spectrum.good, np.abs(spectrum.high - spectrum.low), 0.0),
        )
    )
    kept = (width > 0) & (sums > 0)
    low, high = spectrum.low[starts][kept], spectrum.high[ends - 1][kept]
    scale = spectrum.exposure * width[kept]
    middle = np.sqrt(low * high) if spectrum.quantity == "Energy" else (low + high) / 2
    axes.errorbar(
        middle,
        sums[kept] / scale,
        yerr=np.sqrt(squares[kept]) / scale,
        xerr=np.abs([middle - low, high - middle]),
        fmt="none",
        ecolor=colour,
        elinewidth=1.0,
        label=label,
    )


def _tick(axes: Axes, source: _Spectrum) -> None:
    """Plain numbers at round energies: 0.2, 0.5, 1, 2, 5 …, not powers."""
    if source.quantity != "Energy":
        return
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415 (heavy: when a picture is drawn)

    low, high = axes.get_xlim()
    wide = high / max(low, 1e-9) > 2000
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _read(file: FitsFile, hdu: Hdu) -> _Spectrum:
    table = file.table(hdu)
    header, rows = table.header, table.all()
    channels = np.asarray(rows["CHANNEL"], dtype=float)
    exposure = float(header.number("EXPOSURE") or 0)
    exposure = exposure if exposure > 0 else 1.0
    is_counts = "COUNTS" in rows
    counts = np.asarray(rows["COUNTS" if is_counts else "RATE"], dtype=float) * (1.0 if is_counts else exposure)
    if "STAT_ERR" in rows and np.any(rows["STAT_ERR"]):
        errors = np.asarray(rows["STAT_ERR"], dtype=float) * (1.0 if is_counts else exposure)
    else:
        errors = np.sqrt(np.maximum(counts, 0))
    low, high, quantity, unit = _axis(file, hdu, channels)
    good = np.isfinite(counts) & np.isfinite(low) & np.isfinite(high)
    if "QUALITY" in rows:
        good &= np.asarray(rows["QUALITY"]) == 0
    if quantity == "Energy":
        good &= high > 0
        low = np.maximum(low, high * 1e-3)
    return _Spectrum(
        low,
        high,
        np.where(good, counts, 0.0),
        np.where(good, errors, 0.0),
        good,
        exposure,
        _scaling(rows, header, "BACKSCAL"),
        _scaling(rows, header, "AREASCAL"),
        _starts(rows, good),
        quantity,
        unit,
    )


def _scaling(rows: Chunk, header: Header, name: str) -> np.ndarray:
    length = len(rows["CHANNEL"])
    if name in rows:
        return np.asarray(rows[name], dtype=float)
    return np.full(length, float(header.number(name) or 1.0))


def _starts(rows: Chunk, good: np.ndarray) -> np.ndarray:
    """Where groups begin: GROUPING is 1 at the first channel of a group and -1 at its others."""
    if "GROUPING" not in rows or not (np.asarray(rows["GROUPING"]) == -1).any():
        return np.array([], dtype=int)
    first = np.asarray(rows["GROUPING"]) != -1
    first[1:] |= good[1:] != good[:-1]
    first[0] = True
    return np.flatnonzero(first)


def _groups(source: _Spectrum) -> np.ndarray:
    """Bins of at least `LEAST_COUNTS` counts."""
    reached = np.cumsum(source.counts)
    if not len(reached) or reached[-1] <= 0:
        return np.array([], dtype=int)
    least = max(LEAST_COUNTS, reached[-1] / 400)
    starts, begun = [int(np.argmax(source.good))], 0.0
    while True:
        following = int(np.searchsorted(reached, begun + least)) + 1
        if following >= len(reached):
            return np.array(starts)
        begun = reached[following - 1]
        starts.append(following)


def _axis(file: FitsFile, hdu: Hdu, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray, str, str]:
    """Edges of the channels: keV from EBOUNDS or from EPIC's PI, Ångström of RGS, else channel numbers."""
    bounds = next((other for other in file.hdus if other.name.upper() == "EBOUNDS"), None)
    if bounds is not None:
        rows = file.table(bounds).all()
        edges = [np.asarray(rows[name], dtype=float) for name in ("E_MIN", "E_MAX")]
        factor = _TO_KEV.get(file.table(bounds).columns["E_MIN"].unit.lower(), 1.0)
        if len(edges[0]) == len(channels):
            low, high = (edge * factor for edge in edges)
            return (low / 1e9, high / 1e9, "Energy", "TeV") if high.max() > 1e7 else (low, high, "Energy", "keV")
    header = hdu.header
    step = header.number("SPECDELT")
    if step and header.text("INSTRUME") in _EPIC and header.text("CHANTYPE").upper() == "PI":
        centre = float(header.number("SPECVAL") or 0) + (channels - float(header.number("SPECPIX") or 0)) * step
        return (centre - step / 2) / 1000, (centre + step / 2) / 1000, "Energy", "keV"
    reference, value, step = (header.number(f"TC{word}1") for word in ("RPX", "RVL", "DLT"))
    if header.text("TCUNI1").lower() == "angstrom" and reference is not None and value is not None and step:
        centre = value + (channels - reference) * step
        return centre - step / 2, centre + step / 2, "Wavelength", "Å"
    return channels - 0.5, channels + 0.5, "Channel", ""


def _background(file: FitsFile, hdu: Hdu, given: Path | None) -> _Spectrum | None:
    path = given
    if path is None:
        name = hdu.header.text("BACKFILE")
        beside = Path(file.name).parent / name
        if name.lower() in {"", "none"} or Path(name).name != name or not beside.is_file():
            return None
        path = beside
    try:
        with open_fits(str(path)) as other:
            kind, block = classify(other)
            if kind is not Kind.SPECTRUM:
                raise TaskError("NoSpectrum", f"{path.name} is no spectrum.")
            return _read(other, block)
    except UsageError:
        if given is not None:
            raise
        return None
