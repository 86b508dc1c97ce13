"""Queries to start from (DALI 1.1 §2.3): each finds rows in the demonstration archive and runs on any other.

`EXAMPLES` keep to what ADQL 2.0 knows too, as not every client and validator reads 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXAMPLES", "MODERN", "Example"]


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
HEA = "ivoa.obscore_hea"

EXAMPLES = (
    Example(
        "cone",
        "Observations around a position",
        "Everything within two degrees of a deep field, the nearest first. Angles are in degrees, ICRS.",
        (OBSCORE,),
        """SELECT TOP 100 obs_collection, obs_id, target_name, dataproduct_type, instrument_name,
  t_exptime, DISTANCE(POINT('ICRS', s_ra, s_dec), POINT('ICRS', 150.1, 2.2)) AS separation
FROM ivoa.obscore
WHERE DISTANCE(POINT('ICRS', s_ra, s_dec), POINT('ICRS', 150.1, 2.2)) < 2
ORDER BY separation""",
    ),
    Example(
        "covering",
        "Observations whose field covers a position",
        "The outline of each observed field is a region in s_region; these have the blazar PKS 2155-304 in theirs.",
        (OBSCORE,),
        """SELECT obs_collection, obs_id, instrument_name, t_min, t_max, access_url
FROM ivoa.obscore
WHERE 1 = CONTAINS(POINT('ICRS', 329.717, -30.226), s_region)""",
    ),
    Example(
        "touching",
        "Observations that touch a region",
        "Fields that have something in common with a polygon around Orion's sword, with the area of each field.",
        (OBSCORE,),
        """SELECT obs_id, instrument_name, AREA(s_region) AS square_degrees
FROM ivoa.obscore
WHERE 1 = INTERSECTS(s_region, POLYGON('ICRS', 83.5, -6, 84.2, -6, 84.2, -5, 83.5, -5))""",
    ),
    Example(
        "event-lists",
        "Long X-ray event lists",
        "Event lists of XMM-Newton of more than 15 ks, with their addresses; tasks such as evselect take each of them.",
        (OBSCORE,),
        """SELECT TOP 50 obs_publisher_did, target_name, instrument_name, t_exptime, access_url
FROM ivoa.obscore
WHERE facility_name LIKE 'XMM%' AND dataproduct_type = 'event' AND t_exptime > 15000
ORDER BY t_exptime DESC""",
    ),
    Example(
        "instruments",
        "What the archive holds",
        "Number of data sets and total exposure time of each instrument.",
        (OBSCORE,),
        """SELECT obs_collection, instrument_name, dataproduct_type, COUNT(*) AS datasets,
  SUM(t_exptime) AS exposure
FROM ivoa.obscore
GROUP BY obs_collection, instrument_name, dataproduct_type
ORDER BY datasets DESC""",
    ),
    Example(
        "products",
        "The data sets of each observation",
        "One row an observation: how many data sets it has, and by which instruments.",
        (OBSCORE,),
        """SELECT TOP 100 obs_id, target_name, COUNT(*) AS datasets,
  ivo_string_agg(instrument_name, ' ') AS instruments
FROM ivoa.obscore
WHERE ivo_nocasematch(target_name, '%field%') = 1
GROUP BY obs_id, target_name
ORDER BY datasets DESC""",
    ),
    Example(
        "repeated",
        "A field at different times",
        "Pairs of observations of one field, by the same camera and more than a hundred days apart.",
        (OBSCORE,),
        """SELECT TOP 100 a.obs_id AS first_obs, b.obs_id AS later_obs, a.instrument_name,
  b.t_min - a.t_min AS days
FROM ivoa.obscore AS a JOIN ivoa.obscore AS b ON a.instrument_name = b.instrument_name
WHERE DISTANCE(POINT('ICRS', a.s_ra, a.s_dec), POINT('ICRS', 83.9, -5.4)) < 1
  AND DISTANCE(POINT('ICRS', b.s_ra, b.s_dec), POINT('ICRS', 83.9, -5.4)) < 1
  AND b.t_min - a.t_min > 100
ORDER BY days""",
    ),
    Example(
        "high-energy",
        "Event lists by energy",
        "Energies in eV stand in the high-energy extension of ObsCore, which has one row for each row of ivoa.obscore"
        " that it describes: here event lists that reach 10 keV.",
        (OBSCORE, HEA),
        """SELECT TOP 100 obs_id, instrument_name, ev_xel AS events, energy_min, energy_max
FROM ivoa.obscore NATURAL JOIN ivoa.obscore_hea
WHERE energy_max >= 1e4
ORDER BY ev_xel DESC""",
    ),
    Example(
        "time",
        "Observations of a month",
        "Times are modified Julian dates: these reach into May 2005.",
        (OBSCORE,),
        """SELECT TOP 100 obs_id, target_name, instrument_name, t_min, t_max
FROM ivoa.obscore
WHERE 1 = ivo_interval_overlaps(t_min, t_max, 53491, 53522)
ORDER BY t_min""",
    ),
    Example(
        "map",
        "A map of the archive",
        "Number of data sets in each HEALPix cell of order 5 (nested numbering), which are 1.8 degrees wide.",
        (OBSCORE,),
        """SELECT hpx5, COUNT(*) AS datasets, AVG(s_ra) AS ra, AVG(s_dec) AS dec
FROM (SELECT ivo_healpix_index(5, s_ra, s_dec) AS hpx5, s_ra, s_dec FROM ivoa.obscore) AS placed
GROUP BY hpx5
ORDER BY datasets DESC""",
    ),
    Example(
        "columns",
        "Columns of a table",
        "The service describes its own tables; size is a reserved word and must be quoted.",
        ("tap_schema.columns",),
        """SELECT column_name, datatype, arraysize, "size", unit, ucd, description
FROM tap_schema.columns
WHERE table_name = 'ivoa.obscore'
ORDER BY column_index""",
    ),
)
"""The examples that clients read, in the order of the page."""

MODERN = (
    Example(
        "coverage",
        "Observations within a coverage map",
        "A MOC tells a part of the sky by HEALPix cells: order/cells. The fields of these observations touch it.",
        (OBSCORE,),
        """SELECT TOP 100 obs_id, instrument_name, s_ra, s_dec
FROM ivoa.obscore
WHERE 1 = INTERSECTS(s_region, MOC('4/1700-1710 5/4111'))""",
    ),
    Example(
        "month",
        "Targets of a month",
        "A table made on the way by WITH, dates instead of modified Julian dates, and texts in any case of letters.",
        (OBSCORE,),
        """WITH observed AS (
  SELECT obs_id, LOWER(target_name) AS target, t_exptime
  FROM ivoa.obscore
  WHERE t_min BETWEEN ivo_to_mjd(CAST('2005-05-01' AS TIMESTAMP))
    AND ivo_to_mjd(CAST('2005-06-01' AS TIMESTAMP))
)
SELECT target, COUNT(*) AS datasets, SUM(t_exptime) AS exposure
FROM observed
GROUP BY target""",
    ),
)
"""Examples of what only ADQL 2.1 and this service know; the page for people has them too."""
