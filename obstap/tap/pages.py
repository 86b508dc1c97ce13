"""Pages of the TAP service for people: what it is, and queries to start from (DALI 1.1 §2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from obstap.tap.resource import resource
from uws.http.locations import base_url

__all__ = ["EXAMPLES", "Example", "examples", "root"]


@dataclass(frozen=True, slots=True)
class Example:
    """A query to start from.

    Parameters
    ----------
    id
        The fragment by which links name it.
    tables
        The tables that it reads.
    """

    id: str
    name: str
    text: str
    tables: tuple[str, ...]
    query: str


OBSCORE = "ivoa.obscore"

EXAMPLES = (
    Example(
        "cone",
        "Observations around a position",
        "Everything within two degrees of the Crab nebula, the nearest first. Angles are in degrees, ICRS.",
        (OBSCORE,),
        """SELECT TOP 100 obs_collection, obs_id, target_name, dataproduct_type, instrument_name,
  t_exptime,
  DISTANCE(POINT('ICRS', s_ra, s_dec), POINT('ICRS', 83.633, 22.014)) AS separation
FROM ivoa.obscore
WHERE DISTANCE(POINT('ICRS', s_ra, s_dec), POINT('ICRS', 83.633, 22.014)) < 2
ORDER BY separation""",
    ),
    Example(
        "covering",
        "Observations whose field covers a position",
        "The field of view of each observation is a region in s_region; these have the blazar PKS 2155-304 in theirs.",
        (OBSCORE,),
        """SELECT obs_collection, obs_id, instrument_name, t_min, t_max, access_url
FROM ivoa.obscore
WHERE 1 = CONTAINS(POINT('ICRS', 329.717, -30.226), s_region)""",
    ),
    Example(
        "event-lists",
        "Long X-ray event lists",
        "Event lists of XMM-Newton of more than 20 ks, with their addresses; tasks such as evselect take each of them.",
        (OBSCORE,),
        """SELECT TOP 50 obs_publisher_did, target_name, instrument_name, t_exptime, access_url
FROM ivoa.obscore
WHERE facility_name LIKE 'XMM%' AND dataproduct_type = 'event' AND t_exptime > 20000
ORDER BY t_exptime DESC""",
    ),
    Example(
        "instruments",
        "What the archive holds",
        "Number of data sets and total exposure time of each instrument.",
        (OBSCORE,),
        """SELECT obs_collection, instrument_name, dataproduct_type, COUNT(*) AS datasets, SUM(t_exptime) AS exposure
FROM ivoa.obscore
GROUP BY obs_collection, instrument_name, dataproduct_type
ORDER BY datasets DESC""",
    ),
    Example(
        "high-energy",
        "Gamma-ray data by energy",
        "Energies in eV stand in the high-energy extension of ObsCore, which has one row for each row of ivoa.obscore"
        " that it describes: here data that reach 10 TeV.",
        (OBSCORE, "ivoa.obscore_hea"),
        """SELECT TOP 100 obs_id, target_name, energy_min, energy_max, event_type
FROM ivoa.obscore NATURAL JOIN ivoa.obscore_hea
WHERE energy_max >= 1e13""",
    ),
    Example(
        "time",
        "Observations of one night",
        "Times are modified Julian dates; this is the night of the flare of PKS 2155-304 in July 2006.",
        (OBSCORE,),
        """SELECT obs_id, target_name, instrument_name, t_min, t_max
FROM ivoa.obscore
WHERE t_min < 53945 AND t_max > 53944
ORDER BY t_min""",
    ),
    Example(
        "columns",
        "Columns of a table",
        "The service describes its own tables; size is a reserved word and must be quoted.",
        ("tap_schema.columns",),
        """SELECT column_name, datatype, arraysize, unit, ucd, description
FROM tap_schema.columns
WHERE table_name = 'ivoa.obscore'
ORDER BY column_index""",
    ),
)
"""Queries that run on every archive of this software, whatever it holds."""


@resource("GET", "HEAD")
def examples(request: HttpRequest) -> HttpResponse:
    """The examples, in XHTML with RDFa that clients read."""
    page = render_to_string("obstap/examples.xhtml", {"examples": EXAMPLES, "tap": f"{base_url(request)}/tap"})
    return HttpResponse(page, content_type="application/xhtml+xml; charset=utf-8")


@resource("GET", "HEAD")
def root(request: HttpRequest) -> HttpResponse:
    """What is at the address of the service when a person opens it."""
    context = {"tap": f"{base_url(request)}/tap", "example": EXAMPLES[0]}
    return HttpResponse(render_to_string("obstap/tap.html", context, request))
