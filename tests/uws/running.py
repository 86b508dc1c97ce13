"""The runner with commands of tests, within walls and without."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from uws.processes import marked_processes
from uws.sandbox import SandboxError, find_bubblewrap, probe

__all__ = ["BOTH_WAYS", "JOB_ID", "NEEDS_WALLS", "ROOT", "Runner", "output"]

ROOT = Path(__file__).resolve().parent.parent.parent
JOB_ID = "runnertestrunnertestrunner"


def _why_not() -> str:
    try:
        probe(find_bubblewrap())
    except SandboxError as error:
        return str(error)
    return ""


_REASON = _why_not()

NEEDS_WALLS = pytest.mark.skipif(bool(_REASON), reason=_REASON or "bubblewrap works")

BOTH_WAYS = ["off", pytest.param("require", marks=NEEDS_WALLS)]
"""Values of ``sandbox.mode``."""


class Runner:
    """Runs Python code under a runner in a work directory.

    Parameters
    ----------
    mode
        Of the sandbox, in which this Python and its packages can be read.
    before
        What stands before the runner's own command line.
    """

    def __init__(self, workdir: Path, mode: str = "off", before: Sequence[str] = ()) -> None:
        self.workdir = workdir
        self.mode = mode
        self.before = before
        workdir.mkdir(parents=True)

    def start(self, code: str = "", *, argv: list[str] | None = None, **job: Any) -> subprocess.Popen:
        argv = argv or [sys.executable, "-c", code]
        limits = {"grace_seconds": 0.4, **job.pop("limits", {})}
        sandbox = {"mode": self.mode, "readable": [sys.prefix, sys.base_prefix], **job.pop("sandbox", {})}
        document = {"job_id": JOB_ID, "argv": argv, "limits": limits, "sandbox": sandbox, **job}
        (self.workdir / "job.json").write_text(json.dumps(document))
        return self.launch()

    def launch(self) -> subprocess.Popen:
        command = [*self.before, sys.executable, "-E", "-s", "-S", "-m", "uws.runner", str(self.workdir)]
        return subprocess.Popen(command, cwd=ROOT)

    def run(self, code: str = "", **job: Any) -> dict:
        assert self.start(code, **job).wait(60) == 0
        assert marked_processes(JOB_ID) == []
        return self.report

    @property
    def report(self) -> dict:
        return json.loads((self.workdir / "exit.json").read_text())

    def read(self, name: str) -> str:
        return (self.workdir / name).read_text()

    def wait_for(self, name: str) -> str:
        """Wait until the command has written a file below work/."""
        path = self.workdir / "work" / name
        end = time.monotonic() + 60
        while not path.exists() or not path.read_text():
            assert time.monotonic() < end, f"no {name}"
            time.sleep(0.01)
        return path.read_text()


def output(name: str, **more: Any) -> dict:
    """A required output of a job."""
    return {"name": name, "media_type": "text/plain", "role": "r", "product_type": "p", "required": True, **more}
