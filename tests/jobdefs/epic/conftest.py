"""One small simulated observation with sources whose rates are known, and tasks run on it in a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

from jobdefs import registry
from jobdefs.tasks.parameters import parse_arguments
from obstap.demo.eventfile import write
from obstap.demo.exposure import simulate

from .sky import OBSERVATION, START

Lists = dict[str, Path]
TASKS = [import_module(f"jobdefs.tasks.{name}.task") for name in ("epic_spectrum", "epic_lightcurve", "epic_region")]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def lists(tmp_path_factory) -> Lists:
    """The event lists of pn and MOS1."""
    folder = tmp_path_factory.mktemp("epic")
    return {
        instrument: write(simulate(OBSERVATION, instrument, start=START, seed=3), folder)
        for instrument in ("EPN", "EMOS1")
    }


@pytest.fixture
def job(tmp_path, lists, monkeypatch) -> Path:
    """A job's directory with the lists as ``inputs/pn.fits`` and ``inputs/mos1.fits``, and no SAS."""
    monkeypatch.chdir(tmp_path)
    for name in ("SAS_DIR", "SAS_CCF", "SAS_ODF", "SAS_CCFPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "pn.fits").symlink_to(lists["EPN"])
    (tmp_path / "inputs" / "mos1.fits").symlink_to(lists["EMOS1"])
    return tmp_path


@pytest.fixture
def folder(job, monkeypatch) -> Path:
    """The same, where tasks that others call run in this process, and pictures are empty: both save much time."""
    draw_nothing(monkeypatch)
    for task in TASKS:
        monkeypatch.setattr(task, "run_task", _run_here)
    return job


def draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the tasks of this process empty pictures."""
    for task in TASKS:
        monkeypatch.setattr(task, "write_preview", _draw_nothing)


def _draw_nothing(source: Path, target: Path, **_: object) -> None:
    """In place of `write_preview`: a file that begins as a picture does."""
    assert source.is_file()
    target.write_bytes(b"\x89PNG")


def _run_here(task: str, parameters: Mapping[str, str], **_: object) -> None:
    arguments = [f"{name}={value}" for name, value in parameters.items()]
    import_module(f"jobdefs.tasks.{task}.task").run(parse_arguments(registry.get(task), arguments))
