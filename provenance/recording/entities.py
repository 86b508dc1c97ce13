"""Writes what was used and made, each state of each thing once, many things in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from provenance.chunks import NAMES, chunks
from provenance.models import Entity, EntityDescription, EntityKind
from provenance.recording.names import fitting
from provenance.recording.states import is_in, state_with, states_of
from uws.models import Job
from uws.times import now
from vo.wording import storable

__all__ = [
    "BEFORE_ALL",
    "Kind",
    "Thing",
    "describe_entities",
    "describe_file",
    "entities_of",
    "fitting",
    "known_entities",
    "public_since",
    "seen_by",
]

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when the archive's own data sets are public."""

Kind = tuple[str, str, str, str, str]
"""What tells descriptions of entities apart: name, type, content type, type of values and unit."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that was used or made.

    Parameters
    ----------
    product_type
        ObsCore's dataproduct_type, where it has one.
    value, value_type, unit
        Of a value entity, and of what kind it is.
    owner
        Who may see it while it is not public.
    public_since
        When everybody may see it.
    """

    identifier: str
    name: str
    media_type: str = ""
    size: int | None = None
    sha256: str = ""
    product_type: str = ""
    kind: EntityKind = EntityKind.DATASET
    value: str = ""
    value_type: str = ""
    unit: str = ""
    location: str = ""
    comment: str = ""
    generated_at_time: datetime | None = None
    owner: Any = None
    public_since: datetime | None = None

    @property
    def described(self) -> Kind:
        """The key of its description."""
        if self.kind == EntityKind.VALUE:
            return (storable(self.name)[:200], "", "", self.value_type[:50], self.unit[:50])
        return describe_file(self.media_type, self.product_type)


def describe_file(media_type: str, product_type: str = "") -> Kind:
    """The key of the description of files of a kind."""
    return ((product_type or media_type or "file")[:200], product_type[:50], media_type[:200], "", "")


def public_since(job: Job) -> datetime | None:
    """When everybody may see what a job did: from the beginning in the public workspace, else never by itself."""
    return job.creation_time if job.owner_id is None else None


def seen_by(owner: Any) -> Q:
    """The entities to which those of an owner may be tied: the public ones and the owner's own.

    Superusers see more, but what they make may be published, and would tell of what is not theirs.
    """
    public = Q(public_since__lte=now())
    return public if owner is None else public | Q(owner=owner)


def entities_of(things: Sequence[Thing], *, shared: bool) -> tuple[list[Entity], set[int]]:
    """The entities that things are; those that there are not yet are written.

    A thing whose content has changed is another entity, the old one stays what it was: `provenance.recording.states`.

    Parameters
    ----------
    shared
        Whether another process may write the same ones now.

    Returns
    -------
    tuple
        The entities in the order of the things, and the keys of those that there were before.
    """
    names = [thing.identifier for thing in things]
    known = known_entities(names)
    things = _in_states(things, known)
    known |= known_entities(
        thing.identifier for thing, name in zip(things, names, strict=True) if thing.identifier != name
    )
    before = {entity.pk for entity in known.values()}
    missing = {thing.identifier: thing for thing in things if thing.identifier not in known}
    if missing:
        kinds = describe_entities(thing.described for thing in missing.values())
        made = [_entity(missing[name], kinds) for name in sorted(missing)]  # in one order: no two wait for each other
        if shared:
            Entity.objects.bulk_create(made, ignore_conflicts=True)
            known |= known_entities(missing)
        else:
            known |= {entity.identifier: entity for entity in Entity.objects.bulk_create(made)}
    for thing in things:
        entity = known[thing.identifier]
        if thing.sha256 and not entity.sha256:
            entity.sha256 = thing.sha256
            entity.save(update_fields=["sha256"])
    return [known[thing.identifier] for thing in things], before


def known_entities(identifiers: Iterable[str]) -> dict[str, Entity]:
    """The entities that there are, by their identifiers."""
    return {
        entity.identifier: entity
        for names in chunks(dict.fromkeys(identifiers), NAMES)
        for entity in Entity.objects.filter(identifier__in=names)
    }


def describe_entities(kinds: Iterable[Kind]) -> dict[Kind, int]:
    """The keys of descriptions; those that there are not yet are written."""
    wanted = dict.fromkeys(kinds)
    known = _known_kinds(wanted)
    missing = [kind for kind in wanted if kind not in known]
    if missing:
        fields = ("name", "type", "content_type", "value_type", "unit")
        EntityDescription.objects.bulk_create(
            (EntityDescription(**dict(zip(fields, kind, strict=True))) for kind in sorted(missing)),
            ignore_conflicts=True,
        )
        known |= _known_kinds(missing)
    return known


def _known_kinds(kinds: Iterable[Kind]) -> dict[Kind, int]:
    rows = EntityDescription.objects.filter(name__in={kind[0] for kind in kinds})
    return {
        (name, type_, content_type, value_type, unit): pk
        for pk, name, type_, content_type, value_type, unit in rows.values_list(
            "pk", "name", "type", "content_type", "value_type", "unit"
        )
    }


def _in_states(things: Sequence[Thing], known: dict[str, Entity]) -> list[Thing]:
    """The things by the states in which they were found."""
    moved = {thing.identifier for thing in things if _has_moved(thing, known.get(thing.identifier))}
    states = states_of(moved) if moved else {}
    return [
        replace(thing, identifier=state_with(thing.identifier, thing.sha256, thing.size, states[thing.identifier]))
        if thing.identifier in states
        else thing
        for thing in things
    ]


def _has_moved(thing: Thing, first: Entity | None) -> bool:
    """Whether the first state of a thing may not be that in which it was found."""
    if first is None or (first.invalidated_at_time is None and not thing.sha256):
        return False
    return first.invalidated_at_time is not None or not is_in(first, thing.sha256, thing.size)


def _entity(thing: Thing, kinds: dict[Kind, int]) -> Entity:
    return Entity(
        identifier=thing.identifier,
        kind=thing.kind,
        name=storable(thing.name)[:255],
        location=thing.location,
        comment=thing.comment,
        size=thing.size,
        sha256=thing.sha256,
        value=storable(thing.value),
        generated_at_time=thing.generated_at_time,
        description_id=kinds[thing.described],
        owner=thing.owner,
        public_since=thing.public_since,
    )
