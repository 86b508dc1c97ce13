"""Absolute URLs as the client addresses the service."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix

__all__ = ["base_url", "job_list_url", "job_page_url", "job_url", "see_other"]


def base_url(request: HttpRequest) -> str:
    """URL of the service, without a final slash: ``ATHANOR_BASE_URL`` where it is set, for a proxy hides the host."""
    return settings.ATHANOR_BASE_URL or request.build_absolute_uri(get_script_prefix()).rstrip("/")


def job_list_url(request: HttpRequest, job_id: str | None = None) -> str:
    """URL of the job list that the request addresses, itself or by one of its jobs."""
    path = request.path_info
    if job_id is not None:
        path = path.partition(f"/{job_id}")[0]
    return base_url(request) + path.rstrip("/")


def job_url(request: HttpRequest, job_id: str) -> str:
    """URL of a job in the list that the request addresses."""
    return f"{job_list_url(request, job_id)}/{job_id}"


def job_page_url(request: HttpRequest, job_id: str) -> str:
    """URL of the page for people."""
    return f"{base_url(request)}/jobs/{job_id}/"


def see_other(url: str) -> HttpResponse:
    """The redirect with which UWS answers every change (UWS 1.1 §2.2.3)."""
    return HttpResponse(status=303, headers={"Location": url})
