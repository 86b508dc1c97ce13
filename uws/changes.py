"""What one request changes of a job: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from uws.models import Job
from uws.services import (
    abort_job,
    run_job,
    set_destruction,
    set_execution_duration,
    set_notify,
    set_parameters,
    set_run_id,
)
from uws.uploads import uploads_kept
from vo.errors import NotFoundError

__all__ = ["change_job"]


@transaction.atomic
def change_job(
    *,
    job: Job,
    parameters: Mapping[str, Sequence[str]] | None = None,
    files: Mapping[str, UploadedFile] | None = None,
    replace: bool = False,
    run_id: str | None = None,
    execution_duration: int | None = None,
    destruction: datetime | None = None,
    notify: Sequence[str] | None = None,
    phase: str | None = None,
) -> None:
    """Set what is given, and run or abort the job after that.

    Parameters
    ----------
    replace
        See `uws.services.set_parameters`.
    execution_duration
        Seconds.
    notify
        See `uws.services.set_notify`.
    phase
        ``RUN`` or ``ABORT``.

    Raises
    ------
    vo.errors.NotFoundError
        When the job is gone.
    vo.errors.IllegalStateError
        When the phase of the job forbids one of the changes.
    vo.errors.UsageError
        When a value is wrong, or the job cannot be run with its parameters.
    """
    if Job.objects.select_for_update().filter(pk=job.pk, deleted=False).first() is None:
        raise NotFoundError(f"There is no job {job.pk!r} any more.")
    with uploads_kept(job=job) if files else nullcontext():
        if run_id is not None:
            set_run_id(job=job, run_id=run_id)
        if execution_duration is not None:
            set_execution_duration(job=job, execution_duration=execution_duration)
        if destruction is not None:
            set_destruction(job=job, destruction=destruction)
        if notify is not None:
            set_notify(job=job, notify=notify)
        if parameters or files:
            set_parameters(job=job, parameters=parameters or {}, files=files, replace=replace)
        match phase:
            case "RUN":
                run_job(job=job)
            case "ABORT":
                abort_job(job=job)
