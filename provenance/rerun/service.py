"""Repeating a job: the same definition, parameters and inputs, as a new job."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from jobdefs.definition import Definition
from provenance.models import Activity, ActivityKind
from provenance.rerun.inputs import InputState, State, present_inputs
from provenance.rerun.runnable import check_still_runs
from provenance.selectors import is_visible
from uws.entities import read_upload
from uws.identifiers import new_id
from uws.limits import PARENTS, executor_of, granted_destruction, granted_duration, limits_of
from uws.models import Job, JobKind, PhaseChange
from uws.parameters import check_partial
from uws.phases import FINAL, Phase
from uws.pipelines.links import link_or_copy
from uws.pipelines.retry import copy_files
from uws.selectors import get_job, signed_in
from uws.services import run_job
from uws.times import now
from uws.uploads import FOLDER
from uws.usage import record_disk
from vo.errors import IllegalStateError, NotFoundError, ParameterError, ParameterErrors, UsageError

__all__ = ["ALLOW_CHANGED", "Plan", "plan_rerun", "rerun_job"]

ALLOW_CHANGED = "allow_changed"
"""The word by which programs allow inputs that have changed."""

Values = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A job that is to be repeated, and what has become of its inputs.

    Parameters
    ----------
    is_readable
        Whether the asker may read the job itself, with the files that came with it; whoever knows it by the provenance
        of a published product may not.
    """

    job: Job
    definition: Definition
    inputs: list[InputState]
    is_readable: bool

    @property
    def changed(self) -> list[InputState]:
        """Inputs that are not what they were."""
        return [item for item in self.inputs if item.state == State.CHANGED]

    @property
    def missing(self) -> list[InputState]:
        """Inputs that are gone, or closed to the asker."""
        return [item for item in self.inputs if item.state == State.MISSING]


def plan_rerun(*, job_id: str, user: Any) -> Plan:
    """What it takes to repeat a job; nothing is made yet.

    Parameters
    ----------
    user
        Who asks: a Django user, anonymous or not, or None for nobody.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such job, or neither it nor its provenance is the user's to see.
    vo.errors.IllegalStateError
        When the job has not ended.
    vo.errors.UsageError
        When its definition can no longer be run here.
    """
    job, is_readable = _find(job_id, user)
    if job.phase not in FINAL:
        raise IllegalStateError(f"The job is {job.phase}; only a job that has ended can be repeated.")
    if job.kind == JobKind.ARRAY and not is_readable:
        raise UsageError("It is an array, whose table is its owner's alone; it cannot be repeated by others.")
    definition = Definition.from_dict(job.definition_document)
    check_still_runs(definition)
    return Plan(job, definition, present_inputs(job, user=user, with_steps=is_readable), is_readable)


def rerun_job(*, job_id: str, user: Any, base_url: str, allow_changed: bool = False) -> Job:
    """Repeat a job that has ended: a new job of the user's with the same definition, parameters and inputs.

    The definition is the one that ran, whatever version there is today. Each input is looked for again, and must be
    what it was by its sha256; one that is gone is taken from elsewhere where the user may read the same bytes. All
    limits count as for any other new job. When it has ended it is compared with the original.

    Parameters
    ----------
    base_url
        Of the service, as its user addressed it, without a final slash.
    allow_changed
        Whether inputs that have changed are used as they are now; the comparison tells it.

    Raises
    ------
    vo.errors.NotFoundError, vo.errors.IllegalStateError
        As of `plan_rerun`.
    vo.errors.ParameterErrors
        When an input is gone, or has changed and that is not allowed; each error names parameter and identifier.
    vo.errors.UsageError
        When the job can no longer be run as it was.
    """
    plan = plan_rerun(job_id=job_id, user=user)
    _check_inputs(plan, allow_changed=allow_changed)
    parameters = _parameters(plan)
    return _make(plan, parameters, user=user, base_url=base_url)


def _find(job_id: str, user: Any) -> tuple[Job, bool]:
    if not (job_id.isascii() and job_id.isalnum()):
        raise NotFoundError(f"There is no job {job_id[:40]!r} here.")
    try:
        return get_job(job_id=job_id, user=user), True
    except NotFoundError:
        if is_visible(job_id, user) and Activity.objects.filter(identifier=job_id, kind=ActivityKind.JOB).exists():
            job = Job.objects.filter(pk=job_id, deleted=False).first()
            if job is None:
                raise UsageError(
                    f"The job {job_id} itself is gone: of its definition its provenance keeps the checksum only.",
                    hint="It cannot be repeated; its provenance tells what it was.",
                ) from None
            return job, False
        raise


def _check_inputs(plan: Plan, *, allow_changed: bool) -> None:
    errors = [
        ParameterError(
            item.parameter,
            f"the input {item.entity_id} is no longer here, or not yours to read.",
            hint=f"Its sha256 was {item.before}." if item.before else "",
        )
        for item in plan.missing
    ]
    if not allow_changed:
        errors += [
            ParameterError(
                item.parameter,
                f"the input {item.entity_id} has changed: its sha256 was {item.before} and is {item.now}.",
                hint=f"Allow it ({ALLOW_CHANGED}) to repeat the job with what is there now.",
            )
            for item in plan.changed
        ]
    if errors:
        raise ParameterErrors(errors)


def _parameters(plan: Plan) -> Values:
    """The job's own parameters; references to what was found elsewhere name that."""
    parameters: Values = {name: list(values) for name, values in plan.job.parameters.items()}
    for item in plan.inputs:
        if item.state != State.ELSEWHERE or item.is_upload:
            continue
        renamed = _renamed(plan.definition, parameters, item)
        if renamed == parameters:
            raise ParameterError(
                item.parameter,
                f"the input {item.entity_id} is no longer here. {item.found_as} is the same file, but the job does not"
                " name its input by a parameter of its own.",
            )
        parameters = renamed
    return parameters


def _renamed(definition: Definition, parameters: Mapping[str, Sequence[str]], item: InputState) -> Values:
    expressions = {known.name for known in definition.parameters if known.type == "expression"}
    block = item.reference.removeprefix(item.entity_id) if item.reference.startswith(f"{item.entity_id}:") else ""
    new = f"{item.found_as}{block}"
    return {
        name: [
            value.replace(item.reference, item.found_as)
            if name in expressions
            else (new if value == item.reference else value)
            for value in values
        ]
        for name, values in parameters.items()
    }


def _make(plan: Plan, parameters: Values, *, user: Any, base_url: str) -> Job:
    """Make the job and queue it; nothing is kept of one that is refused."""
    old, task, created = plan.job, plan.definition, now()
    is_array = old.kind == JobKind.ARRAY
    with transaction.atomic():
        job = Job.objects.create(
            id=new_id(),
            repeats=old,
            definition=old.definition,
            definition_version=old.definition_version,
            definition_document=old.definition_document,
            run_id=old.run_id if plan.is_readable else "",
            owner=signed_in(user),
            parameters=check_partial(task, parameters),
            base_url=base_url,
            creation_time=created,
            destruction=granted_destruction(None, today=created),
            execution_duration=0 if is_array else granted_duration(limits_of(task), old.execution_duration),
            priority=task.priority,
            kind=old.kind,
            executor=PARENTS if is_array else executor_of(task),
            cores=task.limits.cores,
        )
        PhaseChange.objects.create(job=job, phase=Phase.PENDING, time=created)
        try:
            _bring_files(plan, job)
            run_job(job=job)
        except Exception:
            shutil.rmtree(job.workdir, ignore_errors=True)
            raise
    return job


def _bring_files(plan: Plan, job: Job) -> None:
    """Give the job what came with the request of the original, from there or from where the same bytes are."""
    if plan.is_readable and plan.job.parent_id is None:
        copy_files(plan.job, job)
    uploads = [item for item in plan.inputs if item.is_upload and item.path is not None]
    try:
        for item in uploads:
            _, name = read_upload(item.entity_id)
            link_or_copy(item.path, job.workdir / FOLDER / name)  # type: ignore[arg-type]
    except OSError as error:
        raise UsageError("A file that came with the job cannot be read; it cannot be repeated.") from error
    if uploads:
        record_disk(job)
