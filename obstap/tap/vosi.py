"""What the service can do, whether it can do it now, and its tables (VOSI 1.1, TAPRegExt 1.0)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from jobdefs import registry
from obstap.live import all_tables
from obstap.tap.resource import find_table, resource
from uws.http.locations import base_url
from uws.limits import limits_of
from uws.times import format_time, now
from vo.dali import Parameters
from vo.errors import AthanorError, NotFoundError, ParameterError

__all__ = ["availability", "capabilities", "formats", "limits", "table", "tables", "vosi_document"]

XML = "text/xml; charset=utf-8"

UP_SINCE = now()
"""When this process began to serve."""


@resource("GET", "HEAD")
def capabilities(request: HttpRequest) -> HttpResponse:
    """The capabilities document."""
    from obstap.adql import FEATURES, VERSIONS  # noqa: PLC0415 - the parser loads when it is first used

    return vosi_document(
        request,
        "obstap/capabilities.xml",
        versions=VERSIONS,
        features=FEATURES,
        formats=list(formats()),
        **limits(),
    )


def vosi_document(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A VOSI document from a template, which knows the service's URL as ``base``."""
    return HttpResponse(render_to_string(template, {**context, "base": base_url(request)}), content_type=XML)


@resource("GET", "HEAD")
def availability(request: HttpRequest) -> HttpResponse:
    """Whether the tables can be queried and the database of jobs answers, by trying both."""
    notes = [note for note in (_failure("archive's tables", _try_store), _failure("jobs", _try_database)) if note]
    return vosi_document(
        request, "obstap/availability.xml", available=not notes, up_since=format_time(UP_SINCE), notes=notes
    )


@resource("GET", "HEAD")
def tables(request: HttpRequest) -> HttpResponse:
    """All tables; ``detail=min`` leaves their columns out (VOSI 1.1 §2.5)."""
    from obstap.catalogue import schema_descriptions  # noqa: PLC0415 - Arrow loads when it is first used
    from obstap.stores import get_store  # noqa: PLC0415
    from obstap.tap.tableset import tableset_document  # noqa: PLC0415

    detail = _detail(request)
    with get_store().snapshot() as snapshot:
        document = tableset_document(
            all_tables(snapshot).values(), detail=detail != "min", descriptions=schema_descriptions(snapshot)
        )
        return HttpResponse(document, content_type=XML)


@resource("GET", "HEAD")
def table(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """One table with its columns."""
    from obstap.stores import get_store  # noqa: PLC0415 - Arrow loads when it is first used
    from obstap.tap.tableset import table_document  # noqa: PLC0415

    with get_store().snapshot() as snapshot:
        known = all_tables(snapshot)
        found = find_table(known, name)
        if found is None:
            raise NotFoundError(f"There is no table {name!r}.", hint="/tap/tables?detail=min lists all tables.")
        return HttpResponse(table_document(found, known.values()), content_type=XML)


def _detail(request: HttpRequest) -> str:
    detail = Parameters.from_lists(dict(request.GET.lists())).single("DETAIL").lower()
    if detail not in ("", "min", "max"):
        raise ParameterError("DETAIL", f"{detail!r} is unknown; use min or max.")
    return detail


def limits() -> dict[str, Any]:
    """What the service grants: seconds for which jobs are kept and may run, rows of an answer, bytes of uploads."""
    granted = limits_of(registry.get("tap"))
    return {
        "retention": settings.ATHANOR_JOB_RETENTION,
        "duration": {"default": granted.duration, "hard": granted.max_duration},
        "rows": {"default": settings.ATHANOR_MAXREC, "hard": settings.ATHANOR_MAXREC_HARD},
        "upload_bytes": settings.ATHANOR_UPLOAD_BYTES,
        # Results of this service are taken by their URL, whatever other hosts are allowed.
        "upload_methods": ("inline", "http", *(["https"] if settings.ATHANOR_UPLOAD_HOSTS else [])),
    }


def formats() -> Iterator[dict[str, Any]]:
    """Media types of answers, the usual one first; short names stand with the first of each format."""
    from obstap.writers import WRITERS  # noqa: PLC0415 - Arrow loads when it is first used

    for writer in WRITERS:
        for number, media_type in enumerate(writer.media_types):
            aliases = () if number else writer.aliases
            yield {"mime": media_type, "aliases": aliases, "ivo_id": writer.ivo_id}


def _failure(subject: str, attempt: Callable[[], None]) -> str:
    """A note on what does not work, or an empty text."""
    try:
        attempt()
    except (AthanorError, DatabaseError, ImproperlyConfigured, OSError) as error:
        return f"The {subject} cannot be read: {error}"
    return ""


def _try_store() -> None:
    from obstap.stores import get_store  # noqa: PLC0415 - DuckDB loads when it is first used

    with get_store().snapshot() as snapshot:
        table = snapshot.physical("tap_schema.tables")
        for batch in snapshot.execute(f"SELECT count(*) FROM {table}"):  # noqa: S608 - the store's own name
            batch.validate()


def _try_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
