"""epic-region: from a circle about where a source should be to the circle in which it is best measured.

With SAS eregionanalyse finds the circle; without, `optimum`.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from vo.skyregions import Region, parse_region
from vo.skyshapes import make_shape
from vo.sphere import distance

from ..apertures import Aperture, EventList, aperture, read_event_list
from ..calling import call as run_task
from ..calling import has_sas
from ..camera import standard_selection
from ..fitsio import open_fits
from ..parameters import Invocation
from ..previews import write_preview
from ..reporting import Reporter, TaskError
from ..responses import need_calibration
from ..running import running
from ..summaries import write_json
from .optimum import CountImage, Optimum, best_radius, centred, local_background, measured

__all__ = ["PREVIEW", "REGION", "SUMMARY", "VERSION", "run"]

VERSION = "epic-region-1.0"
"""What messages and histories call this task."""

REGION, SUMMARY, PREVIEW = "region.txt", "region.json", "image.png"

CELL = 20
"""Side of the image's pixels in sky pixels: 1 arcsec."""

ARCSEC = 20.0
"""Sky pixels in an arcsecond."""

LARGEST = 300.0
"""Arcseconds: the largest radius with which the search may begin."""

_CIRCLE = re.compile(r"SASCIRCLE:\s*\(X,\s*Y\)\s*in\s*CIRCLE\(([^)]*)\)", re.IGNORECASE)


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done.
    """
    with running(call, VERSION) as reporter:
        reporter.stage(f"Processing event list {Path(call.text('table')).name}")
        events = read_event_list(call.text("table"), clean=call.text("flag") == "0")
        reporter.stage("Loading the source region")
        region = parse_region(call.text("source"))
        start = aperture(events, region, parameter="source", reporter=reporter)
        x, y, radius = _circle(start)
        need_calibration(events, reporter)
        limits = call.real("minradius") * ARCSEC, call.real("maxradius") * ARCSEC
        if limits[0] > limits[1]:
            raise TaskError("BadRadius", "minradius must not be larger than maxradius.")
        _make_image(call, events, (x, y), _half_width(radius, limits[1]), reporter)
        image = _read_image(call.text("imageset"), events)
        if has_sas():
            found, told = _with_sas(call, image, (x, y, radius), reporter)
        else:
            found, told = _own(call, image, (x, y, radius), limits, reporter)
        _write(call, events, region, start=(x, y, radius), found=found, told=told, reporter=reporter)


def _circle(start: Aperture) -> tuple[float, float, float]:
    """X, Y and radius of the start region, which must be one circle."""
    shape = start.shapes[0]
    if len(start.shapes) != 1 or shape.name != "circle":
        raise TaskError(
            "NotCircle", f"source must be one circle, such as CIRCLE 150.1 2.2 0.01; it is {start.region.text}."
        )
    x, y, radius = shape.numbers
    if radius > LARGEST * ARCSEC:
        raise TaskError("BadRadius", f"source has a radius of {radius / ARCSEC:.0f} arcsec; {LARGEST:.0f} are allowed.")
    return x, y, radius


def _half_width(radius: float, largest: float) -> float:
    """Half the side of the image: the background's annulus about the largest circle, and room to move."""
    return 2 * max(2 * radius, 1200.0) + max(radius, largest) / 2


def _make_image(
    call: Invocation, events: EventList, centre: tuple[float, float], half: float, reporter: Reporter
) -> None:
    reporter.stage("Running evselect for the image")
    low_x, low_y = (math.floor(value - half) for value in centre)
    side = math.ceil(2 * half / CELL) * CELL
    selection = standard_selection(
        events.camera.instrument,
        flag=call.text("flag"),
        pattern=call.integer("pattern") if call.text("pattern") else None,
        pimin=call.real("pimin"),
        pimax=call.real("pimax"),
    )
    parameters = {
        "table": events.table,
        "expression": selection,
        "withimageset": "yes",
        "imageset": call.text("imageset"),
        "xcolumn": "X",
        "ycolumn": "Y",
        "imagebinning": "binSize",
        "ximagebinsize": str(CELL),
        "yimagebinsize": str(CELL),
        "withxranges": "yes",
        "ximagemin": str(low_x),
        "ximagemax": str(low_x + side - 1),
        "withyranges": "yes",
        "yimagemin": str(low_y),
        "yimagemax": str(low_y + side - 1),
        "ignorelegallimits": "yes",
    }
    run_task("evselect", parameters, expected=[call.text("imageset")])


def _read_image(path: str, events: EventList) -> CountImage:
    with open_fits(path) as file:
        hdu = file.hdus[0]
        counts = file.image(hdu)
        axes = [[hdu.header.number(f"{key}{axis}L") for key in ("CRPIX", "CRVAL", "CDELT")] for axis in (1, 2)]
    if counts is None or counts.ndim != 2 or any(value is None for axis in axes for value in axis):
        raise TaskError("ImageType", f"{path} is no image in sky pixels.")
    places = [
        value + (np.arange(1, length + 1) - pixel) * step
        for (pixel, value, step), length in zip(axes, counts.shape[::-1], strict=True)
    ]
    x, y = np.meshgrid(*places)
    seen = events.detector.sees(x.ravel(), y.ravel()).reshape(x.shape)
    return CountImage(x, y, counts.astype(float), seen, float(axes[0][2] * axes[1][2]))


def _own(
    call: Invocation,
    image: CountImage,
    start: tuple[float, float, float],
    limits: tuple[float, float],
    reporter: Reporter,
) -> tuple[Optimum, dict[str, Any]]:
    x, y, radius = start
    told: dict[str, Any] = {"made_by": "epic-region"}
    if call.flag("centre"):
        reporter.stage("Centring the region")
        # Wide enough to find the source, narrow enough not to find its neighbours.
        moved = centred(image, x, y, min(max(radius, 10 * ARCSEC), 30 * ARCSEC))
        shift = math.hypot(moved[0] - x, moved[1] - y)
        most = call.real("maxshift") * ARCSEC
        if shift > most:
            reporter.warning(
                "NotCentred",
                f"the centre of the counts is {shift / ARCSEC:.1f} arcsec away, more than maxshift; the region stays.",
            )
        else:
            x, y = moved[:2]
        told |= {"steps": moved[2], "centred": shift <= most}
    background = local_background(image, x, y, radius)
    told["background_density"] = background.density
    if not call.flag("optimise"):
        return measured(image, x, y, radius, background), told
    reporter.stage("Optimising the radius")
    radii = np.arange(limits[0], limits[1] + CELL / 2, CELL)
    best, tried = best_radius(image, x, y, radii, background)
    told["tried"] = [
        {"radius": item.radius / ARCSEC, "signal_to_noise": round(item.signal_to_noise, 4)} for item in tried
    ]
    return best, told


def _with_sas(
    call: Invocation, image: CountImage, start: tuple[float, float, float], reporter: Reporter
) -> tuple[Optimum, dict[str, Any]]:
    reporter.stage("Running eregionanalyse")
    background = local_background(image, *start)
    lines: list[str] = []
    parameters = {
        "imageset": call.text("imageset"),
        "srcexp": f"(X,Y) in CIRCLE({start[0]:g},{start[1]:g},{start[2]:g})",
        "backval": f"{background.density * image.cell:.6g}",
    }
    run_task("eregionanalyse", parameters, lines=lines)
    circles = [match[1] for line in lines if (match := _CIRCLE.search(line))]
    numbers = [float(word) for word in circles[-1].split(",")] if circles else []
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)) or numbers[2] <= 0:
        raise TaskError("NoRegion", "eregionanalyse ended without the line SASCIRCLE that tells the region.")
    x, y = numbers[:2] if call.flag("centre") else start[:2]
    radius = numbers[2] if call.flag("optimise") else start[2]
    found = measured(image, x, y, radius, local_background(image, x, y, radius))
    return found, {"made_by": "eregionanalyse", "background_density": background.density}


def _write(
    call: Invocation,
    events: EventList,
    region: Region,
    *,
    start: tuple[float, float, float],
    found: Optimum,
    told: dict[str, Any],
    reporter: Reporter,
) -> None:
    ra, dec = events.plane.position(found.x, found.y)
    degrees = found.radius * abs(events.plane.y.step)
    made = Region((make_shape("circle", (ra, dec, degrees)),))
    old_ra, old_dec = events.plane.position(*start[:2])
    Path(REGION).write_text(f"{made.text}\n")
    summary = {
        "observation": events.text("OBS_ID"),
        "object": events.text("OBJECT"),
        "instrument": events.camera.instrument,
        "region": made.text,
        "start_region": region.text,
        "x": round(found.x, 3),
        "y": round(found.y, 3),
        "ra": made.shapes[0].numbers[0],
        "dec": made.shapes[0].numbers[1],
        "radius": made.shapes[0].numbers[2],
        "radius_pixels": round(found.radius, 3),
        "radius_arcsec": round(degrees * 3600, 4),
        "shift_arcsec": round(float(distance(old_ra, old_dec, ra, dec)) * 3600, 4),
        "counts": found.counts,
        "background_counts": found.background,
        "net_counts": found.net,
        "signal_to_noise": found.signal_to_noise,
        **told,
    }
    write_json(SUMMARY, summary)
    reporter.message(f"{made.text}: {found.net:.1f} net counts, signal to noise {found.signal_to_noise:.1f}.")
    if found.signal_to_noise < 3:
        reporter.warning("FaintSource", f"the signal to noise is {found.signal_to_noise:.1f} only.")
    reporter.stage("Drawing the preview")
    write_preview(Path(call.text("imageset")), Path(PREVIEW))
