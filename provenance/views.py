"""Provenance for programs: documents of a job, ProvSAP, and links to entities."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from obstap.tap.resource import parameters, resource
from provenance.document import Model
from provenance.formats import Format, find_format, preferred_format
from provenance.pages.view import read_depth
from provenance.sap import find_graph, read_request
from provenance.selectors import find_entity, job_graph
from uws.http.locations import base_url, see_other
from uws.http.streams import stream
from vo.errors import NotFoundError, ParameterError

__all__ = ["entity", "job_document", "provsap"]

SHORT = 1 << 20
"""Bytes up to which an answer is sent in one piece, with its length."""


@require_safe
def job_document(request: HttpRequest, job_id: str, extension: str) -> HttpResponseBase:
    """The provenance of a job and, to `depth`, of the jobs that made its inputs, in the form of an extension."""
    form = find_format(extension)
    graph = job_graph(job_id=job_id, user=request.user, depth=read_depth(request.GET))
    model = _model(request.GET.get("model", ""))
    body = form.write(graph, base_url=base_url(request), model=model, title=f"Provenance of job {job_id}")
    return _answer(request, body, form, f"{job_id}-prov")


@resource("GET", "HEAD", "POST")
def provsap(request: HttpRequest) -> HttpResponseBase:
    """ProvSAP: the provenance around data sets, results and jobs."""
    wanted = read_request(parameters(request))
    form = find_format(wanted.responseformat) if wanted.responseformat else _preferred(request)
    graph = find_graph(wanted, user=request.user, base_url=base_url(request))
    body = form.write(
        graph,
        base_url=base_url(request),
        model=wanted.model,
        descriptions=wanted.descriptions,
        title=f"Provenance of {', '.join(wanted.ids)}"[:200],
    )
    return _answer(request, body, form, "provenance")


def _preferred(request: HttpRequest) -> Format:
    accept = request.headers.get("Accept", "")
    return find_format("PROV-SVG") if "application/xhtml+xml" in accept else preferred_format(accept)


def _model(text: str) -> Model:
    if text.upper() not in ("", *Model.__members__):
        raise ParameterError("model", f"{text[:40]!r} is none of {', '.join(Model.__members__)}.")
    return Model[text.upper()] if text else Model.W3C


def _answer(request: HttpRequest, body: Iterable[bytes], form: Format, name: str) -> HttpResponseBase:
    pieces = (piece for piece in body)
    response = stream(request, pieces, content_type=form.content_type, short=SHORT)
    if form.notation is not None:
        response["Content-Disposition"] = f'inline; filename="{name}.{form.extension}"'
    return response


@require_safe
def entity(request: HttpRequest) -> HttpResponseBase:
    """Where an entity can be had: a redirect to the file, or 404 for what is gone or closed."""
    identifier = request.GET.get("ID", "")
    if not identifier:
        raise ParameterError("ID", "the identifier of an entity is missing.")
    location = find_entity(identifier=identifier, user=request.user)
    if location is None:
        raise NotFoundError(f"The entity {identifier!r} is not known here, or is not yours to read.")
    return see_other(f"{base_url(request)}/{location}")
