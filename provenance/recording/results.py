"""Writes what a job made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.models import Activity, Entity, WasDerivedFrom, WasGeneratedBy, WasInformedBy
from provenance.recording.entities import entity_of, public_since
from uws.models import Result

if TYPE_CHECKING:
    from provenance.models import ActivityDescription
    from uws.models import Job

__all__ = ["derive_from_steps", "record_results"]


def record_results(activity: Activity, job: Job, kind: ActivityDescription) -> list[Entity]:
    """Write what a job generated."""
    descriptions = {item.role: item for item in kind.generations.all()}
    entities = []
    for result in job.results.all():
        entity = entity_of(
            f"job:{job.id}/{result.name}",
            name=result.path.rpartition("/")[2],
            media_type=result.media_type,
            size=result.size,
            sha256=result.sha256,
            product_type=result.product_type,
            location=f"uws/{job.definition}/{job.id}/results/{result.name}",
            generated_at_time=job.end_time,
            owner=job.owner,
            public_since=public_since(job),
        )
        role = result.role or result.name
        WasGeneratedBy.objects.create(entity=entity, activity=activity, role=role, description=descriptions.get(role))
        entities.append(entity)
    return entities


def derive_from_steps(activity: Activity, job: Job, products: list[Entity]) -> None:
    """The results of a pipeline are files of its steps, whose jobs tell what they come from."""
    makers: dict[str, dict[str, str]] = {}
    for result in Result.objects.filter(job__parent=job).select_related("job").order_by("pk"):
        identifier = f"job:{result.job.taken_over or result.job_id}/{result.name}"
        makers.setdefault(result.sha256, {}).setdefault(result.job.branch, identifier)
    wanted = [identifier for branches in makers.values() for identifier in branches.values()]
    known = {entity.identifier: entity for entity in Entity.objects.filter(identifier__in=wanted)}
    pairs = [(product, known.get(_maker(product, makers.get(product.sha256, {})))) for product in products]
    sources = {product: source for product, source in pairs if source is not None}
    WasDerivedFrom.objects.bulk_create(
        WasDerivedFrom(entity=product, used_entity=source) for product, source in sources.items()
    )
    informants = Activity.objects.filter(generated__entity__in=sources.values()).exclude(pk=activity.pk).distinct()
    WasInformedBy.objects.bulk_create(WasInformedBy(informed=activity, informant=informant) for informant in informants)


def _maker(product: Entity, branches: dict[str, str]) -> str:
    """Of the results with a product's content, that of the branch after which it is named, else the first."""
    named = [branches[word] for word in product.identifier.split("-") if word in branches]
    return named[-1] if named else next(iter(branches.values()), "")
