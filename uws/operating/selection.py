"""Which jobs the operator means: by abbreviated ids, or by what they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from uws.models import Job
from vo.errors import NotFoundError, UsageError

__all__ = ["NOBODY", "find_job", "find_jobs", "select"]

NOBODY = "-"
"""Stands for the public workspace where an owner is asked for."""

_SHOWN = 5


def find_job(prefix: str) -> Job:
    """The one job whose id begins so.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none.
    vo.errors.UsageError
        When there are several.
    """
    jobs = Job.objects.select_related("owner").filter(deleted=False)
    found = list(jobs.filter(pk__startswith=prefix.lower()).order_by("pk")[: _SHOWN + 1]) if prefix else []
    if not found:
        raise NotFoundError(f"There is no job {prefix!r}.")
    if len(found) > 1:
        more = ", …" if len(found) > _SHOWN else ""
        raise UsageError(f"{prefix!r} begins the ids of {', '.join(job.pk for job in found[:_SHOWN])}{more}.")
    return found[0]


def find_jobs(prefixes: Sequence[str]) -> list[Job]:
    """The jobs whose ids begin so, each once; see `find_job` for the errors."""
    return list({job.pk: job for job in map(find_job, prefixes)}.values())


def select(
    *,
    owner: str | None = None,
    definition: str | None = None,
    phases: Collection[str] = (),
    after: datetime | None = None,
    before: datetime | None = None,
    text: str | None = None,
    parent: str | None = None,
) -> QuerySet[Job]:
    """The jobs that all conditions fit, the latest first; archived ones only where that phase is named.

    Parameters
    ----------
    owner
        Name of an account, or `NOBODY`.
    after, before
        Jobs created at the first instant or later, and before the second.
    text
        Part of the name or of the error message of a job, in any case.
    parent
        The beginning of the id of the job that made them; without it, jobs that other jobs made are left out.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such account or parent.
    """
    jobs = Job.objects.select_related("owner").filter(deleted=False).order_by("-creation_time", "-pk")
    jobs = jobs.filter(parent=None if parent is None else find_job(parent))
    if owner is not None:
        jobs = jobs.filter(owner=None if owner == NOBODY else _account(owner))
    if definition is not None:
        jobs = jobs.filter(definition=definition)
    jobs = jobs.filter(phase__in=phases) if phases else jobs.exclude(phase="ARCHIVED")
    if after is not None:
        jobs = jobs.filter(creation_time__gte=after)
    if before is not None:
        jobs = jobs.filter(creation_time__lt=before)
    if text is not None:
        jobs = jobs.filter(Q(run_id__icontains=text) | Q(error_message__icontains=text))
    return jobs


def _account(name: str) -> object:
    model = get_user_model()
    account = model.objects.filter(**{model.USERNAME_FIELD: name}).first()
    if account is None:
        raise NotFoundError(f"There is no account {name!r}.", hint=f"{NOBODY!r} stands for the public workspace.")
    return account
