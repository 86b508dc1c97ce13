"""Repeating a job as it was, and what has become of its inputs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from provenance.rerun.service import ALLOW_CHANGED, plan_rerun, rerun_job
from uws.http.locations import base_url, see_other

__all__ = ["rerun"]


@require_http_methods(["GET", "HEAD", "POST"])
def rerun(request: HttpRequest, job_id: str) -> HttpResponse:
    """The inputs as they are now, to be confirmed; POST repeats the job."""
    if request.method == "POST":
        job = rerun_job(
            job_id=job_id,
            user=request.user,
            base_url=base_url(request),
            allow_changed=bool(request.POST.get(ALLOW_CHANGED)),
        )
        messages.success(request, "The job is repeated; this page follows it, and compares the results in the end.")
        return see_other(reverse("job", args=[job.pk]))
    plan = plan_rerun(job_id=job_id, user=request.user)
    return render(request, "web/rerun.html", {"section": "jobs", "job": plan.job, "plan": plan})
