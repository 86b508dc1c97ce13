"""Publishing results of a job in the archive, and withdrawing them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from obstap.products import (
    candidates,
    products_of,
    publish_results,
    require_publisher,
    withdraw_results,
)
from uws.http.locations import see_other
from uws.models import Job
from uws.phases import Phase
from uws.selectors import get_job
from vo.errors import IllegalStateError, UsageError
from web.forms.publish import PublishForm

__all__ = ["show", "withdraw"]


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, job_id: str) -> HttpResponse:
    """The form, and what is published already; POST publishes."""
    job = _job(request, job_id)
    published = list(products_of(job.pk))
    left = {result.name for result in candidates(job)} - {product.result for product in published}
    results = [result.name for result in candidates(job) if result.name in left]
    form = PublishForm(request.POST if request.method == "POST" else None, results=results)
    if form.is_bound and form.is_valid() and _publish(request, job, form):
        return see_other(reverse("job-publish", args=[job_id]))
    context = {"section": "jobs", "job": job, "form": form, "results": results, "products": published}
    return render(request, "web/publish.html", context, status=400 if form.errors else 200)


@require_POST
def withdraw(request: HttpRequest, job_id: str) -> HttpResponse:
    """Take the product ``result`` out of the archive."""
    job = _job(request, job_id)
    withdraw_results(job_id=job.pk, names=[request.POST.get("result", "")])
    messages.info(request, "It is no longer in the archive.")
    return see_other(reverse("job-publish", args=[job_id]))


def _job(request: HttpRequest, job_id: str) -> Job:
    job = get_job(job_id=job_id, user=request.user)
    require_publisher(job, request.user)
    if job.phase != Phase.COMPLETED and not products_of(job.pk).exists():
        raise IllegalStateError(f"The job is {job.phase}; only results of a COMPLETED job can be published.")
    return job


def _publish(request: HttpRequest, job: Job, form: PublishForm) -> bool:
    """Publish what the form says; False when the service refused it."""
    try:
        products = publish_results(
            job=job,
            collection=form.cleaned_data["collection"],
            names=form.cleaned_data["result"],
            release_date=form.cleaned_data["release_date"],
            publisher=request.user,
        )
    except UsageError as error:
        form.place(error)
        return False
    messages.success(request, f"Published: {', '.join(product.result for product in products)}.")
    return True
