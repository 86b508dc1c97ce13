"""Writes what a job used.

Same bytes are the same thing: a file that came with a request is the data set, the result or the earlier upload that it
is a copy of, as long as the owner of the job may see that one.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, IntegerField, Value, When

from jobdefs.definition import Definition
from provenance.chunks import chunks
from provenance.models import Activity, ActivityDescription, Entity, EntityKind, Used, WasGeneratedBy, WasInformedBy
from provenance.recording.entities import BEFORE_ALL, Thing, entities_of, fitting, seen_by
from provenance.recording.folders import record_members
from uws.entities import JOB, UPLOADS, is_upload
from uws.models import Job, JobInput
from uws.odf import DIRECTORY

__all__ = ["inform", "record_inputs"]


def record_inputs(
    activity: Activity, job: Job, definition: Definition, kind: ActivityDescription
) -> list[tuple[JobInput, Entity]]:
    """Write what a job used, each file with the entity that it is; a job that never began used nothing."""
    if job.start_time is None or job.taken_over:
        return []
    items = list(job.inputs.all())
    found = _inputs(job, items)
    roles = {item.parameter: item.role for item in definition.inputs}
    descriptions = dict(kind.usages.values_list("role", "pk"))
    Used.objects.bulk_create(
        Used(
            activity=activity,
            entity=entity,
            role=(role := roles.get(item.parameter, item.parameter)[:100]),
            time=job.start_time,
            description_id=descriptions.get(role),
        )
        for item, entity in found
    )
    return found


def inform(activity: Activity, entities: Collection[Entity]) -> None:
    """Tie an activity to those that generated what it used."""
    informants = {
        pk
        for part in chunks({entity.pk for entity in entities})
        for pk in WasGeneratedBy.objects.filter(entity__in=part).values_list("activity_id", flat=True)
    }
    WasInformedBy.objects.bulk_create(
        WasInformedBy(informed=activity, informant_id=pk) for pk in sorted(informants - {activity.pk})
    )


def _inputs(job: Job, items: list[JobInput]) -> list[tuple[JobInput, Entity]]:
    copies = {
        digest: entity
        for digest in {item.sha256 for item in items if is_upload(item.entity_id) and item.sha256 and item.size}
        if (entity := _same_content(job, digest)) is not None
    }
    others = [item for item in items if not (is_upload(item.entity_id) and item.sha256 in copies)]
    entities, _ = entities_of([_thing(job, item) for item in others], shared=True)
    by_key = {item.pk: entity for item, entity in zip(others, entities, strict=True)}
    found = [(item, by_key[item.pk] if item.pk in by_key else copies[item.sha256]) for item in items]
    record_members([(item, entity) for item, entity in found if item.media_type == DIRECTORY])
    return found


def _same_content(job: Job, digest: str) -> Entity | None:
    """The earliest entity of that content that the owner may see: a data set, else a result, else an upload."""
    rank = Case(
        When(identifier__startswith=JOB, identifier__contains=UPLOADS, then=Value(2)),
        When(identifier__startswith=JOB, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    same = Entity.objects.filter(seen_by(job.owner), sha256=digest, kind=EntityKind.DATASET)
    return same.annotate(rank=rank).order_by("rank", "pk").first()


def _thing(job: Job, item: JobInput) -> Thing:
    closed = item.entity_id.startswith(JOB) and job.owner is not None  # an upload, or another job's result
    is_folder = item.media_type == DIRECTORY
    return Thing(
        fitting(item.entity_id),
        name=item.name,
        media_type=item.media_type,
        size=item.size,
        sha256=item.sha256,
        kind=EntityKind.COLLECTION if is_folder else EntityKind.DATASET,
        owner=job.owner if closed else None,
        public_since=None if closed else BEFORE_ALL,
    )
