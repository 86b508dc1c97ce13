"""What DataLink tells of the origin of a data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obstap.datalink import Link
from obstap.products import product_of
from provenance.models import Activity
from provenance.selectors import is_visible

__all__ = ["provenance_links"]

SEMANTICS = "#documentation"
"""The nearest term: the vocabulary (http://www.ivoa.net/rdf/datalink/core) has none for provenance."""

FORMS = (
    ("jobs/{job}/provenance/", "text/html", "Provenance: how it was made, as a graph and a table"),
    ("provenance/jobs/{job}.json", "application/json", "Provenance: how it was made, as PROV-JSON"),
)


def provenance_links(identifier: str, *, user: Any) -> Iterator[Link]:
    """Links to the provenance of the job that made a published product, where the user may see it."""
    product = product_of(identifier)
    if product is None or not is_visible(product.maker_id, user):
        return
    if not Activity.objects.filter(identifier=product.maker_id).exists():
        return
    for path, media_type, description in FORMS:
        yield Link(
            identifier=identifier,
            semantics=SEMANTICS,
            local_semantics="provenance",
            description=description,
            access_url=path.format(job=product.maker_id),
            content_type=media_type,
        )
