"""Writes how the jobs of a pipeline or an array hang together, in whatever order their ends are told."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from provenance.models import Activity, EntityKind, HadMember, WasGeneratedBy, WasInformedBy
from provenance.recording.entities import Thing, entities_of, public_since
from provenance.recording.roles import RESULTS
from uws.entities import result_id
from uws.models import Job, JobKind

__all__ = ["adopt", "find_parent", "point_to_doer", "record_array"]

MEMBERS = 10_000
"""Results of an array's jobs that the collection of them tells."""


def find_parent(job: Job) -> Activity | None:
    """The activity of the job for which a job was made, if it is known by now.

    The parent's row is locked until this is written, so that a parent recorded at the same time finds its child.
    """
    if job.parent_id is None:
        return None
    _lock(job.parent_id)
    return Activity.objects.filter(identifier=job.parent_id).first()


def adopt(activity: Activity, job: Job) -> None:
    """Tie the jobs that a pipeline or an array has made, and that are known, to it."""
    if job.kind != JobKind.TASK:
        _lock(job.pk)
        children = job.children.values("pk")
        Activity.objects.filter(identifier__in=children, parent=None).update(parent=activity)


def point_to_doer(activity: Activity, job: Job) -> None:
    """A job that was taken over was not run: who did its work informed it; and those that took this one over."""
    if job.taken_over:
        doer = Activity.objects.filter(identifier=job.taken_over).first()
        if doer is not None:
            WasInformedBy.objects.create(informed=activity, informant=doer)
    elif job.parent_id is not None:
        keys = Activity.objects.filter(identifier__in=list(_takers(job))).values_list("pk", flat=True)
        WasInformedBy.objects.bulk_create(WasInformedBy(informed_id=key, informant=activity) for key in keys)


def record_array(activity: Activity, job: Job) -> None:
    """The results of the jobs of an array are a collection, which the array generated."""
    thing = Thing(
        result_id(job.pk, RESULTS),
        name=f"Results of {job.definition}",
        kind=EntityKind.COLLECTION,
        generated_at_time=job.end_time,
        owner=job.owner,
        public_since=public_since(job),
    )
    (collection,), _ = entities_of([thing], shared=False)
    WasGeneratedBy.objects.create(entity=collection, activity=activity, role=RESULTS)
    made, activities = WasGeneratedBy._meta.db_table, Activity._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {HadMember._meta.db_table} (collection_id, entity_id) "  # noqa: S608 - names of ours
            f"SELECT %s, made.entity_id FROM {made} made JOIN {activities} step ON step.id = made.activity_id "
            "WHERE step.parent_id = %s ORDER BY made.entity_id LIMIT %s",
            [collection.pk, activity.pk, MEMBERS],
        )


def _lock(job_id: str) -> None:
    Job.objects.select_for_update(no_key=True).filter(pk=job_id).values_list("pk").first()


def _takers(job: Job) -> Iterator[str]:
    """The jobs that have this one's results without having been run."""
    generation = [job.pk]
    while generation:
        later = Job.objects.filter(retry_of__in=generation).only("pk", "handle")
        generation = [other.pk for other in later if other.taken_over == job.pk]
        yield from generation
