"""The SQL of DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

from obstap.adql.bound import Kind
from obstap.adql.dialects.base import Dialect

__all__ = ["DuckDB"]


class DuckDB(Dialect):
    """DuckDB 2.0 with the functions of `obstap.stores.duckdb.geometry`.

    Divisions by zero give NULL. LOG, SQRT, ASIN and their like give NaN or an infinity outside of their domains.
    """

    functions = {
        "+": "({0} + {1})",
        "-": "({0} - {1})",
        "*": "({0} * {1})",
        "/": "({0} / NULLIF({1}, 0))",
        "//": "({0} // NULLIF({1}, 0))",
        "||": "({0} || {1})",
        "NEGATE": "(-{0})",
        "ABS": "abs({0})",
        "ACOS": "acos({0})",
        "ASIN": "asin({0})",
        "ATAN": "atan({0})",
        "ATAN2": "atan2({0}, {1})",
        "CEILING": "ceil({0})",
        "COS": "cos({0})",
        "COT": "(1 / NULLIF(tan({0}), 0))",
        "DEGREES": "degrees({0})",
        "EXP": "exp({0})",
        "FLOOR": "floor({0})",
        "LOG": "ln({0})",
        "LOG10": "log10({0})",
        "LOWER": "lower({0})",
        "MOD": "({0} % NULLIF({1}, 0))",
        "POWER": "pow({0}, {1})",
        "RADIANS": "radians({0})",
        "RAND": "random()",
        "ROUND": "round({0}, {1})",
        "SIN": "sin({0})",
        "SQRT": "sqrt({0})",
        "TAN": "tan({0})",
        "TRUNCATE": "trunc({0}, {1})",
        "UPPER": "upper({0})",
        "AREA": "athanor_area({0})",
        "BOX": "athanor_box({0}, {1}, {2}, {3})",
        "CENTROID": "athanor_centroid({0})",
        "CONTAINS": "athanor_contains({0}, {1})",
        "COORDSYS": "CASE WHEN {0} IS NOT NULL THEN 'ICRS' END",
        "DISTANCE": "athanor_distance({0}, {1}, {2}, {3})",
        "INTERSECTS": "athanor_intersects({0}, {1})",
        "IVO_HASHLIST_HAS": "CAST(list_contains(string_split(lower({0}), '#'), lower({1})) AS INTEGER)",
        "IVO_INTERVAL_OVERLAPS": "CAST(({0} <= {3} AND {2} <= {1} AND {0} <= {1} AND {2} <= {3}) AS INTEGER)",
        "IVO_NOCASEMATCH": "CAST(({0} ILIKE {1}) AS INTEGER)",
        "IVO_TO_JD": "(epoch({0}) / 86400 + 2440587.5e0)",
        "IVO_TO_MJD": "(epoch({0}) / 86400 + 40587)",
    }
    shorter = {"ROUND": "round({0})", "TRUNCATE": "trunc({0})"}
    safe = {"/": "({0} / {1})", "//": "({0} // {1})", "MOD": "({0} % {1})"}
    aggregates = {
        "COUNT": "count({distinct}{0})",
        "SUM": "sum({distinct}{0})",
        "AVG": "avg({distinct}{0})",
        "MIN": "min({0})",
        "MAX": "max({0})",
        "IVO_STRING_AGG": "string_agg({distinct}{0}, {1})",
    }
    time_text = "replace(CAST({0} AS VARCHAR), ' ', 'T')"
    types = {
        Kind.NULL: "VARCHAR",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.SHORT: "SMALLINT",
        Kind.INT: "INTEGER",
        Kind.LONG: "BIGINT",
        Kind.FLOAT: "FLOAT",
        Kind.DOUBLE: "DOUBLE",
        Kind.TEXT: "VARCHAR",
        Kind.TIME: "TIMESTAMP",
        Kind.POINT: "DOUBLE[]",
        Kind.CIRCLE: "DOUBLE[]",
        Kind.POLYGON: "DOUBLE[]",
        Kind.REGION: "DOUBLE[]",
        Kind.OTHER: "DOUBLE[]",
    }

    def number(self, value: int | float, kind: Kind) -> str:
        """A number; those with an exponent are DOUBLE to DuckDB, while others with a point would be DECIMAL."""
        if kind is Kind.DOUBLE:
            text = repr(float(value))
            return text if "e" in text else f"{text}e0"
        return str(value)

    def shape(self, parts: Sequence[str]) -> str:
        """A list of DOUBLE."""
        return f"[{', '.join(parts)}]"

    def element(self, shape: str, number: int) -> str:
        """An element of a list."""
        return f"list_extract({shape}, {number})"
