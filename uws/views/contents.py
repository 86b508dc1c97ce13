"""Parameters and results of a job (UWS 1.1 §2.2.2.4-5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from uws.http.description import describe_parameters, describe_results
from uws.http.files import file_response
from uws.http.forms import read_form
from uws.http.locations import job_url, see_other
from uws.http.negotiation import JSON, preferred_form
from uws.http.xml import write_parameters, write_results
from uws.models import Job
from uws.selectors import get_job, get_result, result_path
from uws.services import set_parameters, set_run_id
from uws.uploads import upload_path
from uws.views.resource import resource
from vo.errors import NotFoundError, ParameterError

__all__ = ["parameter", "parameters", "result", "results", "unknown"]


def _show_parameters(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    return _document(request, "parameters", describe_parameters(job, url=job_url(request, job_id)), write_parameters)


def _change_parameters(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    form = read_form(request, controls={"RUNID"})
    if "RUNID" in form.controls:
        set_run_id(job=job, run_id=form.controls["RUNID"])
    set_parameters(job=job, parameters=form.parameters, files=form.files)
    return see_other(job_url(request, job_id))


def _show_parameter(request: HttpRequest, *, definition: str, job_id: str, name: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    values = _values(job, name)
    if values is None or values == [f"param:{name}"]:
        path = upload_path(job=job, name=name)
        return file_response(request, path, media_type="application/octet-stream", filename=name, attachment=True)
    return HttpResponse("\n".join(values), content_type="text/plain; charset=utf-8")


def _put_parameter(request: HttpRequest, *, definition: str, job_id: str, name: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    try:
        value = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParameterError(name, "the value must be text in UTF-8; send files as multipart/form-data.") from error
    set_parameters(job=job, parameters={name: [value]})
    return see_other(job_url(request, job_id))


def _show_results(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    return _document(request, "results", describe_results(job, url=job_url(request, job_id)), write_results)


def _show_result(request: HttpRequest, *, definition: str, job_id: str, name: str) -> HttpResponseBase:
    found = get_result(job=get_job(job_id=job_id, user=request.user, definition=definition), name=name)
    path = result_path(result=found)
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
    request: HttpRequest, name: str, described: list[dict[str, Any]], write: Callable[[list[dict[str, Any]]], bytes]
) -> HttpResponse:
    response = (
        JsonResponse({name: described})
        if preferred_form(request) == JSON
        else HttpResponse(write(described), content_type="text/xml; charset=utf-8")
    )
    patch_vary_headers(response, ["Accept"])
    return response


def _values(job: Job, name: str) -> list[str] | None:
    return next((values for known, values in job.parameters.items() if known.lower() == name.lower()), None)
