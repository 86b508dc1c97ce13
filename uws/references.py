"""Files that the parameters of a job refer to: results of other jobs, uploads, and what other packages resolve."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobdefs.activation import active_outputs
from jobdefs.checking import check
from jobdefs.command import references
from jobdefs.definition import Definition
from uws.entities import result_id, upload_id
from uws.inputs import Resolved, resolve
from uws.models import Job, JobInput, JobKind, Result
from uws.selectors import get_job, get_result, result_path
from uws.uploads import UPLOADED, upload_path
from vo.errors import NotFoundError, ParameterError, ParameterErrors

__all__ = [
    "SUMMARY",
    "Found",
    "copied_inputs",
    "find_file",
    "find_inputs",
    "find_maker",
    "promised_results",
    "replacements",
    "resolve_result",
    "sender_of",
]

SUMMARY = "summary"
"""Name of the result of an array of jobs."""

RESULT = re.compile(r"job:(?P<job_id>[A-Za-z0-9]+)/(?P<name>[^/\s]+)")
"""Reference to a result of an earlier job."""

RESULT_URL = re.compile(r"https?://\S+/(?P<job_id>[a-z2-7]{26})/results/(?P<name>[^/\s?#]+)")
"""The access URL of a result."""

BRANCH_SUFFIX = r"(-\d+(\.\d+)*)?(-\d+)?"
"""What the results of a pipeline may have after the names of its outputs: a branch, and a number of several files."""

BLOCK = re.compile(r"(?P<file>.+):(?P<block>[A-Za-z_][\w-]{0,99})")
"""SAS names a table of a file as ``file:BLOCK``; FITS cards have room for 68 characters of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What references stand for: files, and with the parameter that names each, jobs that are yet to make theirs."""

    inputs: list[JobInput]
    needed: list[tuple[str, Job]]


def find_inputs(
    *,
    job: Job,
    definition: Definition,
    values: Mapping[str, Sequence[str]],
    known: dict[str, Job | tuple[Resolved, str]] | None = None,
) -> Found:
    """The files that the parameters refer to, as unsaved rows, each with a name of its own below ``inputs/``.

    A result that a job has not made yet, but will, gives that job instead of a file.

    Parameters
    ----------
    known
        What references are known to stand for; those that are found are added.

    Raises
    ------
    vo.errors.ParameterErrors
        When a reference is unknown, or not the owner's to read; each names its parameter.
    """
    inputs, errors = [], []
    needed: list[tuple[str, Job]] = []
    names: dict[str, str] = {}
    known = {} if known is None else known
    for parameter, reference in references(definition, values):
        try:
            if reference not in known:
                known[reference] = find_maker(reference, user=job.owner) or _find(reference, job=job)
        except NotFoundError as error:
            errors.append(ParameterError(parameter, error.message, hint=error.hint))
            continue
        thing = known[reference]
        if isinstance(thing, Job):
            needed.append((parameter, thing))
            continue
        found, block = thing
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
    return Found(inputs, needed)


def find_file(reference: str, *, job: Job) -> Resolved:
    """The file that a reference of a job stands for.

    Raises
    ------
    vo.errors.NotFoundError
        When it is unknown, or not the owner's to read.
    """
    return _find(reference, job=job)[0]


def find_maker(reference: str, *, user: Any) -> Job | None:
    """The job that has not ended and is to make the result that a reference names; None where none is waited for.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such job, or it will not make that result.
    """
    matched = RESULT.fullmatch(reference) or RESULT_URL.fullmatch(reference)
    if matched is None:
        return None
    try:
        job = get_job(job_id=matched["job_id"], user=user)
    except NotFoundError:
        if matched.re is RESULT_URL:
            return None
        raise
    if job.is_final or (matched.re is RESULT_URL and not reference.startswith(f"{job.base_url}/")):
        return None
    name, _, block = matched["name"].partition(":")
    makes = promised_results(job)
    if not any(promise.fullmatch(name) for promise in makes.values()) or (block and not BLOCK.fullmatch(reference)):
        raise NotFoundError(
            f"The job {job.pk} will not make a result {name!r}.", hint=f"It makes: {', '.join(makes) or 'nothing'}."
        )
    return job


def promised_results(job: Job) -> dict[str, re.Pattern[str]]:
    """The results that a job will make if all goes well: their names, and the form of the names that they may have."""
    if job.kind == JobKind.ARRAY:
        return {SUMMARY: re.compile(SUMMARY)}
    definition = Definition.from_dict(job.definition_document)
    if definition.environment == "pipeline":
        return {item.name: re.compile(re.escape(item.name) + BRANCH_SUFFIX) for item in definition.outputs}
    values = job.parameters if definition.open else check(definition, job.parameters, complete=False)
    active = active_outputs(definition, values)
    return {
        item.name: re.compile(rf"{re.escape(item.name)}(-\d+)?" if item.pattern else re.escape(item.name))
        for item in definition.outputs
        if item.name in active
    }


def copied_inputs(definition: Definition) -> set[str]:
    """The parameters whose files the command gets as copies of its own."""
    return {item.parameter for item in definition.inputs if item.copy}


def replacements(inputs: Sequence[JobInput], *, copied: Collection[str] = ()) -> dict[str, str]:
    """For each reference the path that the command sees, relative to its directory, with the block that was named.

    Parameters
    ----------
    copied
        Parameters whose files lie, as copies, in that directory itself.
    """
    paths = {}
    for item in sorted(inputs, key=lambda item: item.parameter in copied):
        path = item.name if item.parameter in copied else f"inputs/{item.name}"
        paths[item.reference] = f"{path}:{item.block}" if item.block else path
    return paths


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
        entity_id=result_id(job.taken_over or job.id, result.name),
        size=result.size,
        sha256=result.sha256,
        location=f"uws/{job.definition}/{job.id}/results/{result.name}",
    )


def sender_of(job: Job) -> Job:
    """The job that a request made, with which the files of the request lie: the one above all others."""
    while job.parent is not None:
        job = job.parent
    return job


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
    sender = sender_of(job)
    path = upload_path(job=sender, name=name)
    return Resolved(
        path=path,
        name=name,
        media_type="application/octet-stream",
        entity_id=upload_id(sender.id, name),
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
