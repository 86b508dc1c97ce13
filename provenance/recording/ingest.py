"""Writes the provenance of what is ingested: which run brought each data set, in each of its states.

Files are not read for it: a data set has its checksum once a job has read it. Rows are written many at a time, for an
ingest may bring tens of thousands of files.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from obstap.archive import access_path
from obstap.models import ArchiveFile
from provenance.chunks import NAMES, chunks
from provenance.models import (
    Activity,
    ActivityKind,
    AlternateOf,
    Entity,
    GenerationDescription,
    WasGeneratedBy,
)
from provenance.recording.entities import BEFORE_ALL, describe_entities, describe_file
from provenance.recording.happenings import Happening, happen, keeper_agent
from provenance.recording.names import fitting
from provenance.recording.roles import INGESTED, OPERATOR
from provenance.recording.states import current, end, name_of_state, states_of
from uws.models import FileDigest
from uws.times import now

__all__ = ["record_ingest"]

INGEST = Happening(
    ActivityKind.INGEST,
    "ingest",
    "Reads the headers of files and brings them into the archive as data sets.",
    generated=[(INGESTED, "*", "A data set of the archive, in a new state")],
    parameters=[
        ("collection", "string", "The obs_collection of data sets"),
        ("files", "integer", "How many data sets it brought in"),
        ("again", "boolean", "Whether files that had not changed were read anew"),
    ],
    libraries=["astropy", "numpy"],
)


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A data set in a state that the archive did not have, with the identifier of that state."""

    file: ArchiveFile
    identifier: str
    digest: str


@transaction.atomic
def record_ingest(
    *,
    dids: Sequence[str],
    changed: Collection[str],
    moved: Mapping[str, str],
    started: datetime,
    parameters: Mapping[str, Sequence[object]],
) -> Activity | None:
    """Record what a run of the ingest brought in; None when that was nothing new.

    What it is called with is told in `obstap.signals`. A file that was read again and is what it was stays what it was:
    it has been brought in by an earlier run.
    """
    time = now()
    formerly = states_of(moved)
    end([state for states in formerly.values() for state in states], time)
    arrivals, over = _arrivals(dids, changed)
    end(over, time)
    if not arrivals:
        return None
    told = {name: values for name, values in parameters.items() if name != "collection" and any(values)}
    activity = happen(
        INGEST,
        identifier=f"{ActivityKind.INGEST}:{uuid.uuid4().hex}",
        start=started,
        end=time,
        parameters={
            "collection": sorted({item.file.collection for item in arrivals}),
            "files": [len(arrivals)],
            **told,
        },
        responsible=keeper_agent(),
        role=OPERATOR,
        public_since=started,
    )
    made = _generate(activity, arrivals, time)
    _tie(made, {new: current(formerly[old]) or formerly[old][-1] for old, new in moved.items() if old in formerly})
    return activity


def _arrivals(dids: Sequence[str], changed: Collection[str]) -> tuple[list[_Arrival], list[Entity]]:
    """The states that are new, and those that are over."""
    arrivals: list[_Arrival] = []
    over: list[Entity] = []
    for part in chunks(dids, NAMES):
        files = {fitting(file.obs_publisher_did): (file, digest) for file, digest in _files(part)}
        first = Entity.objects.filter(identifier__in=files).values_list("identifier", "invalidated_at_time", "sha256")
        met = {identifier: (ended, sha256) for identifier, ended, sha256 in first}
        moved = [
            identifier
            for identifier, (ended, known) in met.items()
            if ended is not None
            or files[identifier][0].obs_publisher_did in changed
            or files[identifier][1] not in {"", known}
        ]
        states = states_of(moved) if moved else {}
        for identifier, (file, digest) in files.items():
            if identifier in states:
                arrived, ended = _next(identifier, file, digest, states[identifier], file.obs_publisher_did in changed)
                arrivals += arrived
                over += ended
            elif identifier not in met:
                arrivals.append(_Arrival(file, identifier, digest))
    return arrivals, over


def _next(
    identifier: str, file: ArchiveFile, digest: str, states: Sequence[Entity], is_changed: bool
) -> tuple[list[_Arrival], Sequence[Entity]]:
    """The new state of a data set that has had others, if it is in a new one, and the states that are over."""
    present = current(states)
    if digest:
        same = [state for state in states if state.sha256 == digest and state.invalidated_at_time is None]
        if same:
            return [], [state for state in states if state is not same[-1]]  # a job has met this state before
    if present is not None and not is_changed:
        return [], []
    mark = digest[:16] or sha256(f"{file.size} {file.mtime_ns}".encode()).hexdigest()[:16]
    return [_Arrival(file, name_of_state(identifier, mark, {state.identifier for state in states}), digest)], states


def _files(dids: Sequence[str]) -> list[tuple[ArchiveFile, str]]:
    """The archive's files, with the digest of each that is known in its present state, else nothing."""
    files = list(ArchiveFile.objects.filter(obs_publisher_did__in=dids))
    rows = FileDigest.objects.filter(path__in=[file.path for file in files])
    known = {tuple(state): digest for *state, digest in rows.values_list("path", "size", "mtime_ns", "sha256")}
    return [(file, known.get((file.path, file.size, file.mtime_ns), "")) for file in files]


def _generate(activity: Activity, arrivals: Sequence[_Arrival], time: datetime) -> list[Entity]:
    kinds = [describe_file(item.file.media_type, item.file.dataproduct_type) for item in arrivals]
    descriptions = describe_entities(kinds)
    made = Entity.objects.bulk_create(
        [
            Entity(
                identifier=item.identifier,
                name=item.file.name,
                location=access_path(item.file.collection, item.file.name),
                generated_at_time=time,
                sha256=item.digest,
                size=item.file.size,
                description_id=descriptions[kind],
                public_since=BEFORE_ALL,
            )
            for item, kind in zip(arrivals, kinds, strict=True)
        ],
        batch_size=500,
    )
    role = GenerationDescription.objects.filter(activity_description=activity.description, role=INGESTED).first()
    WasGeneratedBy.objects.bulk_create(
        [WasGeneratedBy(entity=entity, activity=activity, role=INGESTED, description=role) for entity in made],
        batch_size=1000,
    )
    return made


def _tie(made: Sequence[Entity], formerly: Mapping[str, Entity]) -> None:
    """Tell of files that changed their collection, and not their content, what they were before."""
    pairs = [(entity, formerly.get(entity.identifier.partition("#")[0])) for entity in made]
    AlternateOf.objects.bulk_create(
        [
            AlternateOf(entity=entity, alternate=old)
            for entity, old in pairs
            if old is not None and entity.sha256 and entity.sha256 == old.sha256
        ],
        batch_size=500,
    )
