"""The SQL of PostgreSQL with pgsphere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from obstap.adql.bound import Kind
from obstap.adql.dialects.base import Cone, Dialect
from obstap.adql.limits import WIDEST
from obstap.metadata import Position, Region

__all__ = ["PostgreSQL"]

_MARGIN = 1e-6
"""Degrees that cheap tests let through beyond exact ones: pgsphere reckons with 1e-9 radians."""

_CONE_MARGIN = 4e-6
"""Degrees for circles that are compared with `athanor_cone`, whose centre is computed by an arc sine."""

_HALF_SKY = 90.0
"""Degrees from which `athanor_cone` does not hold all of a bounding cone."""

_DOUBLE = "double precision"
_SHAPE = "double precision[]"


class PostgreSQL(Dialect):
    """PostgreSQL 15 or later with pgsphere and the functions of ``obstap/stores/postgres/functions.sql``.

    Those give NaN and infinities where PostgreSQL would refuse to compute. Texts are ordered by their code points:
    stores make their columns with the collation "C", and computed texts get it where order matters. pgsphere is asked
    only by way of indexes; exact tests are our own.
    """

    arcs = 32
    functions = {
        "+": "({0} + {1})",
        "-": "({0} - {1})",
        "*": "({0} * {1})",
        "//": "({0} / NULLIF({1}, 0))",
        "||": "({0} || {1})",
        "NEGATE": "(- {0})",
        "ABS": "abs({0})",
        "ACOS": "acos(athanor_in_one({0}))",
        "ASIN": "asin(athanor_in_one({0}))",
        "ATAN": "atan({0})",
        "ATAN2": "atan2({0}, {1})",
        "CEILING": "ceil({0})",
        "COS": "cos(athanor_finite({0}))",
        "COT": "athanor_over(1, tan(athanor_finite({0})))",
        "DEGREES": "athanor_times({0}, 57.29577951308232)",
        "EXP": "athanor_exp({0})",
        "FLOOR": "floor({0})",
        "LOG": "athanor_ln({0})",
        "LOG10": "athanor_log10({0})",
        "LOWER": "athanor_lower({0})",
        "MOD": "({0} % NULLIF({1}, 0))",
        "POWER": "athanor_power({0}, {1})",
        "RADIANS": "athanor_times({0}, 0.017453292519943295)",
        "RAND": "random()",
        "ROUND": "athanor_round({0}, {1})",
        "SIN": "sin(athanor_finite({0}))",
        "SQRT": "sqrt(athanor_not_negative({0}))",
        "TAN": "tan(athanor_finite({0}))",
        "TRUNCATE": "athanor_truncate({0}, {1})",
        "UPPER": "athanor_upper({0})",
        "AREA": "athanor_area({0})",
        "BOX": "athanor_box({0}, {1}, {2}, {3})",
        "CENTROID": "athanor_centroid({0})",
        "CONTAINS": "athanor_contains({0}, {1})",
        "COORDSYS": "CASE WHEN {0} IS NOT NULL THEN 'ICRS' END",
        "DISTANCE": "athanor_distance({0}, {1}, {2}, {3})",
        "HAVERSINE": "athanor_haversine({0}, {1}, {2}, {3})",
        "INTERSECTS": "athanor_intersects({0}, {1})",
        "IVO_HASHLIST_HAS": "CAST((position('#' IN {1}) = 0 AND "
        "position('#' || athanor_lower({1}) || '#' IN '#' || athanor_lower({0}) || '#') > 0) AS integer)",
        "IVO_INTERVAL_OVERLAPS": "CAST(({0} <= {3} AND {2} <= {1} AND {0} <= {1} AND {2} <= {3}) AS integer)",
        "IVO_NOCASEMATCH": "CAST((athanor_lower({0}) LIKE athanor_lower({1}) ESCAPE '') AS integer)",
        "IVO_DMS_TO_DEGREES": "athanor_sexagesimal({0}, 'd')",
        "IVO_EPOCH_PROP": "athanor_propagated({0}, {1}, {2}, {3}, {4}, {5}, {6})",
        "IVO_EPOCH_PROP_POS": "(athanor_propagated({0}, {1}, {2}, {3}, {4}, {5}, {6}))[1:2]",
        "IVO_GEOM_TRANSFORM": "athanor_rotated({0}, {1})",
        "IVO_HASWORD": "CAST(athanor_words({0}) @> athanor_words({1}) AS integer)",
        "IVO_HEALPIX_CENTER": "athanor_healpix_centre({0}, {1})",
        "IVO_HEALPIX_INDEX": "athanor_healpix({0}, {1}, {2})",
        "IVO_HMS_TO_DEGREES": "athanor_hours({0})",
        "IVO_NORMAL_RANDOM": "({0} + CASE WHEN {1} >= 0 THEN {1} END"
        " * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))",
        "MEETS": "athanor_meets({0}, {1})",
        "IVO_TO_JD": "(CAST(extract(epoch FROM {0}) AS double precision) / 86400 + 2440587.5::double precision)",
        "IVO_TO_MJD": "(CAST(extract(epoch FROM {0}) AS double precision) / 86400 + 40587)",
    }
    typed = {
        ("*", Kind.DOUBLE): "athanor_times({0}, {1})",
        ("/", Kind.DOUBLE): "athanor_over({0}, {1})",
        ("MOD", Kind.DOUBLE): "athanor_mod({0}, {1})",
        ("+", Kind.FLOAT): "athanor_real(CAST({0} AS double precision) + {1})",
        ("-", Kind.FLOAT): "athanor_real(CAST({0} AS double precision) - {1})",
        ("*", Kind.FLOAT): "athanor_real(CAST({0} AS double precision) * {1})",
        ("/", Kind.FLOAT): "athanor_real(CAST({0} AS double precision) / NULLIF({1}, 0))",
        ("MOD", Kind.FLOAT): "athanor_real(athanor_mod({0}, {1}))",
        ("SUM", Kind.LONG): "CAST(sum({distinct}{0}) AS bigint)",
        ("MIN", Kind.TEXT): 'min({0} COLLATE "C")',
        ("MAX", Kind.TEXT): 'max({0} COLLATE "C")',
    }
    shorter = {"ROUND": "athanor_round({0})", "TRUNCATE": "trunc({0})"}
    aggregates = {
        "COUNT": "count({distinct}{0})",
        "SUM": "sum({distinct}CAST({0} AS double precision))",
        "AVG": "avg({distinct}CAST({0} AS double precision))",
        "MIN": "min({0})",
        "MAX": "max({0})",
        "IVO_HISTOGRAM": "athanor_counts(array_agg(athanor_bin({0}, {1}, {2}, {3})), {3} + 2)",
        "IVO_STRING_AGG": 'string_agg({distinct}{0} COLLATE "C", {1} ORDER BY {0} COLLATE "C")',
    }
    types = {
        Kind.NULL: "text",
        Kind.BOOLEAN: "boolean",
        Kind.SHORT: "smallint",
        Kind.INT: "integer",
        Kind.LONG: "bigint",
        Kind.FLOAT: "real",
        Kind.DOUBLE: _DOUBLE,
        Kind.TEXT: "text",
        Kind.TIME: "timestamp",
        Kind.POINT: _SHAPE,
        Kind.CIRCLE: _SHAPE,
        Kind.POLYGON: _SHAPE,
        Kind.REGION: _SHAPE,
        Kind.OTHER: _SHAPE,
    }
    _casts = {
        (Kind.FLOAT, Kind.TEXT): "athanor_text({0})",
        (Kind.DOUBLE, Kind.TEXT): "athanor_text({0})",
        (Kind.TIME, Kind.TEXT): "replace(CAST({0} AS text), ' ', 'T')",
        (Kind.TEXT, Kind.SHORT): "CAST(athanor_whole({0}) AS smallint)",
        (Kind.TEXT, Kind.INT): "CAST(athanor_whole({0}) AS integer)",
        (Kind.TEXT, Kind.LONG): "CAST(athanor_whole({0}) AS bigint)",
        (Kind.TEXT, Kind.FLOAT): "athanor_real(athanor_double({0}))",
        (Kind.TEXT, Kind.DOUBLE): "athanor_double({0})",
        (Kind.TEXT, Kind.TIME): "athanor_time({0})",
        (Kind.TEXT, Kind.POINT): "athanor_shape({0}, 'POINT')",
        (Kind.TEXT, Kind.CIRCLE): "athanor_shape({0}, 'CIRCLE')",
        (Kind.TEXT, Kind.POLYGON): "athanor_shape({0}, 'POLYGON')",
        (Kind.DOUBLE, Kind.FLOAT): "athanor_narrowed({0})",
        (Kind.BOOLEAN, Kind.SHORT): "CAST(CAST({0} AS integer) AS smallint)",
        (Kind.BOOLEAN, Kind.LONG): "CAST(CAST({0} AS integer) AS bigint)",
        (Kind.BOOLEAN, Kind.FLOAT): "CAST(CAST({0} AS integer) AS real)",
        (Kind.BOOLEAN, Kind.DOUBLE): "CAST(CAST({0} AS integer) AS double precision)",
        (Kind.TEXT, Kind.TEXT): 'CAST({0} AS text) COLLATE "C"',
        (Kind.NULL, Kind.NULL): 'CAST({0} AS text) COLLATE "C"',
    }

    def text(self, value: str) -> str:
        """A text; one with a backslash is written so that it means itself whatever the session's settings are."""
        if "\\" in value:
            escaped = value.replace("\\", "\\\\").replace("'", "''")
            return f"E'{escaped}'::text"
        return f"{super().text(value)}::text"

    def time(self, value: str) -> str:
        """A time, given as ISO 8601 with a space."""
        return f"'{value}'::timestamp"

    def number(self, value: int | float, kind: Kind) -> str:
        """A number; those with a point would be numeric without their type."""
        if kind is Kind.DOUBLE:
            return f"'{float(value)!r}'::{_DOUBLE}"
        return f"({value})" if value < 0 else str(value)

    def shape(self, parts: Sequence[str]) -> str:
        """An array."""
        return f"ARRAY[{', '.join(parts)}]::{_SHAPE}"

    def element(self, shape: str, number: int) -> str:
        """An element of an array."""
        return f"({shape})[{number}]"

    def numbers(self, numbers: Sequence[str]) -> str:
        """An array."""
        return f"'{{{','.join(numbers)}}}'::{_SHAPE}"

    def cast(self, text: str, given: Kind, wanted: Kind) -> str:
        """A cast; ours refuse texts that only PostgreSQL takes for numbers or times."""
        template = self._casts.get((given, wanted))
        return super().cast(text, given, wanted) if template is None else template.format(text)

    def ordered(self, text: str, kind: Kind) -> str:
        """Texts are ordered by code points."""
        return f'{text} COLLATE "C"' if kind is Kind.TEXT else text

    def like(self, operand: str, pattern: str, *, negated: bool, folds: bool) -> str:
        """LIKE without its escape; letters are folded as `LOWER` does."""
        if folds:
            operand, pattern = f"athanor_lower({operand})", f"athanor_lower({pattern})"
        return f"{operand} {'NOT ' if negated else ''}LIKE {pattern} ESCAPE ''"

    def full_join(self, left: str, right: str, on: str) -> str:
        """PostgreSQL makes FULL JOINs by equalities only, so there is one that always holds."""
        known = (f"({side} IS NULL OR {side} IS NOT NULL)" for side in (left, right))
        return f"{' = '.join(known)} AND {on}"

    def in_cone(self, alias: str, position: Position, cone: Cone, most: int) -> tuple[str, int]:
        """That pgsphere finds the position in a slightly wider circle."""
        lon, lat, radius = cone
        if radius > WIDEST or most < 1:
            return "", 0
        place = f"spoint({self._literal(math.radians(lon % 360))}, {self._literal(math.radians(lat))})"
        return self._in_circle(alias, position, place, radius), 1

    def near(self, indexed: str, position: Position, lon: str, lat: str, radius: float) -> str:
        """That pgsphere finds the position in a circle around the other, with the index of the table's positions."""
        place = f"spoint(radians({lon}), radians({lat}))"
        return "" if radius > WIDEST else self._in_circle(indexed, position, place, radius)

    def _in_circle(self, alias: str, position: Position, centre: str, radius: float) -> str:
        own = (f"radians({alias}.{self.identifier(name)})" for name in (position.lon, position.lat))
        return f"spoint({', '.join(own)}) <@ scircle({centre}, {self._literal(math.radians(radius + _MARGIN))})"

    def touching(self, alias: str, region: Region, cone: tuple[float, float, float, float], exact: str) -> str:
        """That pgsphere finds bounding circles to overlap, with their index; cones that are too wide have another."""
        x, y, z, radius = cone
        if radius >= _HALF_SKY:
            return exact
        other = ", ".join(map(self._literal, (x, y, z, radius + _CONE_MARGIN)))
        return self._overlapping(alias, region, f"athanor_cone({other})", exact)

    def meeting(self, alias: str, region: Region, place: tuple[str, str], radius: float, exact: str) -> str:
        """As `touching`, with a circle that a join may move."""
        lon, lat = place
        reach = self._literal(math.radians(radius + _CONE_MARGIN))
        return self._overlapping(alias, region, f"scircle(spoint(radians({lon}), radians({lat})), {reach})", exact)

    def _overlapping(self, alias: str, region: Region, circle: str, exact: str) -> str:
        own = [f"{alias}.{self.identifier(name)}" for name in (region.x, region.y, region.z, region.radius)]
        wide = f"{own[3]} >= {self._literal(_HALF_SKY)}"
        return f"((athanor_cone({', '.join(own)}) && {circle} OR {wide}) AND {exact})"

    def _literal(self, value: float) -> str:
        return self.number(value, Kind.DOUBLE)
