"""Writes the provenance of tables that are published from files, and of those that are taken away."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.db import transaction

from provenance.models import (
    Activity,
    ActivityKind,
    ConfigFile,
    Entity,
    EntityDescription,
    EntityKind,
    Used,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.recording.entities import BEFORE_ALL
from provenance.recording.happenings import Happening, happen, keeper_agent
from provenance.recording.roles import FILE, OPERATOR, PUBLISHED
from provenance.recording.states import current, end, name_of_state, states_of
from provenance.visibility import open_to
from uws.runner_results import digest
from uws.times import now

__all__ = ["record_table", "record_table_removal", "table_entity"]

PUBLISH_TABLE = Happening(
    ActivityKind.INGEST,
    "publish_table",
    "Publishes the table of a file as a table that TAP queries.",
    used=[(FILE, "1", "The file with the table")],
    generated=[(PUBLISHED, "1", "The table of the archive")],
    parameters=[
        ("name", "string", "Name of the table"),
        ("description", "string", "What the table holds"),
        ("utype", "string", "The concept of a data model that the table stands for"),
        ("hdu", "string", "Which table of the file"),
        ("key", "string", "The column that tells rows apart; empty for none"),
        ("position", "string", "The columns of right ascension and declination"),
        ("foreign-key", "string", "A column that points into another table"),
        ("index", "string", "A column that queries often restrict"),
        ("principal", "string", "A column to be shown first"),
        ("replace", "boolean", "Whether a table of that name was replaced"),
    ],
    libraries=["astropy", "numpy", "pyarrow"],
)

_LOCATION = "tables/{}/"
"""The page of a table, below the service's base URL."""


@transaction.atomic
def record_table(
    *,
    name: str,
    path: Path,
    sha256: str,
    size: int,
    started: datetime,
    parameters: Mapping[str, Sequence[object]],
    metadata: Path | None = None,
) -> Activity:
    """Record that a file was published as a table; a table that it replaces has ended.

    The file is known by its content: where that is the content of something public, such as the result of a job, it is
    that thing.
    """
    time = now()
    identifier = _identifier(name)
    activity = happen(
        PUBLISH_TABLE,
        identifier=f"{ActivityKind.INGEST}:{uuid.uuid4().hex}",
        start=started,
        end=time,
        parameters=parameters,
        responsible=keeper_agent(),
        role=OPERATOR,
        public_since=started,
    )
    if metadata is not None:
        ConfigFile.objects.create(activity=activity, name=metadata.name, sha256=digest(metadata)[1])
    states = states_of([identifier]).get(identifier, [])
    end(states, time)
    table = Entity.objects.create(
        identifier=name_of_state(identifier, sha256[:16], {state.identifier for state in states}),
        **_told(name),
        generated_at_time=time,
    )
    roles = activity.description
    file = _file(path.name, sha256, size)
    Used.objects.create(
        activity=activity, entity=file, role=FILE, time=started, description=roles.usages.filter(role=FILE).first()
    )
    WasGeneratedBy.objects.create(
        entity=table,
        activity=activity,
        role=PUBLISHED,
        description=roles.generations.filter(role=PUBLISHED).first(),
    )
    WasDerivedFrom.objects.create(entity=table, used_entity=file)
    WasInformedBy.objects.bulk_create(
        WasInformedBy(informed=activity, informant=maker)
        for maker in Activity.objects.filter(generated__entity=file).distinct()
    )
    return activity


@transaction.atomic
def record_table_removal(*, name: str) -> None:
    """Record that a table is no longer published."""
    identifier = _identifier(name)
    end(states_of([identifier]).get(identifier, ()), now())


def table_entity(name: str) -> Entity:
    """A published table in its present state; it gets an entity where it has none, as the service's own tables."""
    identifier = _identifier(name)
    states = states_of([identifier]).get(identifier, [])
    found = current(states)
    if found is not None:
        return found
    taken = {state.identifier for state in states}
    entity, _ = Entity.objects.get_or_create(identifier=name_of_state(identifier, "", taken), defaults=_told(name))
    return entity


def _identifier(name: str) -> str:
    return f"table:{name.lower()}"


def _told(name: str) -> dict[str, object]:
    description, _ = EntityDescription.objects.get_or_create(
        name="table",
        type="table",
        content_type="",
        value_type="",
        unit="",
        defaults={"description": "A table that TAP queries"},
    )
    return {
        "kind": EntityKind.COLLECTION,
        "name": name,
        "location": _LOCATION.format(name),
        "description": description,
        "public_since": BEFORE_ALL,
    }


def _file(name: str, sha256: str, size: int) -> Entity:
    """What is public and has that content, or a file that is known by it alone."""
    known = Entity.objects.filter(open_to(None), sha256=sha256, kind=EntityKind.DATASET).order_by("pk").first()
    if known is not None:
        return known
    return Entity.objects.create(
        identifier=f"sha256:{sha256}", name=name, sha256=sha256, size=size, public_since=BEFORE_ALL
    )
