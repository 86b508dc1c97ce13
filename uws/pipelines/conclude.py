"""How a parent ends: the results that it has of its children, and what is said of those that failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jobdefs.definition import Definition, Output
from jobdefs.steps import axes_of
from uws.digests import remember_digest
from uws.executors.base import Exit
from uws.models import Job, Result
from uws.phases import FINAL, Phase
from uws.pipelines.links import link_or_copy
from uws.pipelines.state import Plan, branch_numbers
from uws.pipelines.summary import write_summary
from uws.references import SUMMARY
from uws.runner_results import digest
from vo.errors import UnavailableError

__all__ = ["conclude_array", "conclude_pipeline"]

NAMED = 5
"""Failures that the message names."""

DETAILED = 100
"""Failures that the detail lists."""


def conclude_pipeline(parent: Job, plan: Plan, *, reason: str = "") -> Exit:
    """The end of a pipeline whose children have ended.

    It has failed when a step has whose `on_failure` is ``stop``; when only others have, it is completed, and its
    error summary tells which.

    Parameters
    ----------
    reason
        Why it was stopped, empty when it came to its end.
    """
    results = tuple(_results(parent, plan.definition))
    failed = _failures(parent, plan.definition)
    message = "; ".join([*plan.errors, *([_sentence(failed, plan)] if failed else [])])
    detail = "\n".join(_line(job) for job in failed[:DETAILED])
    if reason:
        return Exit(reason=reason, results=results)
    if plan.stops:
        return Exit(reason="failed", message=message, detail=detail, results=results)
    return Exit(reason="exited", exit_code=0, message=message, detail=detail, results=results)


def conclude_array(parent: Job, *, reason: str = "") -> Exit:
    """The end of an array whose children have ended; it has failed when one of them has."""
    path = parent.workdir / "results" / "summary.vot"
    write_summary(parent, path)
    size, sha256 = digest(path, durable=True)
    summary = {
        "name": SUMMARY,
        "path": str(path.relative_to(parent.workdir)),
        "media_type": "application/x-votable+xml",
        "size": size,
        "sha256": sha256,
        "role": "summary",
        "product_type": "measurements",
    }
    if reason:
        return Exit(reason=reason, results=(summary,))
    failed = parent.children.exclude(phase=Phase.COMPLETED)
    count = failed.count()
    if not count:
        return Exit(reason="exited", exit_code=0, results=(summary,))
    some = sorted(failed.order_by("creation_time")[:DETAILED], key=lambda job: int(job.branch))
    named = ", ".join(job.branch for job in some[:NAMED])
    more = f" and {count - NAMED:,} others" if count > NAMED else ""
    message = f"{count:,} of {parent.children.count():,} rows failed: {named}{more}. Retry runs only these again."
    detail = "\n".join(_line(job) for job in some)
    return Exit(reason="failed", message=message, detail=detail, results=(summary,))


def _failures(parent: Job, definition: Definition) -> list[Job]:
    """Children that failed, in the order of the steps and their branches."""
    order = {step.name: number for number, step in enumerate(definition.steps)}
    failed = parent.children.filter(phase__in=FINAL).exclude(phase=Phase.COMPLETED)
    return sorted(failed, key=lambda job: (order[job.step], branch_numbers(job.branch)))


def _sentence(failed: Sequence[Job], plan: Plan) -> str:
    named = ", ".join(_place(job) for job in failed[:NAMED])
    more = f" and {len(failed) - NAMED:,} others" if len(failed) > NAMED else ""
    return (
        f"{len(failed):,} of {plan.total:,} steps failed: {named}{more}. Retry runs again only what did not complete."
    )


def _place(job: Job) -> str:
    place = f"{job.step} {job.branch}".rstrip()
    return f"{place} ({job.label})" if job.label else place


def _line(job: Job) -> str:
    where = " ".join(part for part in (job.step, job.branch) if part)
    told = job.error_message.partition("\n")[0][:300]
    return f"{where}: {job.phase}, {job.base_url}/jobs/{job.pk}/{f': {told}' if told else ''}"


def _results(parent: Job, definition: Definition) -> Iterator[dict[str, Any]]:
    branched = {name for name, axes in axes_of(definition).items() if axes}
    made = Result.objects.filter(job__parent=parent, job__phase=Phase.COMPLETED).select_related("job")
    by_step: dict[str, list[Result]] = {}
    for result in made:
        by_step.setdefault(result.job.step, []).append(result)
    for output in definition.outputs:
        step, _, name = output.source.partition("/")
        found = sorted(by_step.get(step, []), key=lambda result: (branch_numbers(result.job.branch), result.pk))
        for result in found:
            number = result.name.removeprefix(name)
            if result.name != name and not (result.name.startswith(name) and number[1:].isdecimal()):
                continue
            branch = f"-{result.job.branch}" if step in branched else ""
            yield _linked(parent, output, result, f"{output.name}{branch}{number}")


def _linked(parent: Job, output: Output, result: Result, name: str) -> dict[str, Any]:
    source = result.job.workdir / result.path
    target = parent.workdir / "results" / f"{name}{_suffix(source)}"
    try:
        link_or_copy(source, target)
    except OSError as error:
        raise UnavailableError(f"The result {result.name} of job {result.job_id} is no longer here.") from error
    remember_digest(target, result.sha256)
    return {
        "name": name,
        "path": str(target.relative_to(parent.workdir)),
        "media_type": result.media_type,
        "size": result.size,
        "sha256": result.sha256,
        "role": output.role or result.role,
        "product_type": output.product_type or result.product_type,
    }


def _suffix(path: Path) -> str:
    """The ending of a file's name that tells what it is."""
    return "".join(path.suffixes[-2:]) if path.suffix in {".gz", ".bz2", ".xz"} else path.suffix
