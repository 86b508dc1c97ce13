"""Writes directories that jobs used as collections: each file in one is an entity of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provenance.models import Entity, HadMember
from provenance.recording.entities import Thing, entities_of, fitting
from uws.digests import known_listing
from uws.models import JobInput

__all__ = ["record_members"]


def record_members(folders: Sequence[tuple[JobInput, Entity]]) -> None:
    """Write the files of directories, as far as their listings are known; a file that changed is another entity."""
    if not folders:
        return
    told = set(HadMember.objects.filter(collection__in=[entity for _, entity in folders]).values_list("collection_id"))
    for item, entity in {entity.pk: (item, entity) for item, entity in folders}.values():
        if (entity.pk,) not in told and item.sha256 and entity.sha256 == item.sha256:
            _record(item, entity, known_listing(item.path, item.sha256))


def _record(item: JobInput, folder: Entity, listing: Sequence[Sequence[Any]]) -> None:
    things = [
        Thing(
            fitting(f"{item.entity_id}/{name}"),
            name=name.rpartition("/")[2],
            size=size,
            sha256=sha256,
            owner=folder.owner,
            public_since=folder.public_since,
        )
        for name, size, sha256 in listing
    ]
    members, _ = entities_of(things, shared=True)
    HadMember.objects.bulk_create(
        (HadMember(collection=folder, entity=member) for member in members), ignore_conflicts=True
    )
