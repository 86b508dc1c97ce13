"""Pages of the TAP service for people: what it is, what it has, and queries to try (DALI 1.1 §2.3)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from obstap.live import all_tables, live_examples
from obstap.names import qualified
from obstap.tap.examples import EXAMPLES, MODERN
from obstap.tap.resource import resource
from obstap.tap.vosi import formats, limits
from uws.http.locations import base_url

__all__ = ["examples", "root"]

SHOWN_ROWS = 100
"""Rows that the form on the page asks for unless one changes it."""

READABLE = ("html", "text", "csv")
"""Formats that a browser shows, the best first."""


@resource("GET", "HEAD")
def examples(request: HttpRequest) -> HttpResponse:
    """The examples, in XHTML with RDFa that clients read."""
    page = render_to_string(
        "obstap/examples.xhtml", {"examples": [*EXAMPLES, *live_examples()], "tap": f"{base_url(request)}/tap"}
    )
    return HttpResponse(page, content_type="application/xhtml+xml; charset=utf-8")


@resource("GET", "HEAD")
def root(request: HttpRequest) -> HttpResponse:
    """What is at the address of the service when a person opens it; ``example`` chooses the query in the form."""
    from obstap.stores import get_store  # noqa: PLC0415 - Arrow loads when it is first used
    from obstap.tap_schema import ordered  # noqa: PLC0415

    known = (*EXAMPLES, *MODERN, *live_examples())
    chosen = next((one for one in known if one.id == request.GET.get("example")), EXAMPLES[0])
    offered = list(formats())
    names = [alias for one in offered for alias in one["aliases"][:1]]
    with get_store().snapshot() as snapshot:
        tables = [(qualified(table.name), table) for table in ordered(all_tables(snapshot).values())]
    context = {
        "base": base_url(request),
        "tap": f"{base_url(request)}/tap",
        "example": chosen,
        "examples": known,
        "tables": tables,
        "formats": [one for one in offered if one["aliases"]],
        "names": names,
        "readable": next((name for name in READABLE if name in names), names[0]),
        "shown_rows": SHOWN_ROWS,
        "sync_limit": settings.ATHANOR_SYNC_TIME_LIMIT,
        **limits(),
    }
    return HttpResponse(render_to_string("obstap/tap.html", context, request))
