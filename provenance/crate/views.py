"""The crate of a job over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.http import content_disposition_header

from provenance.crate.contents import collect
from provenance.crate.writing import crate_name, write_crate
from uws.http.locations import base_url
from uws.http.streams import stream
from uws.selectors import get_job
from uws.views.resource import resource
from vo.errors import ParameterError

__all__ = ["urlpatterns"]

ZIP = "application/zip"


def _crate(request: HttpRequest, *, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user)
    crate = collect(
        job=job, user=request.user, base_url=base_url(request), with_inputs=_with_inputs(request.GET.get("inputs", ""))
    )
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type=ZIP)
    else:
        response = stream(request, _Chunks(write_crate(crate)), content_type=ZIP)
    response.headers["Content-Disposition"] = content_disposition_header(True, crate_name(crate))
    response.headers["Cache-Control"] = "private, no-store"
    return response


class _Chunks(Iterator[bytes]):
    """Pieces that one thread makes while another may close them."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        self._pieces = pieces
        self._making = threading.Lock()

    def __next__(self) -> bytes:
        with self._making:
            return next(self._pieces)

    def close(self) -> None:
        with self._making:
            self._pieces.close()


def _with_inputs(text: str) -> bool:
    match text.lower():
        case "" | "reference":
            return False
        case "value":
            return True
    raise ParameterError("inputs", f"{text[:40]!r} is neither value nor reference.")


_view = resource(GET=_crate)

urlpatterns = [
    path("jobs/<str:job_id>/crate.zip", _view, name="job-crate"),
    path("api/v1/jobs/<str:job_id>/crate", _view, name="job-crate-api"),
]
