"""How all pictures look, and how they become files: the same inputs give the same bytes.

Matplotlib is imported when the first picture is drawn, without pyplot and its state. Colours are those of Okabe and
Ito and of the cividis and inferno maps, which people who see colours differently can tell apart.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vo.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ACCENT", "INK", "LARGEST", "MAIN", "SMALLEST", "SOFT", "Sheet", "styled"]

SMALLEST, LARGEST = 160, 4000
"""Widths in pixels between which pictures are drawn."""

FULL_WIDTH = 1200
FULL_INCHES = 8.0
"""At this width the letters are 11 points high in a sheet of that many inches."""

SMALL_WIDTH = 600
"""Below it a picture has fewer ticks, and no colour bar or legend: its letters are larger in proportion."""

INK, SOFT = "#1b2733", "#5d6872"
MAIN, ACCENT = "#0072b2", "#d55e00"

_STYLE: dict[str, Any] = {
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.formatter.use_mathtext": True,
    "axes.formatter.limits": (-4, 5),
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": "#c9c6bf",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.1,
    "mathtext.fontset": "dejavusans",
    "savefig.dpi": "figure",
    "svg.hashsalt": "athanor",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}


class Sheet:
    """One picture: a figure with a title and room for axes.

    Parameters
    ----------
    width
        Pixels.
    ratio
        Height by width.
    """

    def __init__(self, width: int, ratio: float) -> None:
        if not SMALLEST <= width <= LARGEST:
            raise ParameterError("size", f"it is {width} pixels, and must be between {SMALLEST} and {LARGEST}.")
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (heavy: when a picture is drawn)
        from matplotlib.figure import Figure  # noqa: PLC0415

        self.small = width < SMALL_WIDTH
        inches = FULL_INCHES * min((width / FULL_WIDTH) ** 0.55, 1)
        height = round(width * ratio)
        dpi = width / inches
        self.figure: Figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, layout="constrained")
        FigureCanvasAgg(self.figure)

    def title(self, axes: Axes, name: str, details: str) -> None:
        """Write what the picture is of above the axes; text of headers is never read as mathematics."""
        width = self.figure.get_figwidth() * 72 - 60
        size, small = (10, 0) if self.small else (13, 9.5)
        axes.set_title(
            _cut(name, width / size * 1.6),
            loc="left",
            fontsize=size,
            fontweight="bold",
            pad=small * 2 + 2 if small else None,
            parse_math=False,
        )
        if small:
            line = _cut(details, width / small * 1.95)
            axes.annotate(
                line,
                (0, 1),
                (0, 6),
                xycoords="axes fraction",
                textcoords="offset points",
                fontsize=small,
                color=SOFT,
                parse_math=False,
            )

    def save(self, target: Path) -> None:
        """Write the picture as PNG, without date, software or other traces: whole, or not at all."""
        temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            self.figure.savefig(temporary, format="png", metadata={"Software": None})
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of all pictures; settings of the user or the site do not matter."""
    if not os.environ.get("MPLCONFIGDIR"):
        own = tempfile.mkdtemp(prefix="matplotlib-")  # a job's home may be read-only
        os.environ["MPLCONFIGDIR"] = own
        atexit.register(shutil.rmtree, own, ignore_errors=True)
    import matplotlib as mpl  # noqa: PLC0415 (heavy: when a picture is drawn)

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def _cut(text: str, length: float) -> str:
    text = "".join(letter if " " <= letter <= "~" or letter in "·–×≥²°µ…" else "?" for letter in text)
    return text if len(text) <= length else text[: max(int(length) - 1, 1)].rstrip() + "…"
