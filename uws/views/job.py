"""A job: its document, WAIT, changes and deletion (UWS 1.1 §2.2.1.1, §2.2.2.2, §2.2.3)."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from uws.http.description import describe_job
from uws.http.forms import Form, parse_instant, parse_phase, parse_seconds, read_form, read_query
from uws.http.locations import base_url, job_list_url, job_url, see_other
from uws.http.negotiation import HTML, JSON, preferred_form
from uws.http.waiting import MAX_WAIT, wait_for_change
from uws.http.xml import write_job
from uws.models import Job
from uws.phases import BLOCKING, Phase
from uws.selectors import get_job
from uws.services import (
    abort_job,
    delete_job,
    run_job,
    set_destruction,
    set_execution_duration,
    set_parameters,
    set_run_id,
)
from uws.views.resource import resource
from vo.errors import ParameterError, UsageError

__all__ = ["change_phase", "job"]

ErrorDocument = Callable[[str], bytes]


def _show(
    request: HttpRequest, *, definition: str, job_id: str, error_document: ErrorDocument | None
) -> HttpResponseBase:
    found = get_job(job_id=job_id, user=request.user, definition=definition)
    form = preferred_form(request)
    if form == HTML:
        response: HttpResponse = see_other(f"{base_url(request)}/jobs/{found.pk}/")
    else:
        described = describe_job(found, url=job_url(request, job_id), detailed_errors=error_document is not None)
        response = (
            JsonResponse(described)
            if form == JSON
            else HttpResponse(write_job(described), content_type="text/xml; charset=utf-8")
        )
    patch_vary_headers(response, ["Accept"])
    return response


def _change(request: HttpRequest, *, definition: str, job_id: str, error_document: object) -> HttpResponseBase:  # noqa: ARG001
    found = get_job(job_id=job_id, user=request.user, definition=definition)
    form = read_form(request)
    if "ACTION" in form.controls:
        return _act(request, found, form.controls["ACTION"])
    if not (form.controls or form.parameters or form.files):
        raise UsageError("Nothing was asked.", hint="Send parameters, PHASE=RUN, PHASE=ABORT or ACTION=DELETE.")
    _set(found, form)
    return see_other(job_url(request, job_id))


def _delete(request: HttpRequest, *, definition: str, job_id: str, error_document: object) -> HttpResponseBase:  # noqa: ARG001
    delete_job(job=get_job(job_id=job_id, user=request.user, definition=definition))
    return see_other(job_list_url(request, job_id))


_job = resource(GET=_show, POST=_change, DELETE=_delete)


@csrf_exempt
async def job(
    request: HttpRequest, *, definition: str, job_id: str, error_document: ErrorDocument | None
) -> HttpResponseBase:
    """A job; GET with WAIT answers when its phase changes, and holds no thread until then."""
    if request.method == "GET" and "WAIT" in (query := read_query(request)):
        seconds, wanted = _wait_asked(query)
        phase = await sync_to_async(_phase)(request, definition, job_id)
        if phase in BLOCKING and wanted in (None, phase):
            await wait_for_change(job_id=job_id, phase=phase, seconds=seconds)
    return await sync_to_async(_job)(request, definition=definition, job_id=job_id, error_document=error_document)


def change_phase(found: Job, text: str) -> None:
    """Do what PHASE=RUN or PHASE=ABORT asks.

    Raises
    ------
    vo.errors.ParameterError
        When another phase is asked for.
    vo.errors.IllegalStateError
        When the job's own phase forbids it.
    """
    match text.strip().upper():
        case "RUN":
            run_job(job=found)
        case "ABORT":
            abort_job(job=found)
        case _:
            raise ParameterError("PHASE", f"{text[:40]!r} cannot be asked of a job; RUN and ABORT can.")


def _act(request: HttpRequest, found: Job, action: str) -> HttpResponse:
    if action.strip().upper() != "DELETE":
        raise ParameterError("ACTION", f"{action[:40]!r} is unknown; DELETE is the only action.")
    delete_job(job=found)
    return see_other(job_list_url(request, found.pk))


def _set(found: Job, form: Form) -> None:
    controls = form.controls
    if "EXECUTIONDURATION" in controls:
        seconds = parse_seconds("EXECUTIONDURATION", controls["EXECUTIONDURATION"])
        set_execution_duration(job=found, execution_duration=seconds)
    if "DESTRUCTION" in controls:
        set_destruction(job=found, destruction=parse_instant("DESTRUCTION", controls["DESTRUCTION"]))
    if "RUNID" in controls:
        set_run_id(job=found, run_id=controls["RUNID"])
    if form.parameters or form.files:
        set_parameters(job=found, parameters=form.parameters, files=form.files)
    if "PHASE" in controls:
        change_phase(found, controls["PHASE"])


def _wait_asked(query: dict[str, list[str]]) -> tuple[float, Phase | None]:
    text = query["WAIT"][-1].strip()
    seconds = MAX_WAIT if text == "-1" else parse_seconds("WAIT", text)
    return seconds, parse_phase(query["PHASE"][-1]) if "PHASE" in query else None


def _phase(request: HttpRequest, definition: str, job_id: str) -> Phase:
    return Phase(get_job(job_id=job_id, user=request.user, definition=definition).phase)
