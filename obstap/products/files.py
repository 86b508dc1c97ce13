"""The files of published products: copies of their own, so that nothing that happens to a job touches them.

A file is copied to a staging directory first, with its checksum, and takes its place by one rename.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from django.conf import settings

from uws.models import Result
from uws.selectors import result_path
from vo.errors import UsageError

__all__ = ["copy_result", "place", "product_path", "remove", "staging"]

PIECE = 2**20

STALE = 86_400
"""Seconds after which a staging directory is one that a crash has left."""


def product_path(collection: str, name: str) -> Path:
    """Where the file of a product lies."""
    return _root() / collection / name


@contextmanager
def staging() -> Iterator[Path]:
    """A directory on the same disk for files on their way; it goes with all that was not moved out of it."""
    parent = _root() / ".staging"
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.iterdir():
        with suppress(OSError):
            if old.stat().st_mtime < time.time() - STALE:
                shutil.rmtree(old)
    folder = Path(mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy_result(result: Result, target: Path) -> None:
    """Copy the file of a result and check that it is what the job has recorded.

    Raises
    ------
    vo.errors.UsageError
        When the file is gone or is not what it was when the job ended.
    """
    digest = hashlib.sha256()
    try:
        with result_path(result=result).open("rb") as source, target.open("xb") as copy:
            while piece := source.read(PIECE):
                digest.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
    except FileNotFoundError as error:
        raise UsageError(f"The file of the result {result.name!r} is no longer here.") from error
    if digest.hexdigest() != result.sha256:
        raise UsageError(f"The file of the result {result.name!r} is not what it was when the job ended.")


def place(staged: Path, final: Path) -> None:
    """Move a copied file to its place, durably; what may lie there was left by a crash."""
    final.parent.mkdir(parents=True, exist_ok=True)
    staged.chmod(0o644)
    staged.replace(final)
    descriptor = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a product's file, if it is there, and its collection's directory when it was the last."""
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def _root() -> Path:
    return settings.ATHANOR_HOME / "products"
