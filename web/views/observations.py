"""An observation and its products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from uws.http.locations import base_url, see_other
from vo.errors import ParameterError
from web.archive import observation, observation_of
from web.catalogue import Task, usual_tasks
from web.coordinates import sexagesimal
from web.queries import observation_adql
from web.results import Cell, cell
from web.snippets import query_pyvo

if TYPE_CHECKING:
    from obstap.metadata import Column

__all__ = ["dataset", "show"]

SUMMARY = {
    "target_name": "Target",
    "obs_collection": "Collection",
    "facility_name": "Facility",
    "t_min": "Begins",
    "t_max": "Ends",
    "obs_release_date": "Released",
}
"""Columns that describe the observation as a whole where all its products agree, and what people call them."""


@dataclass(frozen=True, slots=True)
class Product:
    """A data set of the observation, ready to be shown."""

    did: str
    name: str
    cells: dict[str, Cell]
    facts: list[tuple[Column, Cell]]
    tasks: list[Task]
    type: str


@require_safe
def show(request: HttpRequest, obs_id: str) -> HttpResponse:
    """All that ObsCore says of each product, its file, and the tasks that take it."""
    service = base_url(request)
    answer = observation(obs_id=obs_id, base_url=service)
    records = [dict(zip((column.name for column in answer.columns), row, strict=True)) for row in answer.rows]
    context = {
        "section": "search",
        "obs_id": obs_id,
        "summary": _summary(answer.columns, records),
        "position": _position(records),
        "products": [_product(answer.columns, record) for record in records],
        "overflow": answer.overflow,
        "pyvo": query_pyvo(service, observation_adql(obs_id)),
    }
    return render(request, "web/observation.html", context)


@require_safe
def dataset(request: HttpRequest) -> HttpResponse:
    """The page of the observation to which the data set ``did`` belongs."""
    did = request.GET.get("did", "")
    if not did:
        raise ParameterError("did", "Give the obs_publisher_did of a data set.")
    obs_id = observation_of(did=did, base_url=base_url(request))
    return see_other(reverse("observation", args=[obs_id]))


def _summary(columns: tuple[Column, ...], records: list[dict[str, Any]]) -> list[tuple[str, Cell]]:
    by_name = {column.name: column for column in columns}
    return [
        (label, cell(by_name[name], records[0][name]))
        for name, label in SUMMARY.items()
        if len({repr(record[name]) for record in records}) == 1 and records[0][name] is not None
    ]


def _position(records: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Where the first product with a position points."""
    for record in records:
        if None not in (ra := record["s_ra"], dec := record["s_dec"]):
            return {"ra": ra, "dec": dec, "text": sexagesimal(ra, dec)}
    return None


def _product(columns: tuple[Column, ...], record: dict[str, Any]) -> Product:
    facts = [(column, cell(column, record[column.name])) for column in columns]
    return Product(
        did=record["obs_publisher_did"],
        name=(record["access_url"] or "").rpartition("/")[2],
        cells={column.name: shown for column, shown in facts},
        facts=facts,
        tasks=usual_tasks(record["dataproduct_type"] or ""),
        type=record["dataproduct_type"] or "",
    )
