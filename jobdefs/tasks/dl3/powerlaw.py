"""gammapy-spectrum: a power law fitted to gamma-ray runs by gammapy, with the responses that the event lists bring."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..filespec import file_and_block
from ..parameters import Invocation
from ..reporting import Reporter, TaskError
from ..running import running
from .modelfiles import draw_fit, write_fit, write_points
from .onoff import energy_edges, exclusion_cones, source_cone
from .reflected import Cone
from .runs import read_run

__all__ = ["VERSION", "prepare_gammapy", "run"]

VERSION = "gammapy-spectrum-1.0"
"""What messages call this task."""

TRUE_ENERGIES = (0.01, 300.0, 12)
"""Lowest and highest energy (TeV) between which responses are taken, and their bins per decade."""

FIELD = (250, 0.02)
"""Pixels of a side and degrees of a pixel of the map of what is no background."""

DIGITS = 6
"""Of the numbers that the tables hold."""


def prepare_gammapy() -> None:
    """Import gammapy.

    gammapy 2.1 asks the package regions for a function that regions 0.12 calls otherwise.

    Raises
    ------
    TaskError
        It is not installed, or does not fit to what else is.
    """
    try:
        from regions._utils import wcs_helpers  # noqa: PLC0415 (optional, heavy)

        if not hasattr(wcs_helpers, "pixel_scale_angle_at_skycoord"):
            wcs_helpers.pixel_scale_angle_at_skycoord = wcs_helpers.wcs_pixel_scale_angle
        import gammapy.datasets  # noqa: PLC0415
        import gammapy.makers  # noqa: F401, PLC0415
    except (ImportError, AttributeError) as error:
        raise TaskError(
            "NoGammapy",
            f"gammapy can't be imported here: {error}.",
            hint="The operator installs it by the product's extra: pip install 'athanor[gamma]'.",
        ) from error


def run(call: Invocation) -> None:
    """Fit, and write the fit, the flux points and their picture.

    Raises
    ------
    vo.errors.UsageError
        It can't be done; nothing is left behind then.
    """
    with running(call, VERSION) as reporter:
        edges = energy_edges(call)
        on, left_out = source_cone(call.text("region")), exclusion_cones(call)
        reporter.stage("Starting gammapy")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of gammapy's own: of keywords, of unit names
            prepare_gammapy()
            stacked = _reduced(call, reporter, edges, on, left_out)
            reporter.stage("Fitting")
            fit = _fitted(stacked, call.real("reference"))
            reporter.message(
                f"index {fit['index'][0]:.3f} +- {fit['index'][1]:.3f}, "
                f"norm ({fit['amplitude'][0]:.3e} +- {fit['amplitude'][1]:.1e}) TeV-1 s-1 cm-2 "
                f"at {fit['reference'][0]:g} TeV"
            )
            points = []
            if call.flag("withpoints"):
                reporter.stage("Computing flux points")
                points = _points(stacked, edges)
        reporter.stage("Writing products")
        write_fit(Path("fit.ecsv"), fit)
        if call.flag("withpoints"):
            write_points(Path("fluxpoints.ecsv"), points)
        draw_fit(Path("spectrum.png"), fit, points, title=_object(call.texts("events")[0]))


def _reduced(call: Invocation, reporter: Reporter, edges: np.ndarray, on: Cone, left_out: Sequence[Cone]) -> Any:
    """Counts, background and responses of all runs together."""
    from astropy import units as u  # noqa: PLC0415 (heavy)
    from astropy.coordinates import SkyCoord  # noqa: PLC0415
    from gammapy.data import Observation  # noqa: PLC0415
    from gammapy.datasets import Datasets, SpectrumDataset  # noqa: PLC0415
    from gammapy.makers import ReflectedRegionsBackgroundMaker, SpectrumDatasetMaker  # noqa: PLC0415
    from gammapy.maps import MapAxis, RegionGeom, WcsGeom  # noqa: PLC0415
    from regions import CircleSkyRegion  # noqa: PLC0415

    def circle(cone: Cone) -> Any:
        return CircleSkyRegion(SkyCoord(cone.ra, cone.dec, unit="deg"), cone.radius * u.deg)

    source = circle(on)
    kept_free = [circle(cone) for cone in (*left_out, Cone(on.ra, on.dec, on.radius + call.real("gap")))]
    pixels, step = FIELD
    field = WcsGeom.create(skydir=source.center, npix=(pixels, pixels), binsz=step, proj="TAN")
    axis = MapAxis.from_energy_edges(edges * u.TeV, name="energy")
    low, high, bins = TRUE_ENERGIES
    true = MapAxis.from_energy_bounds(low, high, bins, per_decade=True, unit="TeV", name="energy_true")
    geometry = RegionGeom.create(source, axes=[axis])
    count = SpectrumDatasetMaker(selection=["counts", "exposure", "edisp"], containment_correction=True)
    background = ReflectedRegionsBackgroundMaker(exclusion_mask=~field.region_mask(kept_free))
    datasets = Datasets()
    names = call.texts("events")
    for number, name in enumerate(names):
        reporter.stage(f"Counting in {Path(name).name}")
        try:
            observation = Observation.read(file_and_block(name)[0])
            empty = SpectrumDataset.create(geom=geometry, energy_axis_true=true, name=f"run-{number}")
            dataset = background.run(count.run(empty, observation), observation)
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise TaskError("NotDl3", f"{name} is no event list of DL3 with its responses: {error}.") from error
        if dataset.counts_off is None:
            reporter.warning("NoBackground", f"{name} has no room for regions of the background; it is left out.")
            continue
        reporter.message(
            f"{Path(name).name}: {dataset.counts.data.sum():.0f} counts in the source's region, "
            f"{dataset.counts_off.data.sum():.0f} of the background."
        )
        datasets.append(dataset)
        reporter.progress(number + 1, len(names))
    if not len(datasets):
        raise TaskError("NoBackground", "no region of the background fits into any run; give a smaller region.")
    return datasets.stack_reduce(name="stacked")


def _fitted(stacked: Any, reference: float) -> dict[str, tuple[float, float, str]]:
    """The power law that fits best: value, error and unit of each of its parameters, and how well it fits."""
    from gammapy.datasets import Datasets  # noqa: PLC0415 (heavy)
    from gammapy.modeling import Fit  # noqa: PLC0415
    from gammapy.modeling.models import PowerLawSpectralModel, SkyModel  # noqa: PLC0415

    law = PowerLawSpectralModel(index=2.5, amplitude="1e-11 cm-2 s-1 TeV-1", reference=f"{reference} TeV")
    stacked.models = [SkyModel(spectral_model=law, name="source")]
    result = Fit().run(Datasets([stacked]))
    if not result.success:
        raise TaskError("NoFit", f"no power law could be fitted: {result.message}")
    summary = stacked.info_dict()
    return {
        "index": (_rounded(law.index.value), _rounded(law.index.error), ""),
        "amplitude": (_rounded(law.amplitude.value), _rounded(law.amplitude.error), "TeV-1 s-1 cm-2"),
        "reference": (_rounded(law.reference.value), 0.0, "TeV"),
        "statistic": (_rounded(result.total_stat), 0.0, ""),
        "significance": (_rounded(summary["sqrt_ts"]), 0.0, ""),
        "excess": (_rounded(summary["excess"]), 0.0, ""),
        "livetime": (_rounded(summary["livetime"].to_value("s")), 0.0, "s"),
    }


def _points(stacked: Any, edges: np.ndarray) -> list[dict[str, float]]:
    """Flux of each bin of energy: energies in TeV, dnde in TeV-1 s-1 cm-2."""
    from astropy import units as u  # noqa: PLC0415 (heavy)
    from gammapy.datasets import Datasets  # noqa: PLC0415
    from gammapy.estimators import FluxPointsEstimator  # noqa: PLC0415

    estimator = FluxPointsEstimator(energy_edges=edges * u.TeV, source="source", selection_optional="all")
    table = estimator.run(Datasets([stacked])).to_table(sed_type="dnde")
    names = {"e_min": "e_min", "e_max": "e_max", "e_ref": "e_ref"}
    units = {"e_min": "TeV", "e_max": "TeV", "e_ref": "TeV"} | dict.fromkeys(
        ("dnde", "dnde_errn", "dnde_errp", "dnde_ul"), "TeV-1 s-1 cm-2"
    )
    names |= {name: name for name in (*units, "sqrt_ts")}
    return [
        {
            name: _rounded(
                u.Quantity(row[name], table[name].unit).to_value(units[name]) if name in units else row[name]
            )
            for name in names
        }
        for row in table
    ]


def _rounded(value: Any) -> float:
    """Without the digits that hang on the processor: a fit ends where steps become small, not at a point."""
    return float(f"{value:.{DIGITS}g}")


def _object(path: str) -> str:
    return read_run(path, 0, float("inf")).header.text("OBJECT") or "Spectrum"
