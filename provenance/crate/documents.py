"""Documents of the service that a crate takes along: the job as UWS tells it, and its provenance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from provenance.crate.names import Names
from provenance.crate.parts import Part, bytes_part
from provenance.crate.privacy import Curtain, person
from provenance.document import Model
from provenance.formats import FORMATS, Format
from provenance.graph import Graph
from provenance.selectors import job_graph
from uws.http.description import describe_job
from uws.http.xml import write_job
from uws.models import Job
from vo.errors import NotFoundError

__all__ = ["provenance_parts", "uws_document"]

GENERATIONS = 3
"""How many generations of earlier jobs the provenance tells."""

_PICTURE = "svg"
"""Extension of the one drawing that is taken along."""


def uws_document(job: Job, *, url: str, curtain: Curtain) -> bytes:
    """The job as its address gives it."""
    described = curtain.data(describe_job(job, url=url))
    if described["ownerId"]:
        described["ownerId"] = person(described["ownerId"])
    return write_job(described)


def provenance_parts(names: Names, *, job: Job, user: Any, base_url: str, curtain: Curtain) -> list[Part]:
    """The provenance of a job in every notation and both models, and drawn; none where there is none any more."""
    try:
        graph = job_graph(job_id=job.taken_over or job.pk, user=user, depth=GENERATIONS)
    except NotFoundError:
        return []
    curtain.graph(graph)
    parts = []
    for form in FORMATS:
        is_picture = form.media_type.startswith("image/")
        if is_picture and form.extension != _PICTURE:
            continue
        for model in (Model.W3C,) if is_picture else (Model.W3C, Model.IVOA):
            path = names.take(f"provenance/{'prov-ivoa' if model == Model.IVOA else 'prov'}.{form.extension}")
            whose = "drawn" if is_picture else f"{form.name}, model of the {model}"
            parts.append(
                bytes_part(path, _writer(form, graph, base_url, model), form.media_type, f"Provenance: {whose}")
            )
    return parts


def _writer(form: Format, graph: Graph, base_url: str, model: Model) -> Any:
    def write() -> Iterable[bytes]:
        return form.write(graph, base_url=base_url, model=model)

    return write
