"""Keeping the verdict on a repetition as provenance: an activity that used both runs' results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from provenance.chunks import NAMES, chunks
from provenance.models import (
    Activity,
    ActivityDescription,
    ActivityKind,
    ComparedItem,
    Entity,
    EntityDescription,
    EntityKind,
    Used,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.recording.agents import associate
from provenance.rerun.comparing import Comparison
from provenance.rerun.outcomes import Outcome
from uws.entities import result_id
from uws.models import Job
from uws.phases import Phase
from uws.times import now
from vo.wording import storable

__all__ = ["ORIGINAL", "REPETITION", "VERDICT", "comparison_id", "record_comparison"]

ORIGINAL, REPETITION, VERDICT = "original", "repetition", "verdict"
"""Roles of what a comparison used and generated."""

_AT_ONCE = 500
_TOLD = 20
"""Results that the comment tells of at most; the rest are counted."""


def comparison_id(job_id: str) -> str:
    """Identifier of the activity that compares a job with the one that it repeats."""
    return f"{ActivityKind.COMPARISON}:{job_id}"


@transaction.atomic
def record_comparison(*, original: Job, repetition: Job, comparison: Comparison, started: datetime) -> Activity:
    """Record a comparison that began at some time and ends now; a second call for a repetition changes nothing."""
    instant = now()
    runs = {item.identifier: item for item in Activity.objects.filter(identifier__in=(original.pk, repetition.pk))}
    opened = [item.public_since for item in runs.values()]
    public_since = max(opened) if len(opened) == 2 and all(opened) else None  # type: ignore[type-var]
    activity, new = Activity.objects.get_or_create(
        identifier=comparison_id(repetition.pk),
        defaults={
            "kind": ActivityKind.COMPARISON,
            "name": f"comparison of {repetition.definition} jobs",
            "start_time": started,
            "end_time": instant,
            "comment": _comment(original, comparison),
            "phase": Phase.COMPLETED,
            "software": {"athanor": settings.ATHANOR_VERSION},
            "description": _description(),
            "owner": repetition.owner,
            "public_since": public_since,
        },
    )
    if not new:
        return activity
    for job, role in ((original, ORIGINAL), (repetition, REPETITION)):
        _use_results(activity, job, role)
    verdict = Entity.objects.create(
        kind=EntityKind.VALUE,
        identifier=f"{activity.identifier}/{VERDICT}",
        name=VERDICT,
        value=comparison.verdict,
        comment=comparison.reason,
        generated_at_time=instant,
        description=EntityDescription.objects.get_or_create(
            name=VERDICT,
            type="",
            content_type="",
            value_type="char",
            unit="",
            defaults={"description": "Whether the repetition of a job has made the same results."},
        )[0],
        owner=repetition.owner,
        public_since=public_since,
    )
    WasGeneratedBy.objects.create(entity=verdict, activity=activity, role=VERDICT)
    WasInformedBy.objects.bulk_create(WasInformedBy(informed=activity, informant=item) for item in runs.values())
    ComparedItem.objects.bulk_create(
        (
            ComparedItem(
                activity=activity,
                kind=item.kind,
                name=item.name,
                outcome=item.outcome,
                before=item.before,
                after=item.after,
                detail=storable(item.detail),
            )
            for item in comparison.items
        ),
        batch_size=_AT_ONCE,
    )
    associate(activity, repetition)
    return activity


def _use_results(activity: Activity, job: Job, role: str) -> None:
    names = [result_id(job.pk, name) for name in job.results.order_by("pk").values_list("name", flat=True)]
    for part in chunks(names, NAMES):
        entities = Entity.objects.filter(identifier__in=part).order_by("pk")
        Used.objects.bulk_create(
            Used(activity=activity, entity=entity, role=role, time=activity.start_time) for entity in entities
        )


def _description() -> ActivityDescription:
    return ActivityDescription.objects.get_or_create(
        name="comparison",
        version=settings.ATHANOR_VERSION,
        defaults={
            "description": "Compares the results of a job with those of the one that it repeats.",
            "type": "Comparison",
        },
    )[0]


def _comment(original: Job, comparison: Comparison) -> str:
    """The verdict in words, with what was found of each result and what of the rest is worth telling."""
    told = [item for item in comparison.items if item.kind == ComparedItem.Kind.RESULT]
    told += [
        item for item in comparison.items if item.kind != ComparedItem.Kind.RESULT and item.outcome != Outcome.IDENTICAL
    ]
    lines = [f"Repetition of the job {original.pk}: {comparison.verdict}.", comparison.reason]
    lines += [
        f"{item.name}: {item.outcome}" + (f" ({item.detail.rstrip('.')})." if item.detail else ".")
        for item in told[:_TOLD]
    ]
    lines += _more(told[_TOLD:])
    return storable("\n".join(line for line in lines if line))


def _more(rest: Sequence[object]) -> list[str]:
    return [f"And {len(rest):,} more."] if rest else []
