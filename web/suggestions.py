"""What a form can offer for an input before anything is typed: the asker's latest results that fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from jobdefs.definition import Definition
from uws.entities import result_id
from uws.models import Result
from uws.selectors import list_jobs
from vo.quantities import relative_time

__all__ = ["suggestions"]

RECENT_JOBS = 200
"""Latest jobs whose results are offered."""

AT_MOST = 20
"""Results offered for one input."""


def suggestions(*, definition: Definition, user: Any) -> dict[str, list[tuple[str, str]]]:
    """Reference and description of results for each input of a task that says which kinds of data it takes."""
    jobs = [job.pk for job in list_jobs(user=user, last=RECENT_JOBS).only("pk")]
    offered = {item.parameter: _results(jobs, item.product_types) for item in definition.inputs if item.product_types}
    return {name: results for name, results in offered.items() if results}


def _results(jobs: Sequence[str], product_types: Sequence[str]) -> list[tuple[str, str]]:
    found = Result.objects.filter(job__in=jobs, product_type__in=product_types).select_related("job")
    return [(result_id(result.job_id, result.name), _description(result)) for result in found.order_by("-pk")[:AT_MOST]]


def _description(result: Result) -> str:
    made = relative_time(result.job.end_time or result.job.creation_time, timezone.now())
    return f"{result.name} of {result.job.run_id or result.job.definition}, {made}"
