"""The simple resources of a job (UWS 1.1 §2.2.2.3): phase, times, owner, error; texts, or JSON on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from uws.changes import change_job
from uws.http.forms import CONTROLS, read_form
from uws.http.locations import job_url, see_other
from uws.http.negotiation import prefers_json
from uws.models import Job
from uws.selectors import get_job
from uws.times import format_time
from uws.views.resource import Handler, resource
from vo.dali import VOTABLE
from vo.errors import ParameterError

__all__ = ["destruction", "error", "execution_duration", "owner", "phase", "quote"]

NO_ERROR = "The job has reported no error.\n"


def _shows(value: Callable[[Job], str | int | None]) -> Handler:
    """A GET that answers with a value of the job; as text, None is empty."""

    def show(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
        found = value(get_job(job_id=job_id, user=request.user, definition=definition))
        return _answer(request, found, text="" if found is None else str(found))

    return show


def _changes(word: str) -> Handler:
    """A POST of one control word that changes the job and leads back to it."""
    place, keyword = word.lower(), CONTROLS[word].keyword

    def post(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
        job = get_job(job_id=job_id, user=request.user, definition=definition)
        controls = read_form(request, place).controls
        if keyword not in controls:
            raise ParameterError(word, "is missing.")
        change_job(job=job, **controls)
        return see_other(job_url(request, job_id))

    return post


def _show_error(
    request: HttpRequest, *, definition: str, job_id: str, error_document: Callable[[str], bytes] | None
) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    if not job.error_message:
        return _answer(request, None, text=NO_ERROR)
    error = {"type": job.error_type or "fatal", "message": job.error_message, "detail": job.error_detail}
    text = "\n\n".join(part for part in (job.error_message, job.error_detail) if part)
    return _answer(request, error, text=text, document=error_document)


def _answer(
    request: HttpRequest, value: Any, *, text: str, document: Callable[[str], bytes] | None = None
) -> HttpResponse:
    if prefers_json(request):
        response: HttpResponse = JsonResponse(value, safe=False)
    elif document is not None:
        response = HttpResponse(document(text), content_type=VOTABLE)
    else:
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    patch_vary_headers(response, ["Accept"])
    return response


phase = resource(GET=_shows(lambda job: job.phase), POST=_changes("PHASE"))
execution_duration = resource(GET=_shows(lambda job: job.execution_duration), POST=_changes("EXECUTIONDURATION"))
destruction = resource(GET=_shows(lambda job: format_time(job.destruction) or None), POST=_changes("DESTRUCTION"))
quote = resource(GET=_shows(lambda job: format_time(job.quote) or None))
owner = resource(GET=_shows(lambda job: job.owner.get_username() if job.owner else None))
error = resource(GET=_show_error)
