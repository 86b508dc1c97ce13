"""Removing files that belong to no job: of removed and archived jobs, and of what was cut short."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings

from uws.models import Job
from uws.phases import Phase

__all__ = ["JOB_ID", "empty_trash", "sweep_jobs", "trash"]

logger = logging.getLogger("athanor.engine")

YOUNG = 3600.0
"""Seconds for which a directory without a job is left alone: its job may be in the making."""

AT_ONCE = 500
"""Directories that are looked up in one query."""

JOB_ID = re.compile(r"[a-z2-7]{26}")
"""What identifiers of jobs look like."""


def trash() -> Path:
    """Where directories lie that are to be removed."""
    return settings.ATHANOR_HOME / "trash"


def empty_trash() -> None:
    """Remove what lies in the trash; what another engine removes meanwhile is no trouble."""
    waiting = [Path(entry.path) for entry in _entries(trash())]
    while waiting:
        with contextlib.suppress(OSError):
            waiting += _remove(waiting.pop())
    with contextlib.suppress(OSError):
        trash().rmdir()


def _remove(folder: Path) -> list[Path]:
    """Remove a directory with its files; the directories within it, moved up beside it before, are given.

    A job makes them as deep as it likes, deeper than paths and recursion reach, and forbids access to them.
    """
    folder.chmod(0o700)
    moved = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                Path(entry.path).chmod(0o700)
                moved.append(Path(entry.path).rename(trash() / secrets.token_hex(8)))
            else:
                Path(entry.path).unlink()
    folder.rmdir()
    return moved


def sweep_jobs(*, young: float = YOUNG) -> list[str]:
    """Remove directories of jobs that are not known, or are archived; their names.

    Parameters
    ----------
    young
        Seconds for which a directory must have been left unchanged.
    """
    swept = []
    old = _old_directories(time.time() - young)
    while some := list(islice(old, AT_ONCE)):
        ids = [path.name for path in some]
        kept = set(Job.objects.filter(pk__in=ids).exclude(phase=Phase.ARCHIVED).values_list("pk", flat=True))
        for path in some:
            if path.name not in kept:
                trash().mkdir(parents=True, exist_ok=True)
                path.rename(trash() / f"{path.name}-swept-{time.time_ns()}")
                swept.append(path.name)
    if swept:
        logger.warning("Removed %d director%s without a job.", len(swept), "y" if len(swept) == 1 else "ies")
    empty_trash()
    return swept


def _old_directories(before: float) -> Iterator[Path]:
    """Directories of jobs that have not changed since that time, in seconds since 1970."""
    for folder in _entries(settings.ATHANOR_HOME / "jobs"):
        for entry in _entries(folder.path):
            if JOB_ID.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < before:
                yield Path(entry.path)


def _entries(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return
