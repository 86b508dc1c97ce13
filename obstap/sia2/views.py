"""``/sia2/query``: images and cubes by parameters (SIA 2.0 §2), a face of ``ivoa.obscore``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from obstap.sia2.query import write_query
from obstap.tap.resource import parameters, resource
from obstap.tap.sync import answer
from obstap.tap.vosi import vosi_document
from vo.dali import parse_maxrec

__all__ = ["capabilities", "query"]

STANDARD = "ivo://ivoa.net/std/SIA#query-2.0"


@resource("GET", "HEAD", "POST")
def query(request: HttpRequest) -> HttpResponseBase:
    """Find images and cubes; unknown parameters are let pass."""
    wanted = parameters(request)
    return answer(
        request,
        query=write_query(wanted),
        maxrec=parse_maxrec(wanted.single("MAXREC")),
        responseformat=wanted.single("RESPONSEFORMAT"),
        run_id=wanted.single("RUNID"),
        protocol=STANDARD,
    )


@resource("GET", "HEAD")
def capabilities(request: HttpRequest) -> HttpResponse:
    """The capabilities document (SIA 2.0 §2.3)."""
    return vosi_document(request, "obstap/sia2_capabilities.xml", standard=STANDARD)
