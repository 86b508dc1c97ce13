"""Writes the provenance of ended jobs."""

from __future__ import annotations

from django.db import transaction

from jobdefs.definition import Definition
from provenance.models import Activity, ActivityDescription, Parameter, WasDerivedFrom
from provenance.recording.agents import associate
from provenance.recording.descriptions import describe
from provenance.recording.entities import public_since
from provenance.recording.inputs import record_inputs
from provenance.recording.results import derive_from_steps, record_results
from uws.models import Job, JobKind

__all__ = ["record_job"]


@transaction.atomic
def record_job(*, job_id: str) -> Activity:
    """Record the provenance of a job that has ended, in whatever phase; a second call changes nothing.

    All rows are written in one transaction.

    Raises
    ------
    uws.models.Job.DoesNotExist
        When there is no such job.
    """
    known = Activity.objects.filter(identifier=job_id).first()
    if known is not None:
        return known
    job = Job.objects.select_related("owner").prefetch_related("inputs", "results").get(pk=job_id)
    definition = Definition.from_dict(job.definition_document)
    kind = describe(definition)
    activity = Activity.objects.create(
        identifier=job.id,
        name=job.definition,
        start_time=job.start_time,
        end_time=job.end_time,
        comment=job.error_message,
        phase=job.phase,
        exit_code=job.exit_code,
        host=job.host,
        command=job.command,
        software=job.software,
        usage=job.usage,
        description=kind,
        parent=Activity.objects.filter(identifier=job.parent_id).first() if job.parent_id else None,
        owner=job.owner,
        public_since=public_since(job),
    )
    Activity.objects.filter(identifier__in=job.children.values_list("pk", flat=True)).update(parent=activity)
    _configure(activity, job, kind)
    used = record_inputs(activity, job, definition, kind)
    generated = record_results(activity, job, kind)
    if job.kind == JobKind.PIPELINE:
        derive_from_steps(activity, job, generated)
    else:
        WasDerivedFrom.objects.bulk_create(
            WasDerivedFrom(entity=product, used_entity=source) for product in generated for source in used
        )
    associate(activity, job, generated)
    return activity


def _configure(activity: Activity, job: Job, kind: ActivityDescription) -> None:
    descriptions = {item.name.lower(): item for item in kind.parameters.all()}
    Parameter.objects.bulk_create(
        Parameter(activity=activity, name=name, value=value, description=descriptions.get(name.lower()))
        for name, values in job.parameters.items()
        for value in values
    )
