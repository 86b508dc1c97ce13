"""Making the children of a pipeline or an array: all that are made together in a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from jobdefs.definition import Definition
from uws.engine.command import check_runnable
from uws.identifiers import new_id
from uws.limits import executor_of, granted_duration, limits_of
from uws.models import Job, JobInput, JobKind, PhaseChange, Result
from uws.parameters import check_complete
from uws.phases import Phase
from uws.references import find_inputs
from uws.times import now
from vo.errors import AthanorError, UsageError

__all__ = ["NewChild", "check_child", "kind_of", "new_child", "refuse", "save_children"]

BATCH = 500


@dataclass(slots=True)
class NewChild:
    """A child that is not stored yet, with the rows that go with it."""

    job: Job
    inputs: list[JobInput] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


def kind_of(task: Definition, *, is_array: bool = False) -> JobKind:
    """The kind of a task's jobs."""
    if is_array:
        return JobKind.ARRAY
    return JobKind.PIPELINE if task.environment == "pipeline" else JobKind.TASK


def new_child(
    parent: Job,
    task: Definition,
    *,
    step: str = "",
    branch: str = "",
    label: str = "",
    parameters: Mapping[str, Sequence[str]],
    duration: int | None = None,
    instant: datetime | None = None,
) -> NewChild:
    """A child that waits in the queue, for its parent's owner and with its parent's priority.

    Parameters
    ----------
    duration
        Seconds that it may run; None for what its definition says.
    """
    return NewChild(
        Job(
            id=new_id(),
            definition=task.name,
            definition_version=task.version,
            run_id=parent.run_id,
            owner=parent.owner,
            phase=Phase.QUEUED,
            parameters={name: list(values) for name, values in parameters.items()},
            priority=parent.priority,
            base_url=parent.base_url,
            kind=kind_of(task),
            parent=parent,
            step=step,
            branch=branch,
            label=label,
            creation_time=instant or now(),
            execution_duration=granted_duration(limits_of(task), duration),
            executor=executor_of(task),
            cores=task.limits.cores,
        )
    )


def check_child(child: NewChild, task: Definition) -> None:
    """Check the parameters of a child and find its files; what is wrong becomes its error."""
    try:
        check_runnable(task)
        found = find_inputs(job=child.job, definition=task, values=check_complete(task, child.job.parameters))
        if found.needed:
            names = ", ".join(f"{parameter}: {job.pk}" for parameter, job in found.needed)
            raise UsageError(f"It reads results of jobs that have not ended: {names}.")
        child.inputs = found.inputs
    except AthanorError as error:
        refuse(child, str(error))


def refuse(child: NewChild, message: str) -> None:
    """Let a child that cannot run end at once."""
    child.job.phase = Phase.ERROR
    child.job.end_time = child.job.creation_time
    child.job.error_type = "fatal"
    child.job.error_message = message
    child.job.reaped = True


def save_children(children: Sequence[NewChild]) -> None:
    """Store children with their rows; to be called in a transaction."""
    Job.objects.bulk_create([child.job for child in children], batch_size=BATCH)
    PhaseChange.objects.bulk_create(
        [
            PhaseChange(job=child.job, phase=child.job.phase, time=child.job.end_time or child.job.creation_time)
            for child in children
        ],
        batch_size=BATCH,
    )
    JobInput.objects.bulk_create([item for child in children for item in child.inputs], batch_size=BATCH)
    Result.objects.bulk_create([item for child in children for item in child.results], batch_size=BATCH)
