"""Jobs for tests: definitions of their own, and a program that stands for SAS."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from jobdefs import registry
from tests.uws.notified import mailing, receiver, sink  # noqa: F401 - fixtures
from tests.uws.sassite import odf_volume, site  # noqa: F401
from uws.executors.memory import MemoryExecutor
from uws.models import Job
from uws.services import create_job

HERE = Path(__file__).parent

WORKER = """#!{python}
import os, shutil, signal, sys, time
given = dict(item.split("=", 1) for item in sys.argv[1:])
if "log" in given:
    with open(given["log"], "a") as log:
        print(os.environ["ATHANOR_JOB"], file=log)
print("worker:- worker (worker-2.1)  [xmmsas_20240101_0000-21.0.0] started:  2026-01-01T00:00:00.000", flush=True)
print("worker:- Executing (routine): worker", flush=True)
print("[STAGE] working\\n[PROGRESS] 1/2", flush=True)
time.sleep(float(given.get("seconds", 0)))
if "code" in given:
    sys.stderr.write("** worker: error (asked), this was asked for\\n")
    sys.exit(int(given["code"]))
with open(given.get("output", "out.txt"), "w") as file:
    file.write(given.get("text", "nothing") + "\\n")
    if "table" in given:
        file.write(open(given["table"].partition(":")[0]).read())
"""


@pytest.fixture
def definitions(monkeypatch):
    """The tests' own definitions in place of the product's."""
    monkeypatch.setattr(registry, "DIRECTORY", HERE / "definitions")


@pytest.fixture
def sas(tmp_path) -> Path:
    """A directory that looks like an installation of SAS with one task."""
    return make_sas(tmp_path)


def make_sas(folder: Path) -> Path:
    program = folder / "sas" / "bin" / "worker"
    program.parent.mkdir(parents=True)
    program.write_text(WORKER.replace("{python}", sys.executable))
    program.chmod(0o755)
    return program.parent.parent


@pytest.fixture
def home(tmp_path, settings) -> Path:
    """A state directory of the test's own."""
    settings.ATHANOR_HOME = tmp_path / "home"
    settings.ATHANOR_HOME.mkdir()
    yield settings.ATHANOR_HOME
    shutil.rmtree(settings.ATHANOR_HOME, ignore_errors=True)


@pytest.fixture
def service(db, definitions, sas, home, settings):
    """Everything that a job needs."""
    settings.SAS_DIR = str(sas)
    settings.SAS_CCFPATH = str(sas)
    return settings


@pytest.fixture
def user(django_user_model):
    return django_user_model.objects.create_user("ada", password="secret")


@pytest.fixture
def other(django_user_model):
    return django_user_model.objects.create_user("bob", password="other")


@pytest.fixture
def memory() -> MemoryExecutor:
    """An executor whose runs end as the test says."""
    return MemoryExecutor("local")


@pytest.fixture
def make_job(service):
    """Makes jobs."""

    def make(definition: str = "worker", user=None, run: bool = False, run_id: str = "", **parameters) -> Job:
        values = {name: [value] if isinstance(value, str) else value for name, value in parameters.items()}
        return create_job(
            definition=definition, parameters=values, user=user, base_url="http://testserver", run=run, run_id=run_id
        )

    return make
