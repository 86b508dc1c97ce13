"""Before a job is queued: its parameters are checked and its files found, or the jobs that are yet to make them."""

from __future__ import annotations

from jobdefs.definition import Definition
from uws.engine.command import check_runnable
from uws.models import Job, JobInput, JobKind
from uws.parameters import check_complete
from uws.pipelines.arrays import prepare_rows
from uws.references import find_inputs

__all__ = ["check_programs", "make_ready"]


def make_ready(job: Job) -> list[tuple[str, Job]]:
    """Check a job and keep the files that it reads; the jobs that must end before all are there, with the
    parameter that names each.

    Raises
    ------
    vo.errors.UsageError
        When a parameter is wrong or missing, a file is unknown, or the task cannot run here.
    """
    definition = Definition.from_dict(job.definition_document)
    check_programs(definition)
    if job.kind == JobKind.ARRAY:
        return prepare_rows(job, definition)
    values = check_complete(definition, job.parameters)
    found = find_inputs(job=job, definition=definition, values=values)
    job.inputs.all().delete()
    JobInput.objects.bulk_create(found.inputs)
    return found.needed


def check_programs(definition: Definition) -> None:
    """Refuse a task that can't run here; a pipeline needs what all its steps need but those that may be left out.

    Raises
    ------
    vo.errors.UsageError
        What is missing.
    """
    if definition.environment != "pipeline":
        check_runnable(definition)
        return
    for step in definition.steps:
        if not step.when:
            check_runnable(definition.task(step.task))
