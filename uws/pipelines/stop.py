"""Ending the children of a parent that is to end."""

from __future__ import annotations

from django.db import transaction

from uws.models import Job, PhaseChange
from uws.phases import FINAL, Phase
from uws.times import now
from uws.transitions import abort

__all__ = ["abort_children"]

BATCH = 500


def abort_children(parent_id: str) -> None:
    """Abort the children that have not ended: those that no engine holds together, the others one by one."""
    _abort_queued(parent_id)
    running = Job.objects.filter(parent=parent_id).exclude(phase__in=FINAL)
    for job_id in list(running.values_list("pk", flat=True)):
        abort(job_id=job_id)


@transaction.atomic
def _abort_queued(parent_id: str) -> None:
    instant = now()
    queued = Job.objects.filter(parent=parent_id, phase=Phase.QUEUED, engine="")
    if queued.update(phase=Phase.ABORTED, end_time=instant, reaped=True):
        stopped = Job.objects.filter(parent=parent_id, phase=Phase.ABORTED, end_time=instant)
        PhaseChange.objects.bulk_create(
            [
                PhaseChange(job_id=job_id, phase=Phase.ABORTED, time=instant)
                for job_id in stopped.values_list("pk", flat=True)
            ],
            batch_size=BATCH,
        )
