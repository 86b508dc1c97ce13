"""epic-flare-filter: the rate of the high-energy background, a threshold, good times, and the events in them.

It runs evselect and tabgtigen: SAS's own where the run has SAS, else the built-in ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..calling import call as call_task
from ..camera import CAMERAS, Camera, instrument_of_file, standard_selection
from ..filespec import file_and_block
from ..filtering import filter_events
from ..fitsio import open_fits
from ..goodtimes import read_good_times
from ..intervals import elapsed, intersect, union
from ..listtimes import times_in
from ..parameters import Invocation
from ..reporting import Reporter, TaskError
from ..running import running
from ..summaries import write_json
from .levels import Curve, Level, clipped_level
from .picture import Told, draw_cut

__all__ = ["PICTURE", "SUMMARY", "VERSION", "run"]

VERSION = "epic-flare-filter-1.0"
"""What messages call this task."""

PICTURE, SUMMARY = "rate.png", "summary.json"
"""Names of the files that are always written beside the rate curve."""


@dataclass(frozen=True, slots=True)
class _List:
    """What is to be known of the event list.

    Parameters
    ----------
    good
        Times at which any CCD was good, shape (n, 2); empty where the list tells none.
    """

    camera: Camera
    rows: int
    good: np.ndarray
    name: str
    details: str


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done.
    """
    with running(call, VERSION) as reporter:
        reporter.stage("Reading the event list")
        events = _read_list(call.text("table"), reporter)
        selection = _flare_selection(call, events.camera)
        reporter.stage("Making the rate curve of the background")
        curve = _make_curve(call, selection, events)
        level, told_level = _level(call, curve, events.camera)
        reporter.message(f"threshold: {level:.6g} count/s")
        reporter.stage("Finding good times")
        good = _good_times(call, level, curve)
        kept, total = _seconds(good, curve, events)
        told: dict[str, object] = {
            "instrument": events.camera.instrument,
            "rate_selection": selection,
            "timebinsize": curve.width,
            **told_level,
            "good_time_before": round(total, 3),
            "good_time_kept": round(kept, 3),
            "share_kept": round(kept / total, 6) if total else 0.0,
            "events_before": events.rows,
        }
        draw_cut(Path(PICTURE), curve, good, Told(events.name, events.details, selection, level, kept, total))
        if not call.flag("rateonly"):
            if not kept:
                raise TaskError("NoGoodTime", f"no time is left below {level:.4g} count/s; the lowest rate is "
                                f"{_lowest(curve):.4g}. Take a higher threshold.")  # fmt: skip
            reporter.stage("Filtering the event list")
            told |= _clean(call, events.camera)
        write_json(SUMMARY, told)
        share = 100 * kept / total if total else 0.0
        reporter.message(f"kept {kept:.6g} of {total:.6g} s ({share:.1f} %).")


def _read_list(table: str, reporter: Reporter) -> _List:
    path, block = file_and_block(table)
    with open_fits(path) as file:
        camera = CAMERAS[instrument_of_file(file, block)]
        hdu = file.find(block)
        rows = file.table(hdu).length
        try:
            sets = times_in(file, hdu.name, reporter.warning)
        except TaskError:
            sets = {}
        headers = (hdu.header, file.hdus[0].header)

        def text(keyword: str) -> str:
            return next((found for header in headers if (found := header.text(keyword))), "")

        intervals = [item[np.isfinite(item).all(axis=1)] for item in sets.values()]
        good = union(np.concatenate(intervals)) if intervals else np.empty((0, 2))
        number = text("OBS_ID")
        details = " ".join(
            part for part in (f"obs. {number}" if number else "", camera.instrument, text("EXPIDSTR")) if part
        )
        return _List(camera, rows, good, text("OBJECT") or Path(path).name, details)


def _flare_selection(call: Invocation, camera: Camera) -> str:
    """The events whose rate tells flares."""
    low, high = call.text("ratepimin"), call.text("ratepimax")
    if low and high and int(low) >= int(high):
        raise TaskError("BandEmpty", f"ratepimax={high} eV must be above ratepimin={low} eV.")
    own = call.text("rateexpression")
    if not own and not low and not high:
        return camera.flare_selection
    conditions = [f"({own})"] if own else [camera.flag_filter, "(PATTERN==0)"]
    if low or high:
        conditions.append(f"(PI in [{low}:{high}])")
    return " && ".join(conditions)


def _make_curve(call: Invocation, selection: str, events: _List) -> Curve:
    target, width = call.text("rateset"), call.real("timebinsize")
    call_task(
        "evselect",
        {
            "table": call.text("table"),
            "expression": selection,
            "withrateset": "yes",
            "rateset": target,
            "timebinsize": call.text("timebinsize"),
            "makeratecolumn": "yes",
            "maketimecolumn": "yes",
        },
        expected=[target],
    )
    with open_fits(target) as file:
        rows = file.table(file.find("RATE")).all()
        times, rates = rows["TIME"].astype(float), rows["RATE"].astype(float)
    if not len(times):
        raise TaskError("NoFilteredEvents", "the rate curve is empty: the event list has no time, or no events.")
    coverage = np.ones(len(times))
    if len(events.good):
        coverage = (elapsed(events.good, times + width / 2) - elapsed(events.good, times - width / 2)) / width
    return Curve(times, rates, width, coverage)


def _level(call: Invocation, curve: Curve, camera: Camera) -> tuple[float, dict[str, object]]:
    """The threshold, and what the summary tells of it."""
    method = call.text("method")
    if method == "threshold":
        given = call.text("threshold")
        level = float(given) if given else camera.flare_rate
        return level, {"method": method, "threshold": level}
    found: Level = clipped_level(curve, call.real("nsigma"))
    level = float(f"{found.threshold:.6g}")
    return level, {
        "method": method,
        "threshold": level,
        "nsigma": call.real("nsigma"),
        "quiet_rate": round(found.median, 6),
        "quiet_sigma": round(found.sigma, 6),
        "quiet_bins": found.bins,
    }


def _good_times(call: Invocation, level: float, curve: Curve) -> np.ndarray:
    """The times below the threshold; a table of them, too, unless only the rate is asked for."""
    if call.flag("rateonly"):
        good = curve.rates <= level
        bins = np.column_stack([curve.times - curve.width / 2, curve.times + curve.width / 2])[good]
        joined = union(bins)
        return joined[np.diff(joined, axis=1)[:, 0] >= call.real("mingtisize")]
    target = call.text("gtiset")
    call_task(
        "tabgtigen",
        {
            "table": f"{call.text('rateset')}:RATE",
            "expression": f"RATE<={level!r}",
            "gtiset": target,
            "timecolumn": "TIME",
            "mingtisize": call.text("mingtisize"),
        },
        expected=[target],
    )
    with open_fits(target) as file:
        return read_good_times(file, file.find())


def _seconds(good: np.ndarray, curve: Curve, events: _List) -> tuple[float, float]:
    """Good time that is kept, and in all."""
    everything = events.good
    if not len(everything):
        everything = np.array([[curve.times[0] - curve.width / 2, curve.times[-1] + curve.width / 2]])
    both = intersect(everything, good)
    return float((both[:, 1] - both[:, 0]).sum()), float((everything[:, 1] - everything[:, 0]).sum())


def _lowest(curve: Curve) -> float:
    rates = curve.rates[curve.covered]
    return float(np.nanmin(rates if len(rates) else curve.rates))


def _clean(call: Invocation, camera: Camera) -> dict[str, object]:
    """Write the cleaned list; gives what the summary tells of it."""
    own = call.text("expression")
    pattern = call.integer("pattern") if call.text("pattern") else None
    selection = f"({own})" if own else standard_selection(camera.instrument, flag=call.text("flag"), pattern=pattern)
    target = call.text("filteredset")
    count = filter_events(call.text("table"), target, f"{selection} && gti({call.text('gtiset')},TIME)")
    return {"selection": selection, "events_after": count}
