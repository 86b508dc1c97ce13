"""What goes into the crate of a job, found before the first byte is sent: nothing is asked of the database after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db.models.functions import Length

from jobdefs.command import variables
from jobdefs.definition import Definition
from jobdefs.writing import to_toml
from provenance.crate.documents import provenance_parts, uws_document
from provenance.crate.names import Names, safe_part
from provenance.crate.parts import Item, Part, Step, bytes_part, file_part, log_part, media_type_of
from provenance.crate.privacy import Curtain, plain_command, portable_definition
from uws.inputs import resolve
from uws.models import Job, JobInput, JobKind, Result
from uws.parameters import check_complete
from uws.phases import FINAL, Phase
from uws.references import copied_inputs, find_file, replacements
from uws.selectors import LOGS, list_children
from uws.uploads import UPLOADED, list_uploads, upload_path
from vo.errors import AthanorError, IllegalStateError, NotFoundError, UnavailableError

__all__ = ["MOST_BYTES", "MOST_STEPS", "Crate", "collect"]

MOST_BYTES = 4 * 2**30
"""Bytes of inputs that are taken along at most; what does not fit is told by its address."""

MOST_FILES = 10_000
"""Files of inputs that are directories."""

MOST_STEPS = 1000
"""Jobs of a pipeline or an array of which a crate tells."""

TAP = "tap"
"""The definition whose job list is ``/tap/async``."""


@dataclass(slots=True)
class Crate:
    """A crate that can be written.

    Parameters
    ----------
    base_url
        Of the service, without a stroke at its end.
    whole
        The job itself; `steps` are those that it has made.
    notes
        What is to be said of the crate as a whole.
    """

    job: Job
    definition: Definition
    base_url: str
    curtain: Curtain
    whole: Step
    names: Names = field(default_factory=Names)
    parts: list[Part] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def moment(self) -> datetime:
        """The time of everything in it: when the job ended."""
        return self.job.end_time or self.job.creation_time

    @property
    def url(self) -> str:
        """The job's address for programs."""
        return job_address(self.base_url, self.job)


def job_address(base_url: str, job: Job) -> str:
    """The address of a job in its list."""
    place = "tap/async" if job.definition == TAP else f"uws/{quote(job.definition, safe='')}"
    return f"{base_url}/{place}/{job.pk}"


def collect(*, job: Job, user: Any, base_url: str, with_inputs: bool = False) -> Crate:
    """Find what goes into the crate of a job.

    Parameters
    ----------
    user
        Who takes it away: files that this user may not read are told by their addresses.
    with_inputs
        Whether input files are taken along, as far as `MOST_BYTES` reach. Files that came with the job always are.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job has not ended.
    vo.errors.UnavailableError
        When it has, but what it left is still being recorded.
    """
    if job.phase not in FINAL:
        raise IllegalStateError(
            f"The job is {job.phase}: only one that has ended can be taken away.",
            hint=f"GET {job_address(base_url, job)}?WAIT=60 waits for its end.",
        )
    if not job.announced and job.phase != Phase.ARCHIVED:
        raise UnavailableError("The job has just ended, and what it left is being recorded.", retry_after=2)
    definition = Definition.from_dict(job.definition_document)
    children = [] if job.kind == JobKind.TASK else list(islice(_children(job), MOST_STEPS + 1))
    crate = Crate(job, definition, base_url, Curtain([job, *children]), Step(job, ""))
    for name in ("ro-crate-metadata.json", "ro-crate-preview.html", "README.md", "manifest-sha256.txt"):
        crate.names.take(name)
    document = to_toml(portable_definition(definition))
    crate.whole.definition = _add_text(crate, "definition.toml", document, "application/toml", "The task as it ran")
    _add_text(
        crate, "job.xml", uws_document(job, url=crate.url, curtain=crate.curtain), "text/xml", "The job (UWS 1.1)"
    )
    _add_logs(crate, crate.whole)
    _add_inputs(crate, user, with_inputs=with_inputs)
    _add_results(crate)
    crate.whole.command = [crate.curtain.text(word) for word in plain_command(job.command)]
    crate.whole.variables = _variables(job, definition)
    crate.parts += provenance_parts(crate.names, job=job, user=user, base_url=base_url, curtain=crate.curtain)
    if not any(part.path.startswith("provenance/") for part in crate.parts):
        crate.notes.append("The service has no provenance of the job.")
    if children:
        _add_steps(crate, children)
    return crate


def _children(job: Job) -> Iterator[Job]:
    """The jobs that a job has made, and what these have made, each with its parent, from whom it has its definition."""
    order = ("creation_time", "step", Length("branch"), "branch", "pk")
    found = list_children(job=job).order_by(*order).defer(None).prefetch_related("inputs", "results")
    for child in found[: MOST_STEPS + 1]:
        child.parent = job
        yield child
        if child.kind != JobKind.TASK:
            yield from _children(child)


def _add_text(crate: Crate, path: str, text: str | bytes, media_type: str, description: str) -> Part:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    part = bytes_part(crate.names.take(path), lambda: [data], media_type, description)
    crate.parts.append(part)
    return part


def _add_logs(crate: Crate, step: Step) -> None:
    for stream, file in LOGS.items():
        source = step.job.workdir / file
        if source.is_file():
            path = crate.names.take(f"{step.folder or 'log/'}{file}")
            step.logs.append(log_part(path, source, crate.curtain.text, f"What {stream} said"))
    crate.parts += step.logs


def _add_results(crate: Crate) -> None:
    job = crate.job
    for result in job.results.order_by("pk"):
        item = _result(result, job, crate.base_url)
        crate.whole.results.append(item)
        if job.phase == Phase.ARCHIVED:
            item.remark = "The job is archived: its files are gone."
            continue
        source = job.workdir / result.path
        if not source.resolve().is_relative_to(job.workdir.resolve()):
            item.remark = "Its file lies elsewhere."
            continue
        path = crate.names.take(f"results/{safe_part(source.name)}")
        item.parts.append(file_part(path, source, result.media_type, f"The result {result.name}"))
    crate.parts += [part for item in crate.whole.results for part in item.parts]


def _result(result: Result, job: Job, base_url: str) -> Item:
    return Item(
        name=result.name,
        media_type=result.media_type,
        identifier=f"job:{job.taken_over or job.pk}/{result.name}",
        url=f"{job_address(base_url, job)}/results/{quote(result.name, safe='')}",
        sha256=result.sha256,
        size=result.size,
        parameter=result.role,
    )


def _add_inputs(crate: Crate, user: Any, *, with_inputs: bool) -> None:
    room = MOST_BYTES
    taken: dict[str, Item] = {}
    for item in _inputs(crate.job, crate.definition, crate.base_url):
        crate.whole.inputs.append(item)
        try:
            path, url = _found(item, crate, user)
        except (AthanorError, OSError):
            item.remark = "It is not here any more, or is not yours to read."
            continue
        item.url = url or item.url
        if item.name in taken:  # the same file by another reference
            same = taken[item.name]
            item.parts, item.folder, item.remark = same.parts, same.folder, same.remark
            continue
        taken[item.name] = item
        if not with_inputs and not item.reference.startswith(UPLOADED):
            item.remark = "It was not taken along."
        elif path.is_dir():
            room -= _add_directory(crate, item, path, room)
        elif not path.is_file():
            item.remark = "It is no longer there."
        elif (size := path.stat().st_size) > room:
            item.remark = "It is too large to be taken along."
        else:
            room -= size
            place = crate.names.take(f"inputs/{item.name}")
            item.parts.append(file_part(place, path, item.media_type, _purpose(item)))
            crate.parts += item.parts


def _inputs(job: Job, definition: Definition, base_url: str) -> list[Item]:
    """The files that a job read, each once, and those that came with it and are named otherwise, as queries do."""
    copied = copied_inputs(definition)
    folders = {parameter.name for parameter in definition.parameters if parameter.type == "directory"}
    found: dict[tuple[str, str], Item] = {}
    for row in sorted(job.inputs.all(), key=lambda row: row.pk):
        item = _input(row, job, base_url)
        item = found.setdefault((item.name, item.reference), item)
        item.copied = item.copied or row.parameter in copied
        item.is_folder = item.is_folder or row.parameter in folders
    told = {item.reference for item in found.values()}
    sent = [] if job.parent_id is not None else list_uploads(job=job)
    return [*found.values(), *(_upload(job, name, base_url) for name in sent if f"{UPLOADED}{name}" not in told)]


def _upload(job: Job, name: str, base_url: str) -> Item:
    return Item(
        name=safe_part(name),
        media_type="application/octet-stream",
        identifier=f"job:{job.pk}/parameters/{name}",
        url=f"{job_address(base_url, job)}/parameters/{quote(name, safe='')}",
        sha256="",
        size=None,
        reference=f"{UPLOADED}{name}",
    )


def _input(row: JobInput, job: Job, base_url: str) -> Item:
    reference = row.reference.removesuffix(f":{row.block}") if row.block else row.reference
    url = f"{base_url}/provenance/entities/?ID={quote(row.entity_id, safe='')}"
    if reference.startswith(UPLOADED) and row.entity_id.startswith("job:"):
        name = reference.removeprefix(UPLOADED)
        url = f"{job_address(base_url, _sender(job))}/parameters/{quote(name, safe='')}"
    return Item(
        name=safe_part(row.name),
        media_type=row.media_type or "application/octet-stream",
        identifier=row.entity_id,
        url=url,
        sha256=row.sha256,
        size=row.size,
        parameter=row.parameter,
        reference=reference,
        block=row.block,
    )


def _sender(job: Job) -> Job:
    """Whose requests brought the files of a job."""
    while job.parent is not None:
        job = job.parent
    return job


def _found(item: Item, crate: Crate, user: Any) -> tuple[Path, str]:
    """Where an input lies and its address, as far as the user may read it.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none, or it is not the user's to read.
    """
    if not item.reference.startswith(UPLOADED):
        found = resolve(item.reference, user=user)
        return found.path, f"{crate.base_url}/{found.location}" if found.location else ""
    if crate.job.inputs.all():
        return find_file(item.reference, job=crate.job).path, ""
    return upload_path(job=crate.job, name=item.reference.removeprefix(UPLOADED)), ""


def _purpose(item: Item) -> str:
    return f"Input of {item.parameter}" if item.parameter else "Came with the job"


def _add_directory(crate: Crate, item: Item, folder: Path, room: int) -> int:
    """Take the plain files of a directory along, or none where they are too large; how many bytes they have."""
    files: list[tuple[str, Path]] = []
    total = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_symlink() or not path.is_file():
                continue
            files.append((str(path.relative_to(folder)), path))
            total += path.stat().st_size
            if total > room or len(files) > MOST_FILES:
                item.remark = "It is too large to be taken along."
                return 0
    if not files:
        item.remark = "It has no files."
        return 0
    item.folder = f"{crate.names.folder(f'inputs/{item.name}')}/"
    for name, path in files:
        taken = crate.names.take(f"{item.folder}{name}")
        item.parts.append(file_part(taken, path, media_type_of(name), _purpose(item)))
    crate.parts += item.parts
    return total


def _variables(job: Job, definition: Definition) -> dict[str, str]:
    """Variables of the environment that parameters made, with paths as the command saw them."""
    if not any(parameter.variable for parameter in definition.parameters) or not job.command:
        return {}
    try:
        values = check_complete(definition, job.parameters)
        paths = replacements(list(job.inputs.all()), copied=copied_inputs(definition))
        return variables(definition, values, paths)
    except (AthanorError, NotFoundError):
        return {}  # a service that has changed since does not read its old parameters any more


def _add_steps(crate: Crate, children: list[Job]) -> None:
    if len(children) > MOST_STEPS:
        crate.notes.append(f"It has made more than {MOST_STEPS:,} jobs, of which the first are told.")
        children = children[:MOST_STEPS]
    documents: dict[str, Part] = {}
    for task in crate.definition.tasks:
        documents[task.name] = _add_definition(crate, task)
    for number, child in enumerate(children, start=1):
        task = Definition.from_dict(child.definition_document)
        words = "-".join(word for word in (child.step or "row", child.branch) if word)
        folder = f"steps/{number:04d}-{safe_part(words)}/"
        step = Step(child, folder, command=[crate.curtain.text(word) for word in plain_command(child.command)])
        if task.name == crate.definition.name:
            step.definition = crate.whole.definition
        else:
            step.definition = documents.get(task.name) or _add_definition(crate, task)
            documents[task.name] = step.definition
        step.variables = _variables(child, task)
        step.inputs = _inputs(child, task, crate.base_url)
        step.results = [
            _result(result, child, crate.base_url) for result in sorted(child.results.all(), key=lambda row: row.pk)
        ]
        _add_logs(crate, step)
        crate.steps.append(step)
    made = {item.identifier: item.url for step in crate.steps for item in step.results}
    for item in (item for step in crate.steps for item in step.inputs):
        item.url = made.get(item.identifier, item.url)


def _add_definition(crate: Crate, task: Definition) -> Part:
    text = to_toml(portable_definition(task))
    path = f"steps/definitions/{safe_part(task.name)}.toml"
    return _add_text(crate, path, text, "application/toml", f"The task {task.name} as it ran")
