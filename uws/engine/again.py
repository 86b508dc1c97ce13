"""Queueing a job again whose run was lost."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F

from uws.engine.tidy import trash
from uws.models import Job, PhaseChange
from uws.phases import Phase
from uws.times import now
from uws.transitions import move
from uws.uploads import FOLDER as UPLOADS

__all__ = ["ATTEMPTS", "clear", "queue_again", "retries_of"]

ATTEMPTS = 5
"""How often a run that never began, or can be repeated, is started; not for ever: it may be what kills engines."""


def retries_of(job_id: str) -> int:
    """How often the definition lets a run that was lost with its machine be run once more."""
    job = Job.objects.select_related("parent").filter(pk=job_id).first()
    return 0 if job is None else int(job.definition_document.get("retries", 0))


@transaction.atomic
def queue_again(*, job_id: str, engine: str, most: int | None = None, note: str = "") -> bool:
    """Put a job back into the queue.

    Parameters
    ----------
    engine
        Identity of the engine that holds it.
    most
        Restarts that it may have in all; None where it is no restart, for nothing was tried.
    note
        Why, for the history of its phases.

    Returns
    -------
    bool
        Whether it is queued; False when it has been restarted that often, or is no longer the engine's to restart.
    """
    ours: dict[str, Any] = {"engine": engine}
    fields = {"engine": "", "handle": {}, "start_time": None, "stage": "", "progress_done": 0, "progress_total": 0}
    if most is not None:
        ours["restarts__lt"] = most
        fields["restarts"] = F("restarts") + 1
    phase = Job.objects.filter(pk=job_id, **ours).values_list("phase", flat=True).first()
    match phase:
        case Phase.EXECUTING | Phase.SUSPENDED | Phase.UNKNOWN:
            return move(job_id=job_id, old=Phase(phase), new=Phase.QUEUED, where=ours, note=note, **fields)
        case Phase.QUEUED if Job.objects.filter(pk=job_id, phase=phase, **ours).update(**fields):
            if note:
                PhaseChange.objects.create(job_id=job_id, phase=phase, time=now(), note=note)
            return True
    return False


def clear(workdir: Path) -> None:
    """Leave in a work directory what came with the request only, so that the next run finds it as the first did."""
    if not workdir.is_dir():
        return
    removed = workdir / f".{secrets.token_hex(4)}"
    removed.mkdir()
    for path in workdir.iterdir():
        if path.name not in (UPLOADS, removed.name):
            path.rename(removed / path.name)
    trash().mkdir(parents=True, exist_ok=True)
    removed.rename(trash() / f"{workdir.name}-{secrets.token_hex(4)}")
