"""What a task says while it runs, in the forms of SAS, and the errors that end it.

Messages go to standard output, warnings and errors to standard error: ``** task: error (Code), text``. Lines
``[STAGE] text`` and ``[PROGRESS] n/m`` tell a job server how far the task is.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from vo.errors import UsageError

__all__ = ["RELEASE", "Reporter", "TaskError"]

RELEASE = "athanor-0.1.0"
"""The release that a task's messages and products name where SAS names its own."""

PROGRESS_INTERVAL = 0.5
"""Least time between two progress lines, in seconds."""


class TaskError(UsageError):
    """A task can't do what was asked.

    Parameters
    ----------
    code
        SAS's name of the error (`ImgBinVal`, …).
    """

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Reporter:
    """Speaks for one run of a task.

    Parameters
    ----------
    task, version
        `evselect` and `evselect-3.71.1-compatible`.
    verbosity
        SAS's 0 to 10; below 4 plain messages are left out.
    """

    def __init__(self, task: str, version: str, *, verbosity: int = 4) -> None:
        self.task = task
        self.version = version
        self.verbosity = verbosity
        self._last = 0.0

    @property
    def creator(self) -> str:
        """Task, version and release, as CREATOR holds them."""
        return f"{self.task} ({self.version}) [{RELEASE}]"

    def executing(self, command: str, options: str) -> None:
        """Tell the whole command line."""
        self.message(f"Executing (routine): {command} {options}")

    def started(self) -> None:
        """Tell that the task begins."""
        self.message(f"{self.task} ({self.version})  [{RELEASE}] started:  {_clock()}")

    def ended(self) -> None:
        """Tell that the task has ended well."""
        self.message(f"{self.task} ({self.version})  [{RELEASE}] ended:    {_clock()}")

    def message(self, text: str) -> None:
        """Tell something."""
        if self.verbosity >= 4:
            self._write(f"{self.task}:- {text}")

    def stage(self, text: str) -> None:
        """Tell what is done now."""
        self._write(f"[STAGE] {text}")

    def progress(self, done: int, total: int) -> None:
        """Tell how much is done; at most one line in `PROGRESS_INTERVAL`, but always the last."""
        now = time.monotonic()
        if done >= total or now - self._last >= PROGRESS_INTERVAL:
            self._last = now
            self._write(f"[PROGRESS] {done}/{total}")

    def warning(self, code: str, text: str) -> None:
        """Warn, as SAS does."""
        sys.stdout.flush()
        sys.stderr.write(f"** {self.task}: warning ({code}), {text}\n")
        sys.stderr.flush()

    def error(self, code: str, text: str) -> None:
        """Tell why the task ends."""
        sys.stdout.flush()
        sys.stderr.write(f"** {self.task}: error ({code}), {text}\n")
        sys.stderr.flush()

    @staticmethod
    def _write(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _clock() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000")
