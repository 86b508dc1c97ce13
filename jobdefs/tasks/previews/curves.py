"""Pictures of light curves and of good time intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..fitsio import FitsFile, Hdu
from ..goodtimes import has_good_times, read_good_times
from ..intervals import union
from ..reporting import TaskError
from .style import ACCENT, MAIN, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_good_times", "draw_rate"]

MOST_BINS = 1500
"""More bins than a picture can show are averaged."""

_BAD = "#e4e0d8"


def draw_rate(file: FitsFile, hdu: Hdu, name: str, details: str, *, size: int, threshold: float | None) -> Sheet:
    """The picture of a light curve: rates with errors, what is not good time in grey, and a threshold.

    Parameters
    ----------
    threshold
        count/s; without it that of the header (FLCUTTHR of EPIC's flare background curves), if there is one.

    Raises
    ------
    TaskError
        The table has neither times nor a bin size.
    """
    times, rates, errors, width = _rates(file, hdu)
    start = float(np.nanmin(times) - width / 2) if len(times) else 0.0
    hours = (times - start) / 1000
    sheet = Sheet(size, 0.55)
    axes = sheet.figure.add_subplot()
    good = [read_good_times(file, other) for other in file.hdus if has_good_times(other)]
    if good and len(times):
        _shade(axes, (union(np.concatenate(good)) - start) / 1000, (hours[0], hours[-1]), width / 1000)
    limit = threshold if threshold is not None else hdu.header.number("FLCUTTHR")
    shown = np.isfinite(rates)
    axes.errorbar(
        hours[shown],
        rates[shown],
        yerr=None if errors is None else errors[shown],
        fmt="." if len(times) < 400 else ",",
        color=MAIN,
        ecolor="#7fb8d8",
        elinewidth=0.7,
        markersize=4,
        drawstyle="steps-mid",
    )
    axes.plot(hours[shown], rates[shown], color=MAIN, linewidth=0.8, drawstyle="steps-mid")
    if limit is not None:
        axes.axhline(limit, color=ACCENT, linewidth=1.2, linestyle="--", label=f"threshold {limit:.4g} count/s")
    axes.margins(x=0.01)
    if shown.any() and rates[shown].min() >= 0:
        axes.set_ylim(bottom=0)
    axes.set_xlabel("Time (ks)" if sheet.small else f"Time since {start:.0f} s of mission time (ks)")
    axes.set_ylabel("Rate (count s⁻¹)")
    handles, labels = axes.get_legend_handles_labels()
    if handles and not sheet.small:
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top + 0.1 * (top - bottom))
        axes.legend(handles, labels, loc="upper right", ncols=2)
    sheet.title(axes, name, f"{details} · bins of {width:.4g} s".lstrip(" ·"))
    return sheet


def draw_good_times(file: FitsFile, hdu: Hdu, name: str, details: str, *, size: int) -> Sheet:
    """The picture of good time intervals: bars along the time of the observation."""
    intervals = read_good_times(file, hdu)
    sheet = Sheet(size, 0.3)
    axes = sheet.figure.add_subplot()
    start = float(intervals[0, 0]) if len(intervals) else 0.0
    shown = (intervals - start) / 1000
    axes.broken_barh([(low, high - low) for low, high in shown], (0.2, 0.6), facecolors=MAIN)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.margins(x=0.02)
    axes.set_xlabel("Time (ks)" if sheet.small else f"Time since {start:.0f} s of mission time (ks)")
    total = float(np.diff(intervals, axis=1).sum())
    sheet.title(
        axes, name, f"{details} · {len(intervals)} good time intervals, {total / 1000:.4g} ks in all".lstrip(" ·")
    )
    return sheet


def _shade(axes: Axes, good: np.ndarray, span: tuple[float, float], width: float) -> None:
    low, high = span[0] - width / 2, span[1] + width / 2
    edges = [low, *np.clip(good, low, high).ravel(), high]
    first = True
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin > 1e-9 * (high - low):
            axes.axvspan(begin, end, color=_BAD, linewidth=0, label="not good time" if first else None)
            first = False


def _rates(file: FitsFile, hdu: Hdu) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, float]:
    """Times of bins' centres (s), rates and errors (count/s), and the width of a bin (s); joined where too many."""
    table = file.table(hdu)
    header = table.header
    step = float(header.number("TIMEDEL") or 0)
    parts: dict[str, list[np.ndarray]] = {"TIME": [], "RATE": [], "ERROR": []}
    is_rate = "RATE" in table.columns
    for chunk in table.chunks():
        values = np.asarray(chunk["RATE" if is_rate else "COUNTS"], dtype=float)
        parts["RATE"].append(values)
        parts["ERROR"].append(np.asarray(chunk["ERROR"], dtype=float) if "ERROR" in chunk else np.array([]))
        parts["TIME"].append(np.asarray(chunk["TIME"], dtype=float) if "TIME" in chunk else np.array([]))
    times, rates, errors = (np.concatenate(parts[key]) if parts[key] else np.array([]) for key in parts)
    if not len(times):
        if not step:
            raise TaskError("NoTimes", f"the light curve in {file.name} has neither a column TIME nor TIMEDEL.")
        times = float(header.number("TSTART") or 0) + step * (np.arange(len(rates)) + 0.5)
    if not step:
        step = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    if not len(errors):
        errors = np.sqrt(np.maximum(rates, 0)) if not is_rate else None
    if not is_rate:
        rates, errors = rates / step, None if errors is None else errors / step
    return _joined(times, rates, errors, step)


def _joined(
    times: np.ndarray, rates: np.ndarray, errors: np.ndarray | None, step: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, float]:
    number = -(-len(rates) // MOST_BINS)
    if number <= 1:
        return times, rates, errors, step
    edges = np.arange(0, len(rates), number)
    good = np.isfinite(rates)
    count = np.add.reduceat(good.astype(float), edges)
    count[count == 0] = np.nan
    joined = None
    if errors is not None:
        squares = np.where(good & np.isfinite(errors), errors, 0) ** 2
        joined = np.sqrt(np.add.reduceat(squares, edges)) / count
    means = np.add.reduceat(np.where(good, rates, 0), edges) / count
    widths = np.diff([*edges, len(rates)])
    return np.add.reduceat(times, edges) / widths, means, joined, step * number
