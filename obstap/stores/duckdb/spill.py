"""Directories into which queries that outgrow their memory write, one for each running engine."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

__all__ = ["SpillDirectory", "remove_abandoned"]

_NAME = "spill"
_YOUNG = 60.0
"""Seconds in which a directory may still be without its lock."""


class SpillDirectory:
    """A directory that is locked while its engine runs, so that others can tell when it was left behind."""

    def __init__(self, parent: Path) -> None:
        (parent / _NAME).mkdir(exist_ok=True)
        self.path = Path(tempfile.mkdtemp(dir=parent / _NAME))
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def remove(self) -> None:
        """Delete the directory with what it holds."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def remove_abandoned(parent: Path) -> None:
    """Delete the directories of engines that died."""
    for path in (parent / _NAME).glob("*"):
        if time.time() - path.stat().st_mtime > _YOUNG and _unlocked(path):
            shutil.rmtree(path, ignore_errors=True)


def _unlocked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
