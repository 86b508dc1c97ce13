"""Writes the provenance of ended jobs."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from jobdefs.definition import Definition
from obstap.archive import access_path
from obstap.products import entity_id, product_of
from provenance.models import (
    Activity,
    ActivityDescription,
    Agent,
    Entity,
    EntityDescription,
    GenerationDescription,
    Parameter,
    ParameterDescription,
    UsageDescription,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from uws.models import Job, JobKind, Result
from vo.wording import plain

__all__ = ["record_job", "record_publication", "record_withdrawal"]

PUBLISHED = "published"
"""Role of a product of the archive in the job that made it."""

_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when the archive's own data sets are public."""

SERVICE_AGENT = f"athanor/{settings.ATHANOR_VERSION}"
"""Identifier of this software as an agent."""


@transaction.atomic
def record_job(*, job_id: str) -> Activity:
    """Record the provenance of a job that has ended, in whatever phase; a second call changes nothing.

    All rows are written in one transaction.

    Raises
    ------
    uws.models.Job.DoesNotExist
        When there is no such job.
    """
    known = Activity.objects.filter(identifier=job_id).first()
    if known is not None:
        return known
    job = Job.objects.select_related("owner").prefetch_related("inputs", "results").get(pk=job_id)
    definition = Definition.from_dict(job.definition_document)
    kind = _describe(definition)
    activity = Activity.objects.create(
        identifier=job.id,
        name=job.definition,
        start_time=job.start_time,
        end_time=job.end_time,
        comment=job.error_message,
        phase=job.phase,
        exit_code=job.exit_code,
        host=job.host,
        command=job.command,
        software=job.software,
        usage=job.usage,
        description=kind,
        parent=Activity.objects.filter(identifier=job.parent_id).first() if job.parent_id else None,
        owner=job.owner,
        public_since=_public_since(job),
    )
    Activity.objects.filter(identifier__in=job.children.values_list("pk", flat=True)).update(parent=activity)
    _configure(activity, job, kind)
    used = _record_inputs(activity, job, definition, kind)
    generated = _record_results(activity, job, kind)
    if job.kind == JobKind.PIPELINE:
        _derive_from_steps(activity, job, generated)
    else:
        WasDerivedFrom.objects.bulk_create(
            WasDerivedFrom(entity=product, used_entity=source) for product in generated for source in used
        )
    _associate(activity, job, generated)
    return activity


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


def _public_since(job: Job) -> datetime | None:
    """When everybody may see what a job did: from the beginning in the public workspace, else never by itself."""
    return job.creation_time if job.owner is None else None


def _describe(definition: Definition) -> ActivityDescription:
    kind, new = ActivityDescription.objects.get_or_create(
        name=definition.name,
        version=definition.version,
        defaults={
            "description": definition.description or definition.title,
            "docurl": definition.documentation,
            "type": definition.type,
        },
    )
    if new:
        _describe_contents(kind, definition)
    return kind


def _describe_contents(kind: ActivityDescription, definition: Definition) -> None:
    required = {parameter.name: parameter.required for parameter in definition.parameters}
    UsageDescription.objects.bulk_create(
        UsageDescription(
            activity_description=kind,
            role=item.role,
            type="Main",
            multiplicity="1" if required.get(item.parameter) else "0..1",
            description=item.description,
        )
        for item in definition.inputs
    )
    GenerationDescription.objects.bulk_create(
        GenerationDescription(
            activity_description=kind,
            role=item.role or item.name,
            type="Main",
            multiplicity="1" if item.required and not item.when else "0..1",
            description=item.description,
        )
        for item in definition.outputs
    )
    ParameterDescription.objects.bulk_create(
        ParameterDescription(
            activity_description=kind,
            name=parameter.name,
            value_type=parameter.type,
            unit=parameter.unit,
            ucd=parameter.ucd,
            min="" if parameter.min is None else plain(parameter.min),
            max="" if parameter.max is None else plain(parameter.max),
            default=parameter.default,
            options=list(parameter.options),
            description=parameter.description,
        )
        for parameter in definition.parameters
    )


def _configure(activity: Activity, job: Job, kind: ActivityDescription) -> None:
    descriptions = {item.name.lower(): item for item in kind.parameters.all()}
    Parameter.objects.bulk_create(
        Parameter(activity=activity, name=name, value=value, description=descriptions.get(name.lower()))
        for name, values in job.parameters.items()
        for value in values
    )


def _record_inputs(activity: Activity, job: Job, definition: Definition, kind: ActivityDescription) -> list[Entity]:
    roles = {item.parameter: item.role for item in definition.inputs}
    descriptions = {item.role: item for item in kind.usages.all()}
    entities = []
    for item in job.inputs.all():
        closed = item.entity_id.startswith("job:") and job.owner is not None  # an upload, or another job's result
        entity = _entity(
            item.entity_id,
            name=item.name,
            media_type=item.media_type,
            size=item.size,
            sha256=item.sha256,
            owner=job.owner if closed else None,
            public_since=None if closed else _BEFORE_ALL,
        )
        role = roles.get(item.parameter, item.parameter)
        Used.objects.create(
            activity=activity, entity=entity, role=role, time=job.start_time, description=descriptions.get(role)
        )
        entities.append(entity)
    informants = Activity.objects.filter(generated__entity__in=entities).exclude(pk=activity.pk).distinct()
    WasInformedBy.objects.bulk_create(WasInformedBy(informed=activity, informant=informant) for informant in informants)
    return entities


def _record_results(activity: Activity, job: Job, kind: ActivityDescription) -> list[Entity]:
    descriptions = {item.role: item for item in kind.generations.all()}
    entities = []
    for result in job.results.all():
        entity = _entity(
            f"job:{job.id}/{result.name}",
            name=result.path.rpartition("/")[2],
            media_type=result.media_type,
            size=result.size,
            sha256=result.sha256,
            product_type=result.product_type,
            location=f"uws/{job.definition}/{job.id}/results/{result.name}",
            generated_at_time=job.end_time,
            owner=job.owner,
            public_since=_public_since(job),
        )
        role = result.role or result.name
        WasGeneratedBy.objects.create(entity=entity, activity=activity, role=role, description=descriptions.get(role))
        entities.append(entity)
    return entities


def _derive_from_steps(activity: Activity, job: Job, products: list[Entity]) -> None:
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


def _entity(
    identifier: str, *, name: str, media_type: str, size: int, sha256: str, product_type: str = "", **more: object
) -> Entity:
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
        return _entity(
            f"{identifier}#{sha256[:16]}",
            name=name,
            media_type=media_type,
            size=size,
            sha256=sha256,
            product_type=product_type,
            **more,
        )
    return entity


def _associate(activity: Activity, job: Job, generated: list[Entity]) -> None:
    service, _ = Agent.objects.get_or_create(
        identifier=SERVICE_AGENT,
        defaults={"name": f"Athanor {settings.ATHANOR_VERSION}", "type": "SoftwareAgent"},
    )
    if job.owner is None:
        identifier, name = "user/anonymous", "anonymous user"
    else:
        identifier, name = f"user/{job.owner.get_username()}", job.owner.get_full_name() or job.owner.get_username()
    user, _ = Agent.objects.get_or_create(identifier=identifier, defaults={"name": name, "type": "Person"})
    WasAssociatedWith.objects.bulk_create(
        [
            WasAssociatedWith(activity=activity, agent=user, role="Operator"),
            WasAssociatedWith(activity=activity, agent=service, role="Provider"),
        ]
    )
    WasAttributedTo.objects.bulk_create(
        WasAttributedTo(entity=entity, agent=user, role="Creator") for entity in generated
    )
