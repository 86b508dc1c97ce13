"""The list of job lists, and a list of jobs: filters and creation (UWS 1.1 §2.2.2.1, §2.2.3.1)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers

from jobdefs import registry
from jobdefs.definition import Definition
from uws.http.forms import parse_count, parse_instant, parse_phase, read_form, read_query
from uws.http.locations import base_url, job_list_url, job_url, see_other
from uws.http.negotiation import HTML, JSON, preferred_form
from uws.http.xml import write_jobs
from uws.isotime import IsoTime
from uws.selectors import list_jobs
from uws.services import create_job
from uws.views.resource import resource
from vo.errors import NotFoundError, ParameterError

__all__ = ["definitions", "jobs"]

XML_TYPE = "text/xml; charset=utf-8"


def _show_definitions(request: HttpRequest) -> HttpResponse:
    """The tasks and the addresses of their job lists."""
    if preferred_form(request) == HTML:
        return see_other(f"{base_url(request)}/jobdefs/")
    url = job_list_url(request)
    listed = [
        {"name": task.name, "version": task.version, "title": task.title, "href": f"{url}/{task.name}"}
        for task in registry.all_definitions().values()
        if not task.internal
    ]
    return _varying(JsonResponse({"definitions": listed}))


def _show_jobs(request: HttpRequest, *, definition: str, internal: bool) -> HttpResponse:
    task = _definition(definition, internal=internal)
    form = preferred_form(request)
    if form == HTML:
        return _varying(see_other(f"{base_url(request)}/jobs/"))
    rows = list_jobs(user=request.user, definition=task.name, **_filters(request)).values_list(
        "pk", "phase", "run_id", "owner__username", IsoTime("creation_time")
    )
    url = job_list_url(request)
    if form == JSON:
        return _varying(JsonResponse({"version": "1.1", "jobs": [_reference(row, url) for row in rows]}))
    return _varying(HttpResponse(write_jobs(rows, url=url), content_type=XML_TYPE))


def _create(request: HttpRequest, *, definition: str, internal: bool) -> HttpResponse:
    task = _definition(definition, internal=internal)
    form = read_form(request, "jobs")
    phase = form.controls.pop("phase", None)
    if phase == "ABORT":
        raise ParameterError("PHASE", "a new job cannot be aborted; only RUN can be asked of it.")
    job = create_job(
        definition=task.name,
        parameters=form.parameters,
        files=form.files,
        user=request.user,
        base_url=base_url(request),
        run=phase == "RUN",
        **form.controls,
    )
    return see_other(job_url(request, job.pk))


definitions = resource(GET=_show_definitions)
jobs = resource(GET=_show_jobs, POST=_create)


def _definition(name: str, *, internal: bool) -> Definition:
    task = registry.get(name)
    if task.internal and not internal:
        raise NotFoundError(f"{name} has no job list here; it has an address of its own.")
    return task


def _filters(request: HttpRequest) -> dict[str, Any]:
    query = read_query(request)
    filters: dict[str, Any] = {"phases": [parse_phase(text) for text in query.get("PHASE", [])]}
    if "AFTER" in query:
        filters["after"] = max(parse_instant("AFTER", text) for text in query["AFTER"])
    if "LAST" in query:
        filters["last"] = min(parse_count("LAST", text) for text in query["LAST"])
    return filters


def _reference(row: tuple[Any, ...], url: str) -> dict[str, Any]:
    job_id, phase, run_id, owner, created = row
    return {
        "id": job_id,
        "href": f"{url}/{job_id}",
        "phase": phase,
        **({"runId": run_id} if run_id else {}),
        "ownerId": owner,
        "creationTime": created,
    }


def _varying(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Accept"])
    return response
