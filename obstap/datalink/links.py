"""The links of a data set (DataLink 1.1 §3): its file, what it was made from, what was made of it, and more.

Packages that know more of data sets register what gives their links. A link is there for whoever asks; of a file that
is not released yet, `Link.link_authorized` says whether the asker may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obstap.access import embargo, may_read
from obstap.archive import access_path
from obstap.models import ArchiveFile, PublishedProduct
from obstap.products.selectors import entity_id, made_from, product_of

__all__ = ["Link", "further_links", "links_of", "register_links"]

PRODUCT_TYPES = {"event": "event-list"}
"""Words of ObsCore → terms of http://www.ivoa.net/rdf/product-type, where they differ."""


@dataclass(frozen=True, slots=True)
class Link:
    """A row of an answer (DataLink 1.1 §3.2).

    Parameters
    ----------
    identifier
        The ID as it was asked for.
    access_url, error_message
        One of them is given; URLs are below the service's own, without a leading slash.
    semantics
        Term of http://www.ivoa.net/rdf/datalink/core, as ``#this``.
    content_length
        Bytes, or None.
    content_qualifier
        Term of http://www.ivoa.net/rdf/product-type, as ``#image``.
    link_auth
        ``false``: everybody may read it; ``true``: only those who are signed in and allowed to.
    link_authorized
        Whether the asker may read it.
    """

    identifier: str
    semantics: str
    description: str = ""
    access_url: str = ""
    error_message: str = ""
    content_type: str = ""
    content_length: int | None = None
    content_qualifier: str = ""
    local_semantics: str = ""
    link_auth: str = "false"
    link_authorized: bool = True


Further = Mapping[str, Sequence[Link]]
"""Links that other packages know, by the identifiers of the data sets."""

Provider = Callable[..., Further]
"""Called with identifiers, which may be of no data set, and the ``user`` who asks."""

_providers: list[Provider] = []


def register_links(provider: Provider) -> Provider:
    """Add what gives more links of data sets; called from `AppConfig.ready` of the package that knows them."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def further_links(identifiers: Sequence[str], *, user: Any) -> Further:
    """What other packages know of data sets, asked for all of them at once."""
    plain = [identifier for identifier in identifiers if identifier.startswith("ivo://") and "\0" not in identifier]
    found: dict[str, list[Link]] = {}
    for provider in _providers:
        for identifier, links in provider(plain, user=user).items():
            found.setdefault(identifier, []).extend(links)
    return found


def links_of(identifier: str, *, user: Any, further: Further) -> list[Link]:
    """The links of a data set, its file first; one that tells the error where there is none (§3.2.3).

    Parameters
    ----------
    further
        What `further_links` gives for this data set and others.
    """
    if not identifier.startswith("ivo://"):
        return [_error(identifier, "UsageFault", "an ID is the obs_publisher_did of a data set of ivoa.obscore.")]
    # PostgreSQL refuses to look for a text with NUL.
    datasets = ArchiveFile.objects.exclude(dataproduct_type="")
    file = None if "\0" in identifier else datasets.filter(obs_publisher_did=identifier).first()
    if file is None:
        return [_error(identifier, "NotFoundFault", "the archive has no such data set.")]
    if not Path(file.path).is_file():
        return [_error(identifier, "NotFoundFault", "the file is no longer on the archive's disk.")]
    return [
        _file(identifier, file, "#this", "The data set itself", user),
        *_related(identifier, user),
        *further.get(identifier, ()),
    ]


def _related(identifier: str, user: Any) -> Iterator[Link]:
    product = product_of(identifier)
    same = [identifier]
    if product is not None:
        same.append(entity_id(product))
        yield from _preview(identifier, product, user)
        for origin in product.progenitors.order_by("pk").values_list("identifier", flat=True):
            file = _file_of(origin)
            if file is not None:
                yield _file(identifier, file, "#progenitor", f"What it was made from: {file.name}", user)
    for derived in made_from(same):
        file = _file_of(derived.obs_publisher_did)
        if file is not None and derived != product:
            description = f"Made from it: {derived.result} by job {derived.job_id}"
            yield _file(identifier, file, "#derivation", description, user)


def _preview(identifier: str, product: PublishedProduct, user: Any) -> Iterator[Link]:
    file = ArchiveFile.objects.filter(collection=product.collection, name=product.preview).first()
    if product.preview and file is not None:
        yield _file(identifier, file, "#preview", "A picture of it", user)


def _file_of(origin: str) -> ArchiveFile | None:
    """The archive's file of a data set, or of a result that is published; None for what is nobody else's to see."""
    if origin.startswith("job:"):
        job_id, _, name = origin[4:].partition("/")
        shown = PublishedProduct.objects.filter(state=PublishedProduct.State.PUBLISHED, maker_id=job_id, result=name)
        product = shown.first()
        origin = product.obs_publisher_did if product is not None else ""
    file = ArchiveFile.objects.filter(obs_publisher_did=origin).first() if origin else None
    return file if file is not None and Path(file.path).is_file() else None


def _file(identifier: str, file: ArchiveFile, semantics: str, description: str, user: Any) -> Link:
    kind = PRODUCT_TYPES.get(file.dataproduct_type, file.dataproduct_type)
    return Link(
        identifier=identifier,
        semantics=semantics,
        description=description,
        access_url=access_path(file.collection, file.name),
        content_type=file.media_type,
        content_length=file.size,
        content_qualifier=f"#{kind}" if kind else "",
        link_auth="true" if embargo(file) else "false",
        link_authorized=may_read(file, user),
    )


def _error(identifier: str, fault: str, message: str) -> Link:
    return Link(identifier=identifier, semantics="#this", error_message=f"{fault}: {message}")
