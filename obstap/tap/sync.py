"""``/tap/sync``: a query answered in the same request (TAP 1.1 §2.2, DALI 1.1 §2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from obstap.origin import request_url
from obstap.tap.parameters import read_request
from obstap.tap.resource import parameters, resource
from obstap.uploads.request import Upload
from uws.http.departure import departure
from uws.http.locations import base_url
from uws.http.streams import stream
from vo.errors import NotFoundError

__all__ = ["answer", "sync"]

SHORT = 2**18
"""Bytes of an answer that is sent in one piece."""


@resource("GET", "HEAD", "POST")
def sync(request: HttpRequest) -> HttpResponseBase:
    """Run a query and send its answer as it comes; for HEAD the query is checked and not run."""
    wanted = read_request(parameters(request))
    uploads = _uploads(request, wanted.uploads) if wanted.uploads else ()
    return answer(
        request,
        query=wanted.query,
        lang=wanted.lang,
        maxrec=wanted.maxrec,
        responseformat=wanted.responseformat,
        run_id=wanted.run_id,
        uploads=uploads,
    )


def answer(request: HttpRequest, **asked: Any) -> HttpResponseBase:
    """The response to a query that is run within the time limit of synchronous queries, as long as its client stays.

    Parameters
    ----------
    asked
        Arguments of `obstap.tap.query.run_query`.
    """
    from obstap.tap.query import run_query  # noqa: PLC0415 - Arrow and DuckDB load with the first query

    if request.method == "HEAD":
        asked["maxrec"] = 0
    service = base_url(request)
    result = run_query(
        **asked,
        base_url=service,
        request=request_url(request, service),
        time_limit=settings.ATHANOR_SYNC_TIME_LIMIT,
        cancellation=departure(request),
        user=request.user,
    )
    response = stream(request, result, content_type=result.content_type, short=SHORT)
    response["Content-Disposition"] = f'inline; filename="{result.filename}"'
    return response


def _uploads(request: HttpRequest, uploads: Sequence[Upload]) -> Sequence[Any]:
    """The uploaded tables; they are read here, in the thread of the request."""
    from obstap.uploads.reading import read_uploads  # noqa: PLC0415 - Arrow loads when it is first used

    def opened(name: str) -> BinaryIO:
        file = request.FILES.get(name)
        if file is None:
            raise NotFoundError(f"No file was sent as {name!r}.")
        return file

    return read_uploads(uploads, opened, user=request.user)
