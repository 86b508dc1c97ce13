"""Writes that files are no more: what they were and where they came from stays."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from provenance.models import Entity
from provenance.recording.jobs import record_job
from uws.entities import JOB, upload_id
from uws.models import Job
from uws.phases import FINAL, Phase
from uws.times import now

__all__ = ["record_removal"]

ENDED = FINAL - {Phase.ARCHIVED}
"""Phases in which a job that has ended still has its files."""


@transaction.atomic
def record_removal(*, job_id: str) -> None:
    """Record that the files of a job are removed: its results, and what came with its request.

    What another job has taken over lasts as long as that one.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return
    if job.phase in ENDED:
        record_job(job_id=job_id)
    maker = job.taken_over or job_id
    holders = Job.objects.filter(Q(pk=maker) | Q(retry_of=maker), phase__in=ENDED).exclude(pk=job_id)
    if any(maker in (holder.pk, holder.taken_over) for holder in holders):
        return
    made = Q(generations__activity__identifier=maker)
    sent = Q(identifier__startswith=upload_id(job_id)) & (
        Q(usages__activity__identifier=job_id) | Q(usages__activity__parent__identifier=job_id)
    )
    for which in (made, sent):
        keys = Entity.objects.filter(which, invalidated_at_time=None, value="").values("pk")
        Entity.objects.filter(pk__in=keys, identifier__startswith=JOB).update(invalidated_at_time=now())
