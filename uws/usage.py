"""What jobs use: the disk under a work directory, and the sums of each owner."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Count, Q, Sum, Value
from django.db.models.functions import Coalesce

from uws.models import Job, JobKind
from uws.phases import Phase

__all__ = ["Use", "disk_bytes", "record_disk", "use_by_owner", "used"]

MOST_ENTRIES = 1_000_000
"""Files of one directory that are counted at most."""

BLOCK = 512
"""Bytes of the blocks in which the operating system counts, whatever the file system's own are (POSIX stat)."""

_RUNNING = Q(phase__in=(Phase.EXECUTING, Phase.SUSPENDED, Phase.UNKNOWN), kind=JobKind.TASK)
_QUEUED = Q(phase=Phase.QUEUED, kind=JobKind.TASK)


@dataclass(frozen=True, slots=True)
class Use:
    """What one owner's jobs use.

    Parameters
    ----------
    jobs, running, queued
        Numbers of jobs; those that only see others through neither run nor wait.
    disk_bytes
        Of the files that are there.
    cpu_seconds
        Of jobs that have ended in the period that was asked for.
    """

    jobs: int = 0
    running: int = 0
    queued: int = 0
    disk_bytes: int = 0
    cpu_seconds: float = 0.0


def disk_bytes(folder: Path) -> int:
    """Bytes that a directory takes on its disk: allocated blocks, a file of several names once; 0 when there is none.

    A file that has a name elsewhere too counts there, where it was before. Links are not followed. Files that vanish
    meanwhile do not count; after `MOST_ENTRIES` files the sum is a lower bound.
    """
    total, left = 0, MOST_ENTRIES
    seen: Counter[tuple[int, int]] = Counter()
    folders = [os.fspath(folder)]
    while folders and left > 0:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        break
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif status.st_nlink > 1:
                        seen[file := (status.st_dev, status.st_ino)] += 1
                        if seen[file] < status.st_nlink:
                            continue
                    total += status.st_blocks * BLOCK
        except OSError:
            continue
    return total


def used(workdir: Path, usage: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a job that say what its run has used, for the statement that records its end.

    Parameters
    ----------
    usage
        As its executor tells it, with ``cpu_seconds`` where that is known.
    """
    return {"disk_bytes": disk_bytes(workdir), "cpu_seconds": float(usage.get("cpu_seconds") or 0.0)}


def record_disk(job: Job) -> None:
    """Note what the files of a job that has not run yet take: those that its owner has sent."""
    job.disk_bytes = disk_bytes(job.workdir)
    Job.objects.filter(pk=job.pk).update(disk_bytes=job.disk_bytes)


def use_by_owner(*, since: datetime | None = None) -> dict[int | None, Use]:
    """What each owner uses now, by the owner's key, None for the public workspace; one query for all.

    Jobs that are deleted count no more for the disk, but still for processor time until they are removed.

    Parameters
    ----------
    since
        Processor time counts of jobs that ended at this instant or later; None counts all.
    """
    ended = Q(end_time__isnull=False) if since is None else Q(end_time__gte=since)
    there = Q(deleted=False)
    rows = (
        Job.objects.order_by()
        .values_list("owner")
        .annotate(
            jobs=Count("pk", filter=there),
            running=Count("pk", filter=_RUNNING),
            queued=Count("pk", filter=_QUEUED & there),
            disk=Coalesce(Sum("disk_bytes", filter=there), Value(0)),
            cpu=Coalesce(Sum("cpu_seconds", filter=ended), Value(0.0)),
        )
    )
    return {owner: Use(*numbers) for owner, *numbers in rows}
