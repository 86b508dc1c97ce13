"""epic-spectrum: from an event list and a region to spectra that can be fitted.

The chain is that of SAS's especget and of XGA: evselect for source and background, backscale, rmfgen, arfgen,
specgroup. Without SAS the areas are measured here (`jobdefs.tasks.detector`), and there are no responses.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from ..apertures import Aperture
from ..calling import call as run_task
from ..calling import has_sas
from ..fitscards import Card
from ..fitsio import open_fits
from ..keywords import set_keywords
from ..parameters import Invocation
from ..previews import write_preview
from ..reporting import Reporter, TaskError
from ..responses import NO_RESPONSES, make_responses, need_calibration, set_area_with_sas
from ..running import running
from ..sourceselection import Selected, check_names, select, told_aperture, write_regions, write_summary

__all__ = ["PREVIEW", "VERSION", "run"]

VERSION = "epic-spectrum-1.0"
"""What messages and histories call this task."""

PREVIEW = "spectrum.png"

_HIGHEST = {"EPN": 20_479, "EMOS1": 11_999, "EMOS2": 11_999}
"""The last channel (PI, eV) that the response matrices of a camera know."""


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done.
    """
    with running(call, VERSION) as reporter:
        check_names(call, "sourceset", "backgroundset", "groupedset", "rmfset", "arfset")
        selected = select(call, reporter)
        need_calibration(selected.events, reporter)
        source = call.text("sourceset")
        background = call.text("backgroundset") if selected.background is not None else ""
        _extract(call, selected, selected.source, source, reporter)
        if selected.background is not None:
            _extract(call, selected, selected.background, background, reporter)
        if has_sas():
            make_responses(
                source,
                call.text("rmfset"),
                call.text("arfset"),
                events=selected.events,
                selection=selected.good,
                extended=call.flag("extended"),
                reporter=reporter,
            )
        else:
            reporter.message(NO_RESPONSES)
        _name_files(call, source, background, reporter)
        made = _summary(call, selected, source, background)
        _group(call, selected, source, background, reporter)
        write_regions(selected)
        write_summary(selected, made)
        _draw(source if call.text("grouping") == "none" else call.text("groupedset"), background, reporter)


def _extract(call: Invocation, selected: Selected, where: Aperture, target: str, reporter: Reporter) -> None:
    """One spectrum with its BACKSCAL."""
    reporter.stage(f"Running evselect for {target}")
    parameters = {
        "table": selected.events.table,
        "expression": selected.expression(where),
        "withspectrumset": "yes",
        "spectrumset": target,
        "energycolumn": "PI",
        "spectralbinsize": call.text("spectralbinsize"),
        "withspecranges": "yes",
        "specchannelmin": "0",
        "specchannelmax": str(_HIGHEST[selected.events.camera.instrument]),
    }
    run_task("evselect", parameters, expected=[target])
    if has_sas():
        set_area_with_sas(target, selected.events, reporter)
        return
    area = Card("BACKSCAL", round(where.area, 3), "Area in (0.05 arcsec)**2 without gaps and bad pixels")
    set_keywords(target, "SPECTRUM", [area], reporter=reporter, call=call)


def _name_files(call: Invocation, source: str, background: str, reporter: Reporter) -> None:
    """BACKFILE, RESPFILE and ANCRFILE of the source's spectrum."""
    cards = [Card("BACKFILE", background, "Name of background file")] if background else []
    if has_sas():
        cards.append(Card("RESPFILE", call.text("rmfset"), "Name of response file"))
        cards.append(Card("ANCRFILE", call.text("arfset"), "Name of ARF file"))
    if cards:
        set_keywords(source, "SPECTRUM", cards, reporter=reporter, call=call)


def _group(call: Invocation, selected: Selected, source: str, background: str, reporter: Reporter) -> None:
    grouping = call.text("grouping")
    if grouping == "none":
        return
    if grouping == "minSN" and not background:
        raise TaskError("NoBackground", "grouping=minSN needs a background: set withbackground=yes.")
    reporter.stage("Running specgroup")
    target = call.text("groupedset")
    parameters = {"spectrumset": source, "groupedset": target, grouping: call.text(grouping)}
    if bad := _without_events(source, selected.energies, call.integer("spectralbinsize")):
        parameters["setbad"] = bad
    if background:
        parameters["backgndset"] = background
    if has_sas():
        parameters |= {"rmfset": call.text("rmfset"), "arfset": call.text("arfset")}
    run_task("specgroup", {**parameters, "addfilenames": "yes"}, expected=[target])


def _without_events(path: str, energies: tuple[float, float], width: int) -> str:
    """The channels that energies outside the selection leave empty, or filled in part, as ranges for specgroup."""
    with open_fits(path) as file:
        table = file.table(file.find("SPECTRUM"))
        last = int(table.header.number("DETCHANS") or table.length) - 1
    low, high = math.ceil(energies[0] / width), min(math.floor((energies[1] + 1) / width) - 1, last)
    if low > high:
        raise TaskError("NoChannels", f"no channel of {width} eV lies within the energies.")
    ranges = [(0, low - 1)] * (low > 0) + [(high + 1, last)] * (high < last)
    return ",".join(f"{first}-{final}" for first, final in ranges)


def _summary(call: Invocation, selected: Selected, source: str, background: str) -> dict[str, Any]:
    """What the summary tells, from the spectra themselves."""
    made: dict[str, Any] = {"source": {**told_aperture(selected.source), **_measured(source)}}
    if selected.background is not None:
        made["background"] = {**told_aperture(selected.background), **_measured(background)}
        made["net"] = _net(made["source"], made["background"])
    if has_sas():
        made["responses"] = {"made": True, "rmf": call.text("rmfset"), "arf": call.text("arfset")}
    else:
        made["responses"] = {"made": False, "why": NO_RESPONSES}
    return made


def _measured(path: str) -> dict[str, Any]:
    with open_fits(path) as file:
        table = file.table(file.find("SPECTRUM"))
        counts = float(np.sum(table.all()["COUNTS"], dtype=float))
        exposure = float(table.header.number("EXPOSURE") or 0.0)
        scale = float(table.header.number("BACKSCAL") or 0.0)
    told: dict[str, Any] = {"file": path, "counts": int(counts), "exposure": round(exposure, 3), "backscal": scale}
    if exposure > 0:
        told |= {"rate": counts / exposure, "rate_error": math.sqrt(counts) / exposure}
    return told


def _net(source: dict[str, Any], background: dict[str, Any]) -> dict[str, Any]:
    """The rate of the source without its background, and its error."""
    if "rate" not in source or "rate" not in background or not background["backscal"]:
        return {}
    ratio = source["backscal"] / background["backscal"]
    rate = source["rate"] - ratio * background["rate"]
    error = math.hypot(source["rate_error"], ratio * background["rate_error"])
    told = {"rate": rate, "rate_error": error, "area_ratio": ratio}
    return {**told, "signal_to_noise": rate / error} if error else told


def _draw(path: str, background: str, reporter: Reporter) -> None:
    reporter.stage("Drawing the preview")
    write_preview(Path(path), Path(PREVIEW), background=Path(background) if background else None)
