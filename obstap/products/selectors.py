"""Reading what was published: of which job, from what, and who may know where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from obstap.models import PublishedProduct
from uws.entities import result_id
from uws.models import Job, Result
from uws.selectors import result_path

__all__ = [
    "candidates",
    "entity_id",
    "is_public",
    "made_from",
    "preview_of",
    "product_of",
    "products_of",
    "shown_products",
]

FITS_TYPES = frozenset({"application/fits", "image/fits"})

NO_PRODUCTS = frozenset({"log", "preview"})
"""Roles of results that are never published by themselves."""

PREVIEW = "image/png"

_AT_ONCE = 500
"""Identifiers that one query names."""

_SHOWN = Q(state=PublishedProduct.State.PUBLISHED)


def candidates(job: Job) -> list[Result]:
    """The results of a job that are data products, whose files are there: FITS files, and what has a product type."""
    return [
        result
        for result in job.results.select_related("job").order_by("pk")
        if result.role not in NO_PRODUCTS
        and (result.product_type or result.media_type in FITS_TYPES)
        and result_path(result=result).is_file()
    ]


def preview_of(result: Result) -> Result | None:
    """The picture that a job made of one of its results, ``<result>-preview``; None where there is none."""
    return Result.objects.filter(job_id=result.job_id, name=f"{result.name}-preview", media_type=PREVIEW).first()


def entity_id(product: PublishedProduct) -> str:
    """What provenance calls the result that was published."""
    return result_id(product.maker_id, product.result)


def products_of(job_id: str) -> QuerySet[PublishedProduct]:
    """The published products of a job, in the order in which they were published."""
    return PublishedProduct.objects.filter(_SHOWN, job_id=job_id).order_by("pk")


def product_of(did: str) -> PublishedProduct | None:
    """The published product of that identifier, or None."""
    if "\0" in did:
        return None
    return PublishedProduct.objects.filter(_SHOWN, obs_publisher_did=did).first()


def shown_products(dids: Sequence[str]) -> Iterator[PublishedProduct]:
    """Those of the identifiers that are published products."""
    for start in range(0, len(dids), _AT_ONCE):
        yield from PublishedProduct.objects.filter(_SHOWN, obs_publisher_did__in=dids[start : start + _AT_ONCE])


def made_from(identifiers: Iterable[str]) -> QuerySet[PublishedProduct]:
    """The published products that were made from any of these, which are ``obs_publisher_did`` or ``job:…``."""
    found = PublishedProduct.objects.filter(_SHOWN, progenitors__identifier__in=list(identifiers))
    return found.distinct().order_by("pk")


def is_public(job_id: str, user: Any) -> bool:
    """Whether the provenance of a job is for this user to see because a product of it is published.

    Until the product is released only its owner and superusers may.
    """
    products = PublishedProduct.objects.filter(_SHOWN & (Q(maker_id=job_id) | Q(job_id=job_id)))
    released = Q(release_date__isnull=True) | Q(release_date__lte=timezone.now())
    if user is not None and user.is_authenticated:
        if user.is_superuser:
            return products.exists()
        released |= Q(owner_id=user.pk)
    return products.filter(released).exists()
