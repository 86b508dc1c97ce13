"""Removing jobs that were deleted or are past their destruction time, files and all (UWS 1.1 §2.1.5)."""

from __future__ import annotations

import contextlib
import logging
import shutil
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from uws.models import Job
from uws.phases import FINAL
from uws.signals import job_deleted
from uws.times import now
from uws.transitions import abort

__all__ = ["destroy_due", "empty_trash"]

logger = logging.getLogger("athanor.engine")


def destroy_due() -> None:
    """Abort what is due and still runs; remove what is due, has ended and was announced."""
    due = Job.objects.filter(Q(deleted=True) | Q(destruction__lte=now()))
    for job_id in list(due.exclude(phase__in=FINAL).values_list("pk", flat=True)):
        abort(job_id=job_id)
    due.filter(deleted=False).update(deleted=True)
    for job_id in list(due.filter(reaped=True, announced=True).values_list("pk", flat=True)[:200]):
        _destroy(job_id)


def empty_trash() -> None:
    """Remove the files of jobs whose removal was cut short."""
    shutil.rmtree(_trash(), ignore_errors=True)


def _destroy(job_id: str) -> None:
    try:
        with transaction.atomic():
            job = Job.objects.select_for_update().filter(pk=job_id).first()
            if job is None:
                return
            job_deleted.send(sender=Job, job_id=job_id)
            removed = _trash() / job_id
            removed.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                job.workdir.rename(removed)
            job.delete()
    except Exception:
        logger.exception("Job %s could not be removed; it is tried again later.", job_id)
        return
    shutil.rmtree(removed, ignore_errors=True)


def _trash() -> Path:
    return settings.ATHANOR_HOME / "trash"
