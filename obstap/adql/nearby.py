"""Conditions on the distance of two positions, and cheap tests that go before exact ones on the sky."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from obstap.adql import bound
from obstap.adql.bound import Kind
from obstap.adql.constants import numbers
from obstap.adql.kinds import NUMBERS
from obstap.metadata import Position
from vo import regions
from vo.regions import TOLERANCE

__all__ = ["MARGIN", "Near", "around", "band", "indexed", "near", "oriented", "truth"]

MARGIN = 1e-9
"""Degrees that cheap tests let through beyond exact ones."""

_FLIPPED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

Render = Callable[[bound.Value], str]


@dataclass(frozen=True, slots=True)
class Near:
    """That two positions (lon, lat, lon, lat) are nearer than `radius` degrees, or, with ``<=``, no farther."""

    parts: tuple[bound.Value, ...]
    operator: str
    radius: float


def oriented(comparison: bound.Comparison) -> tuple[bound.Value, str, bound.Value]:
    """The sides of a comparison and its operator, turned so that a constant stands on the right."""
    left, operator, right = comparison.left, comparison.operator, comparison.right
    if isinstance(left, bound.Constant) and not isinstance(right, bound.Constant):
        return right, _FLIPPED[operator], left
    return left, operator, right


def truth(comparison: bound.Comparison) -> tuple[bound.Call, bool] | None:
    """The CONTAINS or INTERSECTS that is compared with 0 or 1, and whether it shall hold."""
    call, operator, right = oriented(comparison)
    if not isinstance(call, bound.Call) or call.name not in ("CONTAINS", "INTERSECTS") or operator not in ("=", "<>"):
        return None
    value = right.value if isinstance(right, bound.Constant) and right.kind in NUMBERS else None
    return None if value not in (0, 1) else (call, (value == 1) == (operator == "="))


def near(condition: bound.Predicate) -> Near | None:
    """The limit of a distance that a condition is: of DISTANCE, or of a POINT in a CIRCLE, in either order."""
    if not isinstance(condition, bound.Comparison):
        return None
    if (found := truth(condition)) is not None:
        call, holds = found
        return _in_circle(call) if holds and call.name == "CONTAINS" else None
    left, operator, right = oriented(condition)
    if not isinstance(left, bound.Call) or left.name != "DISTANCE" or operator not in ("<", "<="):
        return None
    radius = numbers((right,))
    return None if radius is None or radius[0] < 0 else Near(left.arguments, operator, radius[0])


def _in_circle(call: bound.Call) -> Near | None:
    point, circle = call.arguments
    if not (isinstance(point, bound.Shape) and isinstance(circle, bound.Shape)):
        return None
    if point.kind is not Kind.POINT or circle.kind is not Kind.CIRCLE:
        return None
    radius = numbers(circle.parts[2:])
    return None if radius is None else Near((*point.parts, *circle.parts[:2]), "<=", radius[0] + TOLERANCE)


def indexed(lon: bound.Value, lat: bound.Value) -> Position | None:
    """The indexed position of a table that these two columns are, if they are one."""
    if isinstance(lon, bound.Field) and isinstance(lat, bound.Field) and lon.relation is lat.relation:
        for position in lon.relation.positions:
            if position.lon == lon.column and position.lat == lat.column:
                return position
    return None


def around(shape: Sequence[float]) -> tuple[float, float, float]:
    """Longitude, latitude and radius in degrees of a cone around a shape."""
    x, y, z, radius = (float(value) for value in regions.bounding_cone(shape))
    return math.degrees(math.atan2(y, x)) % 360.0, math.degrees(math.atan2(z, math.hypot(x, y))), radius + MARGIN


def band(render: Render, literal: Callable[[float], str], parts: Sequence[bound.Value], radius: float) -> str:
    """That two moving positions have latitudes that differ by no more than `radius` degrees.

    Engines join on such a range without looking at all pairs.
    """
    _, lat1, _, lat2 = parts
    if numbers((lat1,)) or numbers((lat2,)):
        return ""
    first, second, reach = render(lat1), render(lat2), literal(radius + MARGIN)
    return f"{first} BETWEEN {second} - {reach} AND {second} + {reach}"
