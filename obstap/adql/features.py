"""What of ADQL's optional part is supported, for the capabilities (TAPRegExt 1.0 §2.3, ADQL 2.1 §4)."""

from __future__ import annotations

from obstap.adql.functions import FUNCTIONS

__all__ = ["FEATURES", "VERSIONS"]

VERSIONS = {"2.0": "ivo://ivoa.net/std/ADQL#v2.0", "2.1": "ivo://ivoa.net/std/ADQL#v2.1"}
"""Versions of ADQL with their identifiers."""

_TYPE = "ivo://ivoa.net/std/TAPRegExt#features-"

_FORMS = {
    "adqlgeo": (
        "AREA",
        "BOX",
        "CENTROID",
        "CIRCLE",
        "CONTAINS",
        "COORD1",
        "COORD2",
        "COORDSYS",
        "DISTANCE",
        "INTERSECTS",
        "POINT",
        "POLYGON",
        "REGION",
    ),
    "adql-string": ("LOWER", "UPPER", "ILIKE"),
    "adql-common-table": ("WITH",),
    "adql-sets": ("UNION", "EXCEPT", "INTERSECT"),
    "adql-type": ("CAST",),
    "adql-unit": ("IN_UNIT",),
    "adql-offset": ("OFFSET",),
}

_KEYWORDS = "ivo://org.gavo.dc/std/exts#extra-adql-keywords"
"""The type under which DaCHS tells what TAPRegExt 1.0 has no type for."""

FEATURES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    *((_TYPE + name, tuple((form, "") for form in forms)) for name, forms in _FORMS.items()),
    (_KEYWORDS, (("COALESCE", "The first of its arguments that is not NULL (ADQL 2.1 §4.8)."),)),
    (
        _TYPE + "udf",
        tuple(
            (signature, function.description)
            for function in FUNCTIONS.values()
            for signature in (function.signature, function.second_signature)
            if signature
        ),
    ),
)
"""Types of features, each with its forms and their descriptions.

ADQL 2.1 has the type ``features-adql-conditional`` for COALESCE, which validators take for an error. They know no
geometry function MOC either, so it is told with the user-defined ones.
"""
