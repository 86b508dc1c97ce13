"""Writes what a query of TAP has read besides the inputs of its job: published tables, and tables of other hosts."""

from __future__ import annotations

from obstap.tap.readings import readings_of
from provenance.models import Activity, Entity, Used
from provenance.recording.entities import Thing, entities_of, public_since
from provenance.recording.roles import TABLE, UPLOAD
from provenance.recording.tables import table_entity
from uws.entities import upload_id
from uws.models import Job
from vo.dali import VOTABLE

__all__ = ["record_readings"]


def record_readings(activity: Activity, job: Job) -> list[Entity]:
    """Write what a query read; nothing for other jobs, and for those that never began."""
    if job.start_time is None or job.taken_over:
        return []
    readings = readings_of(job.workdir)
    fetched, _ = entities_of(
        [
            Thing(
                upload_id(job.pk, item.name),
                name=item.url.partition("?")[0].rpartition("/")[2] or item.name,
                media_type=VOTABLE,
                size=item.size,
                sha256=item.sha256,
                owner=job.owner,
                public_since=public_since(job),
            )
            for item in readings.fetched
        ],
        shared=False,
    )
    tables = [table_entity(name) for name in readings.tables]
    Used.objects.bulk_create(
        Used(activity=activity, entity=entity, role=role, time=job.start_time)
        for role, entities in ((TABLE, tables), (UPLOAD, fetched))
        for entity in entities
    )
    return [*tables, *fetched]
