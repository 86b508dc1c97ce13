"""What DataLink tells of the origin of data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from obstap.datalink import Link
from obstap.products import shown_products
from provenance.chunks import NAMES, chunks
from provenance.models import Activity, Entity
from provenance.recording.states import current, states_of
from provenance.visibility import open_keys, open_to

__all__ = ["provenance_links"]

SEMANTICS = "#auxiliary"
"""The nearest term: the vocabulary (http://www.ivoa.net/rdf/datalink/core) has none for provenance."""

PAGE = "Provenance: how it came to be, as a graph and a table"
DOCUMENT = "Provenance: all that it came from, as PROV-JSON"


def provenance_links(identifiers: Sequence[str], *, user: Any) -> dict[str, list[Link]]:
    """Links to the provenance of data sets, where there is some that the user may see.

    Every data set that was ingested, published or used leads, in its present state, to ProvSAP and to a page: a
    published product to that of the job that made it. The number of queries hardly grows with that of the data sets.
    """
    found: dict[str, list[Link]] = {}
    for did, job in _makers(identifiers, user).items():
        found.setdefault(did, []).append(_link(did, f"jobs/{job}/provenance/", "text/html", PAGE))
    for did, entity in _entities(identifiers, user).items():
        name = quote(entity.identifier, safe="")
        if did not in found:
            found[did] = [_link(did, f"provenance/entity/?ID={name}", "text/html", PAGE)]
        found[did].append(_link(did, f"provsap?ID={name}&DEPTH=ALL", "application/json", DOCUMENT))
    return found


def _makers(identifiers: Sequence[str], user: Any) -> dict[str, str]:
    """The jobs that made published products, by the identifiers of these."""
    makers = {product.obs_publisher_did: product.maker_id for product in shown_products(identifiers)}
    opened: set[str] = set()
    for part in chunks(makers.values(), NAMES):
        rows = Activity.objects.filter(open_to(user), identifier__in=part)
        opened.update(rows.values_list("identifier", flat=True))
    return {did: job for did, job in makers.items() if job in opened}


def _entities(identifiers: Sequence[str], user: Any) -> dict[str, Entity]:
    """The present states of data sets."""
    present = {did: entity for did, states in states_of(identifiers).items() if (entity := current(states)) is not None}
    opened = open_keys(Entity, (entity.pk for entity in present.values()), user)
    return {did: entity for did, entity in present.items() if entity.pk in opened}


def _link(identifier: str, address: str, media_type: str, description: str) -> Link:
    return Link(
        identifier=identifier,
        semantics=SEMANTICS,
        local_semantics="provenance",
        description=description,
        access_url=address,
        content_type=media_type,
    )
