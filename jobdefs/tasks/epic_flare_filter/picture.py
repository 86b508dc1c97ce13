"""The picture from which a threshold is chosen: the rate, the threshold and what it cuts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..previews.style import ACCENT, MAIN, SOFT, Sheet, styled
from .levels import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Told", "draw_cut"]

_CUT = "#f3d9c8"
_WIDTH = 1200
_LONGEST = 112
_MOST_ERRORS = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What the picture tells in words.

    Parameters
    ----------
    name, details
        Object; observation and camera.
    selection
        The events that are counted.
    threshold
        count/s.
    kept, total
        Seconds of good time after and before.
    """

    name: str
    details: str
    selection: str
    threshold: float
    kept: float
    total: float


def draw_cut(target: Path, curve: Curve, good: np.ndarray, told: Told) -> None:
    """Draw the rate with the threshold, the times that are cut shaded, and the histogram of the rates beside it.

    Parameters
    ----------
    good
        The times that are kept, shape (n, 2), s.

    Raises
    ------
    OSError
        The file can't be written.
    """
    with styled():
        sheet = Sheet(_WIDTH, 0.55)
        axes, side = sheet.figure.subplots(1, 2, sharey=True, width_ratios=(5, 1))
        start = float(curve.times[0] - curve.width / 2)
        stop = float(curve.times[-1] + curve.width / 2)
        edges = [start, *np.clip(good, start, stop).ravel().tolist(), stop]
        label: str | None = "cut"
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            if end - begin > 1e-6 * curve.width:
                axes.axvspan((begin - start) / 1000, (end - start) / 1000, color=_CUT, linewidth=0, label=label)
                label = None
        shown = np.where(curve.coverage > 0, curve.rates, np.nan)
        thousands = (curve.times - start) / 1000
        if len(thousands) <= _MOST_ERRORS:
            errors = np.sqrt(np.maximum(shown, 0) / curve.width)
            axes.errorbar(thousands, shown, yerr=errors, fmt="none", ecolor="#7fb8d8", elinewidth=0.6)
        axes.plot(thousands, shown, color=MAIN, linewidth=0.9, drawstyle="steps-mid")
        words = f"threshold {told.threshold:.4g} count/s"
        for each in (axes, side):
            each.axhline(told.threshold, color=ACCENT, linewidth=1.2, linestyle="--", label=words)
        finite = shown[np.isfinite(shown)]
        top = max(float(finite.max(initial=0.0)) * 1.15, told.threshold * 1.6, 1.0 / curve.width)
        linear = min(2 * max(told.threshold, top / 100), top)
        if top > 4 * linear:
            axes.set_yscale("symlog", linthresh=linear)
        axes.set_ylim(0, top)
        axes.set_xlim(0, (stop - start) / 1000)
        axes.set_xlabel(f"Time since {start:.0f} s of mission time (ks)")
        axes.set_ylabel("Rate (count s⁻¹)")
        axes.legend(loc="upper left", ncols=2, frameon=True, framealpha=0.85, edgecolor="none")
        _draw_histogram(side, finite, linear, top)
        share = told.kept / told.total if told.total else 0.0
        details = (
            f"{told.details} · keeps {told.kept / 1000:.4g} of {told.total / 1000:.4g} ks ({100 * share:.3g} %) · "
            f"{told.selection}"
        )
        _write(sheet, told.name, details.lstrip(" ·"))
        sheet.save(target)


def _write(sheet: Sheet, name: str, details: str) -> None:
    """Write two lines above both axes; text of headers is never read as mathematics."""
    sheet.figure.get_layout_engine().set(rect=(0, 0, 1, 0.9))  # type: ignore[union-attr]
    shown = details if len(details) <= _LONGEST else details[: _LONGEST - 1] + "…"
    for height, text, style in (
        (0.985, name[:_LONGEST], {"fontsize": 13, "fontweight": "bold"}),
        (0.935, shown, {"fontsize": 9.5, "color": SOFT}),
    ):
        sheet.figure.text(0.02, height, text, va="top", parse_math=False, **style)


def _draw_histogram(side: Axes, rates: np.ndarray, linear: float, top: float) -> None:
    """Bars along the axis of rates: fine ones where it is linear, coarser ones above."""
    fine = np.linspace(0, linear, 41)
    coarse = np.geomspace(fine[-1], top, 12)[1:] if top > fine[-1] * 1.01 else []
    side.hist(rates, bins=[*fine, *coarse], orientation="horizontal", color=MAIN, alpha=0.75)
    side.set_xlabel("Bins", color=SOFT)
    side.tick_params(labelleft=False)
