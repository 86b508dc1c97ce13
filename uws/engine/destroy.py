"""What happens to jobs at the end of their life (UWS 1.1 §2.1.3, §2.1.5).

At its destruction time a job is aborted if need be, and its files go, unless another job is about to read them. What
is left is a record of it (the phase ARCHIVED) where the site keeps one, or nothing. A job that its owner deletes is
always forgotten. Jobs that others have made for their steps go with them, and not before.

A step that is cut short is done again by the next call: files of a job that is forgotten leave its directory before
its row goes, and a record loses its files after it has become one. What falls between is found by `uws.engine.tidy`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from uws.engine.tidy import JOB_ID, trash
from uws.models import Job, JobInput, JobKind, Need
from uws.phases import ACTIVE, FINAL, Phase
from uws.signals import files_removed, job_deleted
from uws.times import now
from uws.transitions import abort, move

__all__ = ["destroy_due", "remove_files"]

logger = logging.getLogger("athanor.engine")

AT_ONCE = 200
"""Jobs that one call archives or removes at most."""

RESPITE = timedelta(minutes=10)
"""For how long a job is kept whose results another one is about to read; then it is looked at again."""

ENDED = frozenset({Phase.COMPLETED, Phase.ERROR, Phase.ABORTED})
"""Phases from which a job may become a record."""


def destroy_due() -> None:
    """Abort what is due and still runs; archive or remove what is due, has ended and was announced."""
    due = list(_due().order_by("destruction").only("pk", "phase", "definition", "start_time")[:AT_ONCE])
    read = _read_by_others() if any(job.phase in ENDED for job in due) else frozenset()
    for job in due:
        if job.phase not in FINAL:
            abort(job_id=job.pk)
        elif job.pk in read:
            _due().filter(pk=job.pk).update(destruction=now() + RESPITE)
        elif job.phase in ENDED and _is_kept(job):
            _archive(job.pk)
        else:
            _due().filter(pk=job.pk).update(deleted=True)
    _destroy_deleted()


def remove_files(job: Job) -> None:
    """Take the files of a job away, to be removed by `uws.engine.tidy`."""
    removed = trash() / f"{job.pk}-{secrets.token_hex(4)}"
    removed.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        job.workdir.rename(removed)


def _due() -> QuerySet[Job]:
    """Jobs of their own whose time has come, but for ended ones that a waiting job still needs."""
    waiting = Need.objects.filter(needed=OuterRef("pk"), job__deleted=False).exclude(job__phase__in=FINAL)
    # Excluded and not filtered by: SQLite would look at all jobs without a parent, where those that are due are few.
    due = Job.objects.filter(destruction__lte=now(), deleted=False).exclude(parent__isnull=False)
    return due.exclude(_untold()).exclude(Exists(waiting), phase__in=FINAL)


def _read_by_others() -> frozenset[str]:
    """Ids of jobs whose results jobs that are queued or run still need: as inputs, or to take them over."""
    busy = Job.objects.filter(phase__in=ACTIVE, deleted=False)
    inputs = JobInput.objects.filter(job__in=busy, entity_id__startswith="job:").values_list("entity_id", flat=True)
    ids = {entity_id[4:].partition("/")[0] for entity_id in inputs.distinct()}
    ids.update(busy.exclude(kind=JobKind.TASK).exclude(retry_of=None).values_list("retry_of", flat=True))
    for parameters in busy.filter(waiting_for__gt=0).values_list("parameters", flat=True):
        ids.update(JOB_ID.findall(json.dumps(parameters)))
    return frozenset(ids)


def _untold() -> Q:
    """Jobs that have ended, but whose end is not recorded or not heard by all."""
    return Q(phase__in=FINAL) & (Q(reaped=False) | Q(announced=False))


def _is_kept(job: Job) -> bool:
    """Whether a record of the job is kept; one that never began is not worth it."""
    kept = settings.ATHANOR_ARCHIVE_JOBS
    return job.start_time is not None and ("always" in kept or job.definition in kept)


def _archive(job_id: str) -> None:
    """Make a record of a job and of those that it has made for its steps."""
    family = _family([job_id])
    _abort_running(family)
    if Job.objects.filter(_untold(), pk__in=family).exists():
        return
    forgotten = now() + timedelta(days=settings.ATHANOR_ARCHIVE_DAYS)
    try:
        with transaction.atomic():
            jobs = list(Job.objects.select_for_update().filter(pk__in=family, phase__in=ENDED, deleted=False))
            if not _due().filter(pk=job_id).exists():  # its owner keeps it longer
                return
            for job in jobs:
                move(job_id=job.pk, old=Phase(job.phase), new=Phase.ARCHIVED, destruction=forgotten, disk_bytes=0)
                files_removed.send(sender=Job, job_id=job.pk)
        for job in jobs:
            remove_files(job)
    except OSError:
        logger.exception("Files of the archived job %s could not be removed; it is tried again later.", job_id)
    except Exception:
        logger.exception("The job %s could not be archived; it is tried again later.", job_id)


def _destroy_deleted() -> None:
    """Remove jobs that are deleted, each after those that it has made for its steps."""
    deleted = list(Job.objects.filter(deleted=True).exclude(_untold()).values_list("pk", flat=True)[:AT_ONCE])
    if not deleted:
        return
    family = _family(deleted)
    _abort_running(family)
    Job.objects.filter(pk__in=family, deleted=False).update(deleted=True)
    ready = set(Job.objects.filter(pk__in=family, phase__in=FINAL).exclude(_untold()).values_list("pk", flat=True))
    for job_id in [item for item in reversed(family) if item in ready][:AT_ONCE]:
        _destroy(job_id)


def _abort_running(job_ids: Iterable[str]) -> None:
    for job_id in list(Job.objects.filter(pk__in=job_ids).exclude(phase__in=FINAL).values_list("pk", flat=True)):
        abort(job_id=job_id)


def _family(job_ids: Iterable[str]) -> list[str]:
    """The jobs and all that were made for their steps, parents before children."""
    family: list[str] = []
    generation = list(job_ids)
    while generation:
        family += generation
        generation = list(Job.objects.filter(parent__in=generation).exclude(pk__in=family).values_list("pk", flat=True))
    return family


def _destroy(job_id: str) -> None:
    """Forget a job, unless one that it has made is still there."""
    try:
        with transaction.atomic():
            job = Job.objects.select_for_update().filter(pk=job_id).first()
            if job is None or job.children.exists():
                return
            job_deleted.send(sender=Job, job_id=job_id)
            remove_files(job)
            job.delete()
    except Exception:
        logger.exception("Job %s could not be removed; it is tried again later.", job_id)
