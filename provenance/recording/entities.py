"""Writes the files that were used and made, each state of each once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provenance.models import Entity, EntityDescription

if TYPE_CHECKING:
    from uws.models import Job

__all__ = ["BEFORE_ALL", "entity_of", "public_since"]

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when the archive's own data sets are public."""


def public_since(job: Job) -> datetime | None:
    """When everybody may see what a job did: from the beginning in the public workspace, else never by itself."""
    return job.creation_time if job.owner is None else None


def entity_of(
    identifier: str, *, name: str, media_type: str, size: int, sha256: str, product_type: str = "", **more: object
) -> Entity:
    """Return the entity with an identifier and content; it is written when there is none yet."""
    description, _ = EntityDescription.objects.get_or_create(
        name=product_type or media_type or "file", type=product_type, content_type=media_type
    )
    entity, new = Entity.objects.get_or_create(
        identifier=identifier,
        defaults={"name": name, "size": size, "sha256": sha256, "description": description, **more},
    )
    if not new and sha256 and not entity.sha256:
        entity.sha256 = sha256
        entity.save(update_fields=["sha256"])
    elif not new and sha256 and entity.sha256 != sha256:
        # The archive's file has changed since: a new state is a new entity, and the old one stays what it was.
        return entity_of(
            f"{identifier}#{sha256[:16]}",
            name=name,
            media_type=media_type,
            size=size,
            sha256=sha256,
            product_type=product_type,
            **more,
        )
    return entity
