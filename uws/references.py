"""Files that the parameters of a job refer to: results of other jobs, uploads, and what other packages resolve."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jobdefs.command import references
from jobdefs.definition import Definition
from uws.inputs import Resolved, resolve
from uws.models import Job, JobInput, Result
from uws.selectors import get_job, get_result, result_path
from uws.uploads import UPLOADED, upload_path
from vo.errors import NotFoundError, ParameterError, ParameterErrors

__all__ = ["job_inputs", "replacements", "resolve_result"]

RESULT = re.compile(r"job:(?P<job_id>[A-Za-z0-9]+)/(?P<name>[^/\s]+)")
"""Reference to a result of an earlier job."""

RESULT_URL = re.compile(r"https?://\S+/(?P<job_id>[a-z2-7]{26})/results/(?P<name>[^/\s?#]+)")
"""The access URL of a result."""

BLOCK = re.compile(r"(?P<file>.+):(?P<block>[A-Za-z_][\w-]*)")
"""SAS names a table of a file as ``file:BLOCK``."""


def job_inputs(*, job: Job, definition: Definition, values: Mapping[str, Sequence[str]]) -> list[JobInput]:
    """The files that the parameters refer to, as unsaved rows, each with a name of its own below ``inputs/``.

    Raises
    ------
    vo.errors.ParameterErrors
        When a reference is unknown, or not the owner's to read; each names its parameter.
    """
    inputs, errors = [], []
    names: dict[str, str] = {}
    for parameter, reference in references(definition, values):
        try:
            found, block = _find(reference, job=job)
        except NotFoundError as error:
            errors.append(ParameterError(parameter, error.message, hint=error.hint))
            continue
        inputs.append(
            JobInput(
                job=job,
                parameter=parameter,
                reference=reference,
                entity_id=found.entity_id,
                name=_name(found, names),
                block=block,
                path=str(found.path),
                media_type=found.media_type,
                size=found.size,
                sha256=found.sha256,
            )
        )
    if errors:
        raise ParameterErrors(errors)
    return inputs


def replacements(inputs: Sequence[JobInput]) -> dict[str, str]:
    """For each reference the path that the command sees, relative to its directory, with the block that was named."""
    return {
        item.reference: f"inputs/{item.name}:{item.block}" if item.block else f"inputs/{item.name}" for item in inputs
    }


def resolve_result(reference: str, *, user: Any) -> Resolved | None:
    """Resolver of ``job:<jobid>/<result>`` and of the access URLs of results."""
    matched = RESULT.fullmatch(reference) or RESULT_URL.fullmatch(reference)
    if matched is None:
        return None
    job = get_job(job_id=matched["job_id"], user=user)
    if matched.re is RESULT_URL and not reference.startswith(f"{job.base_url}/"):
        return None
    result: Result = get_result(job=job, name=matched["name"])
    path = result_path(result=result)
    if not path.is_file():
        raise NotFoundError(f"The file of {reference!r} is no longer here.")
    return Resolved(
        path=path,
        name=path.name,
        media_type=result.media_type,
        entity_id=f"job:{job.id}/{result.name}",
        size=result.size,
        sha256=result.sha256,
        location=f"uws/{job.definition}/{job.id}/results/{result.name}",
    )


def _find(reference: str, *, job: Job) -> tuple[Resolved, str]:
    """The file, and the block of it that is meant; the whole reference is tried first, for identifiers hold colons."""
    try:
        return _lookup(reference, job=job), ""
    except NotFoundError as error:
        matched = BLOCK.fullmatch(reference)
        if matched is None:
            raise
        try:
            return _lookup(matched["file"], job=job), matched["block"]
        except NotFoundError:
            raise error from None


def _lookup(reference: str, *, job: Job) -> Resolved:
    if not reference.startswith(UPLOADED):
        return resolve(reference, user=job.owner)
    name = reference.removeprefix(UPLOADED)
    path = upload_path(job=job, name=name)
    return Resolved(
        path=path,
        name=name,
        media_type="application/octet-stream",
        entity_id=f"job:{job.id}/parameters/{name}",
        size=path.stat().st_size,
    )


def _name(found: Resolved, names: dict[str, str]) -> str:
    """A plain file name that no other file of the job has; `names` keeps which file has which."""
    plain = re.sub(r"[^A-Za-z0-9._+-]", "_", found.name).lstrip(".-") or "input"
    name, number = plain[-200:], 1
    while names.setdefault(name, str(found.path)) != str(found.path):
        number += 1
        name = f"{number}-{plain[-200:]}"
    return name
