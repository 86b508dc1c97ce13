"""Writes the provenance of products that are published, and of those that are taken back."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from obstap.archive import access_path
from obstap.products import entity_id, product_of
from provenance.models import Activity, Entity, WasAttributedTo, WasDerivedFrom, WasGeneratedBy

__all__ = ["record_publication", "record_withdrawal"]

PUBLISHED = "published"
"""Role of a product of the archive in the job that made it."""


@transaction.atomic
def record_publication(*, did: str) -> None:
    """Record that a published product is a copy of a job's result; a second call changes nothing.

    The product is an entity of its own, made by the same activity and derived from the result, so that whoever uses it
    later is led to the job.
    """
    product = product_of(did)
    result = Entity.objects.filter(identifier=entity_id(product)).first() if product is not None else None
    if product is None or result is None:
        return
    published, _ = Entity.objects.update_or_create(
        identifier=did,
        defaults={
            "name": product.name,
            "location": access_path(product.collection, product.name),
            "generated_at_time": product.published_at,
            "invalidated_at_time": None,
            "comment": f"Published copy of {result.identifier}",
            "sha256": product.sha256,
            "size": result.size,
            "description": result.description,
            "public_since": product.release_date or product.published_at,
            "owner_id": product.owner_id,
        },
    )
    WasDerivedFrom.objects.get_or_create(entity=published, used_entity=result)
    for generation in result.generations.all():
        WasGeneratedBy.objects.get_or_create(
            entity=published, activity=generation.activity, defaults={"role": PUBLISHED}
        )
        _set_public(generation.activity)
    for attribution in result.attributions.all():
        WasAttributedTo.objects.get_or_create(
            entity=published, agent=attribution.agent, defaults={"role": attribution.role}
        )


@transaction.atomic
def record_withdrawal(*, did: str) -> None:
    """Record that a published product is no longer in the archive."""
    for entity in Entity.objects.filter(identifier=did, invalidated_at_time__isnull=True):
        entity.invalidated_at_time = timezone.now()
        entity.save(update_fields=["invalidated_at_time"])
        for generation in entity.generations.select_related("activity"):
            _set_public(generation.activity)


def _set_public(activity: Activity) -> None:
    """What a job did may be seen by those who may see a product of it that is published now."""
    if activity.owner_id is not None:
        products = Entity.objects.filter(
            generations__activity=activity, generations__role=PUBLISHED, invalidated_at_time__isnull=True
        )
        activity.public_since = products.aggregate(first=Min("public_since"))["first"]
        activity.save(update_fields=["public_since"])
