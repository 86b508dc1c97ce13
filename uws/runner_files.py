"""Files that a run leaves for the engine. Standard library only."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

__all__ = [
    "CANCEL",
    "EXIT",
    "HEARTBEAT",
    "JOB",
    "LOCK",
    "STAGE",
    "STARTED",
    "ask_to_stop",
    "asked_reason",
    "read_json",
    "take_lock",
    "write_json",
]

JOB = "job.json"
"""What to run; written by the executor before it starts the runner."""

LOCK = "lock"
"""Held by the runner as long as it lives."""

STARTED = "started"
"""Says that a runner took the job, and where."""

CANCEL = "cancel"
"""Asks the runner to end the run; holds the reason."""

HEARTBEAT = "heartbeat"
"""Touched by the runner every few seconds."""

STAGE = "stage.json"
"""What the command is doing."""

EXIT = "exit.json"
"""How it ended; written once, whole."""


def take_lock(workdir: Path) -> int | None:
    """Take the lock of a work directory: the file descriptor that holds it, or None when a runner has it."""
    descriptor = os.open(workdir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def ask_to_stop(workdir: Path, reason: str) -> None:
    """Leave the note that ends a run, unless there is one; it appears whole."""
    if not (workdir / CANCEL).exists():
        temporary = workdir / f".{CANCEL}.{os.getpid()}"
        temporary.write_text(reason, encoding="utf-8")
        temporary.rename(workdir / CANCEL)


def asked_reason(workdir: Path) -> str:
    """The reason for which a run is to end; empty when nobody asked."""
    try:
        return (workdir / CANCEL).read_text(encoding="utf-8").strip() or "cancelled"
    except OSError:
        return ""


def write_json(path: Path, content: Any, *, durable: bool = False) -> None:
    """Write a file that appears whole or not at all; `durable` also survives a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    temporary.rename(path)
    if durable:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_json(path: Path) -> Any | None:
    """The content of a file, or None when it is not there."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
