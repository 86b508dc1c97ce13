"""``/scs``: cone searches of ``ivoa.obscore`` and of every published table with positions (Simple Cone Search 1.03).

Version 1.1, a draft, adds MAXREC, RESPONSEFORMAT and POST of DALI, which are understood too.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from obstap.metadata import Table
from obstap.names import qualified
from obstap.scs.query import is_searchable, read_cone
from obstap.tap.resource import find_table, parameters, resource
from obstap.tap.sync import answer
from obstap.tap.vosi import vosi_document
from vo.dali import parse_maxrec
from vo.errors import NotFoundError

__all__ = ["capabilities", "cone"]

STANDARD = "ivo://ivoa.net/std/ConeSearch"
OBSCORE = "ivoa.obscore"


@resource("GET", "HEAD", "POST")
def cone(request: HttpRequest, name: str = OBSCORE) -> HttpResponseBase:
    """Rows of a table around a position; unknown parameters are let pass."""
    wanted = parameters(request)
    search = read_cone(wanted, _table(name))
    return answer(
        request,
        query=search.adql,
        maxrec=0 if search.is_empty else parse_maxrec(wanted.single("MAXREC")),
        responseformat=wanted.single("RESPONSEFORMAT"),
        run_id=wanted.single("RUNID"),
        protocol=STANDARD,
        ucds=search.ucds,
    )


@resource("GET", "HEAD")
def capabilities(request: HttpRequest) -> HttpResponse:
    """The capabilities document: one cone search for each table."""
    others = sorted(qualified(table.name) for key, table in _searchable().items() if key != OBSCORE)
    return vosi_document(
        request, "obstap/scs_capabilities.xml", standard=STANDARD, tables=others, rows=settings.ATHANOR_MAXREC_HARD
    )


def _searchable() -> dict[str, Table]:
    from obstap.stores import get_store  # noqa: PLC0415 - Arrow loads when it is first used

    with get_store().snapshot() as snapshot:
        return {key: table for key, table in snapshot.tables.items() if is_searchable(table)}


def _table(name: str) -> Table:
    searchable = _searchable()
    table = find_table(searchable, name)
    if table is None:
        raise NotFoundError(f"There is no cone search of {name!r}.", hint=f"There is one of {', '.join(searchable)}.")
    return table
