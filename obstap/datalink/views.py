"""``/datalink/links``: the {links} end point of DataLink 1.1 (REC), with its VOSI resources."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path

from obstap.datalink.links import Link, further_links, links_of
from obstap.datalink.standard import CONTENT_TYPE, STANDARD
from obstap.metadata import Column
from obstap.origin import query_infos, request_url
from obstap.tap.resource import parameters, resource
from obstap.tap.vosi import availability, vosi_document
from uws.http.locations import base_url
from vo.dali import VOTABLE, parse_maxrec
from vo.errors import ParameterError

__all__ = ["COLUMNS", "urlpatterns"]

FORMATS = frozenset({"", "votable", VOTABLE, CONTENT_TYPE, "text/xml"})
"""What RESPONSEFORMAT may ask for (§2.1.2)."""

MOST_ROWS = 20_000
"""Rows of an answer; one that would have more is cut off between two IDs."""

MOST_IDS = 1000
"""IDs that one request may ask for and get an answer to."""

COLUMNS = (
    Column("ID", "char", "*", ucd="meta.id;meta.main", description="Identifier that was asked for"),
    Column("access_url", "char", "*", ucd="meta.ref.url", description="Where it can be had"),
    Column("service_def", "char", "*", ucd="meta.ref", description="Descriptor of a service, where it is one"),
    Column("error_message", "char", "*", ucd="meta.code.error", description="Why there is no link"),
    Column("description", "char", "*", ucd="meta.note", description="What it is, in words"),
    Column("semantics", "char", "*", ucd="meta.code", description="What it is to the data set"),
    Column("content_type", "char", "*", ucd="meta.code.mime", description="Media type"),
    Column("content_length", "long", unit="byte", ucd="phys.size;meta.file", description="Size"),
    Column("content_qualifier", "char", "*", ucd="meta.code", description="Kind of data product"),
    Column("local_semantics", "char", "*", ucd="meta.id.assoc", description="What it is in this service's own words"),
    Column("link_auth", "char", "*", ucd="meta.code", description="Whether one must sign in to read it"),
    Column("link_authorized", "boolean", ucd="meta.code", description="Whether the asker may read it"),
)
"""Required and optional columns (§3.2)."""


@resource("GET", "HEAD", "POST")
def links(request: HttpRequest) -> HttpResponse:
    """The links of each ID that is given; none gives an answer without rows (§2.1.1)."""
    wanted = parameters(request)
    _check_format(wanted.single("RESPONSEFORMAT"))
    most = parse_maxrec(wanted.single("MAXREC"))
    limit = MOST_ROWS if most is None else min(most, MOST_ROWS)
    identifiers = list(dict.fromkeys(value.strip() for value in wanted.all("ID")))
    rows: list[Link] = []
    overflow = len(identifiers) > MOST_IDS
    service = base_url(request)
    identifiers = identifiers[:MOST_IDS]
    further = further_links(identifiers, user=request.user)
    for identifier in identifiers:
        found = links_of(identifier, user=request.user, further=further)
        if len(rows) + len(found) > limit:
            overflow = True
            break
        rows += found
    asked = request_url(request, service)
    response = HttpResponse(_document(rows, service, asked, overflow=overflow), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = 'inline; filename="links.vot"'
    return response


@resource("GET", "HEAD")
def capabilities(request: HttpRequest) -> HttpResponse:
    """The capabilities document (DataLink 1.1 §2.2)."""
    return vosi_document(request, "obstap/datalink_capabilities.xml", standard=STANDARD)


def _check_format(text: str) -> None:
    wanted = ";".join(part.strip().lower() for part in text.split(";")).replace('"', "")
    if wanted not in FORMATS:
        raise ParameterError("RESPONSEFORMAT", f"{text[:80]!r} is not offered; use votable or {VOTABLE}.")


def _document(rows: Sequence[Link], service: str, asked: str, *, overflow: bool) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - Arrow loads when it is first used

    from obstap.arrow import arrow_type  # noqa: PLC0415
    from obstap.writers import Info  # noqa: PLC0415
    from obstap.writers.tabledata import TableData  # noqa: PLC0415
    from obstap.writers.votable import footer, header  # noqa: PLC0415

    cells = [_cells(row, service) for row in rows]
    arrays = [
        pa.array([row[number] for row in cells], type=arrow_type(column)) for number, column in enumerate(COLUMNS)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in COLUMNS])
    table = TableData()
    text = table.before_rows + (table.encode(batch, COLUMNS) if rows else b"") + table.after_rows
    late = [Info("QUERY_STATUS", "OVERFLOW")] if overflow else []
    infos = [Info("standardID", STANDARD), *query_infos(protocol=STANDARD, request=asked)]
    return header(COLUMNS, infos) + text + footer(late)


def _cells(link: Link, service: str) -> tuple[object, ...]:
    url = link.access_url
    return (
        link.identifier,
        (url if "://" in url else f"{service}/{url}") if url else None,
        None,
        link.error_message or None,
        link.description or None,
        link.semantics,
        link.content_type or None,
        link.content_length,
        link.content_qualifier or None,
        link.local_semantics or None,
        None if link.error_message else link.link_auth,
        None if link.error_message else link.link_authorized,
    )


urlpatterns: list[URLPattern] = [
    re_path(r"^datalink/links/?$", links, name="datalink"),
    re_path(r"^datalink/capabilities/?$", capabilities),
    re_path(r"^datalink/availability/?$", availability),
]
