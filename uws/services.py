"""Writing jobs: each function checks, does, and wakes the engine once it is committed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from jobdefs import registry
from jobdefs.definition import Definition
from uws.identifiers import new_id
from uws.limits import PARENTS, executor_of, granted_destruction, granted_duration, limits_of
from uws.models import Job, PhaseChange
from uws.notices import copy_notices, set_notices
from uws.parameters import check_partial, merge
from uws.phases import FINAL, Phase
from uws.pipelines.arrays import store_rows
from uws.pipelines.children import kind_of
from uws.pipelines.needs import wait_for
from uws.pipelines.readiness import make_ready
from uws.pipelines.retry import copy_files
from uws.scheduling import admit, quote_of_queued
from uws.selectors import signed_in
from uws.times import now
from uws.transitions import abort, move
from uws.uploads import UPLOADED, save_uploads
from uws.usage import record_disk
from uws.wake import wake
from vo.errors import IllegalStateError, NotFoundError, ParameterError

__all__ = [
    "abort_job",
    "create_job",
    "delete_job",
    "retry_job",
    "run_job",
    "set_destruction",
    "set_execution_duration",
    "set_notify",
    "set_parameters",
    "set_run_id",
    "wake_engines",
]

Values = Mapping[str, Sequence[str]]
Files = Mapping[str, UploadedFile]

REPEATED = (
    "definition", "definition_version", "definition_document", "run_id", "owner", "parameters", "priority", "base_url",
    "kind", "execution_duration", "executor", "cores", "repeats",
)  # fmt: skip
"""What a job has of the one that it repeats."""

WAITING = frozenset({Phase.PENDING, Phase.HELD})
"""Phases in which a job waits for its owner, who may still change it."""


def create_job(
    *,
    definition: str,
    parameters: Values,
    user: Any,
    base_url: str,
    run_id: str = "",
    run: bool = False,
    destruction: datetime | None = None,
    execution_duration: int | None = None,
    files: Files | None = None,
    notify: Sequence[str] = (),
    array: str = "",
) -> Job:
    """Make a job, PENDING or with `run` QUEUED; nothing is kept of one that is refused.

    Parameters
    ----------
    user
        A Django user, anonymous or not, or None; jobs of nobody belong to the public workspace.
    base_url
        Of the service, as its creator addressed it, without a final slash.
    files
        Files that came with the request, by the names of their parts.
    notify
        Who is told of the end of the job; see `set_notify`.
    array
        Reference to a table; the task is then run for each of its rows, each for at most `execution_duration`. See
        `uws.pipelines.arrays`.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such definition.
    vo.errors.UsageError
        When a parameter is wrong, or with `run` missing, unknown or not the user's to read.
    """
    task = registry.get(definition)
    created = now()
    with transaction.atomic():
        job = Job.objects.create(
            id=new_id(),
            definition=task.name,
            definition_version=task.version,
            definition_document=task.to_dict(),
            run_id=_checked_run_id(run_id),
            owner=signed_in(user),
            parameters=check_partial(task, _with_files(task, parameters, files)),
            base_url=base_url,
            creation_time=created,
            destruction=granted_destruction(destruction, today=created),
            execution_duration=0 if array else granted_duration(limits_of(task), execution_duration),
            priority=task.priority,
            kind=kind_of(task, is_array=bool(array)),
            executor=PARENTS if array else executor_of(task),
            cores=task.limits.cores,
        )
        PhaseChange.objects.create(job=job, phase=Phase.PENDING, time=created)
        if notify:
            set_notices(job=job, wanted=notify, user=user)
        try:
            if files:
                save_uploads(job=job, files=files)
                record_disk(job)
            if array:
                store_rows(job, task, array, duration=execution_duration)
            if run:
                run_job(job=job)
        except Exception:
            shutil.rmtree(job.workdir, ignore_errors=True)
            raise
    return job


@transaction.atomic
def set_parameters(*, job: Job, parameters: Values, files: Files | None = None, replace: bool = False) -> None:
    """Set parameters of a job that waits for its owner; those not named keep their values.

    Parameters
    ----------
    replace
        Whether the values take the place also of those that would else be added to; see `uws.parameters.merge`.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job is no longer PENDING or HELD.
    vo.errors.UsageError
        When a parameter is wrong.
    """
    _lock(job)
    _require_waiting(job, "parameters")
    task = Definition.from_dict(job.definition_document)
    merged = merge(task, job.parameters, _with_files(task, parameters, files), replace=replace)
    job.parameters = check_partial(task, merged)
    job.save(update_fields=["parameters"])
    if files:
        save_uploads(job=job, files=files)
        record_disk(job)


@transaction.atomic
def set_notify(*, job: Job, notify: Sequence[str]) -> None:
    """Set who is told of the end of a job that waits for its owner, instead of who was to be told before.

    Parameters
    ----------
    notify
        ``email`` for mail to the owner, URLs whose hosts the operator lists, or an empty text for nobody.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job is no longer PENDING or HELD.
    vo.errors.UsageError
        When one of them cannot be told.
    """
    _lock(job)
    _require_waiting(job, "NOTIFY")
    set_notices(job=job, wanted=notify, user=job.owner)


@transaction.atomic
def set_run_id(*, job: Job, run_id: str) -> None:
    """Name a job that waits for its owner (DALI 1.1 §3.4.5); see `set_parameters` for the errors."""
    _lock(job)
    _require_waiting(job, "RUNID")
    job.run_id = _checked_run_id(run_id)
    job.save(update_fields=["run_id"])


@transaction.atomic
def run_job(*, job: Job) -> None:
    """Queue a job (PHASE=RUN), its parameters checked and its input files found; a limit may make it HELD instead.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job is not PENDING or HELD.
    vo.errors.UsageError
        When a parameter is wrong or missing, a file is unknown, or the task cannot run here.
    """
    _lock(job)
    if job.phase not in WAITING:
        raise IllegalStateError(f"The job is {job.phase}; only a PENDING or HELD job can be run.")
    wait_for(job=job, needed=make_ready(job))
    _queue(job)
    wake_engines()


def retry_job(*, job: Job) -> Job:
    """Run a job that has ended once more, as a new job with the same definition and parameters.

    Of a pipeline or an array only what did not complete is run; the results of the children that did are taken over.
    Who was told of the end of the job is told of the new one's too.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job has not ended, or is a step of another.
    vo.errors.UsageError
        When it can no longer run as it is, for instance because a file that came with it is gone.
    """
    job.refresh_from_db()
    if job.phase not in FINAL:
        raise IllegalStateError(f"The job is {job.phase}; only a job that has ended can be run again.")
    _refuse_child(job, "run again")
    created = now()
    again = Job(id=new_id(), phase=Phase.PENDING, retry_of=job, creation_time=created)
    for name in REPEATED:
        setattr(again, name, getattr(job, name))
    again.destruction = granted_destruction(None, today=created)
    with transaction.atomic():
        again.save(force_insert=True)
        PhaseChange.objects.create(job=again, phase=Phase.PENDING, time=created)
        try:
            copy_files(job, again)
            copy_notices(job, again)
            run_job(job=again)
        except Exception:
            shutil.rmtree(again.workdir, ignore_errors=True)
            raise
    return again


def abort_job(*, job: Job) -> None:
    """Stop a job (PHASE=ABORT): it is ABORTED at once, and the engine stops what runs.

    Aborting an aborted job changes nothing.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job has ended otherwise.
    """
    ended_as = abort(job_id=job.pk)
    if ended_as != Phase.ABORTED:
        raise IllegalStateError(f"The job is {ended_as}; only a job that has not ended can be aborted.")
    job.refresh_from_db()
    wake_engines()


@transaction.atomic
def delete_job(*, job: Job) -> None:
    """Forget a job, aborting it first if it has not ended: nobody sees it any more, and the engine removes it.

    Raises
    ------
    vo.errors.IllegalStateError
        When it is a step of another job, with which it goes.
    """
    _lock(job)
    _refuse_child(job, "deleted")
    if job.phase not in FINAL:
        abort_job(job=job)
    job.deleted = True
    job.save(update_fields=["deleted"])
    wake_engines()


@transaction.atomic
def set_destruction(*, job: Job, destruction: datetime) -> datetime:
    """Set when a job is destroyed; gives the time that the service grants.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job is ARCHIVED, or a step of another, with which it goes.
    """
    _lock(job)
    if job.phase == Phase.ARCHIVED:
        raise IllegalStateError("The job is ARCHIVED; its destruction time cannot be changed.")
    _refuse_child(job, "kept longer or shorter")
    job.destruction = granted_destruction(destruction)
    job.save(update_fields=["destruction"])
    wake_engines()
    return job.destruction


@transaction.atomic
def set_execution_duration(*, job: Job, execution_duration: int) -> int:
    """Set how many seconds a job may run; gives what the service grants.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job is no longer PENDING or HELD.
    """
    _lock(job)
    _require_waiting(job, "EXECUTIONDURATION")
    limits = limits_of(Definition.from_dict(job.definition_document))
    job.execution_duration = granted_duration(limits, execution_duration)
    job.save(update_fields=["execution_duration"])
    return job.execution_duration


def wake_engines() -> None:
    """Tell the engines, once the transaction is committed, that there is something to do."""
    transaction.on_commit(lambda: wake(settings.ATHANOR_HOME / "run"))


def _queue(job: Job) -> None:
    """Put a job into the queue, or hold it until its owner sends RUN again (UWS 1.1 §2.1.3)."""
    job.held_reason = admit(job)
    phase = Phase.HELD if job.held_reason else Phase.QUEUED
    job.quote = None if job.held_reason else quote_of_queued(job)
    fields = {"held_reason": job.held_reason, "quote": job.quote}
    if phase == job.phase:
        Job.objects.filter(pk=job.pk).update(**fields)
    else:
        move(job_id=job.pk, old=Phase(job.phase), new=phase, note=job.held_reason, **fields)
    job.phase = phase


def _lock(job: Job) -> None:
    """Read the job again and hold it until the transaction ends; it may be gone since it was found."""
    try:
        job.refresh_from_db(from_queryset=Job.objects.select_for_update(of=("self",)).select_related("owner"))
    except Job.DoesNotExist as error:
        raise NotFoundError(f"There is no job {job.pk!r} any more.") from error


def _refuse_child(job: Job, what: str) -> None:
    if job.parent_id is not None:
        raise IllegalStateError(f"The job is a part of job {job.parent_id} and cannot be {what} by itself.")


def _require_waiting(job: Job, what: str) -> None:
    if job.phase not in WAITING:
        raise IllegalStateError(f"The job is {job.phase}; {what} can be set only while it is PENDING or HELD.")


def _checked_run_id(run_id: str) -> str:
    if len(run_id) > 200 or not run_id.isprintable():
        raise ParameterError("RUNID", "must be at most 200 printable characters.")
    return run_id


def _with_files(task: Definition, parameters: Values, files: Files | None) -> dict[str, Sequence[str]]:
    """The parameters, those that came as a file naming it; open definitions name files by parameters of their own."""
    if task.open:
        return dict(parameters)
    takes_files = {item.parameter for item in task.inputs}
    named = {}
    for name in files or {}:
        if (parameter := task.parameter(name)) is None:
            continue
        if parameter.name not in takes_files:
            raise ParameterError(parameter.name, "it takes a value, not a file; send the value as text.")
        named[name] = [f"{UPLOADED}{name}"]
    return {**parameters, **named}
