"""What spectra and light curves of a source have in common: which events, from where, and how they are told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vo.skyregions import Region, parse_region

from .apertures import (
    Aperture,
    EventList,
    aperture,
    background_region,
    read_event_list,
    warn_of_overlap,
)
from .camera import standard_selection
from .parameters import Invocation
from .reporting import Reporter, TaskError
from .summaries import write_json

__all__ = [
    "REGIONS",
    "SUMMARY",
    "Selected",
    "check_names",
    "select",
    "told_aperture",
    "write_regions",
    "write_summary",
]

REGIONS = "regions.reg"
"""Name of the file with source and background as regions of DS9."""

SUMMARY = "summary.json"
"""Name of the file that sums up what was made."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The events of a source and of its background.

    Parameters
    ----------
    good
        The condition of good events, wherever they are.
    energies
        Lowest and highest PI in eV.
    background
        None where none is asked for.
    """

    events: EventList
    good: str
    energies: tuple[float, float]
    source: Aperture
    background: Aperture | None

    def expression(self, where: Aperture) -> str:
        """The condition of the good events in a region."""
        return f"{self.good} && {where.condition}"


def check_names(call: Invocation, *parameters: str) -> None:
    """See to it that the products that these parameters name have different names.

    Raises
    ------
    TaskError
        `SameDataset`: two are the same.
    """
    names = [call.text(parameter) for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            raise TaskError("SameDataset", f"{name} is the name of two products.")


def select(call: Invocation, reporter: Reporter) -> Selected:
    """Read the event list and the regions of a task with the parameters table, source, background, flag, pattern, ….

    Raises
    ------
    TaskError
        The list is none of an EPIC camera in an imaging mode, or a region has no part of it.
    vo.errors.ParameterError
        The energies leave nothing between them.
    """
    reporter.stage(f"Processing event list {Path(call.text('table')).name}")
    flag = call.text("flag")
    events = read_event_list(call.text("table"), clean=flag == "0")
    energies = call.real("pimin"), call.real("pimax") if call.text("pimax") else float(events.camera.pimax)
    good = standard_selection(
        events.camera.instrument,
        flag=flag,
        pattern=call.integer("pattern") if call.text("pattern") else None,
        pimin=energies[0],
        pimax=energies[1],
    )
    if call.text("expression") not in ("", "true"):
        good = f"({call.text('expression')}) && {good}"
    reporter.message(f"events: {good}")
    reporter.stage("Loading the source region")
    region = parse_region(call.text("source"))
    source = aperture(events, region, parameter="source", reporter=reporter)
    reporter.message(f"source: {source.condition}, {_area(source)}")
    background = None
    if call.flag("withbackground"):
        reporter.stage("Loading the background region")
        background = _background(call, region, events, reporter)
        warn_of_overlap(source, background, reporter)
        reporter.message(f"background: {background.condition}, {_area(background)}")
    return Selected(events, good, energies, source, background)


def write_regions(selected: Selected) -> None:
    """Write `REGIONS`."""
    text = selected.source.region.ds9
    if selected.background is not None:
        lines = selected.background.region.ds9.splitlines()[1:]
        text += "".join(f"{line} # background\n" for line in lines)
    Path(REGIONS).write_text(text)


def told_aperture(where: Aperture) -> dict[str, Any]:
    """What a summary tells of a region."""
    return {
        "region": where.region.text,
        "selection": where.condition,
        "area": round(where.area, 1),
        "area_of_figure": round(where.whole_area, 1),
        "area_unit": "(0.05 arcsec)**2",
    }


def write_summary(selected: Selected, made: Mapping[str, Any]) -> None:
    """Write `SUMMARY`: the observation, the selection, and what the task tells besides."""
    events = selected.events
    told = {
        "observation": events.text("OBS_ID"),
        "object": events.text("OBJECT"),
        "instrument": events.camera.instrument,
        "exposure_id": events.text("EXPIDSTR"),
        "events": selected.good,
        **made,
    }
    write_json(SUMMARY, told)


def _background(call: Invocation, source: Region, events: EventList, reporter: Reporter) -> Aperture:
    region = background_region(
        source,
        call.text("background"),
        call.text("exclude"),
        events=events,
        factors=(call.real("innerfactor"), call.real("outerfactor")),
    )
    return aperture(events, region, parameter="background", reporter=reporter)


def _area(where: Aperture) -> str:
    return f"{where.area:.0f} of {where.whole_area:.0f} sky pixels on the detector"
