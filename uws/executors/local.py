"""Runs jobs on the engine's own machine, each under a runner that outlives the engine."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from uws.executors.base import Executor, Exit, Run, State, Status, Task
from uws.executors.locking import locked
from uws.processes import is_alive, kill_all, start_ticks
from uws.runner_files import EXIT, JOB, STARTED, ask_to_stop, read_json, write_json

__all__ = ["LocalExecutor"]

SOURCE_ROOT = Path(__file__).resolve().parent.parent.parent
"""Where the runner's package is found."""


class LocalExecutor(Executor):
    """Starts `uws.runner` detached, and finds it again by the lock of its work directory."""

    name = "local"

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._leaving: list[subprocess.Popen[bytes]] = []

    def submit(self, task: Task) -> dict[str, Any]:
        """Start the runner in a session of its own."""
        self._collect()
        task.workdir.mkdir(parents=True, exist_ok=True)
        write_json(task.workdir / JOB, task.document())
        with (task.workdir / "runner.txt").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-E", "-s", "-S", "-m", "uws.runner", str(task.workdir)],
                cwd=SOURCE_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children[task.job_id] = child
        return {"pid": child.pid, "start_ticks": start_ticks(child.pid), "host": socket.gethostname()}

    def poll(self, run: Run) -> Status:
        """See `uws.executors.base`; the runner's lock decides where no exit file does."""
        child = self._children.get(run.job_id)
        if child is not None:
            child.poll()
        report = read_json(run.workdir / EXIT)
        if report is not None:
            return Status(State.ENDED, Exit.from_document(report))
        if (child is not None and child.returncode is None) or self._runner_lives(run):
            return Status(State.RUNNING)
        with locked(run.workdir) as held:
            return self._judge(run) if held else Status(State.RUNNING)

    def cancel(self, run: Run, reason: str) -> None:
        """Leave a note for the runner and wake it; a run without a runner ends here."""
        if not run.workdir.is_dir():
            return
        ask_to_stop(run.workdir, reason)
        with locked(run.workdir) as held:
            if held:
                self._end_without_runner(run, reason)
                return
        started = read_json(run.workdir / STARTED) or {}
        if started.get("host") == socket.gethostname() and _is_same(started):
            with contextlib.suppress(ProcessLookupError):
                os.kill(started["pid"], signal.SIGTERM)

    def forget(self, run: Run) -> None:
        """Let the runner leave; its exit status is collected when it has."""
        child = self._children.pop(run.job_id, None)
        if child is not None:
            self._leaving.append(child)
        self._collect()

    def close(self) -> None:
        """Leave the runners to themselves; the Popen objects must not complain of it."""
        for child in (*self._children.values(), *self._leaving):
            if child.poll() is None:
                child.returncode = 0
        self._children.clear()
        self._leaving.clear()

    def _collect(self) -> None:
        self._leaving = [child for child in self._leaving if child.poll() is None]

    def _runner_lives(self, run: Run) -> bool:
        """Whether the process that was started still is there, perhaps too young to hold the lock."""
        return run.handle.get("host") == socket.gethostname() and _is_same(run.handle)

    def _judge(self, run: Run) -> Status:
        """With the lock in hand: no runner lives, nor can one begin."""
        report = read_json(run.workdir / EXIT)
        if report is not None:
            return Status(State.ENDED, Exit.from_document(report))
        started = read_json(run.workdir / STARTED)
        if started is None:
            return Status(State.ABSENT)
        if started.get("host") == socket.gethostname():
            kill_all(run.job_id, started.get("group"))
        return Status(State.LOST)

    def _end_without_runner(self, run: Run, reason: str) -> None:
        if not (run.workdir / EXIT).exists():
            if (run.workdir / STARTED).exists():
                self._judge(run)
            write_json(run.workdir / EXIT, {"reason": reason, "host": socket.gethostname()})


def _is_same(process: Any) -> bool:
    """Whether the process that was noted is alive, and not another one of the same id."""
    pid = process.get("pid")
    return pid is not None and is_alive(pid) and start_ticks(pid) == process.get("start_ticks")
