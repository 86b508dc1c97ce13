"""Steps of a chain in a directory of their own, with the stand-in for SAS."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from jobdefs.sas.version import sas_version
from jobdefs.tasks.parameters import read_command_line
from tests.jobdefs.xmm.standin import BEHAVIOURS, event_list, make_odf, observation_text
from tests.sasroot import SasRoot, make_sas

__all__ = ["OBSID", "Bench"]

OBSID = "0201903501"


class Bench:
    """A work directory with what a step may read."""

    def __init__(self, folder: Path, sas: SasRoot) -> None:
        self.folder = folder
        self.sas = sas

    def run(self, task: str, *arguments: str) -> int:
        """Run a step; its exit status."""
        module = import_module(f"jobdefs.tasks.xmm.{task.removeprefix('xmm-').replace('-', '_')}")
        return read_command_line(task, module.run, arguments)

    @property
    def called(self) -> list[tuple[str, list[str]]]:
        """Task and arguments of each call, the ODF's place as ``{odf}``."""
        place = str(self.folder / "odf")
        return [
            (call.task, [word.replace(place, "{odf}") for word in call.argv])
            for call in self.sas.calls()
            if call.task != "sasversion"
        ]

    @property
    def written(self) -> list[str]:
        """Files that are no inputs."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_file() and path.name not in {"ccf.cif"})

    def events(self, instrument: str, exposure: str, ending: str = "events.fits", folder: str = "inputs") -> str:
        """Make an event list, with the name that the chain gives it; its path."""
        name = f"{folder}/obsid{OBSID}-inst{instrument}-subexp{exposure}-{ending}"
        event_list(self.folder / name, OBSID, instrument, exposure)
        return name


@pytest.fixture
def make_bench(tmp_path, monkeypatch) -> Callable[..., Bench]:
    def make(version: str = "21.0.0") -> Bench:
        sas = make_sas(tmp_path / "sas", version=version, behaviours=BEHAVIOURS)
        work = tmp_path / "job" / "work"
        (work / "inputs").mkdir(parents=True)
        (tmp_path / "job" / "tmp").mkdir()
        monkeypatch.chdir(work)
        root = str(Path(__file__).resolve().parents[3])
        for name, value in {
            "SAS_DIR": str(sas.root),
            "SAS_CCFPATH": str(sas.ccf),
            "HEADAS": str(sas.heasoft),
            "HOME": str(tmp_path / "job" / "tmp"),
            "TMPDIR": str(tmp_path / "job" / "tmp"),
            "PYTHONPATH": root,
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("SAS_CCF", "SAS_ODF"):  # set by steps; what they leave is forgotten
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        make_odf(work / "inputs")
        (work / "inputs" / f"0807_{OBSID}_SCX00000SUM.SAS").write_text(observation_text())
        (work / "inputs" / "ccf.cif").write_text("index")
        sas_version.cache_clear()
        return Bench(work, sas)

    yield make
    sas_version.cache_clear()


@pytest.fixture
def bench(make_bench) -> Bench:
    return make_bench()
