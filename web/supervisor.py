"""Several programs under one: started together, restarted when they die, stopped together."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Program", "Supervisor"]

logger = logging.getLogger("athanor.serve")

PR_SET_PDEATHSIG = 1

TICK = 0.2
"""Seconds between two looks at the programs."""

SHORT_LIFE = 60.0
"""A program that lived this many seconds before it died is restarted at once."""

LONGEST_PAUSE = 30.0
"""Seconds before the next start of a program that dies again and again."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running.

    Parameters
    ----------
    patience
        Seconds that it may take to end after SIGTERM; then it is killed.
    takes_group
        Whether what is left of its process group is killed when it has ended: workers of a server, which would keep
        the port, are; jobs of an engine, which outlive it, are not.
    environment
        Variables that it has where the supervisor's own environment does not set them.
    """

    name: str
    argv: Sequence[str]
    patience: float = 15.0
    takes_group: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Keeps programs running until it is stopped.

    Each runs in a session of its own, so that Ctrl-C reaches the supervisor alone, which stops them in order.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        self._children = [_Child(program) for program in programs]
        self._stop = threading.Event()

    def stop(self, *_: object) -> None:
        """Ask `run` to end; fit to be a signal handler."""
        self._stop.set()

    def run(self, *, each_tick: Callable[[], None] = lambda: None) -> None:
        """Start the programs and keep them running until `stop` is called, then end them, the first one first."""
        try:
            for child in self._children:
                child.start()
            while not self._stop.wait(TICK):
                for child in self._children:
                    child.watch()
                each_tick()
        finally:
            for child in self._children:
                child.end()

    def handle_signals(self) -> None:
        """Stop on SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)


class _Child:
    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._next_start = 0.0
        self._pause = 0.0

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self.program.argv,
            env={**self.program.environment, **os.environ},
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one thread only
        )

    def watch(self) -> None:
        """Note a death, and start again once the pause is over."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._clear()
            lived = time.monotonic() - self._started
            self._pause = 0.0 if lived >= SHORT_LIFE else min(max(2 * self._pause, 1.0), LONGEST_PAUSE)
            self._next_start = time.monotonic() + self._pause
            logger.error(
                "The %s ended with %s after %.0f s; it is started again in %.0f s.",
                self.program.name,
                _described(code),
                lived,
                self._pause,
            )
        if self._process is None and time.monotonic() >= self._next_start:
            self.start()

    def end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(self.program.patience)
        except subprocess.TimeoutExpired:
            logger.warning("The %s did not end within %.0f s and is killed.", self.program.name, self.program.patience)
            self._process.kill()
            self._process.wait()
        self._clear()

    def _clear(self) -> None:
        """Forget the process, which has ended, and end what it has left."""
        if self.program.takes_group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process = None


def _end_with_parent() -> None:
    """Have the kernel send SIGTERM when the supervisor dies without having stopped its programs (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _described(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
