"""Publishing by programs: ``/api/v1/jobs/<jobid>/products``.

``GET`` lists what is published of a job, ``POST`` with the form fields ``collection``, ``result`` (several, or none for
all) and ``release_date`` publishes, ``DELETE`` of ``…/products/<result>`` withdraws.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from obstap.archive import access_path
from obstap.models import PublishedProduct
from obstap.products.dates import parse_release_date
from obstap.products.rules import require_publisher
from obstap.products.selectors import candidates, products_of
from obstap.products.service import publish_results, withdraw_results
from uws.http.forms import read_form
from uws.http.locations import base_url
from uws.models import Job
from uws.selectors import get_job
from uws.times import format_time
from uws.views.resource import resource
from vo.dali import Parameters
from vo.errors import NotFoundError

__all__ = ["urlpatterns"]


def _list(request: HttpRequest, *, job_id: str) -> HttpResponseBase:
    return _answer(request, get_job(job_id=job_id, user=request.user))


def _publish(request: HttpRequest, *, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user)
    require_publisher(job, request.user)
    form = read_form(request)
    wanted = Parameters.from_lists(form.parameters)
    publish_results(
        job=job,
        collection=wanted.required("COLLECTION", "the obs_collection of the products"),
        names=wanted.all("RESULT"),
        release_date=parse_release_date(wanted.single("RELEASE_DATE")),
    )
    return _answer(request, job, status=201)


def _one(request: HttpRequest, *, job_id: str, name: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user)
    return JsonResponse(_described(_product(job, name), base_url(request)))


def _withdraw(request: HttpRequest, *, job_id: str, name: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user)
    require_publisher(job, request.user)
    withdraw_results(job_id=job.pk, names=[_product(job, name).result])
    return HttpResponse(status=204)


def _product(job: Job, name: str) -> PublishedProduct:
    product = products_of(job.pk).filter(result=name).first() if "\0" not in name else None
    if product is None:
        raise NotFoundError(f"The result {name!r} of the job {job.pk} is not published.")
    return product


def _answer(request: HttpRequest, job: Job, status: int = 200) -> JsonResponse:
    service = base_url(request)
    published = [_described(product, service) for product in products_of(job.pk)]
    return JsonResponse({"products": published, "candidates": [item.name for item in candidates(job)]}, status=status)


def _described(product: PublishedProduct, service: str) -> dict[str, Any]:
    return {
        "result": product.result,
        "obs_publisher_did": product.obs_publisher_did,
        "obs_collection": product.collection,
        "access_url": f"{service}/{access_path(product.collection, product.name)}",
        "sha256": product.sha256,
        "published_at": format_time(product.published_at),
        "release_date": format_time(product.release_date) if product.release_date else None,
        "progenitors": [item.identifier for item in product.progenitors.order_by("pk")],
    }


urlpatterns = [
    path("api/v1/jobs/<str:job_id>/products", resource(GET=_list, POST=_publish), name="job-products"),
    path("api/v1/jobs/<str:job_id>/products/<str:name>", resource(GET=_one, DELETE=_withdraw), name="job-product"),
]
"""Below the service's base URL."""
