"""Telling the packages above that a job has ended: until all have heard, and never twice."""

from __future__ import annotations

import logging
import time

from django.db import transaction

from uws.models import Job
from uws.notices import mark_due
from uws.phases import FINAL
from uws.signals import job_finished

__all__ = ["Announcer", "announce"]

logger = logging.getLogger("athanor.engine")

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0


@transaction.atomic
def announce(*, job_id: str) -> None:
    """Send `job_finished`, unless it was sent; what the receivers write is kept with the mark or not at all.

    So are the notices to whom the owner wants to be told: they find all that is to be known of the job.
    """
    if Job.objects.filter(pk=job_id, announced=False).update(announced=True):
        mark_due(job_id)
        job_finished.send(sender=Job, job_id=job_id)


class Announcer:
    """Sends `uws.signals.job_finished`; asks a receiver that failed again after a pause that doubles each time."""

    def __init__(self) -> None:
        self._pauses: dict[str, tuple[float, float]] = {}

    def announce_all(self) -> None:
        """Announce every job that has ended and is not announced yet."""
        pausing = [job_id for job_id, (due, _) in self._pauses.items() if time.monotonic() < due]
        pending = Job.objects.filter(announced=False, reaped=True, phase__in=FINAL).exclude(pk__in=pausing)
        for job_id in list(pending.values_list("pk", flat=True)[:200]):
            _, pause = self._pauses.get(job_id, (0.0, FIRST_PAUSE / 2))
            self._announce(job_id, min(pause * 2, LONGEST_PAUSE))

    def _announce(self, job_id: str, next_pause: float) -> None:
        try:
            announce(job_id=job_id)
            self._pauses.pop(job_id, None)
        except Exception:
            logger.exception("The end of job %s was not heard by all; it is told again in %g s.", job_id, next_pause)
            self._pauses[job_id] = (time.monotonic() + next_pause, next_pause)
