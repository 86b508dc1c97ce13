"""Finding the event lists that show a place: the function of the job definition ``find-events``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from django.conf import settings

from jobdefs.checking import check
from jobdefs.registry import get
from obstap.names import literal
from obstap.tap.query import fetch
from uws.executors import InProcessContext, Produced
from vo.errors import UsageError
from vo.skyregions import Region, parse_region

__all__ = ["COLUMNS", "run", "write_query"]

COLUMNS = {
    "obs_id": "obs_id",
    "instrument": "instrument_name",
    "target": "target_name",
    "exposure": "t_exptime",
    "events": "obs_publisher_did",
}
"""Columns of the table that is made, and of ``ivoa.obscore``."""

Row = Sequence[object]


def run(context: InProcessContext) -> list[Produced]:
    """Write the table of the event lists that a job asks for.

    Lists that are named are taken as they are; otherwise the archive is asked for those that touch the region.

    Raises
    ------
    vo.errors.UsageError
        When there is none, or more than a pipeline may have branches.
    """
    values = check(get("find-events"), context.parameters, complete=True)
    named = list(dict.fromkeys(values.get("events", ())))
    most = settings.ATHANOR_MAX_ARRAY
    if named:
        context.stage("Looking up the event lists")
        rows = _described(context, named)
    elif values.get("region"):
        context.stage("Asking the archive")
        rows = _ask(context, write_query(parse_region(values["region"][0]), values, most + 1))
        if not rows:
            raise UsageError(
                "No event list of the archive that meets the conditions touches the region.",
                hint="Take a larger region, or fewer conditions.",
            )
    else:
        raise UsageError("Neither events nor a region is given.", hint="Name event lists, or a region of the sky.")
    if len(rows) > most:
        raise UsageError(f"More than {most:,} event lists touch the region.", hint="Take a smaller one.")
    path = context.workdir / "events.csv"
    _write(path, rows)
    return [Produced("events", path, "text/csv", role="table")]


def write_query(region: Region, values: Mapping[str, Sequence[str]], most: int) -> str:
    """The query in ADQL for the event lists that touch a region.

    A circle or a polygon is taken as it is, other regions by the circle around them.

    Parameters
    ----------
    values
        ``instruments``, ``collections`` and ``observations``: those that are wanted; where there is none, all are.
    """
    conditions = ["dataproduct_type = 'event'", f"1 = INTERSECTS({_shape(region)}, s_region)"]
    for parameter, column in (
        ("instruments", "instrument_name"),
        ("collections", "obs_collection"),
        ("observations", "obs_id"),
    ):
        wanted = [value for value in values.get(parameter, ()) if value]
        if wanted:
            conditions.append(f"{column} IN ({', '.join(map(literal, wanted))})")
    return _select(conditions, most)


def _select(conditions: Iterable[str], most: int) -> str:
    columns = ", ".join(COLUMNS.values())
    return (
        f"SELECT TOP {most} {columns} FROM ivoa.obscore "  # noqa: S608 - ADQL, of names and quoted texts
        f"WHERE {' AND '.join(conditions)} ORDER BY obs_id, instrument_name, obs_publisher_did"
    )


def _shape(region: Region) -> str:
    ra, dec, radius = region.bounding_circle()
    return f"CIRCLE({ra!r}, {dec!r}, {radius!r})"


def _ask(context: InProcessContext, query: str) -> list[Row]:
    answer = fetch(
        query,
        base_url=context.base_url,
        maxrec=settings.ATHANOR_MAX_ARRAY + 1,
        time_limit=context.time_limit,
        cancellation=context.cancellation,
    )
    return list(answer.rows)


def _described(context: InProcessContext, named: Sequence[str]) -> list[Row]:
    """A row for each list, in their order; what the archive does not know has no more than its name."""
    known: dict[object, Row] = {}
    identifiers = [name for name in named if name.startswith("ivo://")]
    if identifiers:
        condition = f"obs_publisher_did IN ({', '.join(map(literal, identifiers))})"
        known = {row[-1]: row for row in _ask(context, _select([condition], len(identifiers)))}
    return [known.get(name, (*[None] * (len(COLUMNS) - 1), name)) for name in named]


def _write(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
