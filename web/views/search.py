"""Searching the archive by a form, or by ADQL."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from uws.http.departure import departure
from uws.http.locations import base_url
from vo.errors import QueryError, UsageError
from web.archive import holdings, obscore_columns, run_search
from web.forms.search import SearchForm
from web.queries import build_adql
from web.results import result_table
from web.snippets import query_curl, query_pyvo, sync_url

__all__ = ["search"]

PAGE_ROWS = 50

EXAMPLE = """\
SELECT TOP 100 obs_id, target_name, instrument_name, t_exptime
FROM ivoa.obscore
WHERE dataproduct_type = 'event'
ORDER BY t_exptime DESC"""
"""What the empty editor shows."""


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The form and, once something is asked, its answer; ``adql=`` runs a query as it stands."""
    service = base_url(request)
    held = holdings(base_url=service)
    adql = request.GET.get("adql", "").strip()
    asked = bool(request.GET)
    form = SearchForm(
        request.GET if asked and not adql else None,
        instruments=held.instruments,
        collections=held.collections,
        product_types=held.product_types,
        columns=obscore_columns(),
    )
    if asked and not adql and form.is_valid():
        adql = build_adql(form.criteria())
    context = {
        "section": "search",
        "form": form,
        "holdings": held,
        "edited": bool(request.GET.get("adql")),
        "example": EXAMPLE,
    }
    context["adql_rows"] = max(6, adql.count("\n") + 2)
    if adql:
        context |= {"adql": adql, **_answer(request, adql, service)}
    status = 400 if context.get("error") or (asked and form.errors) else 200
    return render(request, "web/search.html", context, status=status)


def _answer(request: HttpRequest, adql: str, service: str) -> dict[str, Any]:
    try:
        answer = run_search(adql=adql, base_url=service, cancellation=departure(request))
    except (QueryError, UsageError) as error:
        return {"error": error}
    pages = max(1, -(-len(answer.rows) // PAGE_ROWS))
    number = min(_page_number(request), pages)
    first = (number - 1) * PAGE_ROWS
    shown = answer.rows[first : first + PAGE_ROWS]
    return {
        "table": result_table(answer.columns, shown),
        "total": len(answer.rows),
        "overflow": answer.overflow,
        "first": first + 1,
        "last": first + len(shown),
        "number": number,
        "pages": range(1, pages + 1),
        "votable_url": sync_url(service, adql, responseformat="votable"),
        "csv_url": sync_url(service, adql, responseformat="csv"),
        "curl": query_curl(service, adql),
        "pyvo": query_pyvo(service, adql),
    }


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
