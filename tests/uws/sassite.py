"""A site that has the stand-in for SAS, one that has none, and files that jobs can name."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobdefs import registry
from tests.sasroot import SasRoot, make_sas
from tests.uws.running import BOTH_WAYS
from uws import inputs
from uws.inputs import Resolved
from uws.services import create_job
from uws.testing import drive

__all__ = ["ODF_FILES", "file_of", "finished", "make_job", "odf_volume", "results", "site", "walls"]

DEFINITIONS = Path(__file__).parent / "sas_definitions"

ODF_FILES = {"0070_0123700101_SCX00000SUM.ASC": "OBSERVATION\n", "0070_0123700101_PNS00101IME.FIT": "frames"}


@pytest.fixture
def site(db, home, tmp_path, settings, monkeypatch) -> SasRoot:
    """SAS where the settings say it is, and the definitions of these tests."""
    made = make_sas(tmp_path)
    settings.SAS_DIR, settings.SAS_CCFPATH, settings.HEADAS = str(made.root), str(made.ccf), str(made.heasoft)
    settings.ATHANOR_SANDBOX = "off"
    monkeypatch.setattr(registry, "DIRECTORY", DEFINITIONS)
    _allow_files(monkeypatch)
    return made


@pytest.fixture(params=BOTH_WAYS)
def walls(request, db, home, settings, monkeypatch) -> str:
    """A service without SAS that runs its own tasks, within walls and without."""
    settings.SAS_DIR = settings.SAS_CCFPATH = ""
    settings.ATHANOR_SANDBOX = request.param
    _allow_files(monkeypatch)
    return request.param


@pytest.fixture
def odf_volume(tmp_path, settings) -> Path:
    """The site's directory of observation data files, with one observation."""
    volume = tmp_path / "odf"
    (volume / "0123700101").mkdir(parents=True)
    for name, text in ODF_FILES.items():
        (volume / "0123700101" / name).write_text(text)
    settings.ATHANOR_ODF_DIR = str(volume)
    return volume


def file_of(path: Path) -> str:
    """A reference to a file of a test."""
    return f"test:{path}"


def make_job(definition, *, run=True, user=None, **parameters):
    """A job with one value, or several, of each parameter."""
    values = {name: [value] if isinstance(value, str) else value for name, value in parameters.items()}
    return create_job(definition=definition, parameters=values, user=user, base_url="http://testserver", run=run)


def finished(job):
    """The job when it has been run."""
    drive()
    job.refresh_from_db()
    return job


def results(job) -> dict[str, Path]:
    """The files of a job that has completed without a fault, by the names of its results."""
    assert (job.phase, job.error_message) == ("COMPLETED", "")
    return {item.name: job.workdir / item.path for item in job.results.all()}


def _allow_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs read what `file_of` names."""
    monkeypatch.setattr(inputs, "_resolvers", [*inputs._resolvers, _file_resolver])


def _file_resolver(reference: str, *, user: object) -> Resolved | None:
    path = Path(reference.removeprefix("test:"))
    if not reference.startswith("test:") or not path.exists():
        return None
    return Resolved(path, path.name, "application/fits", f"test:{path.name}", path.stat().st_size)
