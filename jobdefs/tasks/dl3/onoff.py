"""dl3-onoff-spectrum: counts of a source and of its background by energy, and how significant the excess is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vo.errors import ParameterError
from vo.skyregions import parse_region
from vo.sphere import distance, lonlat

from ..fitsout import Outputs
from ..parameters import Invocation
from ..previews import write_preview
from ..reporting import Reporter, TaskError
from ..running import running
from .countmap import energy_band
from .reflected import Cone, inside, reflected_cones
from .runs import Run, read_run
from .significance import li_ma
from .spectra import Stacked, write_regions, write_spectra, write_table

__all__ = ["VERSION", "OnOff", "energy_edges", "exclusion_cones", "measure", "run", "source_cone", "stack"]

VERSION = "dl3-onoff-spectrum-1.0"
"""What messages, CREATOR and XPROC0 call this task."""

MOST_BINS = 1000

PREVIEW = Path("spectrum.png")


@dataclass(frozen=True, slots=True)
class OnOff:
    """What was counted in one run.

    Parameters
    ----------
    on, off
        Counts in each bin of energy.
    alpha
        Area of the source's region by that of the background's; all lie at the same distance from the pointing.
    source, cones
        Regions of the source and of the background.
    """

    run: Run
    source: Cone
    on: np.ndarray
    off: np.ndarray
    alpha: float
    cones: Sequence[Cone]


def run(call: Invocation) -> None:
    """Count, and write spectra, table, regions and picture.

    Raises
    ------
    vo.errors.UsageError
        It can't be done; nothing is left behind then.
    """
    with running(call, VERSION) as reporter:
        edges = energy_edges(call)
        on = source_cone(call.text("region"))
        left_out, off = exclusion_cones(call), _cones(call, "offregion")
        names = call.texts("events")
        counted = []
        for number, name in enumerate(names):
            reporter.stage(f"Counting in {Path(name).name}")
            counted.append(
                measure(
                    read_run(name, float(edges[0]), float(edges[-1])),
                    edges,
                    on,
                    left_out=left_out,
                    off=off,
                    gap=call.real("gap"),
                )
            )
            _tell(reporter, counted[-1])
            reporter.progress(number + 1, len(names))
        if not any(item.cones for item in counted):
            raise TaskError(
                "NoBackground",
                "no region of the background fits into any run: the source is too near to the pointing, or too much is "
                "left out; give a smaller region, or an offregion.",
            )
        used = [item for item in counted if item.cones]
        stacked = stack(used)
        reporter.stage("Writing products")
        with Outputs(clobber=call.clobber) as outputs:
            write_spectra(outputs, call, reporter, runs=[item.run for item in used], stacked=stacked, edges=edges)
        write_table(Path("spectrum.ecsv"), stacked, edges, runs=len(used))
        write_regions(Path("regions.reg"), {Path(item.run.name).name: (item.source, item.cones) for item in used})
        total = stacked.total()
        reporter.message(
            f"In all {int(total.on)} counts, {int(total.off)} of the background at alpha {float(total.alpha):.4f}: "
            f"excess {float(total.excess):.1f}, {float(total.significance):.2f} sigma (Li & Ma)."
        )
        write_preview(Path(call.text("onset")), PREVIEW, background=Path(call.text("offset")))


def stack(items: Sequence[OnOff]) -> Stacked:
    """The runs together: in each bin alpha is that of the runs weighted by their counts of the background."""
    on, off = (np.sum([getattr(item, name) for item in items], axis=0) for name in ("on", "off"))
    expected = np.sum([item.alpha * item.off for item in items], axis=0)
    times = np.array([item.run.livetime or 1.0 for item in items])
    plain = float(np.average([item.alpha for item in items], weights=times))
    alpha = np.divide(expected, off, out=np.full(len(off), plain), where=off > 0)
    return Stacked(on, off, alpha, sum(item.run.livetime for item in items))


def energy_edges(call: Invocation) -> np.ndarray:
    """Edges of the bins of energy, TeV, at equal steps of the logarithm.

    Raises
    ------
    vo.errors.ParameterError
        The band is empty or begins at 0, or has too many bins.
    """
    emin, emax = energy_band(call)
    if emin <= 0:
        raise ParameterError("emin", "it must be above 0 TeV: the bins are equal steps of the logarithm of energy.")
    bins = max(round(call.real("binsperdecade") * math.log10(emax / emin)), 1)
    if bins > MOST_BINS:
        raise ParameterError("binsperdecade", f"{bins} bins are too many; at most {MOST_BINS} are made.")
    return np.geomspace(emin, emax, bins + 1)


def source_cone(text: str) -> Cone:
    """The region of the source, which must be a circle of the sky.

    Raises
    ------
    vo.errors.ParameterError
        It is something else.
    """
    shapes = parse_region(text).shapes
    if len(shapes) != 1 or shapes[0].kind != "circle" or shapes[0].physical:
        raise ParameterError("region", "it must be one circle on the sky, such as CIRCLE 83.633 22.014 0.11.")
    return Cone(*shapes[0].numbers)


def measure(
    item: Run, edges: np.ndarray, on: Cone, *, left_out: Sequence[Cone], off: Sequence[Cone], gap: float
) -> OnOff:
    """Count one run; without regions `off` in regions that `reflected_cones` finds.

    Parameters
    ----------
    edges
        Of the bins of energy, TeV.
    """
    cones = list(off) or reflected_cones(item.pointing, on, left_out, gap)
    in_on = inside([on], item.ra, item.dec)
    in_off = inside(cones, item.ra, item.dec) & ~inside(left_out, item.ra, item.dec)
    area = sum(_area(cone) for cone in cones)
    return OnOff(
        run=item,
        source=on,
        on=np.histogram(item.energy[in_on], edges)[0],
        off=np.histogram(item.energy[in_off], edges)[0],
        alpha=_area(on) / area if area else 0.0,
        cones=cones,
    )


def _area(cone: Cone) -> float:
    return 2 * math.pi * (1 - math.cos(math.radians(cone.radius)))


def exclusion_cones(call: Invocation) -> list[Cone]:
    """The circles that hold the shapes of the parameter `exclude`.

    Raises
    ------
    vo.errors.ParameterError
        A shape is not on the sky, or excluded.
    """
    return _cones(call, "exclude")


def _cones(call: Invocation, name: str) -> list[Cone]:
    """The circles that hold the shapes of a region."""
    if not call.text(name):
        return []
    region = parse_region(call.text(name))
    if region.is_physical or any(shape.excluded for shape in region.shapes):
        raise ParameterError(name, "its shapes must be on the sky, and none of them excluded.")
    if name == "offregion" and any(shape.kind != "circle" for shape in region.shapes):
        raise ParameterError(name, "it must be made of circles, such as CIRCLE 83.1 21.5 0.11; CIRCLE 84.1 21.5 0.11.")
    cones = []
    for shape in region.shapes:
        axis, radius = shape.cone()
        ra, dec = lonlat(axis)
        cones.append(Cone(float(ra), float(dec), float(radius)))
    if name == "offregion":
        for number, cone in enumerate(cones):
            if any(cone.touches(other) for other in cones[:number]):
                raise ParameterError(name, "its circles overlap, and events would be counted twice.")
    return cones


def _tell(reporter: Reporter, item: OnOff) -> None:
    """Say what a run gave, and warn of what can't be right."""
    name = Path(item.run.name).name
    if not item.cones:
        reporter.warning("NoBackground", f"{name} has no room for regions of the background; it is left out.")
        return
    on, off = int(item.on.sum()), int(item.off.sum())
    reporter.message(
        f"{name}: {on} counts in the source's region, {off} in {len(item.cones)} regions of the background, "
        f"{float(li_ma(on, off, item.alpha)):.1f} sigma."
    )
    offsets = [float(distance(*item.run.pointing, cone.ra, cone.dec)) for cone in item.cones]
    reference = float(distance(*item.run.pointing, item.source.ra, item.source.dec))
    if max(abs(offset - reference) for offset in offsets) > 0.1:
        reporter.warning(
            "UnequalOffsets",
            f"{name}: the regions lie at different distances from the pointing, where the camera is not equally "
            "sensitive; the background is that of another place.",
        )
