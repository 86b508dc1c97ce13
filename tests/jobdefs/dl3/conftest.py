"""Gamma-ray event lists: made ones, and the real ones where they are at hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from jobdefs import registry
from jobdefs.tasks.parameters import parse_arguments
from tests.jobdefs.dl3.runs import write_run

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

    def make(name="run.fits", **parameters):
        return str(write_run(Path("inputs") / name, **parameters))

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
