"""What answers tell of where they and their data come from, as INFO elements (IVOA Note "Data Origin in the VO" 1.1).

What is not known is left out: nothing here is made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from django.conf import settings

from uws.http.software import software
from uws.times import format_time, now

if TYPE_CHECKING:
    from django.http import HttpRequest

    from obstap.metadata import Table
    from obstap.writers import Info

__all__ = ["ORIGIN", "query_infos", "request_url", "table_infos", "told_origin"]

ORIGIN = (
    *("ivoid", "data_ivoid", "citation", "reference_url", "resource_version", "rights_uri", "rights", "creator"),
    *("editor", "journal", "article", "cites", "is_derived_from"),
    *("original_date", "publication_date", "last_update_date"),
)
"""What is told of a data collection (§4.2); later editions of the note say ``data_ivoid`` and ``journal`` for ``ivoid``
and ``editor``."""

LONGEST_URL = 4000
"""Characters of a request that is repeated in its answer; longer ones stand in QUERY."""

LONGEST_VALUE = 2000
"""Characters of a value that is kept of a published file."""

_OWN = "tap_schema."
_SECRET = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field


def query_infos(*, protocol: str, request: str = "") -> list[Info]:
    """What is told of the request and of who answers (§4.1).

    Parameters
    ----------
    protocol
        Identifier of the standard by which it came.
    request
        Its full address, where there is one.
    """
    from obstap.writers import Info  # noqa: PLC0415 - Arrow loads when it is first used

    return [
        Info("publisher", f"ivo://{settings.ATHANOR_AUTHORITY}"),
        Info("server_software", software()),
        Info("service_protocol", protocol),
        *([Info("request", request)] if request else []),
        Info("request_date", format_time(now())),
    ]


def table_infos(tables: Iterable[Table], *, base_url: str) -> list[Info]:
    """What is told of the tables that an answer is made from: what their publishers said, and their pages."""
    from obstap.writers import Info  # noqa: PLC0415

    infos = []
    for table in tables:
        if table.name.lower().startswith(_OWN):
            continue
        infos += [Info(name, value) for name, value in table.origin]
        if all(name != "reference_url" for name, _ in table.origin):
            infos.append(Info("reference_url", f"{base_url}/tables/{quote(table.name, safe='.')}/"))
    return infos


def request_url(request: HttpRequest, service: str) -> str:
    """The address by which GET would ask the same; empty for what no address can hold, such as files.

    Parameters
    ----------
    service
        Root of the service, without a final slash.
    """
    if request.FILES:
        return ""
    told = [*request.GET.lists(), *request.POST.lists()]
    given = [(name, value) for name, values in told if name != _SECRET for value in values]
    url = f"{service}{request.path_info}"
    if sum(len(name) + len(value) for name, value in given) > LONGEST_URL:
        return ""
    if given:
        url = f"{url}?{urlencode(given)}"
    return url if len(url) <= LONGEST_URL else ""


def told_origin(infos: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Those of a file's INFO elements that tell of the origin of its data, in lower case."""
    return tuple(
        (name.lower(), value.strip()[:LONGEST_VALUE])
        for name, value in infos
        if name.lower() in ORIGIN and value.strip()
    )
