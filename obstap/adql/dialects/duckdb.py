"""The SQL of DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

from obstap.adql.bound import Kind
from obstap.adql.dialects.base import Cone, Dialect
from obstap.adql.kinds import NUMBERS
from obstap.adql.limits import WIDEST
from obstap.metadata import Position, Region
from vo.healpix import cone_ranges

__all__ = ["DuckDB"]

_MARGIN = 1e-9
"""Degrees that cheap tests let through beyond exact ones."""

_RANGES = 4
"""Ranges of cells of one cone: with more, planning costs more than rows that lie outside; with 3, those cost more."""

_ROUNDING = 1e-15

_SHAPES = {
    Kind.POINT: "len(s) = 2 AND abs(s[2]) <= 90",
    Kind.CIRCLE: "len(s) = 3 AND abs(s[2]) <= 90 AND s[3] BETWEEN 0 AND 180",
    Kind.POLYGON: "len(s) >= 6 AND len(s) % 2 = 0 AND len(list_filter(s, lambda v, i: i % 2 = 0 AND abs(v) > 90)) = 0",
}
_SHAPE_OF_TEXT = (
    "list_extract(list_transform([CAST(string_split_regex(trim(regexp_replace({0}, '[xX_]', '?')), ' +') AS DOUBLE[])],"
    " lambda s: CASE WHEN s IS NULL OR ({1} AND len(list_filter(s, lambda v: NOT isfinite(v))) = 0) THEN s"
    " ELSE error('A text is no {2}') END), 1)"
)
"""A text of numbers with spaces between them (DALI 1.1 §3.3), and what must be true of them."""

_TIME = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?)Z?$"


class DuckDB(Dialect):
    """DuckDB 2.0 with the functions of `obstap.stores.duckdb.geometry`.

    Divisions by zero give NULL. LOG, SQRT, ASIN and their like give NaN or an infinity outside of their domains.
    """

    arcs = 512
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
        "HAVERSINE": "athanor_haversine({0}, {1}, {2}, {3})",
        "INTERSECTS": "athanor_intersects({0}, {1})",
        "IVO_HASHLIST_HAS": "CAST(list_contains(string_split(lower({0}), '#'), lower({1})) AS INTEGER)",
        "IVO_INTERVAL_OVERLAPS": "CAST(({0} <= {3} AND {2} <= {1} AND {0} <= {1} AND {2} <= {3}) AS INTEGER)",
        "IVO_NOCASEMATCH": "CAST(({0} ILIKE {1}) AS INTEGER)",
        "IVO_DMS_TO_DEGREES": "athanor_sexagesimal({0}, 'd')",
        "IVO_EPOCH_PROP": "athanor_propagated({0}, {1}, {2}, {3}, {4}, {5}, {6})",
        "IVO_EPOCH_PROP_POS": "athanor_propagated({0}, {1}, {2}, {3}, {4}, {5}, {6})[1:2]",
        "IVO_GEOM_TRANSFORM": "athanor_rotated({0}, {1})",
        "IVO_HASWORD": "CAST(list_has_all(athanor_words({0}), athanor_words({1})) AS INTEGER)",
        "IVO_HEALPIX_CENTER": "athanor_healpix_centre({0}, {1})",
        "IVO_HEALPIX_INDEX": "athanor_healpix({0}, {1}, {2})",
        "IVO_HMS_TO_DEGREES": "athanor_hours({0})",
        "IVO_NORMAL_RANDOM": "({0} + CASE WHEN {1} >= 0 THEN {1} END"
        " * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))",
        "MEETS": "athanor_meets({0}, {1})",
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
        "IVO_HISTOGRAM": "list_transform(range(0, {3} + 2), "
        "lambda bin: CAST(coalesce(histogram(athanor_bin({0}, {1}, {2}, {3}))[bin], 0) AS INTEGER))",
        "IVO_STRING_AGG": "string_agg({distinct}{0}, {1} ORDER BY {0})",
    }
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

    whole_rows = "{0}.* EXCLUDE ({1}) REPLACE ({2})"
    near_cells = "(SELECT *, unnest(athanor_cells_near({1}, {2}, {3})) AS {4} FROM {0}{5})"

    def number(self, value: int | float, kind: Kind) -> str:
        """A number; those with an exponent are DOUBLE to DuckDB, while others with a point would be DECIMAL."""
        text = str(value)
        if kind is Kind.DOUBLE:
            text = repr(float(value))
            text = text if "e" in text else f"{text}e0"
        return f"({text})" if text.startswith("-") else text

    def shape(self, parts: Sequence[str]) -> str:
        """A list of DOUBLE."""
        return f"[{', '.join(parts)}]"

    def element(self, shape: str, number: int) -> str:
        """An element of a list."""
        return f"list_extract({shape}, {number})"

    def numbers(self, numbers: Sequence[str]) -> str:
        """A text, which is handed to functions with less work than a list."""
        return self.text(" ".join(numbers))

    def cast(self, text: str, given: Kind, wanted: Kind) -> str:
        """A cast; times as text have a T between date and time, and are read with it or a space (DALI 1.1 §3.1.2).

        What only DuckDB takes for numbers or times is made into what it does not.
        """
        if given is Kind.TIME and wanted is Kind.TEXT:
            return f"replace(CAST({text} AS VARCHAR), ' ', 'T')"
        if given is Kind.TEXT and wanted is Kind.TIME:
            text = f"regexp_extract({text}, '{_TIME}', 1)"
        elif given is Kind.TEXT and wanted in _SHAPES:
            return _SHAPE_OF_TEXT.format(text, _SHAPES[wanted], wanted.value)
        elif given is Kind.TEXT and wanted in NUMBERS:
            text = f"regexp_replace({text}, '[xX_]', '?')"
        return super().cast(text, given, wanted)

    def like(self, operand: str, pattern: str, *, negated: bool, folds: bool) -> str:
        """LIKE has no escape of its own."""
        return f"{operand} {'NOT ' if negated else ''}{'ILIKE' if folds else 'LIKE'} {pattern}"

    def in_cone(self, alias: str, position: Position, cone: Cone, most: int) -> tuple[str, int]:
        """That the HEALPix cell is one of those that the cone touches; tables are stored in the order of cells."""
        lon, lat, radius = cone
        if radius > WIDEST or most < 1:
            return "", 0
        column = f"{alias}.{self.identifier(position.cell)}"
        ranges = cone_ranges(lon, lat, radius, min(most, _RANGES))
        return f"({' OR '.join(f'{column} BETWEEN {first} AND {last}' for first, last in ranges)})", len(ranges)

    def touching(self, alias: str, region: Region, cone: tuple[float, float, float, float], exact: str) -> str:
        """Along no axis are the centres of cones that touch further apart than the sum of the radii, in radians.

        Blocks of rows that lie elsewhere are not even read.
        """
        x, y, z, radius = cone
        own = f"{alias}.{self.identifier(region.radius)}"
        reach = f"radians({own} + {self.number(radius + _MARGIN, Kind.DOUBLE)})"
        axes = zip((region.x, region.y, region.z), (x, y, z), strict=True)
        near = " AND ".join(
            f"abs({alias}.{self.identifier(name)} - {self.number(_tidy(value), Kind.DOUBLE)}) <= {reach}"
            for name, value in axes
        )
        return f"CASE WHEN {near} THEN {exact} WHEN {own} IS NULL THEN NULL ELSE FALSE END"

    def meeting(self, alias: str, region: Region, place: tuple[str, str], radius: float, exact: str) -> str:
        """As `touching`; the engine joins on the two inequalities of the z axis without looking at all pairs."""
        lon, lat = place
        x, y, z, own = (f"{alias}.{self.identifier(name)}" for name in (region.x, region.y, region.z, region.radius))
        reach = f"radians({own} + {self.number(radius + _MARGIN, Kind.DOUBLE)})"
        height = f"sin(radians({lat}))"
        beside = " AND ".join(
            f"abs({own_axis} - cos(radians({lat})) * {turn}(radians({lon}))) <= {reach}"
            for own_axis, turn in ((x, "cos"), (y, "sin"))
        )
        test = f"CASE WHEN {beside} THEN {exact} WHEN NOT ({beside}) THEN FALSE END"
        return f"({z} - {reach} <= {height} AND {z} + {reach} >= {height} AND {test})"


def _tidy(value: float) -> float:
    """0 for what would be 0 but for rounding."""
    return 0.0 if abs(value) < _ROUNDING else value
