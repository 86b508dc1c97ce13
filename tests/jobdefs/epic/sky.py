"""A sky of which everything is known, and the count rates that its sources have in a region."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from jobdefs import registry
from jobdefs.tasks.parameters import parse_arguments
from obstap.demo.cameras import CAMERAS, Camera, vignetting
from obstap.demo.exposure import MAX_PSF, plane_from_sky, pointing
from obstap.demo.sky import Field, Observation, Pulse, Source
from obstap.demo.spectra import GRID, power_law
from obstap.footprints import DET_STEP

RA, DEC = 150.0, 2.0
START = 250_000_000.0
DURATION = 6000.0
STEADY = Source("steady", RA + 0.030, DEC + 0.060, 5.0, power_law(1.9))
PULSING = Source("pulsing", RA - 0.070, DEC + 0.020, 4.0, power_law(1.7), pulse=Pulse(1000.0, 0.6))
EMPTY = (RA + 0.12, DEC - 0.08)
OBSERVATION = Observation(
    "0999009901", 999, Field("TEST FIELD", RA, DEC, (STEADY, PULSING), faint=0), 100.0, "2005-12-03T12:26:40", DURATION
)


def run(task: str, **parameters: object) -> dict[str, Any]:
    """Run a task in the current directory; gives what its summary tells."""
    arguments = [f"{name}={value}" for name, value in parameters.items()]
    import_module(f"jobdefs.tasks.{task.replace('-', '_')}.task").run(parse_arguments(registry.get(task), arguments))
    return json.loads(Path("region.json" if task == "epic-region" else "summary.json").read_text())


def circle(source: Source, arcsec: float) -> str:
    """A circle about a source."""
    return f'icrs; circle({source.ra},{source.dec},{arcsec}")'


def true_rate(
    source: Source,
    camera: Camera,
    *,
    arcsec: float,
    pimin: float,
    pimax: float,
    observation: Observation = OBSERVATION,
) -> float:
    """Counts per second of live time that a source gives within a circle and an energy band, whatever their pattern."""
    detx, dety = camera_place(source, observation)
    shape = source.spectrum(GRID)
    on_axis = (shape * CAMERAS["EPN"].effective_area(GRID)).sum()
    seen = shape * camera.effective_area(GRID) * vignetting(np.array(detx), np.array(dety), GRID)
    band = (pimin <= GRID * 1000) & (pimax >= GRID * 1000)
    core, slope = camera.king
    core *= 1 + 0.6 * (np.hypot(detx, dety) * DET_STEP / 600) ** 2
    within, whole = (1 - (1 + (radius / core) ** 2) ** (1 - slope) for radius in (arcsec, MAX_PSF))
    return float(source.rate * seen[band].sum() / on_axis * within / whole)


def camera_place(source: Source, observation: Observation = OBSERVATION) -> tuple[float, float]:
    """DETX and DETY of a source."""
    ra, dec = pointing(observation)
    east, north = plane_from_sky(source.ra, source.dec, ra=ra, dec=dec)
    x, y = -east * 3600 / DET_STEP, north * 3600 / DET_STEP
    turn = np.radians(observation.position_angle)
    return float(x * np.cos(turn) + y * np.sin(turn)), float(-x * np.sin(turn) + y * np.cos(turn))
