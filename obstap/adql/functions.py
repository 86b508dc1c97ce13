"""The closed list of functions: what may be called, with which arguments, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AGGREGATES", "FUNCTIONS", "REFUSED", "Function"]


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
        ``number``, ``text``, ``time`` or ``any`` for all arguments; ``geometry``, ``udf`` and ``special`` ones are
        looked at by their own rules.
    gives
        ``double``, ``int``, ``text``; ``same`` is the type of the first argument, ``widest`` that of all of them.
    keeps
        Whether the result is in the unit of the first argument.
    unit
        The unit of the result where it is always the same.
    since
        The version of ADQL that brought it.
    signature, second_signature
        How a function that is not ADQL's own is declared (TAPRegExt 1.0 §2.3), and its other form if it has two.
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
    second_signature: str = ""


_STAR = (
    "(ra DOUBLE PRECISION, dec DOUBLE PRECISION, parallax DOUBLE PRECISION, pmra DOUBLE PRECISION, "
    "pmdec DOUBLE PRECISION, radial_velocity DOUBLE PRECISION, ref_epoch DOUBLE PRECISION, out_epoch DOUBLE PRECISION)"
)
_STAR_USAGE = "(ra, dec, parallax, pmra, pmdec, radial_velocity, ref_epoch, out_epoch)"

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
    "MOC": Function(
        "MOC('4/1 3-5 6/') or MOC(order, region)",
        1,
        2,
        "udf",
        signature="MOC(coverage VARCHAR) -> MOC",
        description="The part of the sky that a MOC covers, given as text (MOC 2.0), or the cells of an order that a "
        "region touches. It stands in CONTAINS(…, MOC(…)) and in INTERSECTS.",
        second_signature="MOC(hpxOrder INTEGER, region REGION) -> MOC",
    ),
    # functions of the IVOA's catalogue (Endorsed Note "Catalogue of ADQL User Defined Functions" 1.2)
    "IVO_DMS_TO_DEGREES": Function(
        "ivo_dms_to_degrees(text)",
        1,
        1,
        "text",
        unit="deg",
        signature="ivo_dms_to_degrees(dms VARCHAR) -> DOUBLE PRECISION",
        description="Degrees of a text of degrees, minutes and seconds such as -0:15:0, -0d15m0s or -001500; NULL for "
        "other texts.",
    ),
    "IVO_EPOCH_PROP": Function(
        f"ivo_epoch_prop{_STAR_USAGE}",
        8,
        8,
        "udf",
        signature=f"ivo_epoch_prop{_STAR} -> DOUBLE PRECISION[6]",
        description="The six parameters of a star at out_epoch, for uniform motion in space: degrees, mas, mas/yr and "
        "km/s; epochs are Julian years.",
    ),
    "IVO_EPOCH_PROP_POS": Function(
        f"ivo_epoch_prop_pos{_STAR_USAGE}",
        8,
        8,
        "udf",
        signature=f"ivo_epoch_prop_pos{_STAR} -> POINT",
        description="The position of a star at out_epoch, for uniform motion in space, from its position (deg), "
        "parallax (mas), proper motion (mas/yr, that in right ascension times the cosine of the declination) and "
        "radial velocity (km/s) at ref_epoch (Julian years). An unknown parallax, motion or velocity may be NULL.",
    ),
    "IVO_GEOM_TRANSFORM": Function(
        "ivo_geom_transform('from', 'to', region)",
        3,
        3,
        "udf",
        signature="ivo_geom_transform(from_sys VARCHAR, to_sys VARCHAR, geo REGION) -> REGION",
        description="A POINT, CIRCLE, POLYGON or other region in another frame of reference, by a plain rotation: one "
        "of ICRS, FK5 (J2000.0), FK4 (B1950.0), GALACTIC, SUPER_GALACTIC, ECLIPTIC (J2000.0).",
    ),
    "IVO_HASHLIST_HAS": Function(
        "ivo_hashlist_has(hashlist, item)",
        2,
        2,
        "text",
        "int",
        signature="ivo_hashlist_has(hashlist VARCHAR, item VARCHAR) -> INTEGER",
        description="1 if the item is one of those that # separates in the hashlist, in any case of letters, else 0.",
    ),
    "IVO_HASWORD": Function(
        "ivo_hasword(haystack, needle)",
        2,
        2,
        "text",
        "int",
        signature="ivo_hasword(haystack VARCHAR, needle VARCHAR) -> INTEGER",
        description="1 if all words of the needle are words of the haystack, in any case of letters, else 0.",
    ),
    "IVO_HEALPIX_CENTER": Function(
        "ivo_healpix_center(order, index)",
        2,
        2,
        "udf",
        signature="ivo_healpix_center(hpxOrder INTEGER, hpxIndex BIGINT) -> POINT",
        description="The centre of a HEALPix cell in nested numbering.",
    ),
    "IVO_HEALPIX_INDEX": Function(
        "ivo_healpix_index(order, lon, lat) or ivo_healpix_index(order, point)",
        2,
        3,
        "udf",
        signature="ivo_healpix_index(hpxOrder INTEGER, lon DOUBLE PRECISION, lat DOUBLE PRECISION) -> BIGINT",
        description="The index of the HEALPix cell of a position (deg) in nested numbering; orders are 0 to 29.",
        second_signature="ivo_healpix_index(hpxOrder INTEGER, p POINT) -> BIGINT",
    ),
    "IVO_HISTOGRAM": Function(
        "ivo_histogram(x, lower, upper, nbins)",
        4,
        4,
        "special",
        signature="ivo_histogram(val DOUBLE PRECISION, lower DOUBLE PRECISION, upper DOUBLE PRECISION, "
        "nbins INTEGER) -> INTEGER[]",
        description="An aggregate: how many values lie in each of nbins bins of equal width between lower and upper. "
        "The first of nbins + 2 numbers counts what is below (and NULL), the last what is upper or above.",
    ),
    "IVO_HMS_TO_DEGREES": Function(
        "ivo_hms_to_degrees(text)",
        1,
        1,
        "text",
        unit="deg",
        signature="ivo_hms_to_degrees(hms VARCHAR) -> DOUBLE PRECISION",
        description="Degrees of a text of hours, minutes and seconds such as 3:34:45.4, 3h34m45.4s or 033445.4; NULL "
        "for other texts.",
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
    "IVO_NORMAL_RANDOM": Function(
        "ivo_normal_random(mu, sigma)",
        2,
        2,
        "udf",
        signature="ivo_normal_random(mu DOUBLE PRECISION, sigma DOUBLE PRECISION) -> DOUBLE PRECISION",
        description="A random number of the normal distribution with this mean and standard deviation.",
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

REFUSED = {
    "IVO_SIMBADPOINT": "It would ask Simbad, and this service contacts no other while it answers. "
    "Give the position, as POINT(lon, lat).",
}
"""Functions of the IVOA's catalogue that are not there, and why."""

AGGREGATES = frozenset({"COUNT", "SUM", "AVG", "MIN", "MAX", "IVO_HISTOGRAM", "IVO_STRING_AGG"})
"""Functions that make one value of a group of rows."""
