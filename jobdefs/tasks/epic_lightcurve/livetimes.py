"""How long each chip was sensitive in each bin of a light curve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..evselect.dss import base_subspace
from ..evselect.exposure import exposure_table, good_times_by_ccd
from ..fitsio import FitsFile, Table
from ..intervals import elapsed
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
    return good_times_by_ccd(base_subspace(table, "TIME", reporter.warning), "TIME")


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
        frames = _densities(events, number, before.get(number, before.get(0, good)))
        if frames is None:
            live[number] = _live_fraction(table, number) * live_times_of(good, edges)
        else:
            live[number] = _weighted(frames, good, edges)
    return live


def live_times_of(good: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Seconds of good time in each bin."""
    return np.diff(elapsed(good, edges))


def _densities(events: FitsFile, number: int, good: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Middles of the frames of EXPOSUnn, and the live time per second of good time in each.

    FRACEXP is of a whole frame, whatever part of it was good: what it tells is spread over that part. In frames that a
    filter has cut since, this would be too much; no frame has more than the best.
    """
    hdu = exposure_table(events, number)
    rows = events.table(hdu).all() if hdu is not None else {}
    if not {"TIME", "FRACEXP"} <= set(rows) or len(rows["TIME"]) < 2:
        return None
    middles, fractions = rows["TIME"].astype(float), rows["FRACEXP"].astype(float)
    order = np.argsort(middles, kind="stable")
    middles, fractions = middles[order], fractions[order]
    half = float(np.median(np.diff(middles))) / 2
    seconds = elapsed(good, middles + half) - elapsed(good, middles - half)
    kept = seconds > 0
    if not kept.any() or not half:
        return None
    densities = np.minimum(2 * half * fractions[kept] / seconds[kept], fractions.max())
    return middles[kept], densities


def _weighted(frames: tuple[np.ndarray, np.ndarray], good: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Live time of each bin: good times weighted by the density of the nearest frame."""
    middles, densities = frames
    borders = (middles[1:] + middles[:-1]) / 2
    cuts = np.union1d(borders, edges)
    places = (cuts[1:] + cuts[:-1]) / 2
    live = np.diff(elapsed(good, cuts)) * densities[np.searchsorted(borders, places)]
    bins = np.searchsorted(edges, places, side="right") - 1
    kept = (bins >= 0) & (bins < len(edges) - 1)
    return np.bincount(bins[kept], weights=live[kept], minlength=len(edges) - 1)


def _live_fraction(table: Table, number: int) -> float:
    """Live time against on time, as the header of the event list tells it."""
    for on_key, live_key in ((f"ONTIME{number:02d}", f"LIVETI{number:02d}"), ("ONTIME", "LIVETIME")):
        on_time, live = table.header.number(on_key), table.header.number(live_key)
        if on_time and live:
            return float(live / on_time)
    return 1.0
