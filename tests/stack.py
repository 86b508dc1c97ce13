"""The service as its users have it: web server and engine as processes on a state directory of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent


class Stack:
    """A running service.

    Parameters
    ----------
    home
        The state directory, empty at first.
    archive_url
        Where the archive's tables live; empty for the usual place, in `home`.
    """

    def __init__(self, home: Path, archive_url: str = "") -> None:
        self.home = home
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "ATHANOR_HOME": str(home),
            "PORT": str(self.port),
            "ATHANOR_WEB_WORKERS": "1",
            "ATHANOR_LOCAL_SLOTS": "2",
            "PYTHONWARNINGS": "default",
            **({"ARCHIVE_URL": archive_url} if archive_url else {}),
        }
        self.web: subprocess.Popen[bytes] | None = None
        self.engine: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> str:
        """Run a management command and give what it printed; its failure fails the test."""
        run = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert run.returncode == 0, f"manage.py {' '.join(arguments)}:\n{run.stdout}\n{run.stderr}"
        return run.stdout

    def start(self) -> None:
        """Prepare the state directory and start both processes."""
        self.manage("prepare", "--no-demo")
        self.start_engine()
        self.start_web()

    def ingest_simulated(self) -> None:
        """Ingest one simulated observation."""
        archive = self.home / "archive" / "xmm-sim"
        self.manage("make_demo_archive", "--output", str(archive), "--observations", "1")
        self.manage("ingest", str(archive))

    def start_web(self) -> None:
        """Start the web server and wait until it answers."""
        self.web = self._spawn(
            "-m",
            "uvicorn",
            "config.asgi:application",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--lifespan",
            "off",
            "--no-server-header",
            "--log-level",
            "warning",
            log="web.log",
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.web.poll() is None, (self.home / "web.log").read_text()
            try:
                with urlopen(f"{self.base_url}/tap/availability", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the web server did not answer within a minute")

    def start_engine(self) -> None:
        """Start a job engine."""
        self.engine = self._spawn("manage.py", "run_engine", log="engine.log")

    def kill(self, name: str) -> None:
        """SIGKILL the process `web` or `engine`."""
        process = getattr(self, name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Stop both processes as an operator would."""
        for process in (self.web, self.engine):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (self.web, self.engine):
            if process is not None:
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def logs(self) -> str:
        """What both processes wrote."""
        files = [self.home / "web.log", self.home / "engine.log"]
        return "\n".join(f"== {file.name}\n{file.read_text()}" for file in files if file.exists())

    def _spawn(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        with (self.home / log).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
