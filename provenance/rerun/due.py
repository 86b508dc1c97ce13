"""Which repetitions are yet to be compared, and comparing them beside the jobs.

Files are read outside of any transaction, and nothing is kept but the finished comparison: what is cut short is begun
anew by the next engine. The lock of the work directory keeps two engines from comparing the same.
"""

from __future__ import annotations

import logging
import threading

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from provenance.models import Activity, ActivityKind
from provenance.rerun.comparing import Comparison, compare_jobs
from provenance.rerun.recording import comparison_id, record_comparison
from uws.executors.locking import locked
from uws.models import Job, JobKind
from uws.phases import FINAL
from uws.times import now

__all__ = ["compare", "compare_at_once", "compare_due", "due"]

logger = logging.getLogger("athanor.engine")

due = threading.Event()
"""Set when a repetition has ended whose files must be read."""

_AT_ONCE = 50


def compare_at_once(*, job_id: str) -> None:
    """Compare a repetition that has just ended where the checksums suffice; else leave it to `compare_due`.

    It never fails: the end of a job is heard whatever becomes of its comparison.
    """
    if not Job.objects.filter(pk=job_id, repeats__isnull=False).exists():
        return
    try:
        with transaction.atomic():
            if not _suffices(job_id):
                transaction.on_commit(due.set)
    except Exception:
        logger.exception("Job %s could not be compared at once with the one that it repeats.", job_id)
        transaction.on_commit(due.set)


def compare_due() -> None:
    """Compare all repetitions that have ended and are not compared yet; one that fails does not hinder others."""
    pending = _repetitions().filter(announced=True).order_by("end_time", "pk").values_list("pk", flat=True)
    for job_id in list(pending[:_AT_ONCE]):
        try:
            compare(job_id=job_id)
        except Exception:
            logger.exception("Job %s could not be compared with the one that it repeats; it is tried again.", job_id)


def compare(*, job_id: str) -> Comparison | None:
    """Compare a repetition that has ended, unless that is done or another process does it; then None."""
    job = _repetitions().filter(pk=job_id).select_related("repeats", "owner").first()
    if job is None or job.repeats is None:
        return None
    with locked(job.workdir) as held:
        if not held or Activity.objects.filter(identifier=comparison_id(job_id)).exists():
            return None
        started = now()
        comparison = compare_jobs(job.repeats, job)
        record_comparison(original=job.repeats, repetition=job, comparison=comparison, started=started)
    return comparison


def _repetitions() -> QuerySet[Job]:
    """Repetitions that have ended, whose files are recorded and that are not compared yet."""
    done = Activity.objects.filter(identifier=Concat(Value(f"{ActivityKind.COMPARISON}:"), OuterRef("pk")))
    ended = Job.objects.filter(repeats__isnull=False, phase__in=FINAL, reaped=True, deleted=False)
    return ended.exclude(Exists(done))


def _sums(job: Job) -> dict[str, str]:
    return dict(job.results.values_list("name", "sha256"))


def _suffices(job_id: str) -> bool:
    """Compare a repetition by its checksums, if these are all the same; False when files must be read."""
    job = _repetitions().filter(pk=job_id).select_related("repeats").first()
    if job is None or job.repeats is None:
        return True
    if job.kind != JobKind.TASK or _sums(job.repeats) != _sums(job):
        return False
    started = now()
    comparison = compare_jobs(job.repeats, job)
    record_comparison(original=job.repeats, repetition=job, comparison=comparison, started=started)
    return True
