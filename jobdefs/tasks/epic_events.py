"""epic-events: the good events of an event list, by flag, pattern, energy, time and region.

It runs evselect: SAS's own where the run has SAS, else the built-in one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vo.errors import ParameterError, UsageError
from vo.skyregions import parse_region

from .camera import CAMERAS, instrument_of_file, standard_selection
from .filespec import file_and_block
from .filtering import filter_events
from .fitsio import FitsFile, open_fits
from .parameters import Invocation
from .previews import write_preview
from .regions import selection
from .reporting import TaskError
from .running import run_program, running
from .skyplane import sky_plane

__all__ = ["PICTURE", "VERSION", "run"]

VERSION = "epic-events-1.0"
"""What messages call this task."""

PICTURE = "events.png"
"""Name of the picture's file."""


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done.
    """
    with running(call, VERSION) as reporter:
        reporter.stage("Reading the event list")
        expression = _expression(call)
        reporter.message(f"events: {expression}")
        reporter.stage("Filtering the event list")
        target = call.text("filteredset")
        count = filter_events(call.text("table"), target, expression)
        reporter.message(f"{count} events are kept.")
        if count:
            reporter.stage("Drawing")
            try:
                write_preview(Path(target), Path(PICTURE))
            except UsageError as error:  # a list of a timing mode has no places on the sky
                reporter.warning("NoPicture", str(error))


def _expression(call: Invocation) -> str:
    """The condition that events must fulfil, with the narrow ones that cost nothing first."""
    path, block = file_and_block(call.text("table"))
    with open_fits(path) as file:
        camera = CAMERAS[instrument_of_file(file, block)]
        conditions = [
            standard_selection(
                camera.instrument,
                flag=call.text("flag"),
                pattern=call.integer("pattern") if call.text("pattern") else None,
                pimin=call.integer("pimin"),
                pimax=call.integer("pimax") if call.text("pimax") else camera.pimax,
            )
        ]
        if call.text("region"):
            conditions.append(_region(file, block, call.text("region")))
    conditions += _times(call)
    if call.text("expression"):
        conditions.append(f"({call.text('expression')})")
    return " && ".join(conditions)


def _region(file: FitsFile, block: str, text: str) -> str:
    table = file.table(file.find(block))
    if not {"X", "Y"} <= table.columns.keys():
        raise TaskError("NoSkyPixels", f"{file.name} has no columns X and Y; its events have no place on the sky.")
    plane = sky_plane(table.header, table.columns["X"], table.columns["Y"])
    if plane is None:
        raise TaskError("WcsTransform", f"{file.name} does not tell where X and Y lie on the sky (REFXCRVL …).")
    return f"({selection(parse_region(text), plane)})"


def _times(call: Invocation) -> list[str]:
    low, high = (call.real(name) if call.text(name) else None for name in ("timemin", "timemax"))
    if low is not None and high is not None and low >= high:
        raise ParameterError("timemax", f"{call.text('timemax')} must be after timemin, {call.text('timemin')}.")
    conditions = []
    if low is not None or high is not None:
        ends = ("" if low is None else repr(low), "" if high is None else repr(high))
        conditions.append(f"(TIME in [{ends[0]}:{ends[1]}])")
    if call.text("gti"):
        conditions.append(f"gti({call.text('gti')},TIME)")
    return conditions


if __name__ == "__main__":
    sys.exit(run_program("epic-events", run))
