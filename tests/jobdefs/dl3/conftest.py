"""Gamma-ray event lists: made ones, and the real ones where they are at hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs import registry
from jobdefs.tasks.parameters import parse_arguments

HESS = Path(__file__).resolve().parents[3] / "../shared/data/hess-dl3-dr1/data"
CRAB = ("023523", "023526", "023559", "023592")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inputs").mkdir()
    return tmp_path


@pytest.fixture
def crab(folder):
    """The four runs on the Crab, as inputs of a job."""
    if not HESS.is_dir():
        pytest.skip("the H.E.S.S. test data are not at hand")
    for number in CRAB:
        (folder / f"inputs/{number}.fits.gz").symlink_to(HESS / f"hess_dl3_dr1_obs_id_{number}.fits.gz")
    return [f"inputs/{number}.fits.gz" for number in CRAB]


@pytest.fixture
def make_run(folder):
    """Writes an event list: a field of events that are even over a disc around the pointing, and a source."""

    def make(name="run.fits", *, pointing=(83.0, 22.0), source=None, events=4000, unit="TeV", seed=1, **cards):
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
        path = f"inputs/{name}"
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
        return path

    return make


@pytest.fixture
def task():
    """Runs one of the tasks in this process."""
    from jobdefs.tasks.dl3 import countmap, onoff, powerlaw

    programs = {"dl3-countmap": countmap.run, "dl3-onoff-spectrum": onoff.run, "gammapy-spectrum": powerlaw.run}

    def call(name, *events, **parameters):
        arguments = [*(f"events={path}" for path in events), *(f"{key}={value}" for key, value in parameters.items())]
        programs[name](parse_arguments(registry.get(name), arguments))

    return call


@pytest.fixture
def gammapy():
    """gammapy, where it is installed."""
    if find_spec("gammapy") is None:
        pytest.skip("gammapy is not installed")
    from jobdefs.tasks.dl3.powerlaw import prepare_gammapy

    prepare_gammapy()
