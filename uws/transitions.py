"""Changes of phase: each is one guarded UPDATE, so that two processes can never both make it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from uws.models import Job, PhaseChange
from uws.phases import FINAL, TRANSITIONS, Phase
from uws.times import now
from uws.wake import wake_watchers

__all__ = ["abort", "move"]

NOTE = PhaseChange._meta.get_field("note").max_length
"""Characters of a note that are kept."""


def move(
    *, job_id: str, old: Phase, new: Phase, where: dict[str, Any] | None = None, note: str = "", **fields: Any
) -> bool:
    """Take a job from one phase to another, if it is still in the first.

    Parameters
    ----------
    where
        Further conditions that the job must meet, such as the engine that holds it.
    note
        Why, kept with the time of the change.
    fields
        Columns to set in the same UPDATE.

    Returns
    -------
    bool
        Whether this call made the change; False when another process was first.

    Raises
    ------
    ValueError
        When the change is not in `uws.phases.TRANSITIONS`.
    """
    if new not in TRANSITIONS[Phase(old)]:
        raise ValueError(f"A job cannot go from {old} to {new}.")
    with transaction.atomic():
        changed = Job.objects.filter(pk=job_id, phase=old, **(where or {})).update(phase=new, **fields)
        if changed:
            PhaseChange.objects.create(job_id=job_id, phase=new, time=now(), note=note[:NOTE])
            transaction.on_commit(lambda: wake_watchers(settings.ATHANOR_HOME / "run"))
    return bool(changed)


def abort(*, job_id: str) -> Phase:
    """Take a job from whatever phase it is in to ABORTED, if it has not ended; the phase that it has then.

    A run, also one that waits in a queue of its executor, is ended by the engine that holds it; a job that no engine
    has taken needs nothing more.
    """
    for _ in range(len(Phase)):
        phase, engine = Job.objects.values_list("phase", "engine").get(pk=job_id)
        if phase in FINAL:
            return Phase(phase)
        unwatched = phase in {Phase.PENDING, Phase.HELD, Phase.QUEUED} and not engine
        if move(
            job_id=job_id,
            old=Phase(phase),
            new=Phase.ABORTED,
            where={"engine": engine},
            end_time=now(),
            reaped=unwatched,
        ):
            return Phase.ABORTED
    raise RuntimeError(f"The job {job_id} changes its phase too often.")
