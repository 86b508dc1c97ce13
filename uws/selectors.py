"""Reading jobs: who may see what, and where its files are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Count, Q, QuerySet

from uws.models import Job, Result
from uws.phases import Phase
from vo.errors import NotFoundError

__all__ = [
    "child_counts",
    "get_job",
    "get_result",
    "list_children",
    "list_jobs",
    "log_tail",
    "result_path",
    "signed_in",
    "visible_jobs",
]

LOG_CHUNK = 64 * 1024
"""Bytes of a log that one call gives at most."""

LOGS = {"stdout": "stdout.txt", "stderr": "stderr.txt"}
"""Names of the logs that a run keeps, and of their files in the work directory."""


def get_job(*, job_id: str, user: Any, definition: str | None = None) -> Job:
    """The job, its owner loaded with it.

    Parameters
    ----------
    user
        Who asks: a Django user, anonymous or not, or None for nobody.
    definition
        The job list in which it is looked for; None for all.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such job, or it is another user's.
    """
    jobs = Job.objects.select_related("owner").filter(visible_jobs(user), pk=job_id)
    if definition is not None:
        jobs = jobs.filter(definition=definition)
    job = None if _cannot_be_stored(job_id) else jobs.first()
    if job is None:
        raise NotFoundError(f"There is no job {job_id!r} here.")
    return job


def list_jobs(
    *,
    user: Any,
    definition: str | None = None,
    phases: Collection[str] | None = None,
    after: datetime | None = None,
    last: int | None = None,
) -> QuerySet[Job]:
    """The user's own jobs, the latest first (UWS 1.1 §2.2.2.1); a superuser sees everybody's.

    Jobs that other jobs have made for their steps are not listed.

    Parameters
    ----------
    phases
        Only these phases; None means all but ARCHIVED.
    after
        Only jobs created after this instant.
    last
        Only so many of the latest, after the other filters.
    """
    jobs = Job.objects.filter(_own(user), parent__isnull=True).order_by("-creation_time", "-pk")
    if definition is not None:
        jobs = jobs.none() if _cannot_be_stored(definition) else jobs.filter(definition=definition)
    jobs = jobs.filter(phase__in=list(phases)) if phases else jobs.exclude(phase=Phase.ARCHIVED)
    if after is not None:
        jobs = jobs.filter(creation_time__gt=after)
    return jobs if last is None else jobs[:last]


def list_children(*, job: Job) -> QuerySet[Job]:
    """The jobs that a pipeline or an array has made, in the order in which they were made."""
    return job.children.filter(deleted=False).order_by("creation_time", "pk").defer("definition_document", "usage")


def child_counts(*, job: Job) -> dict[str, int]:
    """How many jobs a pipeline or an array has made, in all as ``total`` and by phase."""
    counted = job.children.filter(deleted=False).order_by().values_list("phase").annotate(Count("pk"))
    counts = dict(sorted(counted))
    return {"total": sum(counts.values()), **counts}


def get_result(*, job: Job, name: str) -> Result:
    """A result of a job by its UWS id.

    Raises
    ------
    vo.errors.NotFoundError
        When the job has no result of that name.
    """
    result = None if _cannot_be_stored(name) else job.results.filter(name=name).first()
    if result is None:
        raise NotFoundError(f"The job {job.id} has no result {name!r}.")
    return result


def result_path(*, result: Result) -> Path:
    """Where the file of a result is."""
    return result.job.workdir / result.path


def log_tail(*, job: Job, offset: int, stream: str = "stdout") -> tuple[str, int]:
    """What the run has written since `offset`, at most `LOG_CHUNK` bytes of it.

    Parameters
    ----------
    offset
        Bytes read already; a negative number counts from the end.
    stream
        ``stdout`` or ``stderr``.

    Returns
    -------
    tuple
        The text, and the offset from which to go on.
    """
    path = job.workdir / LOGS[stream]
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = min(max(offset if offset >= 0 else size + offset, 0), size)
            file.seek(start)
            data = file.read(LOG_CHUNK)
    except FileNotFoundError:
        return "", 0
    whole = _whole_characters(data)
    return whole.decode("utf-8", errors="replace"), start + len(whole)


def _whole_characters(data: bytes) -> bytes:
    """`data` without a UTF-8 sequence that its end cuts."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return data
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[:-back] if length > back else data
    return data


def _cannot_be_stored(text: str) -> bool:
    """PostgreSQL refuses to look for a text with NUL."""
    return "\0" in text


def signed_in(user: Any) -> Any:
    """The user whose jobs are the user's own; None for whoever did not sign in."""
    return user if user is not None and user.is_authenticated else None


def _own(user: Any) -> Q:
    if signed_in(user) is None:
        return Q(owner__isnull=True, deleted=False)
    if user.is_superuser:
        return Q(deleted=False)
    return Q(owner_id=user.pk, deleted=False)


def visible_jobs(user: Any) -> Q:
    """Own jobs and those of the public workspace, which anybody who knows the address may see."""
    return _own(user) | Q(owner__isnull=True, deleted=False)
