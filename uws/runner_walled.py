"""A command within walls: started through bubblewrap, its end told by `uws.runner_init`. Standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uws.runner_child import Child, environment_of, launch
from uws.sandbox import Bubblewrap, SandboxError, find_bubblewrap, interpreter, probe, walls

__all__ = ["WalledChild", "start"]

INIT = Path(__file__).with_name("runner_init.py")
INIT_INSIDE = "/run/init.py"
READY = b"ready\n"
ATTEMPTS = 3
"""How often walls are made that are killed while they are."""

SIGNALLED = 128
"""What bubblewrap adds to the number of the signal of which its first process died."""


def start(workdir: Path, job: Mapping[str, Any]) -> Child:
    """Start the command of a job as ``job["sandbox"]["mode"]`` wants it.

    `off` never confines it, `auto` does where the machine can, `require` runs nothing where it cannot.

    Raises
    ------
    OSError
        When the program cannot be executed.
    subprocess.SubprocessError
        When the walls that the job asks for cannot be made.
    """
    mode = job.get("sandbox", {}).get("mode", "off")
    if mode != "off":
        try:
            return _start_within_walls(workdir, job, find_bubblewrap())
        except SandboxError as error:
            if mode == "require":
                raise subprocess.SubprocessError(f"ATHANOR_SANDBOX is require, but {error}") from error
    environment = environment_of(workdir, job)
    return Child(job, launch(job["argv"], workdir=workdir, environment=environment, limits=job.get("limits", {})))


class WalledChild(Child):
    """A command that was started within walls; `pid` is bubblewrap's."""

    def __init__(
        self, job: Mapping[str, Any], process: subprocess.Popen[bytes], bubblewrap: Bubblewrap, report: int, init: int
    ) -> None:
        super().__init__(job, process)
        self.sandbox = f"bubblewrap {bubblewrap.version}"
        self.report = report
        self._init = init
        self._told = b""
        self._killed = False
        os.set_blocking(report, False)

    def signal(self, number: int) -> None:
        """Let the first process within the walls send it to all others; killed once more, it takes them along."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if number != signal.SIGKILL:
                os.kill(self._init, signal.SIGTERM)
            elif not self._killed:
                # Killed one by one they are waited for, and their processor time is counted.
                self._killed = True
                os.kill(self._init, signal.SIGINT)
            else:
                os.kill(self._init, signal.SIGKILL)
                os.killpg(self.pid, signal.SIGKILL)

    def ended(self, status: int | None = None) -> int | None:
        """See `Child.ended`; where the first process was killed before it could tell, its own end counts."""
        with contextlib.suppress(BlockingIOError):
            self._told += os.read(self.report, 4096)[: 4096 - len(self._told)]  # type: ignore[arg-type]
        line = self._told.partition(b"\n")[0].split()
        if self._told.count(b"\n") and len(line) == 2 and line[1].isdigit():
            return int(line[1])
        if status is not None and os.WIFEXITED(status):
            code = os.WEXITSTATUS(status)
            return code - SIGNALLED if code > SIGNALLED else code << 8
        return status


class _KilledFirstError(subprocess.SubprocessError):
    """The walls were killed from outside before anything of the command had begun."""


def _start_within_walls(workdir: Path, job: Mapping[str, Any], bubblewrap: Bubblewrap) -> WalledChild:
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(_KilledFirstError):
            return _start_once(workdir, job, bubblewrap)
    return _start_once(workdir, job, bubblewrap)


def _start_once(workdir: Path, job: Mapping[str, Any], bubblewrap: Bubblewrap) -> WalledChild:
    info, info_end = os.pipe()
    report, report_end = os.pipe()
    with os.fdopen(info, "rb", 0) as told, os.fdopen(report, "rb", 0) as lines:
        try:
            process = _launch(workdir, job, bubblewrap, info_end, report_end)
        finally:
            os.close(info_end)
            os.close(report_end)
        if lines.readline() != READY:
            _, errors = process.communicate()
            if process.returncode == -signal.SIGKILL:
                raise _KilledFirstError("bubblewrap was killed")
            probe(bubblewrap)
            raise subprocess.SubprocessError(errors.decode(errors="replace").strip()[-300:] or "bubblewrap failed")
        init = json.loads(told.read())["child-pid"]
        verdict = lines.readline().split()
        if verdict[:1] == [b"failed"]:
            process.communicate()
            raise OSError(int(verdict[1]), os.strerror(int(verdict[1])))
        return WalledChild(job, process, bubblewrap, report=os.dup(report), init=init)


def _launch(
    workdir: Path, job: Mapping[str, Any], bubblewrap: Bubblewrap, info: int, report: int
) -> subprocess.Popen[bytes]:
    options, files = walls(bubblewrap, workdir, job)
    environment = environment_of(workdir, job)
    kept = [info, report]
    try:
        for path, text in files.items():
            kept.append(_memory_file(text))
            options += ["--file", str(kept[-1]), path]
        options += ["--ro-bind", str(INIT), INIT_INSIDE, "--remount-ro", "/", "--info-fd", str(info)]
        kept.append(_memory_file("\0".join(options)))
        variables = [f"{name}={value}" for name, value in environment.items()]
        init = [interpreter(), "-I", "-S", INIT_INSIDE, str(report), str(len(variables)), *variables]
        return launch(
            [bubblewrap.path, "--args", str(kept[-1]), "--", *init, *job["argv"]],
            workdir=workdir,
            environment={"PATH": environment["PATH"]},
            limits=job.get("limits", {}),
            descriptors=kept,
        )
    finally:
        for descriptor in kept[2:]:
            os.close(descriptor)


def _memory_file(text: str) -> int:
    """Descriptor of a file without a name, to be read from its beginning."""
    descriptor = os.memfd_create("athanor")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", closefd=False) as file:
        file.write(text)
        file.seek(0)
    return descriptor
