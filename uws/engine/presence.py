"""Which engines live: each holds the lock of a file for as long as it does."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from pathlib import Path

from uws.wake import ENGINE, Ear

__all__ = ["Presence", "count_live", "is_live", "sweep"]

LOCK = ".engine.lock"


class Presence:
    """The sign of life of an engine, and the socket at which it is woken.

    Parameters
    ----------
    folder
        ``ATHANOR_HOME/run``.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        token = secrets.token_hex(6)
        self.identity = f"{socket.gethostname()[:60]}:{os.getpid()}:{token}"
        self._path = _lock_path(folder, self.identity)
        self._lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.ear = Ear(folder / f"{token}{ENGINE}")

    def close(self) -> None:
        """Be gone."""
        self.ear.close()
        self._path.unlink(missing_ok=True)
        os.close(self._lock)


def is_live(folder: Path, identity: str) -> bool:
    """Whether the engine of that identity still holds its lock."""
    path = _lock_path(folder, identity)
    return path.exists() and _is_locked(path)


def count_live(folder: Path) -> int:
    """How many engines hold their locks in a directory."""
    return sum(_is_locked(path) for path in folder.glob(f"*{LOCK}"))


def sweep(folder: Path) -> None:
    """Remove what engines left that were killed on this machine; sockets elsewhere are not ours to judge."""
    for path in folder.glob(f"*{LOCK}"):
        if not _is_locked(path):
            path.with_name(path.name.removesuffix(LOCK) + ENGINE).unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def _lock_path(folder: Path, identity: str) -> Path:
    return folder / f"{identity.rpartition(':')[2]}{LOCK}"


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
