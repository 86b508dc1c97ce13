"""A service that is killed: a web server and two engines on a state directory of their own, with one task."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.stack import Stack
from uws.processes import MARK, is_alive

__all__ = ["TASK", "Fragile"]

TASK = "fragile"
DEFINITION = """
name = "fragile"
version = "1.0"
title = "Writes a text after a while, or fails"
environment = "program"
command = ["{python}", "-I", "-S", "-c", '''{code}''', "{{seconds}}", "{{status}}", "{{text}}"]
retries = 1000

[limits]
memory = 1073741824

[[parameters]]
name = "seconds"
type = "real"
description = "How long it takes"
required = true

[[parameters]]
name = "status"
type = "int"
description = "Exit status"
required = true

[[parameters]]
name = "text"
type = "string"
description = "What is written"
required = true

[[outputs]]
name = "text"
role = "product"
media_type = "text/plain"
pattern = "text.txt"
"""
CODE = r"""
import sys, time
seconds, status, text = sys.argv[1:]
print("[STAGE] waiting", flush=True)
time.sleep(float(seconds))
if int(status):
    sys.exit(int(status))
with open("text.txt", "w") as file:
    file.write(text)
"""

PROC = Path("/proc")


class Fragile(Stack):
    """The service.

    Parameters
    ----------
    settings
        Further variables of its environment.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(home)
        own = home / "definitions"
        own.mkdir(parents=True)
        (own / f"{TASK}.toml").write_text(DEFINITION.format(python=sys.executable, code=CODE))
        self.environment |= {"ATHANOR_DEFINITIONS": str(own), **(settings or {})}
        self.second: subprocess.Popen[bytes] | None = None

    def start_engine(self) -> None:
        """Start the first engine, and the second where it does not run."""
        super().start_engine()
        if self.second is None:
            self.start_second()

    def start_second(self) -> None:
        """Start the second engine."""
        self.second = self._spawn("manage.py", "run_engine", log="second.log")

    def kill_one(self, draw: random.Random) -> str:
        """SIGKILL a process drawn at random, start it again if it is no runner, and say what it was."""
        victim = draw.choice(["web", "engine", "second", "runner", "runner", "runner"])
        if victim == "runner":
            runners = self.runners()
            if not runners:
                return "none"
            os.kill(draw.choice(runners), signal.SIGKILL)
            return victim
        self.kill(victim)
        {"web": self.start_web, "engine": self.start_engine, "second": self.start_second}[victim]()
        return victim

    def runners(self) -> list[int]:
        """The processes that run `uws.runner` for this service."""
        return [pid for pid in self._mentioning(str(self.home)) if b"uws.runner" in _read(pid, "cmdline").split(b"\0")]

    def left_over(self) -> list[str]:
        """Command lines of processes of jobs, and of runners, that still live."""
        pids = {*self.runners(), *self._marked()}
        return [_read(pid, "cmdline").replace(b"\0", b" ").decode() for pid in pids if is_alive(pid)]

    def stop(self) -> None:
        """Stop all processes as an operator would."""
        super().stop()
        if self.second is not None and self.second.poll() is None:
            self.second.send_signal(signal.SIGTERM)
            self.second.wait(timeout=30)

    def _mentioning(self, text: str) -> list[int]:
        return [pid for pid in _pids() if text.encode() in _read(pid, "cmdline")]

    def _marked(self) -> list[int]:
        """Processes that carry the mark of one of this service's jobs."""
        jobs = {folder.name.encode() for folder in self.home.glob("jobs/*/*")}
        found = []
        for pid in _pids():
            marks = [item for item in _read(pid, "environ").split(b"\0") if item.startswith(f"{MARK}=".encode())]
            if marks and marks[0].partition(b"=")[2] in jobs:
                found.append(pid)
        return found


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal() and int(entry.name) != os.getpid()]


def _read(pid: int, name: str) -> bytes:
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
