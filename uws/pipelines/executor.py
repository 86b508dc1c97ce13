"""Runs parents: jobs whose work is done by their children. All that it knows stands in the database.

`poll` makes the children that can begin and tells when all have ended; it may be asked by any engine at any time. The
children of all parents in hand are counted by one query a round; a parent is looked at more closely when its numbers
have changed.
"""

from __future__ import annotations

import logging
import socket
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import Count

from jobdefs.definition import Definition
from uws.executors.base import Executor, Exit, Progress, Run, State, Status, Task
from uws.models import Job, JobKind
from uws.phases import FINAL, Phase
from uws.pipelines.advance import Tables, advance
from uws.pipelines.arrays import Rows, make_children
from uws.pipelines.conclude import conclude_array, conclude_pipeline
from uws.pipelines.stop import abort_children
from vo.errors import AthanorError

__all__ = ["PipelineExecutor"]

logger = logging.getLogger("athanor.engine")

Numbers = dict[tuple[str, str, bool], int]
"""Children by step, phase and whether their end is recorded."""


@dataclass(slots=True)
class _Parent:
    """What is remembered of a parent between two polls; nothing of it is needed to go on."""

    seen: Numbers | None = None
    progress: Progress | None = None
    reason: str = ""
    failure: str = ""
    exit: Exit | None = None
    tables: Tables = field(default_factory=Tables)
    rows: Rows | None = None


class PipelineExecutor(Executor):
    """Has the children of pipelines and arrays made, and tells when all have ended."""

    name = "pipeline"
    keeps_time = False

    def __init__(self) -> None:
        self._parents: dict[str, _Parent] = {}
        self._numbers: dict[str, Numbers] = {}
        self._fresh: set[str] = set()

    def submit(self, task: Task) -> dict[str, Any]:
        """Nothing is started: the children are made while the parent is polled."""
        task.workdir.mkdir(parents=True, exist_ok=True)
        return {"pipeline": task.job_id}

    def poll(self, run: Run) -> Status:
        """See `uws.executors.base`; makes what can begin."""
        parent = self._parents.setdefault(run.job_id, _Parent())
        numbers = self._count(run.job_id)
        if parent.exit is None and numbers != parent.seen:
            try:
                self._look(run.job_id, parent, numbers)
            except AthanorError as error:
                logger.warning("The job %s cannot go on: %s", run.job_id, error)
                self._fail(run.job_id, parent, numbers, str(error))
            except (InterfaceError, OperationalError):
                raise
            except Exception:
                logger.exception("The job %s cannot go on.", run.job_id)
                self._fail(run.job_id, parent, numbers, "It could not go on, in a way not understood.")
            parent.seen = numbers
        return Status(State.RUNNING) if parent.exit is None else Status(State.ENDED, parent.exit)

    def cancel(self, run: Run, reason: str) -> None:
        """Abort the children; the parent ends when they have."""
        parent = self._parents.setdefault(run.job_id, _Parent())
        parent.reason = parent.reason or reason
        parent.seen = None
        abort_children(run.job_id)

    def progress(self, run: Run) -> Progress | None:
        """Branches of steps that have ended, of those that are known so far, and which steps run."""
        parent = self._parents.get(run.job_id)
        return None if parent is None else parent.progress

    def forget(self, run: Run) -> None:
        """Drop what was remembered."""
        self._parents.pop(run.job_id, None)
        self._numbers.pop(run.job_id, None)
        self._fresh.discard(run.job_id)

    def _count(self, job_id: str) -> Numbers:
        """The children of a parent by step and state, counted for all parents when one is asked for again."""
        if job_id not in self._fresh:
            numbers: dict[str, Numbers] = defaultdict(dict)
            rows = (
                Job.objects.filter(parent__in=self._parents)
                .order_by()
                .values_list("parent_id", "step", "phase", "reaped")
                .annotate(Count("pk"))
            )
            for parent, step, phase, reaped, count in rows:
                numbers[parent][step, phase, reaped] = count
            self._numbers = numbers
            self._fresh = set(self._parents)
        self._fresh.discard(job_id)
        return self._numbers.get(job_id, {})

    def _fail(self, job_id: str, parent: _Parent, numbers: Numbers, message: str) -> None:
        """End a parent when its children have ended; none is left to itself."""
        parent.failure = message
        abort_children(job_id)
        if _have_ended(numbers):
            parent.exit = Exit(reason="failed", message=message)

    def _look(self, job_id: str, parent: _Parent, numbers: Numbers) -> None:
        if parent.failure:
            if _have_ended(numbers):
                parent.exit = Exit(reason="failed", message=parent.failure)
            return
        job = Job.objects.select_related("owner").get(pk=job_id)
        if job.phase == Phase.ABORTED and not parent.reason:
            parent.reason = "cancelled"
            abort_children(job_id)
        if job.kind == JobKind.ARRAY:
            self._look_at_array(job, parent, numbers)
        else:
            self._look_at_pipeline(job, parent, numbers)
        if parent.exit is not None:
            parent.exit = _with_place(parent.exit)

    def _look_at_pipeline(self, job: Job, parent: _Parent, numbers: Numbers) -> None:
        plan = advance(job.pk, parent.tables)
        parent.progress = Progress(stage=plan.stage[:500], done=plan.done, total=plan.total)
        if plan.has_ended and _have_ended(numbers):
            parent.exit = conclude_pipeline(job, plan, reason=parent.reason)

    def _look_at_array(self, job: Job, parent: _Parent, numbers: Numbers) -> None:
        parent.rows = parent.rows or Rows.read(job)
        total = len(parent.rows.rows)
        made = sum(numbers.values())
        if made < total and not parent.reason:
            definition = Definition.from_dict(job.definition_document)
            made_now = make_children(job, definition, parent.rows)
            if made_now > made:
                parent.progress = Progress(stage=f"{made_now:,} of {total:,} jobs made", done=0, total=total)
                return
        done = sum(number for (_, phase, reaped), number in numbers.items() if phase in FINAL and reaped)
        running = sum(number for (_, phase, _), number in numbers.items() if phase == Phase.EXECUTING)
        parent.progress = Progress(stage=f"{running:,} running" if running else "", done=done, total=total)
        if done == made and (made == total or parent.reason):
            parent.exit = conclude_array(job, reason=parent.reason)


def _have_ended(numbers: Numbers) -> bool:
    return all(phase in FINAL and reaped for _, phase, reaped in numbers)


def _with_place(ended: Exit) -> Exit:
    return Exit(
        reason=ended.reason,
        exit_code=ended.exit_code,
        message=ended.message,
        detail=ended.detail,
        results=ended.results,
        host=socket.gethostname(),
    )
