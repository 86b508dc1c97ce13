"""Writes the provenance of ended jobs."""

from __future__ import annotations

from django.db import transaction

from jobdefs.definition import Definition
from provenance.commands import plain_command
from provenance.models import Activity, ActivityDescription
from provenance.recording.agents import associate
from provenance.recording.configuration import add_config_files, add_parameters
from provenance.recording.descriptions import describe
from provenance.recording.entities import public_since
from provenance.recording.families import adopt, find_parent, point_to_doer, record_array
from provenance.recording.inputs import inform, record_inputs
from provenance.recording.queries import record_readings
from provenance.recording.results import add_alternates, derive_from_inputs, derive_from_steps, record_results
from provenance.recording.values import record_values
from uws.models import Job, JobKind
from vo.wording import storable

__all__ = ["record_job"]


@transaction.atomic
def record_job(*, job_id: str) -> Activity:
    """Record the provenance of a job that has ended, in whatever phase; a second call changes nothing.

    All rows are written in one transaction, in a number of statements that does not grow with what the job made.

    Raises
    ------
    uws.models.Job.DoesNotExist
        When there is no such job.
    """
    known = Activity.objects.filter(identifier=job_id).first()
    if known is not None:
        return known
    job = Job.objects.select_related("owner", "parent").prefetch_related("inputs", "results").get(pk=job_id)
    definition = Definition.from_dict(job.definition_document)
    kind = describe(definition)
    activity = _create(job, kind)
    adopt(activity, job)
    used = record_inputs(activity, job, definition, kind)
    read = record_readings(activity, job) if definition.environment == "inprocess" else []
    values = record_values(job, definition)
    add_parameters(activity, job, definition, values)
    add_config_files(activity, job, definition, used)
    products = record_results(activity, job, kind)
    if job.kind == JobKind.PIPELINE:
        sources = derive_from_steps(job, products)
    else:
        derive_from_inputs(activity)
        sources = []
    add_alternates(activity, job, products)
    if job.kind == JobKind.ARRAY and job.start_time is not None:
        record_array(activity, job)
    inform(activity, [*(entity for _, entity in used), *read, *values.values(), *sources])
    point_to_doer(activity, job)
    associate(activity, job)
    return activity


def _create(job: Job, kind: ActivityDescription) -> Activity:
    comment = f"Not run: it has the results of job {job.taken_over}." if job.taken_over else job.error_message
    return Activity.objects.create(
        identifier=job.id,
        name=job.definition,
        start_time=job.start_time,
        end_time=job.end_time,
        comment=storable(comment),
        phase=job.phase,
        exit_code=job.exit_code,
        host=job.host,
        command=plain_command(job.command),
        software=job.software,
        usage=job.usage,
        description=kind,
        parent=find_parent(job),
        owner=job.owner,
        public_since=public_since(job),
    )
