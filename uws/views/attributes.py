"""The plain-text resources of a job (UWS 1.1 §2.2.2.3): phase, times, owner, error."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from uws.http.forms import parse_instant, parse_seconds, read_form
from uws.http.locations import job_url, see_other
from uws.models import Job
from uws.selectors import get_job
from uws.services import set_destruction, set_execution_duration
from uws.times import format_time
from uws.views.job import change_phase
from uws.views.resource import Handler, resource
from vo.dali import VOTABLE
from vo.errors import ParameterError

__all__ = ["destruction", "error", "execution_duration", "owner", "phase", "quote"]


def _text(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _shows(value: Callable[[Job], str]) -> Handler:
    """A GET that answers with a text made of the job."""

    def show(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
        return _text(value(get_job(job_id=job_id, user=request.user, definition=definition)))

    return show


def _changes(name: str, change: Callable[[Job, str], object]) -> Handler:
    """A POST of one control word that changes the job and leads back to it."""

    def post(request: HttpRequest, *, definition: str, job_id: str) -> HttpResponseBase:
        job = get_job(job_id=job_id, user=request.user, definition=definition)
        controls = read_form(request).controls
        if name not in controls:
            raise ParameterError(name, "is missing.")
        change(job, controls[name])
        return see_other(job_url(request, job_id))

    return post


def _change_duration(job: Job, text: str) -> None:
    set_execution_duration(job=job, execution_duration=parse_seconds("EXECUTIONDURATION", text))


def _change_destruction(job: Job, text: str) -> None:
    set_destruction(job=job, destruction=parse_instant("DESTRUCTION", text))


def _show_error(
    request: HttpRequest, *, definition: str, job_id: str, error_document: Callable[[str], bytes] | None
) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user, definition=definition)
    if error_document is not None and job.error_message:
        return HttpResponse(error_document(_error_text(job)), content_type=VOTABLE)
    return _text(_error_text(job))


def _error_text(job: Job) -> str:
    return "\n\n".join(part for part in (job.error_message, job.error_detail) if part)


phase = resource(GET=_shows(lambda job: job.phase), POST=_changes("PHASE", change_phase))
execution_duration = resource(
    GET=_shows(lambda job: str(job.execution_duration)), POST=_changes("EXECUTIONDURATION", _change_duration)
)
destruction = resource(
    GET=_shows(lambda job: format_time(job.destruction)), POST=_changes("DESTRUCTION", _change_destruction)
)
quote = resource(GET=_shows(lambda job: format_time(job.quote)))
owner = resource(GET=_shows(lambda job: job.owner.get_username() if job.owner else ""))
error = resource(GET=_show_error)
