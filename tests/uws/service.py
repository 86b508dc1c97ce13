"""A service of processes on a database file, for tests that kill them.

Run as a program, this file makes jobs: ``python -m tests.uws.service '[{"definition": …, "parameters": …}, …]'``.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DEFINITIONS = Path(__file__).parent / "definitions"
DATABASE = "athanor.sqlite3"
"""The file in a state directory that has the jobs."""


class Service:
    """State directory, engines and jobs of one test."""

    def __init__(self, home: Path, sas: Path, slots: int = 3, environment: dict[str, str] | None = None) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "ATHANOR_HOME": str(home),
            "SAS_DIR": str(sas),
            "SAS_CCFPATH": str(sas),
            "ATHANOR_SANDBOX_PATHS": sys.prefix,
            "ATHANOR_LOCAL_SLOTS": str(slots),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **(environment or {}),
        }
        self.engines: list[subprocess.Popen] = []
        if "DATABASE_URL" in self.environment:
            self.run("manage.py", "migrate", "--verbosity", "0")
        else:
            home.mkdir()
            (home / DATABASE).write_bytes(empty_database())

    def run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, check=True, timeout=120
        )
        return done.stdout

    def make_jobs(self, jobs: list[dict[str, Any]]) -> list[str]:
        """Queue jobs; their ids."""
        return json.loads(self.run("-m", "tests.uws.service", json.dumps(jobs)))

    def start_engine(self) -> subprocess.Popen:
        """Start an engine and wait until it says that it is ready."""
        log = (self.home / "engine.txt").open("ab")
        with log:
            engine = subprocess.Popen(
                [sys.executable, "manage.py", "run_engine"],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.engines.append(engine)
        assert b"is ready" in engine.stdout.readline()
        return engine

    def stop(self) -> None:
        """Kill all engines."""
        for engine in self.engines:
            with contextlib.suppress(ProcessLookupError):
                engine.kill()
            engine.wait()
            engine.stdout.close()
        self.engines.clear()

    def query(self, sql: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.home / DATABASE, timeout=30)) as connection:
            rows = connection.execute(sql).fetchall()
            connection.commit()
            return rows

    def unfinished(self) -> list[tuple]:
        return self.query("SELECT id, phase, reaped, announced FROM uws_job WHERE NOT announced")

    def wait_until_all_ended(self, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while left := self.unfinished():
            assert time.monotonic() < end, left
            time.sleep(0.05)

    def runners(self) -> list[int]:
        """Process ids of runners that have begun and not ended."""
        found = []
        for path in self.home.glob("jobs/*/*/started"):
            if not (path.parent / "exit.json").exists():
                with contextlib.suppress(ValueError, OSError):
                    found.append(json.loads(path.read_text())["pid"])
        return found


@contextlib.contextmanager
def running_service(*arguments: Any, kind: type[Service] = Service, **settings: Any) -> Iterator[Service]:
    """A service of which no process is left in the end."""
    made = kind(*arguments, **settings)
    try:
        yield made
    finally:
        made.stop()
        for pid in made.runners():
            kill(pid)


@functools.cache
def empty_database() -> bytes:
    """A database file with all tables and no job; made once, for that takes seconds."""
    with tempfile.TemporaryDirectory() as name:
        environment = {"PATH": os.environ["PATH"], "ATHANOR_HOME": name, "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
        return (Path(name) / DATABASE).read_bytes()


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _make(jobs: list[dict[str, Any]]) -> list[str]:
    import django

    django.setup()
    from jobdefs import registry
    from uws.services import create_job

    registry.DIRECTORY = DEFINITIONS
    return [create_job(user=None, base_url="http://localhost", run=True, **job).pk for job in jobs]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_make(json.loads(sys.argv[1]))))
