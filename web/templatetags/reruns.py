"""What pages say of the repetitions of a job."""

from __future__ import annotations

from typing import Any

from django import template

from provenance.rerun.selectors import find_repetition, repetitions_of
from uws.models import Job

__all__ = ["register"]

register = template.Library()

MOST = 200
"""Things of a comparison that a page shows."""


@register.inclusion_tag("web/job_reruns.html", takes_context=True)
def job_reruns(context: Any, job: Job) -> dict[str, Any]:
    """What a job repeats and by which jobs it is repeated, with the verdicts."""
    if not job.is_final:
        return {"job": job}
    user = context["request"].user
    return {
        "job": job,
        "repetition": find_repetition(job=job, user=user, most=MOST),
        "repetitions": repetitions_of(job=job, user=user),
    }
