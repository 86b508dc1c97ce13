"""Recording how a run ended, once: phase, results, usage, error, all in one transaction."""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from uws.digests import known_digest, remember_digest
from uws.engine.announce import announce
from uws.engine.outcome import judge
from uws.executors import Exit
from uws.models import Job, JobKind, Result
from uws.phases import FINAL, TRANSITIONS, Phase
from uws.scheduling import charge
from uws.times import now, parse_time
from uws.transitions import move
from uws.usage import used
from vo.wording import storable

__all__ = ["finish"]

logger = logging.getLogger("athanor.engine")


def finish(*, job_id: str, engine: str, ended: Exit) -> bool:
    """Record the end of a job's run.

    A job that its owner has aborted stays ABORTED and gets the results that there are. The end is announced in the same
    transaction, so that whoever sees it sees its provenance too; a receiver that fails undoes only what it wrote and is
    asked again by the `Announcer`.

    Returns
    -------
    bool
        Whether this call recorded it; False when it was recorded before or another engine holds the job.
    """
    use = used(Job(pk=job_id).workdir, ended.usage)  # outside of the transaction: it may walk over many files
    return _record(job_id, engine, ended, use)


@transaction.atomic
def _record(job_id: str, engine: str, ended: Exit, use: dict[str, Any]) -> bool:
    if not Job.objects.filter(pk=job_id, engine=engine, reaped=False).update(reaped=True):
        return False
    job = Job.objects.select_for_update().get(pk=job_id)
    fields = _fields(job, ended) | use
    if job.phase in FINAL:
        Job.objects.filter(pk=job_id).update(**fields)
    else:
        outcome = judge(job, ended)
        if ended.started or outcome.phase not in TRANSITIONS[Phase(job.phase)]:
            _catch_up(job, ended)
        move(
            job_id=job_id,
            old=Phase(job.phase),
            new=outcome.phase,
            end_time=_end_time(job, ended),
            error_type=outcome.error_type,
            error_message=storable(outcome.message),
            error_detail=storable(outcome.detail),
            **fields,
        )
    charge(job=job, seconds=use["cpu_seconds"], ended=_end_time(job, ended))
    Result.objects.bulk_create(Result(job=job, **item) for item in _results(ended))
    _keep_digests(job, ended)
    try:
        announce(job_id=job_id)
    except Exception:
        logger.exception("The end of job %s was not heard by all; it is told again.", job_id)
    return True


def _catch_up(job: Job, ended: Exit) -> None:
    """Take a job through EXECUTING whose run began, or went on, and ended between two looks at it."""
    if job.phase == Phase.EXECUTING:
        return
    begun = parse_time(ended.started) if ended.started else now()
    job.start_time = job.start_time or begun
    move(job_id=job.pk, old=Phase(job.phase), new=Phase.EXECUTING, start_time=job.start_time)
    job.phase = Phase.EXECUTING


def _fields(job: Job, ended: Exit) -> dict[str, Any]:
    return {
        "exit_code": ended.exit_code,
        "host": ended.host,
        "usage": dict(ended.usage),
        "software": {**job.software, **ended.software},
        "messages": [dict(message) for message in ended.messages],
    }


def _end_time(job: Job, ended: Exit) -> datetime:
    """When the run ended, which may be long before an engine came to know."""
    end = parse_time(ended.ended) if ended.ended else now()
    return max(end, job.start_time) if job.start_time else end


def _results(ended: Exit) -> list[dict[str, Any]]:
    names = ("name", "path", "media_type", "size", "sha256", "role", "product_type")
    unique = {item["name"]: {name: item[name] for name in names} for item in ended.results}
    return list(unique.values())


def _keep_digests(job: Job, ended: Exit) -> None:
    for item in job.inputs.filter(name__in=list(ended.inputs)):
        item.sha256 = ended.inputs[item.name]
        item.save(update_fields=["sha256"])
        with contextlib.suppress(OSError):
            remember_digest(Path(item.path), item.sha256, listing=ended.listings.get(item.name, ()))
    if job.kind != JobKind.TASK:  # it reads nothing itself; its children have
        for item in job.inputs.filter(sha256=""):
            with contextlib.suppress(OSError):
                item.sha256 = known_digest(Path(item.path))
                item.save(update_fields=["sha256"])
