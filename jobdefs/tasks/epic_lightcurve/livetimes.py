"""How long each chip was sensitive in each bin of a light curve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..evselect.dss import base_subspace
from ..evselect.exposure import exposure_table
from ..evselect.subspace import good_times_of
from ..fitsio import FitsFile, Table
from ..reporting import Reporter

__all__ = ["good_times_by_chip", "live_times", "live_times_of"]


def good_times_by_chip(table: Table, reporter: Reporter) -> dict[int, np.ndarray]:
    """The good times that a table's data subspace or its tables STDGTInn tell.

    Returns
    -------
    dict
        CCD → intervals of shape (n, 2), seconds; key 0 alone where chips are not told apart; nothing where there are
        none.
    """
    subspace = base_subspace(table, "TIME", reporter.warning)
    found: dict[int, np.ndarray] = {}
    for component in subspace.components:
        intervals = good_times_of(subspace, component, "TIME")
        if intervals is not None:
            found.update(dict.fromkeys(subspace.ccds(component) or [0], intervals))
    return found


def live_times(
    events: FitsFile, table: Table, times: Mapping[int, np.ndarray], edges: np.ndarray, reporter: Reporter
) -> dict[int, np.ndarray]:
    """Seconds for which each chip was sensitive within its good times, bin by bin.

    Parameters
    ----------
    events, table
        Event list, with the tables EXPOSUnn (TIME, FRACEXP), and its events.
    times
        CCD → good times that the selection left.
    edges
        Of the bins, in seconds.
    """
    before = good_times_by_chip(table, reporter)
    live = {}
    for number, good in times.items():
        frames = _frames(events, number)
        if frames is None:
            live[number] = _live_fraction(table, number) * live_times_of(good, edges)
        else:
            live[number] = _within_frames(frames, before.get(number, before.get(0, good)), good, edges)
    return live


def live_times_of(good: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Seconds of good time in each bin."""
    return np.diff(_elapsed(good, edges))


def _frames(events: FitsFile, number: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Edges of the frames of EXPOSUnn, and the exposed fraction of each."""
    hdu = exposure_table(events, number)
    rows = events.table(hdu).all() if hdu is not None else {}
    if not {"TIME", "FRACEXP"} <= set(rows) or len(rows["TIME"]) < 2:
        return None
    centres, fractions = rows["TIME"].astype(float), rows["FRACEXP"].astype(float)
    order = np.argsort(centres, kind="stable")
    centres, fractions = centres[order], fractions[order]
    middles = (centres[1:] + centres[:-1]) / 2
    half = float(np.median(np.diff(centres))) / 2
    # A gap between frames belongs to none of them.
    starts, stops = centres - half, centres + half
    starts[1:], stops[:-1] = np.maximum(starts[1:], middles), np.minimum(stops[:-1], middles)
    edges = np.column_stack([starts, stops]).ravel()
    values = np.column_stack([fractions, np.zeros(len(fractions))]).ravel()[:-1]
    return edges, values


def _within_frames(
    frames: tuple[np.ndarray, np.ndarray], before: np.ndarray, after: np.ndarray, edges: np.ndarray
) -> np.ndarray:
    """Live time of each bin.

    FRACEXP is of a whole frame, good times before the selection taken into account: what it tells is spread over
    these, and what the selection left of them counts.
    """
    frame_edges, fractions = frames
    widths, good = np.diff(frame_edges), np.diff(_elapsed(before, frame_edges))
    density = np.divide(fractions * widths, good, out=np.zeros(len(widths)), where=good > 0)
    cuts = np.union1d(frame_edges, edges)
    middles = (cuts[1:] + cuts[:-1]) / 2
    frame = np.searchsorted(frame_edges, middles, side="right") - 1
    inside = (frame >= 0) & (frame < len(density))
    live = np.zeros(len(middles))
    live[inside] = np.diff(_elapsed(after, cuts))[inside] * density[frame[inside]]
    place = np.searchsorted(edges, middles, side="right") - 1
    kept = (place >= 0) & (place < len(edges) - 1)
    return np.bincount(place[kept], weights=live[kept], minlength=len(edges) - 1)


def _elapsed(good: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Seconds of good time before each moment."""
    if not len(good):
        return np.zeros(len(moments))
    lengths = np.diff(good, axis=1)[:, 0]
    elapsed = np.column_stack([np.cumsum(lengths) - lengths, np.cumsum(lengths)]).ravel()
    return np.interp(moments, good.ravel(), elapsed)


def _live_fraction(table: Table, number: int) -> float:
    """Live time against on time, as the header of the event list tells it."""
    for on_key, live_key in ((f"ONTIME{number:02d}", f"LIVETI{number:02d}"), ("ONTIME", "LIVETIME")):
        on_time, live = table.header.number(on_key), table.header.number(live_key)
        if on_time and live:
            return float(live / on_time)
    return 1.0
