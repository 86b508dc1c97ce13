"""The files that an ended job has read, as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from provenance.chunks import NAMES, chunks
from provenance.models import Entity
from provenance.visibility import open_to
from uws.digests import digest_of
from uws.entities import is_upload, read_upload, result_id
from uws.inputs import resolve
from uws.models import Job, JobInput
from uws.pipelines.arrays import ARRAY
from uws.references import find_file
from uws.selectors import get_job, signed_in
from uws.uploads import UPLOADED, upload_path
from vo.errors import AthanorError, NotFoundError

__all__ = ["InputState", "State", "family_of", "present_inputs", "recorded_inputs"]

_CANDIDATES = 20
"""Entities with the same checksum that are tried at most."""


class State(StrEnum):
    """What has become of an input; what hinders a repetition most comes first."""

    MISSING = "missing"
    CHANGED = "changed"
    UNRECORDED = "not recorded"
    ELSEWHERE = "found elsewhere"
    SAME = "the same"


@dataclass(frozen=True, slots=True)
class InputState:
    """An input of an ended job, then and now.

    Parameters
    ----------
    reference
        As the job's parameter has it.
    entity_id
        Identifier in provenance.
    before, now
        The sha256 that the job has read, and that of what is there; empty where they are not known.
    path
        Where the bytes are; None where they are missing.
    found_as
        Under which identifier the same bytes were found, where that is another.
    """

    parameter: str
    reference: str
    entity_id: str
    name: str
    state: State
    before: str = ""
    now: str = ""
    path: Path | None = None
    found_as: str = ""

    @property
    def is_upload(self) -> bool:
        """Whether the file came with the job's request."""
        return self.reference.startswith(UPLOADED)


def family_of(job: Job) -> list[str]:
    """Ids of a job and of those that it has made, itself first."""
    family, generation = [job.pk], [job.pk]
    while generation:
        generation = list(Job.objects.filter(parent__in=generation).values_list("pk", flat=True))
        family += generation
    return family


def recorded_inputs(job: Job, *, with_steps: bool = True) -> list[JobInput]:
    """The files that a job and its steps have read, each once, but for those that its own steps have made.

    A row without a checksum gets that of another one of the same file, for only who has read a file knows it. The table
    of an array is none: its rows are kept with the job.
    """
    family = family_of(job) if with_steps else [job.pk]
    found: dict[tuple[str, str], JobInput] = {}
    for part in chunks(family, NAMES):
        rows = JobInput.objects.filter(job__in=part).exclude(parameter=ARRAY).order_by("pk")
        for row in sorted(rows, key=lambda row: row.job_id != job.pk):
            known = found.setdefault((row.reference, row.path), row)
            known.sha256 = known.sha256 or row.sha256
    ours = {result_id(member, "") for member in family}
    return [
        row for row in found.values() if is_upload(row.entity_id) or row.entity_id.partition("/")[0] + "/" not in ours
    ]


def present_inputs(job: Job, *, user: Any, with_steps: bool = True) -> list[InputState]:
    """What has become of the inputs of a job, as far as a user may read them; what hinders comes first.

    Checksums are computed where they are not known of the file's present state.
    """
    order = list(State)
    found = [_state(row, user) for row in recorded_inputs(job, with_steps=with_steps)]
    return sorted(found, key=lambda item: order.index(item.state))


def _state(row: JobInput, user: Any) -> InputState:
    common = (row.parameter, row.reference, row.entity_id, row.name)
    try:
        path, sha256 = _present(row, user)
    except (AthanorError, OSError):
        found = next(_elsewhere(row, user), None)
        if found is None:
            return InputState(*common, State.MISSING, before=row.sha256)
        path, identifier = found
        return InputState(*common, State.ELSEWHERE, before=row.sha256, now=row.sha256, path=path, found_as=identifier)
    if not row.sha256:
        return InputState(*common, State.UNRECORDED, now=sha256, path=path)
    state = State.SAME if sha256 == row.sha256 else State.CHANGED
    return InputState(*common, state, before=row.sha256, now=sha256, path=path)


def _present(row: JobInput, user: Any) -> tuple[Path, str]:
    """Where the input is now, and its sha256; a `vo.errors.NotFoundError` where it is gone, or not the user's."""
    if row.reference.startswith(UPLOADED):
        sender, name = read_upload(row.entity_id)
        path = upload_path(job=get_job(job_id=sender, user=user), name=name)
        return path, digest_of(path)
    found = find_file(row.reference, job=Job(owner=signed_in(user)))
    return found.path, found.sha256 or digest_of(found.path)


def _elsewhere(row: JobInput, user: Any) -> Iterator[tuple[Path, str]]:
    """The same bytes among the files that the user may read."""
    if not row.sha256:
        return
    same = Entity.objects.filter(open_to(user), sha256=row.sha256).order_by("pk")
    for identifier in same.values_list("identifier", flat=True)[:_CANDIDATES]:
        reference = identifier.partition("#")[0]
        if is_upload(reference):
            continue
        try:
            found = resolve(reference, user=user)
            if (found.sha256 or digest_of(found.path)) == row.sha256:
                yield found.path, reference
        except (NotFoundError, OSError):
            continue
