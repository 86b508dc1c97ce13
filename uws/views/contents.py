"""Parameters and results of a job (UWS 1.1 §2.2.2.4-5)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from uws.changes import change_job
from uws.http.description import describe_parameters, describe_results
from uws.http.files import file_response
from uws.http.forms import read_form, read_value
from uws.http.locations import job_page_url, job_url, see_other
from uws.http.negotiation import preferred_form, prefers_json
from uws.http.xml import write_parameters, write_results
from uws.models import Job
from uws.phases import Phase
from uws.selectors import get_job, get_result, result_path
from uws.uploads import list_uploads, upload_of, upload_path
from uws.views.resource import resource
from vo.errors import GoneError, NotFoundError, UsageError

__all__ = ["parameter", "parameters", "result", "results", "unknown"]

BINARY = "application/octet-stream"


def _show_parameters(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    described = describe_parameters(job, url=job_url(request, job_id))
    return _document(request, job, "parameters", described, write_parameters)


def _change_parameters(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    form = read_form(request, "parameters")
    if not (form.controls or form.parameters or form.files):
        raise UsageError("No parameter was sent.", hint="Send a form with the names and values of parameters.")
    change_job(job=job, parameters=form.parameters, files=form.files, **form.controls)
    return see_other(job_url(request, job_id))


def _show_parameter(request: HttpRequest, *, definition: str, job_id: str, name: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    values = next((values for known, values in job.parameters.items() if known.lower() == name.lower()), None)
    sent = name if values is None else upload_of(name, values)
    if values is None or sent in list_uploads(job=job):
        path = upload_path(job=job, name=sent)
        return file_response(request, path, media_type=BINARY, filename=path.name, attachment=True)
    if prefers_json(request):
        response: HttpResponse = JsonResponse(values[0] if len(values) == 1 else values, safe=False)
    else:
        response = HttpResponse("\n".join(values), content_type="text/plain; charset=utf-8")
    patch_vary_headers(response, ["Accept"])
    return response


def _put_parameter(request: HttpRequest, *, definition: str, job_id: str, name: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    value = read_value(request, name)
    if isinstance(value, str):
        change_job(job=job, parameters={name: [value]}, replace=True)
    else:
        with closing(value):
            change_job(job=job, files={name: value})
    return see_other(job_url(request, job_id))


def _show_results(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    described = describe_results(job, url=job_url(request, job_id))
    return _document(request, job, "results", described, write_results)


def _show_result(request: HttpRequest, *, definition: str, job_id: str, name: str) -> HttpResponseBase:
    found = get_result(job=get_job(job_id=job_id, user=request.user, definition=definition), name=name)
    path = result_path(result=found)
    if found.job.phase == Phase.ARCHIVED:
        raise GoneError(f"The job is ARCHIVED: of the result {name!r} only its description and checksum are kept.")
    if not path.is_file():
        raise NotFoundError(f"The file of the result {name!r} is no longer here.")
    return file_response(request, path, media_type=found.media_type, filename=path.name)


def _unknown(request: HttpRequest, *, definition: str, job_id: str, name: str) -> HttpResponseBase:  # noqa: ARG001
    raise NotFoundError(f"A job has no resource {name!r}.")


parameters = resource(GET=_show_parameters, POST=_change_parameters)
parameter = resource(GET=_show_parameter, PUT=_put_parameter)
results = resource(GET=_show_results)
result = resource(GET=_show_result)
unknown = resource(**dict.fromkeys(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"), _unknown))


def _document(
    request: HttpRequest,
    job: Job,
    name: str,
    described: list[dict[str, Any]],
    write: Callable[[list[dict[str, Any]]], bytes],
) -> HttpResponse:
    match preferred_form(request):
        case "text/html":
            response = see_other(job_page_url(request, job.pk))
        case "application/json":
            response = JsonResponse({name: described})
        case _:
            response = HttpResponse(write(described), content_type="text/xml; charset=utf-8")
    patch_vary_headers(response, ["Accept"])
    return response
