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
from obstap.products.rules import may_withdraw, require_publisher
from obstap.products.selectors import candidates, is_public, products_of
from obstap.products.service import publish_results, withdraw_results
from uws.http.forms import read_form
from uws.http.locations import base_url
from uws.models import Job
from uws.selectors import get_job
from uws.times import format_time
from uws.views.resource import resource
from vo.dali import Parameters
from vo.errors import AuthorizationError, NotFoundError

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
        publisher=request.user,
    )
    return _answer(request, job, status=201)


def _one(request: HttpRequest, *, job_id: str, name: str) -> HttpResponseBase:
    return JsonResponse(_described(_product(job_id, name, request.user), base_url(request)))


def _withdraw(request: HttpRequest, *, job_id: str, name: str) -> HttpResponseBase:
    product = _product(job_id, name, request.user)
    if not may_withdraw(product, request.user):
        raise AuthorizationError("This product can be withdrawn by those who might publish it only.")
    withdraw_results(job_id=product.job_id, names=[product.result])
    return HttpResponse(status=204)


def _product(job_id: str, name: str, user: Any) -> PublishedProduct:
    """A product of a job that may be gone: it is there for all whom its row is, before its release for its owner."""
    product = None if "\0" in job_id + name else products_of(job_id).filter(result=name).first()
    if product is None or not (is_public(job_id, user) or may_withdraw(product, user)):
        raise NotFoundError(f"The result {name!r} of the job {job_id!r} is not published.")
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
