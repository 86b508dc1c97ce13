"""The pages: of a job's provenance, of what else happened to the archive, of an entity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from provenance.document import Model, activity_url
from provenance.drawing import ALL, Drawing, Links, compose, legend, write
from provenance.formats import FORMATS
from provenance.graph import ActivityNode, EntityNode, Graph, Key
from provenance.models import Activity, ActivityKind
from provenance.pages.around import around
from provenance.pages.entities import facts_of, open_entity
from provenance.pages.relations import page_of
from provenance.pages.view import DIRECTIONS, View, read_view
from provenance.reading import graph_of
from provenance.selectors import is_visible
from provenance.walk import Found
from uws.http.locations import base_url, see_other
from vo.errors import NotFoundError, ParameterError

__all__ = ["activity", "entity", "job"]


@require_safe
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """How the results of a job came to be."""
    found = _activity(job_id, request.user)
    if found is None:
        if not is_visible(job_id, request.user):
            raise NotFoundError(f"There is no job {job_id!r} here.")
        raise NotFoundError(f"Job {job_id} has no provenance yet.", hint="It is recorded when the job has ended.")
    return _of_activity(request, found)


@require_safe
def activity(request: HttpRequest, identifier: str) -> HttpResponse:
    """What happened to the archive: an ingest, a publication, a comparison; for a job its own page."""
    found = _activity(identifier, request.user)
    if found is None:
        raise NotFoundError(f"There is no activity {identifier[:200]!r} here.")
    if found.kind == ActivityKind.JOB:
        return see_other(f"{base_url(request)}/jobs/{found.identifier}/")
    return _of_activity(request, found)


@require_safe
def entity(request: HttpRequest) -> HttpResponse:
    """What an entity is, where it came from and what became of it."""
    identifier = request.GET.get("ID", "")
    if not identifier:
        raise ParameterError("ID", "the identifier of an entity is missing.")
    found = open_entity(identifier, request.user)
    view = read_view(request.GET)
    if "direction" not in request.GET:
        view = read_view(_with(request, "direction", "both"))
    fixed = {"ID": identifier}
    start = Found(set(), {found.pk})
    context = _graph_context(request, view, start, [("entity", found.pk)], fixed, title=f"Provenance of {found.name}")
    context |= {
        "entity": found,
        "facts": facts_of(found, request.user),
        "downloads": _downloads(_provsap(view, identifier, is_entity=True)),
    }
    return render(request, "provenance/entity.html", context)


def _activity(identifier: str, user: Any) -> Activity | None:
    if not is_visible(identifier, user):
        return None
    return Activity.objects.filter(identifier=identifier).select_related("description").first()


def _of_activity(request: HttpRequest, found: Activity) -> HttpResponse:
    view = read_view(request.GET)
    start = Found({found.pk}, set())
    label = str(found.description or found.name)
    context = _graph_context(request, view, start, [("activity", found.pk)], {}, title=f"Provenance of {label}")
    node = graph_of(start, user=request.user).activities[found.pk]
    is_job = found.kind == ActivityKind.JOB
    context |= {
        "activity": found,
        "node": node,
        "label": label,
        "is_job": is_job,
        "kind": found.get_kind_display(),
        "downloads": _downloads(_documents(view, found) if is_job else _provsap(view, found.identifier)),
    }
    return render(request, "provenance/activity.html", context)


def _graph_context(
    request: HttpRequest, view: View, start: Found, focus: list[Key], fixed: Mapping[str, str], *, title: str
) -> dict[str, Any]:
    """What the drawing and the table of a page need."""
    service = base_url(request)
    graph, notes = around(start, user=request.user, view=view)
    links = _links(view, fixed, service)
    drawing = compose(graph, links=links, expand=view.expand, focus=focus, agents=view.agents)
    if drawing.left_out:
        notes.append(f"{drawing.left_out} activities and entities furthest away are not drawn; the table has them.")
    has_agents = any(node.style == "agent" for node in drawing.nodes)
    return {
        "view": view,
        "has_agents": has_agents,
        "fixed": fixed,
        "directions": DIRECTIONS,
        "title": title,
        "svg": SafeString(write(drawing, title=title, fit=view.fit)),
        "legend": [(SafeString(picture), text) for picture, text in legend(drawing)],
        "counts": _counts(graph, drawing),
        "notes": notes,
        "is_collapsed": drawing.is_collapsed,
        "has_steps": any(node.parent for node in graph.activities.values()),
        "relations": page_of(graph, links=links, node=view.node, number=view.page),
        "addresses": {
            "all": view.query(fixed, expand=(ALL,)),
            "none": view.query(fixed, expand=()),
            "fit": view.query(fixed, fit=not view.fit),
            "agents": view.query(fixed, agents=not has_agents),
            "steps": view.query(fixed, steps=not view.steps, expand=()),
            "earlier": view.query(fixed, page=view.page - 1),
            "later": view.query(fixed, page=view.page + 1),
            "unfiltered": view.query(fixed, node="", page=1),
        },
    }


def _links(view: View, fixed: Mapping[str, str], service: str) -> Links:
    def of_entity(node: EntityNode) -> str:
        return f"{service}{reverse('provenance-entity-page')}?ID={quote(node.identifier, safe='')}"

    def of_activity(node: ActivityNode) -> str:
        return activity_url(node, service)

    def of_cluster(token: str) -> str:
        return f"{view.query(fixed, expand=(*view.expand, token))}#graph"

    return Links(of_activity, of_entity, of_cluster)


def _counts(graph: Graph, drawing: Drawing) -> dict[str, int]:
    return {
        "activities": len(graph.activities),
        "entities": len(graph.entities),
        "drawn": sum(node.style != "agent" for node in drawing.nodes),
    }


def _documents(view: View, found: Activity) -> Mapping[str, str]:
    """The addresses of the documents of a job, by extension; they look back only."""
    if view.direction != "back":
        return _provsap(view, found.identifier)
    return {
        form.extension: f"{reverse('provenance-document', args=(found.identifier, form.extension))}?depth={view.depth}"
        for form in FORMATS
    }


def _provsap(view: View, identifier: str, *, is_entity: bool = False) -> Mapping[str, str]:
    """The addresses of the same by ProvSAP, by extension; of two directions the one back."""
    asked = {
        "ID": identifier,
        "DEPTH": 2 * view.depth + (0 if is_entity else 1),
        "DIRECTION": "FORTH" if view.direction == "forth" else "BACK",
        "AGENTS": 1,
        "CONFIGURATION": 1,
        "DESCRIPTIONS": 1,
    }
    service = reverse("provsap")
    return {form.extension: f"{service}?{urlencode(asked | {'RESPONSEFORMAT': form.name})}" for form in FORMATS}


def _downloads(addresses: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """The forms in which the same can be had, with their addresses in each model."""
    for form in FORMATS:
        url = addresses[form.extension]
        word = "MODEL" if "RESPONSEFORMAT" in url else "model"
        models = [] if form.notation is None else [(str(model), f"{url}&{word}={model}") for model in Model]
        yield {"form": form, "url": url, "models": models}


def _with(request: HttpRequest, name: str, value: str) -> Any:
    given = request.GET.copy()
    given[name] = value
    return given
