"""Handing runs to sbatch: alike ones together, as one array."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from uws.executors.base import Task
from uws.executors.slurm.commands import Commands, Refused, Unreachable
from uws.executors.slurm.request import Request, Site, batch_name
from uws.executors.slurm.ticket import Ticket
from uws.runner_files import EXIT, JOB, STARTED, write_json

__all__ = ["Submitter"]

SCRIPT = Path(__file__).with_name("batch.sh")
SOURCE_ROOT = Path(__file__).resolve().parent.parent.parent.parent
"""Where the runner's package is found."""

MOST = 500
"""Elements of one array; Slurm's own limit (MaxArraySize) is 1001 by default."""

NO_ARRAY = "array"
"""In Slurm's words when an array is too large for the site, or not wanted."""

KEEP_LISTS = 30 * 86400.0
"""Seconds for which the list of an array's work directories is kept: jobs may wait long."""


class Submitter:
    """Submits runs.

    Parameters
    ----------
    folder
        Where lists of work directories are kept, on the shared file system.
    """

    def __init__(self, commands: Commands, *, folder: Path, site: Site) -> None:
        self._commands = commands
        self._folder = folder
        self._site = site

    def submit(self, tasks: Sequence[Task]) -> list[dict[str, Any] | OSError]:
        """Submit tasks, each kind by as few calls of sbatch as can be; for each its handle or its error."""
        answers: dict[int, dict[str, Any] | OSError] = {}
        alike: dict[Request, list[int]] = {}
        for number, task in enumerate(tasks):
            try:
                _prepare(task)
            except OSError as error:
                answers[number] = error
            else:
                alike.setdefault(Request.of(task, self._site), []).append(number)
        for request, numbers in alike.items():
            for start in range(0, len(numbers), MOST):
                chosen = numbers[start : start + MOST]
                told = self._submit_alike(request, [tasks[number] for number in chosen])
                answers.update(zip(chosen, told, strict=True))
        return [answers[number] for number in range(len(tasks))]

    def _submit_alike(self, request: Request, tasks: Sequence[Task]) -> Sequence[dict[str, Any] | OSError]:
        if len(tasks) == 1:
            return self._sbatch(request, tasks, in_array=False)
        answers = self._sbatch(request, tasks, in_array=True)
        refusal = answers[0]
        if isinstance(refusal, Refused) and NO_ARRAY in str(refusal).lower():
            return [answer for task in tasks for answer in self._sbatch(request, [task], in_array=False)]
        return answers

    def _sbatch(self, request: Request, tasks: Sequence[Task], *, in_array: bool) -> Sequence[dict[str, Any] | OSError]:
        name = batch_name(request, tasks[0].job_id)
        tickets = [Ticket(name, number if in_array else 0) for number in range(1, len(tasks) + 1)]
        try:
            for ticket, task in zip(tickets, tasks, strict=True):
                ticket.leave(task.workdir)
            where = self._list(name, tasks) if in_array else tasks[0].workdir
            job = self._call(request, name, where, len(tasks) if in_array else 0)
        except Unreachable as error:
            if error.unsure:
                return [ticket.handle for ticket in tickets]
            return self._not_submitted(tasks, error)
        except OSError as error:
            return self._not_submitted(tasks, error)
        return [Ticket(ticket.name, ticket.element, job).handle for ticket in tickets]

    def _call(self, request: Request, name: str, where: Path, elements: int) -> str:
        told = self._commands.run(
            "sbatch", *request.options(name, elements), str(SCRIPT), sys.executable, str(SOURCE_ROOT), str(where)
        )
        job = told.strip().partition(";")[0]
        if not job.isdecimal():
            raise Unreachable(f"sbatch answered {told.strip()[:200]!r}", unsure=True)
        return job

    def _not_submitted(self, tasks: Sequence[Task], error: OSError) -> list[OSError]:
        for task in tasks:
            Ticket.take_back(task.workdir)
        return [error] * len(tasks)

    def _list(self, name: str, tasks: Sequence[Task]) -> Path:
        """Write which element of an array has which work directory."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        path = self._folder / name
        path.write_text("".join(f"{task.workdir}\n" for task in tasks), encoding="utf-8")
        return path

    def _sweep(self) -> None:
        """Remove lists that are so old that none of their jobs waits any more."""
        oldest = time.time() - KEEP_LISTS
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _prepare(task: Task) -> None:
    """Make the work directory as the runner wants it.

    Raises
    ------
    OSError
        When a run has begun there, which would make the runner refuse it.
    """
    if not task.workdir.is_absolute() or "\n" in str(task.workdir):
        raise Refused(f"the work directory {str(task.workdir)!r} cannot be told to a batch script")
    task.workdir.mkdir(parents=True, exist_ok=True)
    if (task.workdir / STARTED).exists() or (task.workdir / EXIT).exists():
        raise FileExistsError("a run has begun in its work directory before")
    write_json(task.workdir / JOB, task.document())
