"""epic-image: images of the sky in bands of energy from EPIC event lists, and their picture in colours.

Images are made by evselect and exposure maps by eexpmap, with the parameters with which XGA (X-ray: Generate and
Analyse) and DAXA call them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vo.errors import ParameterError
from vo.skyregions import parse_region

from ..apertures import EventList, read_event_list
from ..calling import call as run_task
from ..calling import has_sas
from ..camera import standard_selection
from ..filespec import file_and_block
from ..parameters import Invocation
from ..previews import write_colour_preview, write_preview
from ..reporting import Reporter
from ..responses import need_calibration
from ..running import running
from .adding import add_images
from .grid import Band, Grid, make_grid, parse_bands

__all__ = ["VERSION", "run"]

VERSION = "epic-image-1.0"
"""What messages and histories call this task."""


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    vo.errors.UsageError
        What was asked for can't be done.
    """
    with running(call, VERSION) as reporter:
        bands = parse_bands(call.texts("bands"))
        lists = [read_event_list(name, clean=call.text("flag") == "0") for name in call.texts("events")]
        grid = make_grid(lists[0], _circle(call), call.real("size"), call.real("binsize"))
        grid.check_alike(lists)
        for number, band in enumerate(bands):
            reporter.stage(f"Making the image of {band.text.replace('–', '-')}")
            _image(call, reporter, lists, grid, band)
            reporter.progress(number + 1, len(bands))
        _exposure_maps(call, reporter, lists, bands)
        reporter.stage("Drawing pictures")
        _draw(call, bands)


def image_name(band: Band) -> str:
    """The file of a band's image; so that names sort by energy."""
    return f"image_{band.low:05d}_{band.high:05d}.fits"


def _circle(call: Invocation) -> tuple[float, float, float] | None:
    if not call.text("region"):
        return None
    region = parse_region(call.text("region"))
    if region.is_physical:
        raise ParameterError("region", "it must be on the sky: sky pixels belong to one event list.")
    return region.bounding_circle()


def _expression(call: Invocation, events: EventList, band: Band) -> str:
    good = standard_selection(
        events.camera.instrument,
        flag=call.text("flag"),
        pattern=call.integer("pattern") if call.text("pattern") else None,
    )
    words = [good, f"(PI in [{band.low}:{band.high - 1}])"]
    if call.text("expression") not in ("", "true"):
        words.insert(0, f"({call.text('expression')})")
    return " && ".join(words)


def _part(number: int, target: str, several: bool) -> str:
    """The file of one event list's image: the product itself where there is but one list."""
    return f"part{number}_{target}" if several else target


def _image(call: Invocation, reporter: Reporter, lists: Sequence[EventList], grid: Grid, band: Band) -> None:
    target = image_name(band)
    parts = [_part(number, target, len(lists) > 1) for number in range(1, len(lists) + 1)]
    for events, part in zip(lists, parts, strict=True):
        left, right, bottom, top = grid.limits(events)
        parameters = {
            "table": events.table,
            "expression": _expression(call, events, band),
            "withimageset": "yes",
            "imageset": part,
            "xcolumn": "X",
            "ycolumn": "Y",
            "imagebinning": "binSize",
            "ximagebinsize": str(grid.step),
            "yimagebinsize": str(grid.step),
            "squarepixels": "yes",
            "withxranges": "yes",
            "ximagemin": str(left),
            "ximagemax": str(right),
            "withyranges": "yes",
            "yimagemin": str(bottom),
            "yimagemax": str(top),
            "ignorelegallimits": "yes",
            "writedss": "yes",
            "updateexposure": "yes",
        }
        run_task("evselect", parameters, expected=[part])
    if len(lists) > 1:
        names = [events.name for events in lists]
        paths = [Path(part) for part in parts]
        add_images(paths, target, reporter=reporter, call=call, names=names)


def _exposure_maps(call: Invocation, reporter: Reporter, lists: Sequence[EventList], bands: Sequence[Band]) -> None:
    """The exposure of each pixel of each image, where there are SAS and the attitude."""
    attitude = call.text("attitude")
    if not has_sas():
        if attitude:
            reporter.warning(
                "NoExposureMaps", "exposure maps need XMM-Newton SAS (eexpmap), which this service does not have."
            )
        _remove_parts(lists, bands)
        return
    if not attitude:
        reporter.message("No attitude file is given: no exposure maps are made.")
        _remove_parts(lists, bands)
        return
    need_calibration(lists[0], reporter)
    for band in bands:
        reporter.stage(f"Running eexpmap for {band.text.replace('–', '-')}")
        target = image_name(band).replace("image_", "expmap_")
        parts = [_part(number, target, len(lists) > 1) for number in range(1, len(lists) + 1)]
        for number, (events, part) in enumerate(zip(lists, parts, strict=True), start=1):
            parameters = {
                "imageset": _part(number, image_name(band), len(lists) > 1),
                "attitudeset": file_and_block(attitude)[0],
                "eventset": events.table,
                "expimageset": part,
                "withdetcoords": "no",
                "withvignetting": call.text("withvignetting"),
                "pimin": str(band.low),
                "pimax": str(band.high - 1),
            }
            run_task("eexpmap", parameters, expected=[part])
        if len(lists) > 1:
            names = [events.name for events in lists]
            paths = [Path(part) for part in parts]
            add_images(paths, target, reporter=reporter, call=call, names=names, real=True)
    _remove_parts(lists, bands)


def _remove_parts(lists: Sequence[EventList], bands: Sequence[Band]) -> None:
    if len(lists) < 2:
        return
    for band in bands:
        for number in range(1, len(lists) + 1):
            for name in (image_name(band), image_name(band).replace("image_", "expmap_")):
                Path(_part(number, name, several=True)).unlink(missing_ok=True)


def _draw(call: Invocation, bands: Sequence[Band]) -> None:
    smooth = call.real("smooth")
    for band in bands:
        image = Path(image_name(band))
        write_preview(image, image.with_suffix(".png"), smooth=smooth)
    if len(bands) == 3:
        ordered = sorted(bands, key=lambda band: (band.low, band.high))
        write_colour_preview(
            [Path(image_name(band)) for band in ordered],
            Path("colours.png"),
            smooth=smooth,
            names=[band.text for band in ordered],
        )
