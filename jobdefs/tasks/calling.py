"""Running a task from within another: SAS's own where there is SAS, else the built-in one of the same name."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from jobdefs.sas.messages import Message, read_message

from .reporting import TaskError

__all__ = ["call", "has_sas"]


def has_sas() -> bool:
    """Whether the run has XMM-Newton SAS."""
    return bool(os.environ.get("SAS_DIR"))


def call(
    task: str, parameters: Mapping[str, str], *, expected: Sequence[str] = (), lines: list[str] | None = None
) -> list[Message]:
    """Run a task in the current directory; what it writes to its streams goes on to ours.

    Parameters
    ----------
    task
        `evselect`, ….
    parameters
        Name → value, as the task takes them.
    expected
        Files without which it has not done its work.
    lines
        Gets the lines of its standard output, for tasks that tell their result there.

    Returns
    -------
    list
        What it warned of.

    Raises
    ------
    TaskError
        When there is no such task here, or it ended with an error, said that there was one, or did not write what is
        expected. Code and text are the task's own where it gave them.
    """
    words = [f"{name}={value}" for name, value in parameters.items()]
    messages, status = _run([*_command(task), *words], [] if lines is None else lines)
    errors = [message for message in messages if message.level != "warning"]
    if errors:
        raise TaskError(errors[0].code or "TaskFailed", f"{errors[0].task}: {errors[0].text}")
    if status:
        raise TaskError("TaskFailed", f"{task} ended with exit code {status}.")
    missing = [name for name in expected if not Path(name).is_file()]
    if missing:
        raise TaskError("OutputMissing", f"{task} ended without an error, but did not write {', '.join(missing)}.")
    return messages


def _command(task: str) -> list[str]:
    if has_sas():
        return [sys.executable, "-P", "-m", "jobdefs.sas", task]
    module = f"jobdefs.tasks.{task.replace('-', '_')}"
    if find_spec(module) is None:
        raise TaskError("NeedsSas", f"{task} needs XMM-Newton SAS, which there is none of here.")
    return [sys.executable, "-P", "-m", module]


def _run(command: list[str], told: list[str]) -> tuple[list[Message], int]:
    """The messages of a command and its exit status; its lines are passed on as they come."""
    sys.stdout.flush()
    sys.stderr.flush()
    messages: list[Message] = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        targets: dict[BinaryIO, BinaryIO] = {process.stdout: sys.stdout.buffer, process.stderr: sys.stderr.buffer}  # type: ignore[dict-item]
        rests = dict.fromkeys(targets, b"")
        with selectors.DefaultSelector() as selector:
            for source in targets:
                selector.register(source, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    source: BinaryIO = key.fileobj  # type: ignore[assignment]
                    data = os.read(source.fileno(), 65536)
                    if not data:
                        selector.unregister(source)
                    *lines, rests[source] = (rests[source] + (data or b"\n")).split(b"\n")
                    if source is process.stdout:
                        told += [line.decode("utf-8", errors="replace") for line in lines]
                    found = (read_message(line.decode("utf-8", errors="replace")) for line in lines if b"** " in line)
                    messages += [message for message in found if message is not None]
                    targets[source].write(data)
                    targets[source].flush()
    return messages, process.returncode
