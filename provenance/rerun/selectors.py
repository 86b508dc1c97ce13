"""Reading what comparisons of repetitions have found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q

from provenance.models import Activity, ComparedItem, Entity
from provenance.rerun.outcomes import Outcome
from provenance.rerun.recording import VERDICT, comparison_id
from uws.models import Job
from uws.selectors import get_job, visible_jobs
from vo.errors import NotFoundError

__all__ = ["Repetition", "find_repetition", "is_compared", "repetitions_of"]

MOST = 100
"""Repetitions of a job that are listed."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """A job that repeats another, and what the comparison of both has found.

    Parameters
    ----------
    original
        The job that is repeated, where the asker may see it.
    verdict
        Empty as long as they are not compared.
    reason
        Why, where the phases of the jobs decide.
    items
        Of the comparison, in its order; those of a listing are not read.
    left_out
        How many of them are not among these.
    """

    job: Job
    original: Job | None
    verdict: str = ""
    reason: str = ""
    items: list[ComparedItem] = field(default_factory=list)
    left_out: int = 0

    @property
    def comparison(self) -> str:
        """Identifier of the activity that compared both."""
        return comparison_id(self.job.pk)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs that matters."""
        return self.verdict != "" and Outcome(self.verdict).is_same

    @property
    def results(self) -> list[ComparedItem]:
        """What was found of each result."""
        return [item for item in self.items if item.kind == ComparedItem.Kind.RESULT]

    @property
    def inputs(self) -> list[ComparedItem]:
        """The inputs that had changed."""
        return [item for item in self.items if item.kind == ComparedItem.Kind.INPUT]

    @property
    def steps(self) -> list[ComparedItem]:
        """What was found of each step, or of each row of an array."""
        return [item for item in self.items if item.kind == ComparedItem.Kind.STEP]


def is_compared(*, job_id: str) -> bool:
    """Whether a repetition has been compared with its original."""
    return Activity.objects.filter(identifier=comparison_id(job_id)).exists()


def find_repetition(*, job: Job, user: Any, most: int | None = None) -> Repetition | None:
    """What a job that the user sees repeats, and the comparison with it; None for a job that is no repetition.

    Parameters
    ----------
    most
        Items that are read at most, what differs before what is identical; None for all.
    """
    activity = Activity.objects.filter(identifier=comparison_id(job.pk)).first()
    if activity is None and job.repeats_id is None:
        return None
    try:
        original = get_job(job_id=job.repeats_id, user=user) if job.repeats_id else None
    except NotFoundError:
        original = None
    if activity is None:
        return Repetition(job, original)
    verdict = _verdicts([job.pk]).get(job.pk)
    found = ComparedItem.objects.filter(activity=activity)
    same = ExpressionWrapper(Q(outcome=Outcome.IDENTICAL), output_field=BooleanField())
    items = list(found.order_by(same.asc(), "pk")[:most])
    left_out = found.count() - len(items) if len(items) == most else 0
    value, reason = (verdict.value, verdict.comment) if verdict else ("", "")
    return Repetition(job, original, value, reason, sorted(items, key=lambda item: item.pk), left_out)


def repetitions_of(*, job: Job, user: Any) -> list[Repetition]:
    """The repetitions of a job that the user may see, the latest first, without what was found of each result."""
    jobs = list(job.repetitions.filter(visible_jobs(user)).order_by("-creation_time", "-pk")[:MOST])
    verdicts = _verdicts(item.pk for item in jobs)
    return [
        Repetition(item, job, verdicts[item.pk].value, verdicts[item.pk].comment)
        if item.pk in verdicts
        else Repetition(item, job)
        for item in jobs
    ]


def _verdicts(job_ids: Iterable[str]) -> dict[str, Entity]:
    wanted = {f"{comparison_id(job_id)}/{VERDICT}": job_id for job_id in job_ids}
    if not wanted:
        return {}
    return {wanted[entity.identifier]: entity for entity in Entity.objects.filter(identifier__in=wanted)}
