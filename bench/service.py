"""The service as `make run` deploys it, on a state directory of its own, and what its processes take."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.ports import free_port

__all__ = ["ROOT", "Service", "memory"]

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


class Service:
    """Web server and job engine on an archive.

    Parameters
    ----------
    home
        The state directory.
    archive_url
        Where the archive's tables are; empty for the usual place, in `home`.
    settings
        Further variables of its environment.
    """

    def __init__(self, home: Path, archive_url: str, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "ATHANOR_HOME": str(home),
            "PORT": str(self.port),
            "ATHANOR_SYNC_TIME_LIMIT": "600",
            **({"ARCHIVE_URL": archive_url} if archive_url else {}),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Service:
        self.home.mkdir(parents=True, exist_ok=True)
        self.manage("prepare", "--no-demo")
        with (self.home / "serve.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((self.home / "serve.log").read_text())
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def manage(self, *arguments: str) -> None:
        """Run a management command."""
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self._environment, check=True)

    def engines(self) -> list[int]:
        """The processes of the job engine."""
        return [pid for pid in _below(self._process.pid, _parents()) if "run_engine" in _command(pid)]

    def workers(self) -> list[int]:
        """The processes of the web server."""
        parents = _parents()
        (server,) = [pid for pid in _below(self._process.pid, parents) if "uvicorn" in _command(pid)]
        return [server, *_below(server, parents)]

    def processor_time(self, processes: list[int] | None = None) -> float:
        """Seconds of CPU that processes have used; the web server's own by default."""
        return sum(_processor_time(pid) for pid in processes or self.workers())

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/tap/availability", timeout=10):
                return True
        except (URLError, ConnectionError, TimeoutError):
            return False


def memory(processes: list[int]) -> float:
    """Megabytes of memory that processes have, shared pages counted once for each."""
    status = [Path(f"/proc/{pid}/status").read_text(encoding="ascii") for pid in processes]
    return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in status if "VmRSS:" in text) / 1024


def _below(pid: int, parents: dict[int, int]) -> list[int]:
    children = [child for child, parent in parents.items() if parent == pid]
    return [process for child in children for process in (child, *_below(child, parents))]


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))):
            found[int(folder.name)] = int(fields[1])
    return found


def _processor_time(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    """The fields after the name of the program (proc_pid_stat(5)); none when the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
