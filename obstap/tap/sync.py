"""``/tap/sync``: a query answered in the same request (TAP 1.1 §2.2, DALI 1.1 §2.2)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from obstap.tap.parameters import read_request
from obstap.tap.resource import resource
from uws.http.locations import base_url
from uws.http.streams import stream
from vo.dali import Parameters

__all__ = ["sync"]


@resource("GET", "POST")
def sync(request: HttpRequest) -> HttpResponseBase:
    """Run a query and send its answer as it comes."""
    from obstap.tap.query import run_query  # noqa: PLC0415 - Arrow and DuckDB load with the first query

    wanted = read_request(_parameters(request))
    answer = run_query(
        query=wanted.query,
        lang=wanted.lang,
        maxrec=wanted.maxrec,
        responseformat=wanted.responseformat,
        base_url=base_url(request),
        time_limit=settings.ATHANOR_SYNC_TIME_LIMIT,
    )
    response = stream(request, answer, content_type=answer.content_type)
    response["Content-Disposition"] = f'inline; filename="{answer.filename}"'
    return response


def _parameters(request: HttpRequest) -> Parameters:
    return Parameters(
        (name, value) for given in (request.GET, request.POST) for name, values in given.lists() for value in values
    )
