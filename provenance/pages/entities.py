"""What the page of an entity tells: what it is, who made and used it, what else is the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from provenance.models import Entity, Used, WasGeneratedBy
from provenance.selectors import find_entity, is_visible
from provenance.visibility import open_to
from vo.errors import NotFoundError
from vo.wording import is_storable

__all__ = ["MOST_LISTED", "Facts", "Listing", "facts_of", "open_entity"]

MOST_LISTED = 25
"""Things that one list of the page names; it tells how many more there are."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The first of some things, and how many there are."""

    items: list[Any] = field(default_factory=list)
    total: int = 0

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.total - len(self.items)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of an entity; of other things only what the asker may see.

    Parameters
    ----------
    location
        Path of its file below the service's root; empty where it is gone or closed.
    is_dataset
        Whether the archive has a page of it.
    """

    location: str
    is_dataset: bool
    made: Listing
    used: Listing
    same: Listing
    members: Listing
    collections: Listing
    sources: Listing
    derived: Listing


def open_entity(identifier: str, user: Any) -> Entity:
    """The entity of that identifier.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none, or the user may not see it.
    """
    if is_storable(identifier):
        entity = Entity.objects.filter(identifier=identifier).select_related("description").first()
        if entity is not None and _is_open(entity, user):
            return entity
    raise NotFoundError(f"There is no provenance of {identifier[:200]!r} here.")


def _is_open(entity: Entity, user: Any) -> bool:
    if Entity.objects.filter(open_to(user), pk=entity.pk).exists():
        return True
    makers = entity.generations.values_list("activity__identifier", flat=True)
    return any(is_visible(maker, user) for maker in makers)


def facts_of(entity: Entity, user: Any) -> Facts:
    """Everything that the page tells."""
    location = find_entity(identifier=entity.identifier, user=user) or ""
    made = WasGeneratedBy.objects.filter(open_to(user, "activity__"), entity=entity)
    used = Used.objects.filter(open_to(user, "activity__"), entity=entity)
    return Facts(
        location=location,
        is_dataset=bool(location) and entity.identifier.startswith("ivo://") and "#" not in entity.identifier,
        made=_listing(made.select_related("activity__description")),
        used=_listing(used.select_related("activity__description")),
        same=_same(entity, user),
        members=_listing(Entity.objects.filter(open_to(user), collections__collection=entity)),
        collections=_listing(Entity.objects.filter(open_to(user), members__entity=entity)),
        sources=_listing(Entity.objects.filter(open_to(user), derivations__entity=entity)),
        derived=_listing(Entity.objects.filter(open_to(user), derived_from__used_entity=entity)),
    )


def _same(entity: Entity, user: Any) -> Listing:
    """Other entities with the same bytes."""
    if not entity.sha256:
        return Listing()
    return _listing(Entity.objects.filter(open_to(user), sha256=entity.sha256).exclude(pk=entity.pk))


def _listing(rows: Any) -> Listing:
    ordered = rows.order_by("pk")
    return Listing(list(ordered[:MOST_LISTED]), ordered.count())
