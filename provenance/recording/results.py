"""Writes what a job made, where it comes from, and which earlier files are the same bytes."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models import OuterRef, Subquery

from provenance.models import (
    Activity,
    ActivityDescription,
    AlternateOf,
    Entity,
    EntityKind,
    Used,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.recording.entities import Thing, describe_entities, entities_of, known_entities, public_since, seen_by
from provenance.recording.roles import VALUE
from uws.entities import result_id
from uws.models import Job, Result

__all__ = ["add_alternates", "derive_from_inputs", "derive_from_steps", "record_results"]


def record_results(activity: Activity, job: Job, kind: ActivityDescription) -> list[Entity]:
    """Write what a job generated; what another has used before this was written gets its origin now."""
    if job.taken_over:
        return []
    results = list(job.results.all())
    things = [_thing(job, result) for result in results]
    entities, before = entities_of(things, shared=False)
    descriptions = dict(kind.generations.values_list("role", "pk"))
    WasGeneratedBy.objects.bulk_create(
        WasGeneratedBy(
            entity=entity,
            activity=activity,
            role=(role := result.role or result.name)[:100],
            description_id=descriptions.get(role),
        )
        for result, entity in zip(results, entities, strict=True)
    )
    if before:
        _complete([(thing, entity) for thing, entity in zip(things, entities, strict=True) if entity.pk in before])
        _inform_users(activity, before)
    return entities


def derive_from_inputs(activity: Activity) -> None:
    """Everything that a task made comes from everything that it used: it does not say more."""
    made, used = WasGeneratedBy._meta.db_table, Used._meta.db_table
    with connection.cursor() as cursor:  # one statement for however many results
        cursor.execute(
            f"INSERT INTO {WasDerivedFrom._meta.db_table} (entity_id, used_entity_id) "  # noqa: S608 - names of ours
            f"SELECT DISTINCT made.entity_id, used.entity_id FROM {made} made, {used} used "
            "WHERE made.activity_id = %s AND used.activity_id = %s ORDER BY 1, 2",
            [activity.pk, activity.pk],
        )


def derive_from_steps(job: Job, products: Collection[Entity]) -> list[Entity]:
    """The results of a pipeline are files of its steps, whose jobs tell what they come from; these files."""
    makers: dict[str, dict[str, str]] = {}
    for result in Result.objects.filter(job__parent=job).select_related("job").order_by("pk"):
        identifier = result_id(result.job.taken_over or result.job_id, result.name)
        makers.setdefault(result.sha256, {}).setdefault(result.job.branch, identifier)
    sources = {product: _maker(product, makers.get(product.sha256, {})) for product in products}
    known = known_entities(sources.values())
    found = {product: known[identifier] for product, identifier in sources.items() if identifier in known}
    WasDerivedFrom.objects.bulk_create(
        WasDerivedFrom(entity=product, used_entity=source) for product, source in found.items()
    )
    return list(found.values())


def add_alternates(activity: Activity, job: Job, products: Collection[Entity]) -> None:
    """Tie what a job made to the earliest files with the same content that its owner may see.

    Empty files are all the same and tell nothing.
    """
    first = min((entity.pk for entity in products if entity.size and entity.sha256), default=None)
    if first is None:
        return
    same = Entity.objects.filter(seen_by(job.owner), sha256=OuterRef("sha256"), pk__lt=first, kind=EntityKind.DATASET)
    made = Entity.objects.filter(generations__activity=activity, size__gt=0).exclude(sha256="")
    pairs = made.annotate(same=Subquery(same.order_by("pk").values("pk")[:1])).filter(same__isnull=False)
    found = set(pairs.values_list("pk", "same"))
    if found:  # a pipeline's result is the very file of its step
        derivations = WasDerivedFrom.objects.filter(entity__generations__activity=activity)
        found -= set(derivations.values_list("entity", "used_entity"))
    AlternateOf.objects.bulk_create(
        (AlternateOf(entity_id=entity, alternate_id=alternate) for entity, alternate in sorted(found)),
        ignore_conflicts=True,
    )


def _thing(job: Job, result: Result) -> Thing:
    return Thing(
        result_id(job.pk, result.name),
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


def _maker(product: Entity, branches: dict[str, str]) -> str:
    """Of the results with a product's content, that of the branch after which it is named, else the first."""
    named = [branches[word] for word in product.identifier.split("-") if word in branches]
    return named[-1] if named else next(iter(branches.values()), "")


def _complete(known: Collection[tuple[Thing, Entity]]) -> None:
    """What was known as an input of another job only."""
    kinds = describe_entities(thing.described for thing, _ in known)
    for thing, entity in known:
        entity.description_id = kinds[thing.described]
        for name in ("location", "generated_at_time", "owner", "public_since"):
            setattr(entity, name, getattr(thing, name))
    fields = ["description", "location", "generated_at_time", "owner", "public_since"]
    Entity.objects.bulk_update([entity for _, entity in known], fields, batch_size=50)


def _inform_users(activity: Activity, entities: Collection[int]) -> None:
    """Tie to an activity those that have used its results, and the values in them that configured others."""
    values = Entity.objects.filter(kind=EntityKind.VALUE, derived_from__used_entity__in=entities)
    keys = list(values.values_list("pk", flat=True))
    WasGeneratedBy.objects.bulk_create(WasGeneratedBy(entity_id=key, activity=activity, role=VALUE) for key in keys)
    informed = set(Activity.objects.filter(used__entity__in=entities).values_list("pk", flat=True))
    informed |= set(Activity.objects.filter(parameters__value_entity__in=keys).values_list("pk", flat=True))
    WasInformedBy.objects.bulk_create(
        WasInformedBy(informed_id=key, informant=activity) for key in sorted(informed - {activity.pk})
    )
