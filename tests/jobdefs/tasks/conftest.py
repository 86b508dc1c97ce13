"""Runs tasks in this process, in a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from astropy.table import Table

from jobdefs import registry
from jobdefs.tasks.parameters import Invocation, parse_arguments
from obstap.demo.eventfile import write
from obstap.demo.exposure import simulate
from obstap.demo.sky import OBSERVATIONS

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data" / "xmm"

Verifier = Callable[..., None]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the tasks that a task runs
    monkeypatch.delenv("SAS_DIR", raising=False)
    return tmp_path


@pytest.fixture
def real() -> Callable[[str], Path]:
    """The real file of that name; skips the test where there is none."""

    def find(name: str) -> Path:
        if not (DATA / name).is_file():
            pytest.skip(f"The real file {name} is not here.")
        return DATA / name

    return find


@pytest.fixture
def fitsverify() -> Verifier:
    """Checks that fitsverify finds no error in files; skips the test where it is not installed."""

    def verify(*paths: Path) -> None:
        if shutil.which("fitsverify") is None:
            pytest.skip("fitsverify is not installed (Debian package fitsverify).")
        run = subprocess.run(["fitsverify", "-q", *paths], capture_output=True, text=True, timeout=60, check=False)
        lines = [line for line in run.stdout.splitlines() if line.strip()]
        assert len(lines) == len(paths)
        assert all("verification OK" in line or line.endswith(" 0 errors") for line in lines), run.stdout

    return verify


@pytest.fixture(scope="session")
def flares(tmp_path_factory) -> dict[str, Path]:
    """Simulated event lists of an observation with flares, by camera."""
    folder = tmp_path_factory.mktemp("flares")
    observation = next(item for item in OBSERVATIONS if item.flare)
    return {name: write(simulate(observation, name, start=3e8, seed=3), folder) for name in ("EPN", "EMOS1")}


def call(task: str, run: Callable[[Invocation], None], **parameters: object) -> None:
    """Run a task as its command line would."""
    run(parse_arguments(registry.get(task), [f"{name}={value}" for name, value in parameters.items()]))


def made(path: str = "gti.ds") -> list[tuple[float, float]]:
    """The good times that a task has written."""
    return [tuple(row) for row in Table.read(path, hdu=1)]
