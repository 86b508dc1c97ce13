"""Making the demonstration archive, exposure by exposure, on all cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from astropy.time import Time

from obstap.demo.cameras import CAMERAS
from obstap.demo.eventfile import EPOCH, write
from obstap.demo.exposure import simulate
from obstap.demo.sky import OBSERVATIONS
from vo.errors import ParameterError

__all__ = ["Written", "make_archive"]

README = """\
Simulated XMM-Newton EPIC event lists, made by Athanor's `manage.py make_demo_archive` for trials and tests.

No photon in these files came from the sky: sources, spectra, background and flares are toy models. The layout
(tables, columns, keywords, file names) is that of the XMM-Newton pipeline, so that the tasks which read real
event lists read these too. Observation numbers begin with 0999, which XMM-Newton does not use.
"""


@dataclass(frozen=True)
class Written:
    """A file that was made."""

    path: Path
    events: int


def make_archive(folder: Path, *, seed: int = 1, observations: int = len(OBSERVATIONS)) -> Iterator[Written]:
    """Simulate exposures of pn, MOS1 and MOS2 and write their event lists into `folder`.

    Equal seeds give equal files. Files appear one by one, each complete; existing ones of the same names are
    replaced.

    Parameters
    ----------
    seed
        Not negative.
    observations
        How many of the planned observations to make, from the first.

    Yields
    ------
    Written
        Each file, in a fixed order.

    Raises
    ------
    vo.errors.ParameterError
        When `seed` or `observations` is out of range.
    """
    if seed < 0:
        raise ParameterError("seed", f"It is {seed}; it must be 0 or more.")
    if not 1 <= observations <= len(OBSERVATIONS):
        raise ParameterError("observations", f"It is {observations}; it must be from 1 to {len(OBSERVATIONS)}.")
    return _make(folder, seed, observations)


def _make(folder: Path, seed: int, observations: int) -> Iterator[Written]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.txt").write_text(README)
    tasks = [(folder, seed, *pair) for pair in product(range(observations), CAMERAS)]
    processes = min(os.cpu_count() or 1, len(tasks))
    # Fresh interpreters: the caller may run threads, which a fork would leave behind with their locks.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_one, tasks)


def _one(task: tuple[Path, int, int, str]) -> Written:
    folder, seed, number, instrument = task
    observation = OBSERVATIONS[number]
    start = round((Time(observation.start, scale="utc").tt - EPOCH).to_value("sec"), 3)
    exposure = simulate(observation, instrument, start=start, seed=seed)
    return Written(write(exposure, folder), len(exposure.events["TIME"]))
