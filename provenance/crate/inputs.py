"""The files that a job read: those of the crate that are taken along, and the addresses of all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jobdefs.definition import Definition
from obstap.joblists import job_address
from provenance.crate.model import Crate
from provenance.crate.names import safe_part
from provenance.crate.parts import Item, file_part, media_type_of
from provenance.document import resolver_url
from uws.entities import JOB, upload_id
from uws.inputs import resolve
from uws.models import Job, JobInput
from uws.references import copied_inputs, find_file, sender_of
from uws.uploads import UPLOADED, list_uploads, upload_path
from vo.errors import AthanorError

__all__ = ["MOST_BYTES", "MOST_FILES", "add_inputs", "inputs_of"]

MOST_BYTES = 4 * 2**30
"""Bytes of inputs that are taken along at most; what does not fit is told by its address."""

MOST_FILES = 10_000
"""Files of inputs that are directories."""


def add_inputs(crate: Crate, user: Any, *, with_inputs: bool) -> None:
    """Add the inputs of the job itself; see `provenance.crate.contents.collect`."""
    room = MOST_BYTES
    taken: dict[str, Item] = {}
    for item in inputs_of(crate.job, crate.definition, crate.base_url):
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


def inputs_of(job: Job, definition: Definition, base_url: str) -> list[Item]:
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
        identifier=upload_id(job.pk, name),
        url=f"{job_address(base_url, job)}/parameters/{quote(name, safe='')}",
        sha256="",
        size=None,
        reference=f"{UPLOADED}{name}",
    )


def _input(row: JobInput, job: Job, base_url: str) -> Item:
    reference = row.reference.removesuffix(f":{row.block}") if row.block else row.reference
    url = resolver_url(row.entity_id, base_url)
    if reference.startswith(UPLOADED) and row.entity_id.startswith(JOB):
        name = reference.removeprefix(UPLOADED)
        url = f"{job_address(base_url, sender_of(job))}/parameters/{quote(name, safe='')}"
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
