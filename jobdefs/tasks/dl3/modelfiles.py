"""What gammapy-spectrum writes: the fit and the flux points as ECSV, and their picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..previews.style import ACCENT, FULL_WIDTH, MAIN, Sheet, styled

__all__ = ["draw_fit", "write_fit", "write_points"]

_POINTS = {
    "e_ref": ("TeV", "Energy of the point"),
    "e_min": ("TeV", "Lowest energy of the bin"),
    "e_max": ("TeV", "Highest energy of the bin"),
    "dnde": ("TeV-1 s-1 cm-2", "Differential flux"),
    "dnde_errn": ("TeV-1 s-1 cm-2", "Error downwards, 1 sigma"),
    "dnde_errp": ("TeV-1 s-1 cm-2", "Error upwards, 1 sigma"),
    "dnde_ul": ("TeV-1 s-1 cm-2", "Upper limit, 2 sigma"),
    "sqrt_ts": ("", "Significance in sigma"),
}


def write_fit(target: Path, fit: Mapping[str, tuple[float, float, str]]) -> None:
    """Write name, value, error and unit of each parameter."""
    from astropy.table import Table  # noqa: PLC0415 (heavy)

    rows = [(name, *numbers) for name, numbers in fit.items()]
    Table(rows=rows, names=("parameter", "value", "error", "unit"), meta={"model": "power law"}).write(
        target, format="ascii.ecsv", overwrite=True
    )


def write_points(target: Path, points: Sequence[Mapping[str, float]]) -> None:
    """Write the flux points, one a row."""
    from astropy.table import Table  # noqa: PLC0415 (heavy)

    table = Table({name: [point[name] for point in points] for name in _POINTS}, meta={"SED_TYPE": "dnde"})
    for name, (unit, description) in _POINTS.items():
        table[name].description = description
        if unit:
            table[name].unit = unit
    table.write(target, format="ascii.ecsv", overwrite=True)


def draw_fit(
    target: Path, fit: Mapping[str, tuple[float, float, str]], points: Sequence[Mapping[str, float]], *, title: str
) -> None:
    """Draw the power law with its error and the flux points, as E² dN/dE."""
    reference, index, amplitude = (fit[name][0] for name in ("reference", "index", "amplitude"))
    low = min((point["e_min"] for point in points), default=reference / 3)
    high = max((point["e_max"] for point in points), default=reference * 30)
    energy = np.geomspace(low, high, 100)
    with styled():
        sheet = Sheet(FULL_WIDTH, 0.65)
        axes = sheet.figure.add_subplot()
        flux = energy**2 * amplitude * (energy / reference) ** -index
        spread = np.hypot(fit["amplitude"][1] / amplitude, fit["index"][1] * np.log(energy / reference))
        axes.fill_between(energy, flux * np.exp(-spread), flux * np.exp(spread), color=MAIN, alpha=0.2, linewidth=0)
        label = f"power law, index {index:.2f} ± {fit['index'][1]:.2f}"
        axes.plot(energy, flux, color=MAIN, label=label)
        seen = [point for point in points if point["sqrt_ts"] >= 2]
        _draw_points(axes, seen)
        for point in points:
            if point["sqrt_ts"] < 2 and np.isfinite(point["dnde_ul"]):
                axes.plot(point["e_ref"], point["e_ref"] ** 2 * point["dnde_ul"], marker="v", color=ACCENT)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("Energy (TeV)")
        axes.set_ylabel("E² dN/dE (TeV cm⁻² s⁻¹)")
        axes.grid(visible=True)
        axes.legend(loc="lower left")
        words = (
            f"{fit['livetime'][0] / 1000:.4g} ks · {fit['significance'][0]:.1f} sigma · excess {fit['excess'][0]:.0f}"
        )
        sheet.title(axes, title, words)
        sheet.save(target)


def _draw_points(axes, points: Sequence[Mapping[str, float]]) -> None:  # type: ignore[no-untyped-def]
    if not points:
        return
    columns = {name: np.array([point[name] for point in points]) for name in _POINTS}
    square = columns["e_ref"] ** 2
    axes.errorbar(
        columns["e_ref"],
        square * columns["dnde"],
        xerr=(columns["e_ref"] - columns["e_min"], columns["e_max"] - columns["e_ref"]),
        yerr=np.nan_to_num([square * columns["dnde_errn"], square * columns["dnde_errp"]]),
        fmt="o",
        color=ACCENT,
        markersize=4,
        label="flux points",
    )
