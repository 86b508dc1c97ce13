"""Jobs: their list, one job with its progress and results, and what its owner may do with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from jobdefs import registry
from uws.http.files import file_response
from uws.http.locations import base_url, see_other
from uws.models import Job
from uws.phases import Phase
from uws.selectors import LOGS, get_job, list_jobs, log_tail
from uws.services import abort_job, delete_job, retry_job, run_job, set_destruction
from vo.errors import NotFoundError, ParameterError
from web.jobpage import JobPage, job_token

__all__ = ["abort", "delete", "index", "keep", "log", "panel", "retry", "run", "show"]

PAGE_JOBS = 25

KEEP_LONGER = timedelta(days=30)
"""How far from now the button “keep longer” asks the service to put the destruction of a job."""


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The asker's jobs, latest first, by phase and task."""
    phases = [phase for phase in request.GET.getlist("phase") if phase in Phase.values]
    definition = request.GET.get("definition") or None
    jobs = list_jobs(user=request.user, definition=definition, phases=phases or None).prefetch_related("inputs")
    context = {
        "section": "jobs",
        "page": Paginator(jobs, PAGE_JOBS).get_page(request.GET.get("page")),
        "phases": [(phase, phase.value in phases) for phase in Phase],
        "definition": definition,
        "definitions": sorted(registry.all_definitions()),
        "filtered": bool(phases or definition),
    }
    return render(request, "web/jobs.html", context)


@require_safe
def show(request: HttpRequest, job_id: str) -> HttpResponse:
    """A job."""
    return render(request, "web/job.html", _context(request, job_id))


@require_safe
def panel(request: HttpRequest, job_id: str) -> HttpResponse:
    """The part of a job's page that changes; ``seen`` tells which state the page has already announced."""
    context = _context(request, job_id)
    context["announce"] = request.GET.get("seen", "") != job_token(context["job"])
    context["is_fragment"] = True
    return render(request, "web/job_panel.html", context)


@require_safe
def log(request: HttpRequest, job_id: str) -> HttpResponse:
    """The log from the byte ``from`` on: a fragment for the page, text for programs, or a file with ``download``."""
    job = get_job(job_id=job_id, user=request.user)
    stream = request.GET.get("stream", "stdout")
    if stream not in LOGS:
        raise ParameterError("stream", f"{stream!r} is not stdout or stderr.")
    if "download" in request.GET:
        return _whole_log(request, job, stream)
    text, offset = log_tail(job=job, offset=_offset(request), stream=stream)
    if "HX-Request" not in request.headers:
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        response["X-Next-Offset"] = str(offset)
        return response
    context = {"job": job, "text": text, "offset": offset, "stream": stream, "more": not job.is_final or bool(text)}
    return render(request, "web/job_log.html", context)


@require_POST
def run(request: HttpRequest, job_id: str) -> HttpResponse:
    """Start a job that waits for its owner."""
    job = get_job(job_id=job_id, user=request.user)
    run_job(job=job)
    return see_other(reverse("job", args=[job_id]))


@require_POST
def retry(request: HttpRequest, job_id: str) -> HttpResponse:
    """Run a job once more; of a pipeline or an array what did not complete."""
    again = retry_job(job=get_job(job_id=job_id, user=request.user))
    messages.success(request, f"The job {again.run_id or again.id} was submitted; this page follows it.")
    return see_other(reverse("job", args=[again.id]))


@require_POST
def abort(request: HttpRequest, job_id: str) -> HttpResponse:
    """Stop a job."""
    job = get_job(job_id=job_id, user=request.user)
    abort_job(job=job)
    messages.info(request, "The job is aborted.")
    return see_other(reverse("job", args=[job_id]))


@require_POST
def delete(request: HttpRequest, job_id: str) -> HttpResponse:
    """Remove a job and its results."""
    job = get_job(job_id=job_id, user=request.user)
    delete_job(job=job)
    messages.info(request, f"The job {job.run_id or job.id} is deleted.")
    return see_other(reverse("jobs"))


@require_POST
def keep(request: HttpRequest, job_id: str) -> HttpResponse:
    """Ask for a later destruction; the service grants what its rules allow."""
    job = get_job(job_id=job_id, user=request.user)
    granted = set_destruction(job=job, destruction=timezone.now() + KEEP_LONGER)
    messages.info(request, f"The job is kept until {granted:%Y-%m-%d %H:%M} UTC.")
    return see_other(reverse("job", args=[job_id]))


def _context(request: HttpRequest, job_id: str) -> dict[str, Any]:
    job = get_job(job_id=job_id, user=request.user)
    return {"section": "jobs", "job": job, "page": JobPage(job, base_url=base_url(request))}


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("from", "0")
    try:
        return int(text)
    except ValueError:
        raise ParameterError("from", f"{text!r} is not a number of bytes.") from None


def _whole_log(request: HttpRequest, job: Job, stream: str) -> HttpResponse:
    path = job.workdir / LOGS[stream]
    if not path.is_file():
        raise NotFoundError(f"The job has written no {stream}.")
    return file_response(
        request, path, media_type="text/plain; charset=utf-8", filename=f"{job.id}-{stream}.txt", attachment=True
    )
