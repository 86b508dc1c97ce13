"""A job: its document, WAIT, changes and deletion (UWS 1.1 §2.2.1.1, §2.2.2.2, §2.2.3)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from uws.changes import change_job
from uws.http.description import describe_children, describe_job
from uws.http.forms import parse_phase, parse_wait, read_form, read_query
from uws.http.locations import job_list_url, job_page_url, job_url, see_other
from uws.http.negotiation import HTML, JSON, preferred_form
from uws.http.waiting import Wait, wait_for
from uws.http.xml import write_job
from uws.models import Job
from uws.phases import BLOCKING, Phase
from uws.selectors import get_job
from uws.services import delete_job, retry_job
from uws.views.resource import resource
from vo.errors import UsageError

__all__ = ["job"]

ErrorDocument = Callable[[str], bytes]


def _show(
    request: HttpRequest, *, definition: str, job_id: str, error_document: ErrorDocument | None
) -> HttpResponseBase:
    found = get_job(job_id=job_id, user=request.user, definition=definition)
    if (wait := _asked_to_wait(request, found)) is not None:
        if (held := wait_for(request, wait)) is not None:
            return held
        found = get_job(job_id=job_id, user=request.user, definition=definition)
    form = preferred_form(request)
    if form == HTML:
        response: HttpResponse = see_other(job_page_url(request, found.pk))
    else:
        described = describe_job(found, url=job_url(request, job_id), detailed_errors=error_document is not None)
        if form == JSON:
            described["jobInfo"] |= describe_children(found, url=job_list_url(request, job_id))
        response = (
            JsonResponse(described)
            if form == JSON
            else HttpResponse(write_job(described), content_type="text/xml; charset=utf-8")
        )
    patch_vary_headers(response, ["Accept"])
    return response


def _change(request: HttpRequest, *, definition: str, job_id: str, error_document: object) -> HttpResponseBase:
    found = get_job(job_id=job_id, user=request.user, definition=definition)
    form = read_form(request, "job")
    if form.controls.get("action") == "RETRY":
        return see_other(f"{job_list_url(request, job_id)}/{retry_job(job=found).pk}")
    if "action" in form.controls:
        return _delete(request, definition=definition, job_id=job_id, error_document=error_document)
    if not (form.controls or form.parameters or form.files):
        raise UsageError(
            "Nothing was asked.", hint="Send parameters, PHASE=RUN, PHASE=ABORT, ACTION=DELETE or ACTION=RETRY."
        )
    change_job(job=found, parameters=form.parameters, files=form.files, **form.controls)
    return see_other(job_url(request, job_id))


def _delete(request: HttpRequest, *, definition: str, job_id: str, error_document: object) -> HttpResponseBase:  # noqa: ARG001
    delete_job(job=get_job(job_id=job_id, user=request.user, definition=definition))
    return see_other(job_list_url(request, job_id))


def _asked_to_wait(request: HttpRequest, found: Job) -> Wait | None:
    """For what a GET asks to wait, where the phase is one that may pass."""
    query = read_query(request)
    if "WAIT" not in query:
        return None
    seconds = parse_wait(query["WAIT"][-1])
    wanted = parse_phase(query["PHASE"][-1]) if "PHASE" in query else None
    phase = Phase(found.phase)
    return Wait(found.pk, phase, seconds) if phase in BLOCKING and wanted in (None, phase) else None


job = resource(GET=_show, POST=_change, DELETE=_delete)
"""A job; GET with WAIT answers when its phase changes, and holds no thread until then."""
