"""Photon spectra of simulated sources and of the background, as weights on one grid of energies.

Toy models: absorption is a power of energy, hot plasma a bremsstrahlung continuum with its brightest lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRID", "Spectrum", "background", "lines", "plasma", "power_law", "smear", "solar_flare_protons"]

GRID = np.arange(0.15, 15.0, 0.005) + 0.0025
"""Energies in keV at which spectra are given: middles of bins of 5 eV."""

Spectrum = Callable[[NDArray], NDArray]
"""Photons per unit energy, in any unit, at energies in keV."""


def power_law(index: float, column: float = 0.02) -> Spectrum:
    """A power law of photon index `index` behind `column` (10²² atoms per cm²)."""
    return lambda energy: energy**-index * _absorption(energy, column)


def plasma(temperature: float, column: float = 0.02) -> Spectrum:
    """Thin hot plasma of `temperature` in keV behind `column` (10²² atoms per cm²)."""
    strong = ((0.654, 0.3), (0.83, 0.6), (1.02, 0.5), (1.35, 0.25), (1.86, 0.25), (2.46, 0.15), (6.70, 0.12))

    def spectrum(energy: NDArray) -> NDArray:
        continuum = np.exp(-energy / temperature) * energy**-1.4
        excited = sum(
            strength * np.exp(-line / temperature) * np.exp(-0.5 * ((energy - line) / 0.02) ** 2)
            for line, strength in strong
        )
        return (continuum + 8 * excited) * _absorption(energy, column)

    return spectrum


def background(energy: NDArray) -> NDArray:
    """Particles that pass through the detector: nearly flat, rising towards the noise at low energies."""
    return 1 + 0.15 * energy**-1.5


def solar_flare_protons(energy: NDArray) -> NDArray:
    """Soft protons that the mirrors focus during a flare: hard enough to show above 10 keV, where sources do not."""
    return np.exp(-energy / 12.0) * energy**-0.3


def lines(energies: Sequence[tuple[float, float]]) -> Spectrum:
    """Narrow lines of given energies (keV) and strengths."""
    return lambda energy: sum(
        strength * np.exp(-0.5 * ((energy - centre) / 0.004) ** 2) for centre, strength in energies
    )


def smear(energy: NDArray, rng: np.random.Generator) -> NDArray:
    """What the detector measures of photons of `energy` (keV): 65 eV FWHM at 0.3 keV, 140 eV at 6 keV."""
    sigma = np.sqrt(0.024**2 + 0.00049 * energy)
    return energy + sigma * rng.standard_normal(len(energy))


def draw(spectrum: NDArray, count: int, rng: np.random.Generator) -> NDArray:
    """Energies in keV of `count` photons whose numbers on `GRID` are proportional to `spectrum`."""
    steps = np.cumsum(spectrum)
    cells = np.searchsorted(steps, rng.random(count) * steps[-1])
    return GRID[np.minimum(cells, len(GRID) - 1)] + rng.uniform(-0.0025, 0.0025, count)


def _absorption(energy: NDArray, column: float) -> NDArray:
    return np.exp(-column * 2.2 * energy**-2.6)
