"""epic-lightcurve: from an event list and a region to a light curve without its background.

With SAS epiclccorr makes the corrections; without, `correcting` those that the event list allows.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from ..apertures import Aperture
from ..calling import call as run_task
from ..calling import has_sas
from ..filespec import file_and_block
from ..fitsio import open_fits
from ..parameters import Invocation
from ..previews import write_preview
from ..reporting import Reporter, TaskError
from ..responses import need_calibration
from ..running import running
from ..sourceselection import Selected, check_names, select, told_aperture, write_regions, write_summary
from .correcting import net_curve, read_curve, write_net_curve
from .livetimes import good_times_by_chip

__all__ = ["PREVIEW", "VERSION", "run"]

VERSION = "epic-lightcurve-1.0"
"""What messages and histories call this task."""

PREVIEW = "lightcurve.png"

MAX_BINS = 2_000_000

_OWN = ("background, scaled by the areas of the regions", "dead time", "gaps in the good times")
_NOT_OWN = (
    "vignetting",
    "point spread function",
    "quantum efficiency",
    "filter transmission",
)
_WHY = "They need XMM-Newton SAS (epiclccorr) and its calibration files, and this service has none."


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done.
    """
    with running(call, VERSION) as reporter:
        check_names(call, "sourceset", "backgroundset", "outset")
        selected = select(call, reporter)
        need_calibration(selected.events, reporter)
        span = _span(call, selected, reporter)
        source = call.text("sourceset")
        background = call.text("backgroundset") if selected.background is not None else ""
        _extract(call, selected, selected.source, target=source, span=span, reporter=reporter)
        if selected.background is not None:
            _extract(call, selected, selected.background, target=background, span=span, reporter=reporter)
        if has_sas():
            _correct_with_sas(call, selected, source, background, reporter)
        else:
            _correct(call, selected, source, background, reporter)
        write_regions(selected)
        write_summary(selected, _summary(call, selected))
        _draw(call.text("outset"), reporter)


def _span(call: Invocation, selected: Selected, reporter: Reporter) -> tuple[float, float]:
    """Begin and end of both curves: as given, else those of the good times, the end at that of a bin."""
    given = [call.real(name) if call.text(name) else None for name in ("timemin", "timemax")]
    if None in given:
        with open_fits(selected.events.name) as file:
            table = file.table(file.find(file_and_block(selected.events.table)[1]))
            times = [item for item in good_times_by_chip(table, reporter).values() if len(item)]
            ends = (
                (min(item[0, 0] for item in times), max(item[-1, 1] for item in times))
                if times
                else (float(table.header.number("TSTART") or 0.0), float(table.header.number("TSTOP") or 0.0))
            )
        given = [end if value is None else value for value, end in zip(given, ends, strict=True)]
    start, stop = map(float, given)  # type: ignore[arg-type]
    if stop <= start:
        raise TaskError("BadRateLimits", f"timemax={stop:g} must be after timemin={start:g}.")
    width = call.real("timebinsize")
    count = math.ceil((stop - start) / width - 1e-9)
    if count > MAX_BINS:
        raise TaskError("BadRateLimits", f"timebinsize={width:g} s gives {count:,} bins; {MAX_BINS:,} are allowed.")
    return start, start + count * width


def _extract(
    call: Invocation, selected: Selected, where: Aperture, *, target: str, span: tuple[float, float], reporter: Reporter
) -> None:
    reporter.stage(f"Running evselect for {target}")
    parameters = {
        "table": selected.events.table,
        "expression": selected.expression(where),
        "withrateset": "yes",
        "rateset": target,
        "energycolumn": "PI",
        "timecolumn": "TIME",
        "timebinsize": call.text("timebinsize"),
        "withtimeranges": "yes",
        "timemin": repr(span[0]),
        "timemax": repr(span[1]),
        "maketimecolumn": "yes",
        "makeratecolumn": "yes",
    }
    run_task("evselect", parameters, expected=[target])


def _correct_with_sas(call: Invocation, selected: Selected, source: str, background: str, reporter: Reporter) -> None:
    reporter.stage("Running epiclccorr")
    parameters = {
        "srctslist": source,
        "eventlist": selected.events.name,
        "outset": call.text("outset"),
        "applyabsolutecorrections": call.text("absolute"),
    }
    if background:
        parameters |= {"withbkgset": "yes", "bkgtslist": background}
    run_task("epiclccorr", parameters, expected=[call.text("outset")])


def _correct(call: Invocation, selected: Selected, source: str, background: str, reporter: Reporter) -> None:
    reporter.stage("Subtracting the background" if background else "Correcting for dead time")
    curve = read_curve(source, selected.events, selected.source, reporter)
    other, ratio = None, 0.0
    if selected.background is not None:
        other = read_curve(background, selected.events, selected.background, reporter)
        ratio = selected.source.area / selected.background.area
    columns = net_curve(curve, other, ratio)
    write_net_curve(call, source, columns, exposure=float(curve.live.sum()), reporter=reporter)
    reporter.message(f"corrected for {', '.join(_OWN if background else _OWN[1:])}.")
    reporter.message(f"not corrected for {', '.join(_NOT_OWN)}. {_WHY}")


def _summary(call: Invocation, selected: Selected) -> dict[str, Any]:
    made: dict[str, Any] = {"source": {**told_aperture(selected.source), "file": call.text("sourceset")}}
    if selected.background is not None:
        made["background"] = {**told_aperture(selected.background), "file": call.text("backgroundset")}
        made["area_ratio"] = selected.source.area / selected.background.area
    if has_sas():
        made["corrections"] = {"made_by": "epiclccorr", "absolute": call.text("absolute") == "yes"}
    else:
        own = _OWN if selected.background is not None else _OWN[1:]
        made["corrections"] = {
            "made_by": "epic-lightcurve",
            "made": list(own),
            "not_made": list(_NOT_OWN),
            "why": _WHY,
        }
    made["light_curve"] = {"file": call.text("outset"), **_measured(call.text("outset"))}
    return made


def _measured(path: str) -> dict[str, Any]:
    """Mean rate, and how much the curve varies: chi-squared against a constant."""
    with open_fits(path) as file:
        table = file.table(file.find("RATE"))
        rows = table.all()
        rates, errors = (rows[name].astype(float) if name in rows else np.empty(0) for name in ("RATE", "ERROR"))
        told: dict[str, Any] = {"bins": table.length, "bin_width": float(table.header.number("TIMEDEL") or 0.0)}
    good = np.isfinite(rates) & np.isfinite(errors) & (errors > 0)
    if good.sum() < 2:
        return told
    weights = 1 / errors[good] ** 2
    mean = float((rates[good] * weights).sum() / weights.sum())
    told["mean_rate"] = float(rates[good].mean())
    told["chi_squared"] = float((((rates[good] - mean) / errors[good]) ** 2).sum())
    told["degrees_of_freedom"] = int(good.sum()) - 1
    return told


def _draw(path: str, reporter: Reporter) -> None:
    reporter.stage("Drawing the preview")
    write_preview(Path(path), Path(PREVIEW))
