"""The front page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobdefs import registry
from uws.http.locations import base_url
from uws.selectors import list_jobs
from web.archive import holdings

__all__ = ["home"]

RECENT_JOBS = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the service is and holds, and the ways in."""
    context = {
        "holdings": holdings(base_url=base_url(request)),
        "tasks": [task for task in registry.all_definitions().values() if not task.internal],
        "jobs": list_jobs(user=request.user, last=RECENT_JOBS).prefetch_related("inputs"),
        "base_url": base_url(request),
    }
    return render(request, "web/home.html", context)
