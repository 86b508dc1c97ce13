"""Runs one command in its work directory and says how it ended: ``python -m uws.runner WORKDIR``.

Standard library only: it runs on cluster nodes without Django. What it reads and leaves in WORKDIR is told in
`uws.runner_files`. It holds the lock of the directory while it lives, and refuses a directory in which a run has
begun before, so that no job runs twice.

Exit status: 0 when ``exit.json`` says how the run ended, 75 when another runner has the directory or had it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from uws.machine import describe_machine
from uws.processes import start_ticks
from uws.runner_child import Child, become_subreaper
from uws.runner_files import (
    CANCEL,
    EXIT,
    HEARTBEAT,
    JOB,
    STAGE,
    STARTED,
    asked_reason,
    read_json,
    take_lock,
    write_json,
)
from uws.runner_inputs import place_inputs
from uws.runner_output import Log, Stage
from uws.runner_results import MOST, Listing, collect, digest, digest_of_folder, state
from uws.runner_walled import start
from uws.wake import wake

__all__ = ["main"]

REFUSED = 75
"""Exit status when the directory is, or was, another runner's."""

TICK = 0.25
"""Seconds between two looks at the clock and for a request to cancel."""

SUSPENDED_SECONDS = 5.0
"""A longer time between two looks is not the run's own: it was suspended, the runner with it."""

HEARTBEAT_SECONDS = 5.0
STAGE_SECONDS = 0.25
OUTPUT_BYTES = 16 * 2**20
GRACE_SECONDS = 5.0
GIVE_UP_SECONDS = 10.0
"""After SIGKILL; a process that sits in the kernel longer is left behind."""


class Run:
    """One command from its start to the end of its last process.

    Parameters
    ----------
    workdir
        The work directory.
    job
        Content of ``job.json``: ``job_id``, ``argv``, ``environment``, ``inputs`` (`uws.runner_inputs`), ``outputs``,
        ``speakers`` (`uws.runner_messages`), ``network``, ``notify``
        (folder of the engines' sockets), ``sandbox`` (``mode`` and what `uws.sandbox.walls` takes) and ``limits``
        (``wall_seconds``, ``cpu_seconds``, ``memory_bytes``, ``file_bytes``, ``output_bytes``, ``grace_seconds``; 0
        means none).
    """

    def __init__(self, workdir: Path, job: dict[str, Any]) -> None:
        self.workdir = workdir
        self.job = job
        self.limits: dict[str, float] = job.get("limits", {})
        self.stage = Stage(job.get("speakers", ()))
        self.reason = "exited"
        self.cpu_seconds = 0.0
        self.max_rss = 0
        self.status: int | None = None
        self.logs: list[Log] = []
        self.child: Child | None = None
        self.begun = self._looked = time.monotonic()
        self.ended: float | None = None
        self.kill_at: float | None = None
        self.asked_to_stop = False
        self.given_up = False
        self._next_stage = self._next_beat = 0.0
        self._selector = selectors.DefaultSelector()
        self._hashed: dict[str, str] = {}
        self._listings: dict[str, Listing] = {}

    def execute(self) -> dict[str, Any]:
        """Run the command; the content of ``exit.json``."""
        started = _now()
        try:
            self._make_folders()
            self._start()
        except OSError as error:
            return self.report(started, reason="failed-to-start", message=f"{self.job['argv'][0]}: {error.strerror}")
        except (subprocess.SubprocessError, ValueError) as error:
            return self.report(started, reason="failed-to-start", message=str(error))
        hashing = threading.Thread(target=self._hash_inputs, daemon=True)
        hashing.start()
        self._watch()
        wall_seconds = (self.ended or time.monotonic()) - self.begun
        self._write_stage()
        results, missing, left_out = collect(self.workdir, self.job.get("outputs", []))
        if self.reason == "exited":
            hashing.join()
        message = f"It wrote {len(results) + left_out:,} files; {MOST:,} are results, no more." if left_out else ""
        if self.reason == "exited" and self.status == 0:
            if self.stage.messages.error:
                self.reason = "error-told"
            elif missing:
                self.reason, message = "output-missing", ", ".join(missing)
        return self.report(
            started, reason=self.reason, message=message, results=results, wall_seconds=round(wall_seconds, 3)
        )

    def _make_folders(self) -> None:
        (self.workdir / "tmp").mkdir(exist_ok=True)
        place_inputs(self.workdir / "work", self.job.get("inputs", []))

    def _start(self) -> None:
        self.child = child = start(self.workdir, self.job)
        write_json(self.workdir / STARTED, {**_identity(), "group": child.pid})
        cap = int(self.limits.get("output_bytes", OUTPUT_BYTES))
        for source, name in ((child.stdout, "stdout.txt"), (child.stderr, "stderr.txt")):
            log = Log(source, self.workdir / name, cap=cap, stage=self.stage)
            self._selector.register(source, selectors.EVENT_READ, log)
            self.logs.append(log)
        if child.report is not None:
            self._selector.register(child.report, selectors.EVENT_READ, child)

    def listen_to_signals(self) -> None:
        """A signal makes the wait return: a child has ended, or the run is to end."""
        self._wakeup, wakeup = os.pipe()
        for descriptor in (self._wakeup, wakeup):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def _ask_to_stop(self, *_: object) -> None:
        self.asked_to_stop = True

    def _watch(self) -> None:
        """Wait until no process of the run is left, or what is left cannot be killed."""
        alive = True
        while (alive and not self.given_up) or any(log.open for log in self.logs):
            for key, _ in self._selector.select(TICK):
                if isinstance(key.data, Log):
                    self._pump(key.data)
                elif isinstance(key.data, Child):
                    self._hear(key.data)
                else:
                    os.read(self._wakeup, 4096)
            alive = self._reap()
            self._look_at_clock(alive)

    def _pump(self, log: Log) -> None:
        log.pump()
        if not log.open:
            self._selector.unregister(log.source)

    def _hear(self, child: Child) -> None:
        """Once is enough: what the report says more is of no interest."""
        self._selector.unregister(child.report)  # type: ignore[arg-type]
        self._set_ended(child.ended())

    def _set_ended(self, status: int | None) -> None:
        if self.ended is None and status is not None:
            self.status, self.ended = status, time.monotonic()

    def _reap(self) -> bool:
        """Collect what has ended; whether anything of the run still lives.

        As the subreaper, this process is or becomes the parent of every descendant (Linux).
        """
        try:
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if not pid:
                    return True
                self.cpu_seconds += usage.ru_utime + usage.ru_stime
                self.max_rss = max(self.max_rss, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
                if self.child is not None and pid == self.child.pid:
                    self._set_ended(self.child.ended(status))
        except ChildProcessError:
            return False

    def _look_at_clock(self, alive: bool) -> None:
        now = time.monotonic()
        if now - self._looked > SUSPENDED_SECONDS:
            self.begun += now - self._looked
        self._looked = now
        if self.kill_at is None:
            self._consider_stop(now, alive)
        elif alive and now >= self.kill_at:
            self._signal(signal.SIGKILL)
            self.given_up = now >= self.kill_at + GIVE_UP_SECONDS
        if self.given_up or (self.ended is not None and not alive and now >= self.ended + 1):
            self._close_logs()
        if now >= self._next_beat:
            self._next_beat = now + HEARTBEAT_SECONDS
            self._beat()
        if self.stage.changed and now >= self._next_stage:
            self._next_stage = now + STAGE_SECONDS
            self._write_stage()

    def _consider_stop(self, now: float, alive: bool) -> None:
        wall = self.limits.get("wall_seconds", 0)
        if self.ended is not None:
            if alive:
                self._stop(self.reason)
        elif wall and now - self.begun >= wall:
            self._stop("wall-limit")
        elif self.asked_to_stop or (self.workdir / CANCEL).exists() or not self.workdir.exists():
            self._stop(asked_reason(self.workdir) or "cancelled")

    def _stop(self, reason: str) -> None:
        """Ask all processes to end; they are killed when the time of grace is over."""
        self.reason = reason
        self.kill_at = time.monotonic() + self.limits.get("grace_seconds", GRACE_SECONDS)
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        if self.child is not None:
            self.child.signal(number)

    def _close_logs(self) -> None:
        """Something outside the run holds its pipes open."""
        for log in self.logs:
            if log.open:
                self._selector.unregister(log.source)
                log.close()

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            (self.workdir / HEARTBEAT).touch()

    def _write_stage(self) -> None:
        if self.stage.changed:
            self.stage.changed = False
            content = {"stage": self.stage.text, "done": self.stage.done, "total": self.stage.total}
            with contextlib.suppress(OSError):
                write_json(self.workdir / STAGE, content)

    def _hash_inputs(self) -> None:
        """Checksums of inputs that have none yet, while the command runs; a file that changes meanwhile gets none."""
        for item in self.job.get("inputs", []):
            if not item.get("sha256"):
                with contextlib.suppress(OSError):
                    path = Path(item["path"])
                    before, listing = state(path), None
                    if path.is_dir():
                        _, sha256, listing = digest_of_folder(path)
                    else:
                        _, sha256 = digest(path)
                    if state(path) == before:
                        self._hashed[item["name"]] = sha256
                        self._listings |= {item["name"]: listing} if listing else {}

    def report(self, started: str, *, reason: str, message: str, **more: Any) -> dict[str, Any]:
        """The content of ``exit.json``."""
        wall_seconds = more.pop("wall_seconds", 0.0)
        status = self.status
        return {
            "exit_code": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None,
            "reason": reason,
            "message": message,
            "started": started,
            "ended": _now(),
            "usage": {
                "cpu_seconds": round(self.cpu_seconds, 3),
                "max_rss_bytes": self.max_rss,
                "wall_seconds": wall_seconds,
                "sandbox": self.child.sandbox if self.child else "none",
            },
            "host": socket.gethostname(),
            "results": [],
            "inputs": dict(self._hashed),
            "listings": dict(self._listings),
            "software": {**self.stage.software, **describe_machine()},
            "messages": self.stage.messages.kept,
            "error": self.stage.messages.error,
            "truncated": [name for name, log in zip(("stdout", "stderr"), self.logs, strict=False) if log.truncated],
            **more,
        }


def main(arguments: list[str]) -> int:
    """Run the job of a work directory."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m uws.runner WORKDIR\n")
        return 2
    workdir = Path(arguments[0]).absolute()
    lock = take_lock(workdir)
    if lock is None or (workdir / EXIT).exists() or (workdir / STARTED).exists():
        return REFUSED
    job = read_json(workdir / JOB)
    if (workdir / CANCEL).exists():
        report = Run(workdir, job).report(_now(), reason=asked_reason(workdir) or "cancelled", message="")
    else:
        run = Run(workdir, job)
        run.listen_to_signals()
        write_json(workdir / STARTED, _identity())
        become_subreaper()
        report = run.execute()
    if workdir.exists():
        write_json(workdir / EXIT, report, durable=True)
    if job.get("notify"):
        wake(Path(job["notify"]), job["job_id"].encode())
    return 0


def _identity() -> dict[str, Any]:
    return {"pid": os.getpid(), "start_ticks": start_ticks(os.getpid()), "host": socket.gethostname()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
