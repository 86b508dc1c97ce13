"""What sbatch is asked for."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uws.executors.base import Task

__all__ = ["Request", "Site", "batch_name"]

MEBIBYTE = 2**20

RUNNER_BYTES = 64 * MEBIBYTE
"""Memory of the runner, beside that of the command."""

TIME_MARGIN = 300
"""Seconds beyond a run's own limit: its processes end, its results are collected and checksummed."""

TIME_MARGIN_PART = 0.05
"""The same as a part of the limit, for runs that take long write much."""

_STRANGE = re.compile(r"[^A-Za-z0-9_.]+")


@dataclass(frozen=True, slots=True)
class Site:
    """Where jobs go whose definition does not say; empty is Slurm's own default."""

    partition: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a job asks of Slurm; jobs that ask for the same are submitted together.

    Parameters
    ----------
    memory
        In MiB, 0 for the site's default.
    minutes
        Time limit of the Slurm job, 0 for the partition's own.
    """

    name: str
    cores: int
    memory: int
    minutes: int
    partition: str
    account: str

    @classmethod
    def of(cls, task: Task, site: Site) -> Request:
        """The request of a task, from its `Task.resources`."""
        wanted: Mapping[str, Any] = task.resources
        memory = int(wanted.get("memory_bytes") or 0)
        seconds = float(wanted.get("wall_seconds") or 0)
        return cls(
            name=_STRANGE.sub("_", str(wanted.get("name") or "job"))[:60],
            cores=max(int(wanted.get("cores") or 1), 1),
            memory=math.ceil((memory + RUNNER_BYTES) / MEBIBYTE) if memory else 0,
            minutes=math.ceil((seconds * (1 + TIME_MARGIN_PART) + TIME_MARGIN) / 60) if seconds else 0,
            partition=str(wanted.get("partition") or site.partition),
            account=str(wanted.get("account") or site.account),
        )

    def options(self, name: str, elements: int = 0) -> list[str]:
        """Options of sbatch for a job of that name, or an array of so many elements.

        A job is never requeued by Slurm: that a run is to begin anew is for the engine to say.
        """
        return [
            "--parsable",
            f"--job-name={name}",
            *([f"--array=1-{elements}"] if elements else []),
            "--nodes=1",
            "--ntasks=1",
            f"--cpus-per-task={self.cores}",
            *([f"--mem={self.memory}M"] if self.memory else []),
            *([f"--time={self.minutes}"] if self.minutes else []),
            *([f"--partition={self.partition}"] if self.partition else []),
            *([f"--account={self.account}"] if self.account else []),
            "--no-requeue",
            "--chdir=/",
            "--input=/dev/null",
            "--output=/dev/null",
            "--error=/dev/null",
        ]


def batch_name(request: Request, job_id: str) -> str:
    """A name that no other submission has, by which it is found again where its number was lost."""
    return f"{request.name}-{_STRANGE.sub('_', job_id)}-{secrets.token_hex(4)}"
