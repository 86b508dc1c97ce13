"""What pages say of published products."""

from __future__ import annotations

from typing import Any

from django import template

from obstap.models import PublishedProduct
from obstap.products import candidates, may_publish, product_of, products_of
from provenance.selectors import is_visible, present_entity
from uws.models import Job
from uws.phases import Phase

__all__ = ["register"]

register = template.Library()


@register.inclusion_tag("web/job_products.html", takes_context=True)
def job_products(context: Any, job: Job) -> dict[str, Any]:
    """What of a job is published, and the way to publish for those who may."""
    if job.phase not in (Phase.COMPLETED, Phase.ARCHIVED):
        return {"job": job}
    allowed = may_publish(job, context["request"].user)
    published = list(products_of(job.pk))
    can_publish = allowed and job.phase == Phase.COMPLETED and bool(candidates(job))
    return {"job": job, "products": published, "can_publish": can_publish, "can_withdraw": allowed and bool(published)}


@register.inclusion_tag("web/product_origin.html", takes_context=True)
def product_origin(context: Any, did: str) -> dict[str, Any]:
    """Where a published product comes from; of an observation, what is told of it if there is something."""
    product = product_of(did)
    if product is None:
        entity = present_entity(did)
        return {"product": None, "entity": entity.identifier if entity is not None else ""}
    return {
        "product": product,
        "visible": is_visible(product.maker_id, context["request"].user),
        "origins": [_origin(item.identifier) for item in product.progenitors.order_by("pk")],
    }


def _origin(identifier: str) -> dict[str, str]:
    """A data set with a page; or a result, by the product that it was published as."""
    if not identifier.startswith("job:"):
        return {"text": identifier, "did": identifier if identifier.startswith("ivo:") else ""}
    job_id, _, name = identifier[4:].partition("/")
    shown = PublishedProduct.objects.filter(state=PublishedProduct.State.PUBLISHED, maker_id=job_id, result=name)
    product = shown.first()
    if product is not None:
        return {"text": product.obs_publisher_did, "did": product.obs_publisher_did}
    return {"text": "a result that is not published", "did": ""}
