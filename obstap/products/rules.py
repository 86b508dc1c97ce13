"""Who may publish what, and under which name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from obstap.models import ArchiveFile, PublishedProduct
from obstap.products.selectors import candidates
from uws.models import Job, Result
from uws.phases import Phase
from vo.errors import AuthorizationError, IllegalStateError, ParameterError
from vo.wording import did_you_mean

__all__ = ["PERMISSION", "check_collection", "choose_results", "may_publish", "may_withdraw", "require_publisher"]

PERMISSION = "obstap.publish_products"
"""Permission of Django's by which a user may publish results of all jobs that the user sees; superusers have it."""

_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def may_publish(job: Job, user: Any) -> bool:
    """Whether a user may publish results of a job that the user sees, and withdraw them.

    Operators may (`PERMISSION`); the job's owner may where ``ATHANOR_PUBLISH`` is ``owners``.
    """
    if user is None or not user.is_authenticated:
        return False
    if user.has_perm(PERMISSION):
        return True
    return settings.ATHANOR_PUBLISH == "owners" and job.owner_id == user.pk


def may_withdraw(product: PublishedProduct, user: Any) -> bool:
    """Whether a user may withdraw a product, also when its job is gone: who might publish it."""
    if user is None or not user.is_authenticated:
        return False
    return user.has_perm(PERMISSION) or (settings.ATHANOR_PUBLISH == "owners" and product.owner_id == user.pk)


def require_publisher(job: Job, user: Any) -> None:
    """Refuse a user who may not publish.

    Raises
    ------
    vo.errors.AuthorizationError
        Saying who may.
    """
    if not may_publish(job, user):
        who = "its owner or an operator" if settings.ATHANOR_PUBLISH == "owners" else "an operator"
        raise AuthorizationError(f"Results of this job can be published by {who} only.")


def choose_results(job: Job, names: Sequence[str]) -> list[Result]:
    """The results that are named, or all that are data products.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job has not completed, or is archived.
    vo.errors.ParameterError
        When a name is unknown or no data product, or none is left.
    """
    if job.phase != Phase.COMPLETED:
        raise IllegalStateError(f"The job is {job.phase}; only results of a COMPLETED job can be published.")
    offered = {result.name: result for result in candidates(job)}
    if not offered:
        raise ParameterError("RESULT", "the job has no data product that could be published.")
    for name in names:
        if name not in offered:
            exists = job.results.filter(name=name).exists() if "\0" not in name else False
            what = "is no data product" if exists else "is not among the job's results"
            hint = did_you_mean(name, offered) or f"Data products are: {', '.join(offered)}."
            raise ParameterError("RESULT", f"{name[:80]!r} {what}.", hint=hint)
    return [offered[name] for name in dict.fromkeys(names)] if names else list(offered.values())


def check_collection(name: str) -> str:
    """The name of a collection for products.

    Raises
    ------
    vo.errors.ParameterError
        When it is malformed, or that of a collection of observations, whatever its case.
    """
    if not _COLLECTION.fullmatch(name):
        raise ParameterError(
            "COLLECTION",
            f"{name[:80]!r} is no name of a collection.",
            hint="Use at most 64 letters, digits, '.', '-' and '_', beginning with a letter or a digit.",
        )
    known = set(PublishedProduct.objects.filter(collection__iexact=name).values_list("collection", flat=True))
    if known - {name}:
        raise ParameterError("COLLECTION", f"it is written {min(known)!r}.")
    products = PublishedProduct.objects.filter(collection=name)
    own = {*products.values_list("name", flat=True), *products.values_list("preview", flat=True)}
    files = ArchiveFile.objects.filter(collection__iexact=name).values_list("name", flat=True)
    if any(found not in own for found in files.iterator()):
        raise ParameterError(
            "COLLECTION", f"{name!r} is a collection of the archive's observations; choose another name."
        )
    return name
