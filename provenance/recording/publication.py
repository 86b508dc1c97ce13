"""Writes the provenance of results that are published in the archive, and of those that are taken back."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Min

from obstap.archive import access_path
from obstap.models import PublishedProduct
from obstap.products import entity_id, product_of
from provenance.models import (
    Activity,
    ActivityKind,
    Entity,
    Used,
    WasAttributedTo,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.recording.agents import user_agent
from provenance.recording.happenings import PUBLICATION, happen, keeper_agent
from provenance.recording.roles import PUBLISHED, PUBLISHER, RESULT
from provenance.recording.states import end, name_of_state, states_of
from uws.times import format_time, now

__all__ = ["publication_id", "record_publication", "record_withdrawal"]


@transaction.atomic
def record_publication(*, did: str) -> Activity | None:
    """Record that a result of a job was published in the archive; a second call changes nothing.

    The publication is an activity that used the result and generated the data set, so that whoever uses the data set is
    led on to the job. A result that is published again after it was withdrawn is a new state of the data set.

    Returns
    -------
    Activity
        The publication; None when nothing of that identifier is published, or the job has no provenance.
    """
    product = product_of(did)
    result = Entity.objects.filter(identifier=entity_id(product)).first() if product is not None else None
    if product is None or result is None:
        return None
    identifier = publication_id(did, product.published_at)
    known = Activity.objects.filter(identifier=identifier).first()
    if known is not None:
        return known
    seen = {"owner_id": product.owner_id, "public_since": product.release_date or product.published_at}
    publisher = user_agent(product.publisher) if product.publisher is not None else keeper_agent()
    told = {"release_date": [format_time(product.release_date)]} if product.release_date else {}
    activity = happen(
        PUBLICATION,
        identifier=identifier,
        start=product.published_at,
        end=product.published_at,
        parameters={"collection": [product.collection], **told},
        responsible=publisher,
        role=PUBLISHER,
        **seen,
    )
    roles = activity.description
    Used.objects.create(
        activity=activity,
        entity=result,
        role=RESULT,
        time=product.published_at,
        description=roles.usages.filter(role=RESULT).first(),
    )
    published = _publish(product, result, identifier, seen)
    WasGeneratedBy.objects.create(
        entity=published,
        activity=activity,
        role=PUBLISHED,
        description=roles.generations.filter(role=PUBLISHED).first(),
    )
    WasDerivedFrom.objects.create(entity=published, used_entity=result)
    for attribution in result.attributions.select_related("agent"):
        WasAttributedTo.objects.create(entity=published, agent=attribution.agent, role=attribution.role)
    WasAttributedTo.objects.create(entity=published, agent=publisher, role=PUBLISHER)
    for maker in Activity.objects.filter(generated__entity=result):
        WasInformedBy.objects.create(informed=activity, informant=maker)
        _set_public(maker)
    return activity


@transaction.atomic
def record_withdrawal(*, did: str) -> None:
    """Record that a published product is no longer in the archive; its publication is its owner's affair again.

    A product that was to be released later never is.
    """
    instant = now()
    states = [state for state in states_of([did]).get(did, ()) if state.invalidated_at_time is None]
    end(states, instant)
    Entity.objects.filter(pk__in=[state.pk for state in states], public_since__gt=instant).update(public_since=None)
    for activity in Activity.objects.filter(generated__entity__in=states, kind=ActivityKind.PUBLICATION):
        makers = list(Activity.objects.filter(informed__informed=activity))
        for maker in makers:
            _set_public(maker)
        if activity.owner_id is not None or not all(maker.public_since for maker in makers):
            Activity.objects.filter(pk=activity.pk).update(public_since=None)


def publication_id(did: str, time: datetime) -> str:
    """The identifier of the publication of a data set at a time."""
    return f"{ActivityKind.PUBLICATION}:{sha256(f'{did} {format_time(time)}'.encode()).hexdigest()[:32]}"


def _publish(product: PublishedProduct, result: Entity, publication: str, seen: dict[str, object]) -> Entity:
    """The data set in its new state."""
    did = product.obs_publisher_did
    states = states_of([did]).get(did, [])
    end(states, product.published_at)
    mark = publication.partition(":")[2][:16]
    return Entity.objects.create(
        identifier=name_of_state(did, mark, {state.identifier for state in states}),
        name=product.name,
        location=access_path(product.collection, product.name),
        generated_at_time=product.published_at,
        comment=f"Published copy of {result.identifier}",
        sha256=product.sha256,
        size=result.size,
        description=result.description,
        **seen,
    )


def _set_public(activity: Activity) -> None:
    """What a job did may be seen by those who may see a product of it that is published now."""
    if _is_everybodys(activity):
        return
    products = Entity.objects.filter(
        generations__activity__kind=ActivityKind.PUBLICATION,
        generations__activity__informants__informant=activity,
        invalidated_at_time__isnull=True,
    )
    activity.public_since = products.aggregate(first=Min("public_since"))["first"]
    activity.save(update_fields=["public_since"])
    if activity.public_since is None:
        _close_comparisons(activity)


def _is_everybodys(activity: Activity) -> bool:
    """Whether a job was made in the public workspace; one whose owner is gone has no owner either."""
    opened, began = activity.public_since, activity.start_time
    return activity.owner_id is None and opened is not None and (began is None or opened <= began)


def _close_comparisons(activity: Activity) -> None:
    """The verdicts on repetitions tell of both jobs."""
    comparisons = Activity.objects.filter(kind=ActivityKind.COMPARISON, informants__informant=activity)
    keys = list(comparisons.values_list("pk", flat=True))
    Entity.objects.filter(generations__activity__in=keys).update(public_since=None)
    Activity.objects.filter(pk__in=keys).update(public_since=None)
