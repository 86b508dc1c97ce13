"""Starting the command of a run: its environment, its limits, its tie to the runner. Standard library only.

`start` gives a `Child`: the plain one, or a `uws.runner_walled.WalledChild` where the job is to be confined.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from uws.processes import MARK, kill_all

__all__ = ["Child", "become_subreaper", "environment_of", "launch"]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PATH = "/usr/local/bin:/usr/bin:/bin"
OPEN_FILES = 1024
UMASK = 0o027
"""What a run writes, others on the machine do not read."""


class Child:
    """A command that was started without walls.

    Attributes
    ----------
    pid
        The process that the runner waits for, and its process group.
    stdout, stderr
        Descriptors of what the command writes.
    report
        Descriptor that becomes readable when `ended` may know more, or None.
    sandbox
        What confines the command.
    """

    report: int | None = None
    sandbox = "none"

    def __init__(self, job: Mapping[str, Any], process: subprocess.Popen[bytes]) -> None:
        self.job = job
        self.pid = process.pid
        process.returncode = 0  # it is waited for by the runner, not by the Popen object
        self.stdout, self.stderr = (os.dup(pipe.fileno()) for pipe in (process.stdout, process.stderr))  # type: ignore[union-attr]
        process.stdout.close()  # type: ignore[union-attr]
        process.stderr.close()  # type: ignore[union-attr]

    def signal(self, number: int) -> None:
        """Send a signal to every process of the run."""
        kill_all(self.job["job_id"], self.pid, number)

    def ended(self, status: int | None = None) -> int | None:
        """The wait status of the command, or None when it goes on.

        Parameters
        ----------
        status
            That of the process `pid`, when it has ended.
        """
        return status


def launch(
    argv: Sequence[str],
    *,
    workdir: Path,
    environment: Mapping[str, str],
    limits: Mapping[str, float],
    descriptors: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, below ``work/``, its output on two pipes.

    It is killed when the runner dies (Linux), gains no privileges, and sees no variable of the runner's environment.

    Parameters
    ----------
    descriptors
        Those that it keeps.

    Raises
    ------
    OSError
        When the program cannot be executed.
    """
    return subprocess.Popen(
        argv,
        cwd=workdir / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
        umask=UMASK,
        pass_fds=descriptors,
        preexec_fn=_Preparation(limits),  # noqa: PLW1509 - the runner has no thread yet
    )


def environment_of(workdir: Path, job: Mapping[str, Any]) -> dict[str, str]:
    """All variables that the command sees, made from nothing."""
    return {
        "PATH": PATH,
        "HOME": str(workdir / "tmp"),
        "TMPDIR": str(workdir / "tmp"),
        "LANG": "C.UTF-8",
        **job.get("environment", {}),
        MARK: job["job_id"],
    }


def become_subreaper() -> None:
    """Make orphaned descendants children of this process, so that none is overlooked (Linux)."""
    prctl = _library()
    if prctl is not None:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class _Preparation:
    """What the child does between fork and exec."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        self.parent = os.getpid()
        self.limits = _resource_limits(limits)
        self.prctl = _library()

    def __call__(self) -> None:
        if self.prctl is not None:
            self.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
            if os.getppid() != self.parent:
                os._exit(1)
            self.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        for kind, soft, hard in self.limits:
            resource.setrlimit(kind, (soft, hard))


def _resource_limits(limits: Mapping[str, float]) -> list[tuple[int, int, int]]:
    """Resource, soft and hard limit of each; a limit of 0 means none. Processes are not limited: the count is a user's,
    not a run's.
    """
    wanted = [(resource.RLIMIT_CORE, 0, 0), (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)]
    if memory := int(limits.get("memory_bytes", 0)):
        wanted.append((resource.RLIMIT_AS, memory, memory))
    if file_size := int(limits.get("file_bytes", 0)):
        wanted.append((resource.RLIMIT_FSIZE, file_size, file_size))
    if seconds := int(limits.get("cpu_seconds", 0)):
        wanted.append((resource.RLIMIT_CPU, seconds, seconds + 5))
    return [(kind, *_below_hard(kind, soft, hard)) for kind, soft, hard in wanted]


def _below_hard(kind: int, soft: int, hard: int) -> tuple[int, int]:
    most = resource.getrlimit(kind)[1]
    if most == resource.RLIM_INFINITY:
        return soft, hard
    return min(soft, most), min(hard, most)


def _library() -> ctypes._NamedFuncPointer | None:
    return ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
