"""The closed list of functions: what may be called, with which arguments, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AGGREGATES", "FUNCTIONS", "Function"]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of ADQL.

    Parameters
    ----------
    usage
        How it is called, for messages.
    least, most
        Numbers of arguments; `most` is None where there is no limit.
    takes
        ``number``, ``text``, ``time`` or ``any`` for all arguments; ``geometry`` and ``special`` ones are looked at by
        their own rules.
    gives
        ``double``, ``int``, ``text``; ``same`` is the type of the first argument, ``widest`` that of all of them.
    keeps
        Whether the result is in the unit of the first argument.
    unit
        The unit of the result where it is always the same.
    since
        The version of ADQL that brought it.
    signature
        How a function that is not ADQL's own is declared (TAPRegExt 1.0 §2.3).
    """

    usage: str
    least: int
    most: int | None
    takes: str = "number"
    gives: str = "double"
    keeps: bool = False
    unit: str = ""
    since: str = "2.0"
    signature: str = ""
    description: str = ""


FUNCTIONS: dict[str, Function] = {
    # aggregates
    "COUNT": Function("COUNT(*) or COUNT(x)", 1, 1, "special"),
    "SUM": Function("SUM(x)", 1, 1, "special"),
    "AVG": Function("AVG(x)", 1, 1, "special"),
    "MIN": Function("MIN(x)", 1, 1, "special"),
    "MAX": Function("MAX(x)", 1, 1, "special"),
    # mathematics (ADQL 2.1 §2.3)
    "ABS": Function("ABS(x)", 1, 1, gives="same", keeps=True),
    "CEILING": Function("CEILING(x)", 1, 1, keeps=True),
    "DEGREES": Function("DEGREES(x)", 1, 1, unit="deg"),
    "EXP": Function("EXP(x)", 1, 1),
    "FLOOR": Function("FLOOR(x)", 1, 1, keeps=True),
    "LOG": Function("LOG(x)", 1, 1),
    "LOG10": Function("LOG10(x)", 1, 1),
    "MOD": Function("MOD(x, y)", 2, 2, gives="widest", keeps=True),
    "PI": Function("PI()", 0, 0),
    "POWER": Function("POWER(x, y)", 2, 2),
    "RADIANS": Function("RADIANS(x)", 1, 1, unit="rad"),
    "RAND": Function("RAND() or RAND(seed)", 0, 1),
    "ROUND": Function("ROUND(x) or ROUND(x, n)", 1, 2, keeps=True),
    "SQRT": Function("SQRT(x)", 1, 1),
    "TRUNCATE": Function("TRUNCATE(x) or TRUNCATE(x, n)", 1, 2, keeps=True),
    # trigonometry
    "ACOS": Function("ACOS(x)", 1, 1, unit="rad"),
    "ASIN": Function("ASIN(x)", 1, 1, unit="rad"),
    "ATAN": Function("ATAN(x)", 1, 1, unit="rad"),
    "ATAN2": Function("ATAN2(y, x)", 2, 2, unit="rad"),
    "COS": Function("COS(x)", 1, 1),
    "COT": Function("COT(x)", 1, 1),
    "SIN": Function("SIN(x)", 1, 1),
    "TAN": Function("TAN(x)", 1, 1),
    # texts (§4.4), choice (§4.8), units (§4.9)
    "LOWER": Function("LOWER(text)", 1, 1, "text", "text", since="2.1"),
    "UPPER": Function("UPPER(text)", 1, 1, "text", "text", since="2.1"),
    "COALESCE": Function("COALESCE(x, y, …)", 1, None, "special", since="2.1"),
    "IN_UNIT": Function("IN_UNIT(x, 'unit')", 2, 2, "special", since="2.1"),
    # geometry (§4.2)
    "AREA": Function("AREA(region)", 1, 1, "geometry"),
    "BOX": Function("BOX(lon, lat, width, height) or BOX(point, width, height)", 3, 5, "geometry"),
    "CENTROID": Function("CENTROID(region)", 1, 1, "geometry"),
    "CIRCLE": Function("CIRCLE(lon, lat, radius) or CIRCLE(point, radius)", 2, 4, "geometry"),
    "CONTAINS": Function("CONTAINS(inner, outer)", 2, 2, "geometry"),
    "COORD1": Function("COORD1(point)", 1, 1, "geometry"),
    "COORD2": Function("COORD2(point)", 1, 1, "geometry"),
    "COORDSYS": Function("COORDSYS(region)", 1, 1, "geometry"),
    "DISTANCE": Function("DISTANCE(point, point) or DISTANCE(lon1, lat1, lon2, lat2)", 2, 4, "geometry"),
    "INTERSECTS": Function("INTERSECTS(region, region)", 2, 2, "geometry"),
    "POINT": Function("POINT(lon, lat)", 2, 3, "geometry"),
    "POLYGON": Function(
        "POLYGON(lon1, lat1, lon2, lat2, lon3, lat3, …) or POLYGON(point1, point2, point3, …)", 3, None, "geometry"
    ),
    "REGION": Function("REGION('text')", 1, 1, "geometry"),
    # functions of the IVOA's catalogue (Endorsed Note "Catalogue of ADQL User Defined Functions" 1.2)
    "IVO_HASHLIST_HAS": Function(
        "ivo_hashlist_has(hashlist, item)",
        2,
        2,
        "text",
        "int",
        signature="ivo_hashlist_has(hashlist VARCHAR, item VARCHAR) -> INTEGER",
        description="1 if the item is one of those that # separates in the hashlist, in any case of letters, else 0.",
    ),
    "IVO_INTERVAL_OVERLAPS": Function(
        "ivo_interval_overlaps(l1, h1, l2, h2)",
        4,
        4,
        "number",
        "int",
        signature="ivo_interval_overlaps(l1 DOUBLE PRECISION, h1 DOUBLE PRECISION, "
        "l2 DOUBLE PRECISION, h2 DOUBLE PRECISION) -> INTEGER",
        description="1 if the interval from l1 to h1 has a value in common with that from l2 to h2, else 0.",
    ),
    "IVO_NOCASEMATCH": Function(
        "ivo_nocasematch(value, pattern)",
        2,
        2,
        "text",
        "int",
        signature="ivo_nocasematch(value VARCHAR, pat VARCHAR) -> INTEGER",
        description="1 if the value is like the pattern (_ and % as in LIKE) in any case of letters, else 0.",
    ),
    "IVO_STRING_AGG": Function(
        "ivo_string_agg(text, delimiter)",
        2,
        2,
        "special",
        "text",
        signature="ivo_string_agg(expression VARCHAR, delimiter VARCHAR) -> VARCHAR",
        description="An aggregate: all texts of a group, joined by the delimiter.",
    ),
    "IVO_TO_JD": Function(
        "ivo_to_jd(timestamp)",
        1,
        1,
        "time",
        unit="d",
        signature="ivo_to_jd(d TIMESTAMP) -> DOUBLE PRECISION",
        description="The Julian date of a timestamp.",
    ),
    "IVO_TO_MJD": Function(
        "ivo_to_mjd(timestamp)",
        1,
        1,
        "time",
        unit="d",
        signature="ivo_to_mjd(d TIMESTAMP) -> DOUBLE PRECISION",
        description="The modified Julian date of a timestamp.",
    ),
}
"""Every function that queries may call, by its upper-case name."""

AGGREGATES = frozenset({"COUNT", "SUM", "AVG", "MIN", "MAX", "IVO_STRING_AGG"})
"""Functions that make one value of a group of rows."""
