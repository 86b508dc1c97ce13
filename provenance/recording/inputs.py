"""Writes what a job used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.models import Activity, Used, WasInformedBy
from provenance.recording.entities import BEFORE_ALL, entity_of

if TYPE_CHECKING:
    from jobdefs.definition import Definition
    from provenance.models import ActivityDescription, Entity
    from uws.models import Job

__all__ = ["record_inputs"]


def record_inputs(activity: Activity, job: Job, definition: Definition, kind: ActivityDescription) -> list[Entity]:
    """Write what a job used, and the activities by which it was informed thereby."""
    roles = {item.parameter: item.role for item in definition.inputs}
    descriptions = {item.role: item for item in kind.usages.all()}
    entities = []
    for item in job.inputs.all():
        closed = item.entity_id.startswith("job:") and job.owner is not None  # an upload, or another job's result
        entity = entity_of(
            item.entity_id,
            name=item.name,
            media_type=item.media_type,
            size=item.size,
            sha256=item.sha256,
            owner=job.owner if closed else None,
            public_since=None if closed else BEFORE_ALL,
        )
        role = roles.get(item.parameter, item.parameter)
        Used.objects.create(
            activity=activity, entity=entity, role=role, time=job.start_time, description=descriptions.get(role)
        )
        entities.append(entity)
    informants = Activity.objects.filter(generated__entity__in=entities).exclude(pk=activity.pk).distinct()
    WasInformedBy.objects.bulk_create(WasInformedBy(informed=activity, informant=informant) for informant in informants)
    return entities
