"""What a product was made from, as far back as jobs are known and to the first data sets of the archive."""

from __future__ import annotations

from uws.models import Job, JobInput

__all__ = ["progenitors_of"]

GENERATIONS = 20
"""Jobs in a row that are followed at most."""


def progenitors_of(job: Job) -> list[str]:
    """Identifiers of what the job has read: data sets, and results of other jobs with what those have read.

    Of a pipeline or an array these are the inputs of all its steps but the results of its own.
    """
    found: dict[str, None] = {}
    wanted, seen = {job.taken_over or job.pk}, set()
    for _ in range(GENERATIONS):
        jobs = _with_steps(wanted - seen)
        seen |= wanted | jobs
        entities = JobInput.objects.filter(job__in=jobs).order_by("pk").values_list("entity_id", flat=True)
        wanted = set()
        for entity in entities:
            maker = entity[4:].partition("/")[0] if entity.startswith("job:") else ""
            if maker not in jobs:
                found.setdefault(entity)
            if maker:
                wanted.add(maker)
        if not wanted - seen:
            break
    return list(found)


def _with_steps(jobs: set[str]) -> set[str]:
    """The jobs and those that they have made, or that did the work of one of these."""
    children = Job.objects.filter(parent__in=jobs)
    return jobs | {identifier for child in children for identifier in (child.pk, child.taken_over) if identifier}
