"""Running again only what failed: results of an earlier job's children are taken over where nothing has changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence

from uws.models import TAKEN_OVER, Job, Result
from uws.phases import Phase
from uws.pipelines.children import NewChild
from uws.pipelines.links import link_or_copy
from uws.selectors import LOGS

__all__ = ["Predecessor"]

logger = logging.getLogger("athanor.engine")

_REFERENCE = re.compile(r"\bjob:([a-z2-7]{26})/")

COPIED = (
    "definition_version", "start_time", "end_time", "exit_code", "host", "software", "command", "disk_bytes",
    "stage", "progress_done", "progress_total",
)  # fmt: skip
"""What a child that is taken over has from the one that did the work; not its processor time, which was used once."""


class Predecessor:
    """The job that a parent is a repetition of, if it is one, and the children that it has."""

    def __init__(self, parent: Job) -> None:
        self._old: dict[tuple[str, str], Job] = {}
        self._known: dict[str, str] = {}
        if parent.retry_of_id is not None:
            before = Job.objects.filter(parent=parent.retry_of_id, deleted=False)
            self._old = {(job.step, job.branch): job for job in before}
            ours = parent.children.filter(retry_of__isnull=False).values_list("pk", "retry_of_id", "handle")
            self._known = {new: old for new, old, handle in ours if TAKEN_OVER in handle}

    def take_over(self, child: NewChild) -> None:
        """Let a child that has done its work before, with the same parameters, end at once with the same results."""
        old = self._old.get((child.job.step, child.job.branch))
        if old is None or child.job.phase != Phase.QUEUED:
            return
        child.job.retry_of = old
        if old.phase != Phase.COMPLETED or old.definition_version != child.job.definition_version:
            return
        if self._before(child.job.parameters) != {name: list(values) for name, values in old.parameters.items()}:
            return
        results = list(old.results.order_by("pk"))
        try:
            for result in results:
                link_or_copy(old.workdir / result.path, child.job.workdir / result.path)
            for log in LOGS.values():
                if (old.workdir / log).is_file():
                    link_or_copy(old.workdir / log, child.job.workdir / log)
        except OSError:
            logger.info("The results of job %s are no longer here; its work is done again.", old.pk)
            return
        for name in COPIED:
            setattr(child.job, name, getattr(old, name))
        child.job.phase = Phase.COMPLETED
        child.job.handle = {TAKEN_OVER: old.taken_over or old.pk}
        child.job.reaped = True
        child.results = [_copy(result, child.job) for result in results]

    def _before(self, parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """The parameters with references to results as they were before they were taken over."""

        def earlier(match: re.Match[str]) -> str:
            return f"job:{self._known.get(match[1], match[1])}/"

        return {name: [_REFERENCE.sub(earlier, value) for value in values] for name, values in parameters.items()}


def _copy(result: Result, job: Job) -> Result:
    names = ("name", "path", "media_type", "size", "sha256", "role", "product_type")
    return Result(job=job, **{name: getattr(result, name) for name in names})
