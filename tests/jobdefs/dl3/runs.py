"""Made event lists of gamma rays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

__all__ = ["write_run"]


def write_run(
    path: Path,
    *,
    pointing: tuple[float, float] = (83.0, 22.0),
    source: tuple[float, float] | None = None,
    events: int = 4000,
    unit: str = "TeV",
    seed: int = 1,
    **cards: object,
) -> Path:
    """Write an event list: a field of events that are even over a disc around the pointing, and a source."""
    rng = np.random.default_rng(seed)
    radius, angle = 2.0 * np.sqrt(rng.random(events)), 2 * np.pi * rng.random(events)
    dec = pointing[1] + radius * np.sin(angle)
    ra = pointing[0] + radius * np.cos(angle) / np.cos(np.radians(dec))
    energy = 0.5 * rng.pareto(1.5, events) + 0.5
    if source is not None:
        ra = np.append(ra, np.full(300, source[0]))
        dec = np.append(dec, np.full(300, source[1]))
        energy = np.append(energy, 0.5 * rng.pareto(1.5, 300) + 0.5)
    scale = {"TeV": 1.0, "GeV": 1e3}[unit]
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("RA", "E", "deg", array=ra),
            fits.Column("DEC", "E", "deg", array=dec),
            fits.Column("ENERGY", "E", unit, array=energy * scale),
        ],
        name="EVENTS",
    )
    table.header.update(
        {"RA_PNT": pointing[0], "DEC_PNT": pointing[1], "LIVETIME": 1500.0, "OBJECT": "Made", "OBS_ID": 7, **cards}
    )
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path
