"""Provenance over HTTP: PROV-JSON and SVG of a job, the page with the graph, and links to entities."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provenance.document import activity_url, entity_url, prov_json
from provenance.graph import Graph
from provenance.selectors import find_entity, job_graph
from provenance.svg import draw
from uws.http.locations import base_url, see_other
from vo.errors import NotFoundError, ParameterError

__all__ = ["entity", "job_json", "job_page", "job_svg"]

MAX_DEPTH = 50
"""Generations of earlier jobs that one request may ask for."""


@require_safe
def job_json(request: HttpRequest, job_id: str) -> HttpResponse:
    """PROV-JSON of a job and, to `depth`, of the jobs that made its inputs."""
    body = prov_json(_graph(request, job_id), base_url=base_url(request))
    response = HttpResponse(body, content_type="application/json")
    response["Content-Disposition"] = f'inline; filename="{job_id}-prov.json"'
    return response


@require_safe
def job_svg(request: HttpRequest, job_id: str) -> HttpResponse:
    """The same graph, drawn."""
    graph = _graph(request, job_id)
    svg = draw(graph, base_url=base_url(request), title=f"Provenance of job {job_id}")
    return HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")


@require_safe
def job_page(request: HttpRequest, job_id: str) -> HttpResponse:
    """The graph with its links, and the same relations as a table."""
    graph = _graph(request, job_id)
    service = base_url(request)
    context = {
        "job_id": job_id,
        "activity": next(item for item in graph.activities.values() if item.identifier == job_id),
        "svg": draw(graph, base_url=service, title=f"Provenance of job {job_id}"),
        "relations": _rows(graph, service),
    }
    return render(request, "provenance/job.html", context)


@require_safe
def entity(request: HttpRequest) -> HttpResponse:
    """Where an entity can be had: a redirect to the file, or 404 for what is gone or closed."""
    identifier = request.GET.get("ID", "")
    if not identifier:
        raise ParameterError("ID", "the identifier of an entity is missing.")
    location = find_entity(identifier=identifier, user=request.user)
    if location is None:
        raise NotFoundError(f"The entity {identifier!r} is not known here, or is not yours to read.")
    return see_other(f"{base_url(request)}/{location}")


def _graph(request: HttpRequest, job_id: str) -> Graph:
    text = request.GET.get("depth", "3")
    if not (text.isascii() and text.isdecimal()) or int(text) > MAX_DEPTH:
        raise ParameterError("depth", f"{text!r} is not a whole number from 0 to {MAX_DEPTH}.")
    return job_graph(job_id=job_id, user=request.user, depth=int(text))


def _rows(graph: Graph, service: str) -> list[dict[str, str]]:
    names = {
        ("activity", pk): (str(item.description or item.name), activity_url(item, service))
        for pk, item in graph.activities.items()
    }
    names |= {
        ("entity", pk): (item.name or item.identifier, entity_url(item, service)) for pk, item in graph.entities.items()
    }
    names |= {("agent", pk): (item.name, item.url) for pk, item in graph.agents.items()}
    return [
        {
            "source": names[relation.source][0],
            "source_url": names[relation.source][1],
            "kind": relation.kind,
            "role": relation.role,
            "target": names[relation.target][0],
            "target_url": names[relation.target][1],
        }
        for relation in graph.relations
    ]
