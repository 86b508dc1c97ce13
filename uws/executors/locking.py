"""Holding the lock of a work directory in a runner's place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from uws.runner_files import take_lock

__all__ = ["locked"]


@contextlib.contextmanager
def locked(workdir: Path) -> Iterator[bool]:
    """Hold the lock of a work directory, if no runner does; whether it is held. One that is gone has no runner."""
    if not workdir.is_dir():
        yield True
        return
    lock = take_lock(workdir)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)
