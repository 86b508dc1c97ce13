"""Who may read the archive's files: everybody, but for products that their owner has not released yet."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from obstap.models import ArchiveFile, PublishedProduct

__all__ = ["embargo", "may_read"]


def embargo(file: ArchiveFile) -> PublishedProduct | None:
    """The published product, not released yet, to which a file belongs; None for a file that is public.

    ObsCore 1.1 §B.4.2: data are public from ``obs_release_date`` on.
    """
    unreleased = PublishedProduct.objects.filter(collection=file.collection, release_date__gt=timezone.now())
    product = unreleased.filter(name=file.name).first()
    return product or unreleased.filter(preview=file.name).exclude(preview="").first()


def may_read(file: ArchiveFile, user: Any) -> bool:
    """Whether a user, or nobody, may read a file: until its release the owner of its job, and superusers."""
    product = embargo(file)
    if product is None:
        return True
    if user is None or not user.is_authenticated:
        return False
    return bool(user.is_superuser) or product.owner_id == user.pk
