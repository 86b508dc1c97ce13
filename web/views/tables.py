"""The published tables: all of them, and each with its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from uws.http.locations import base_url
from web.snippets import query_curl, query_pyvo, sync_url
from web.table_examples import examples_for
from web.tables import listing, page, type_of

if TYPE_CHECKING:
    from obstap.metadata import Column

__all__ = ["index", "show"]

FORMATS = (("votable", "VOTable"), ("fits", "FITS"), ("csv", "CSV"), ("parquet", "Parquet"))
"""Formats of downloads and what people call them."""


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column as the page shows it."""

    column: Column
    anchor: str
    written: str
    type: str
    tags: tuple[str, ...]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All tables by schema."""
    return render(
        request, "web/tables.html", {"section": "tables", "schemas": listing(), "base_url": base_url(request)}
    )


@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """A table: what it holds, its columns, its keys, and ways to its rows."""
    from obstap.names import qualified, quoted  # noqa: PLC0415 - the archive loads when it is first used

    service = base_url(request)
    found = page(name)
    written = qualified(found.table.name)
    everything = f"SELECT * FROM {written}"  # noqa: S608 - quoted
    examples = examples_for(found)
    tags = found.tags
    context = {
        "section": "tables",
        "found": found,
        "table": found.table,
        "written": written,
        "columns": [
            ColumnLine(column, _anchor(column.name), quoted(column.name), type_of(column), tags.get(column.name, ()))
            for column in found.table.columns
        ],
        "key": (found.table.key, _anchor(found.table.key)),
        "positions": [
            [(name, _anchor(name)) for name in (position.lon, position.lat)] for position in found.table.positions
        ],
        "examples": examples,
        "maxrec": settings.ATHANOR_MAXREC,
        "cut": found.rows is None or found.rows > settings.ATHANOR_MAXREC,
        "downloads": [
            (label, sync_url(service, everything, responseformat=alias)) for alias, label in FORMATS if _offered(alias)
        ],
        "vosi_url": f"{service}/tap/tables/{quote(written)}",
        "tap_url": f"{service}/tap",
        "pyvo": query_pyvo(service, examples[0].adql),
        "curl": query_curl(service, examples[0].adql, file=f"{found.table.name}.csv"),
    }
    return render(request, "web/table.html", context)


def _anchor(name: str) -> str:
    """The fragment of the address that leads to a column: no blanks are allowed in it."""
    return "column-" + "_".join(name.split())


def _offered(alias: str) -> bool:
    from obstap.writers import WRITERS  # noqa: PLC0415 - Arrow comes with it

    return any(alias in writer.aliases for writer in WRITERS)
