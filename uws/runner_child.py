"""Starting the command of a run: its environment, its limits, its tie to the runner. Standard library only."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from uws.processes import MARK

__all__ = ["become_subreaper", "command_line", "spawn"]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PATH = "/usr/local/bin:/usr/bin:/bin"
OPEN_FILES = 1024


def command_line(job: Mapping[str, object]) -> list[str]:
    """The whole argument list: what confines the command, if anything, then the command."""
    return [*map(str, job.get("prefix", ())), *map(str, job["argv"])]  # type: ignore[call-overload]


def spawn(
    argv: Sequence[str], *, workdir: Path, job_id: str, environment: Mapping[str, str], limits: Mapping[str, float]
) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own, below ``work/``, its output on two pipes.

    It is killed when the runner dies (Linux), and it sees no variable of the runner's environment.

    Raises
    ------
    OSError
        When the program cannot be executed.
    """
    return subprocess.Popen(
        argv,
        cwd=workdir / "work",
        env=_environment(workdir, environment, job_id),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
        preexec_fn=_Preparation(limits),  # noqa: PLW1509 - the runner has no thread yet
    )


def become_subreaper() -> None:
    """Make orphaned descendants children of this process, so that none is overlooked (Linux)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


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


def _environment(workdir: Path, given: Mapping[str, str], job_id: str) -> dict[str, str]:
    return {
        "PATH": PATH,
        "HOME": str(workdir),
        "TMPDIR": str(workdir / "tmp"),
        "LANG": "C.UTF-8",
        **given,
        MARK: job_id,
    }


def _library() -> ctypes._NamedFuncPointer | None:
    return ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def _prctl(option: int, value: int) -> None:
    prctl = _library()
    if prctl is not None:
        prctl(option, value, 0, 0, 0)
