"""Cheap tests that go before exact ones on the sky, so that an index helps and few rows are looked at closely."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from obstap.adql import bound
from obstap.adql.constants import numbers
from obstap.metadata import Position, Region
from vo import regions
from vo.healpix import cone_ranges

__all__ = ["band", "cells", "cone", "cube", "indexed"]

_WIDEST = 60.0
"""Degrees beyond which a cone covers so much of the sky that looking it up by cells saves nothing."""

_MARGIN = 1e-9
"""Degrees that cheap tests let through beyond exact ones."""

_ROUNDING = 1e-15

Render = Callable[[bound.Value], str]
Literal = Callable[[float], str]


def indexed(lon: bound.Value, lat: bound.Value) -> Position | None:
    """The indexed position of a table that these two columns are, if they are one."""
    if isinstance(lon, bound.Field) and isinstance(lat, bound.Field) and lon.relation is lat.relation:
        for position in lon.relation.positions:
            if position.lon == lon.column and position.lat == lat.column:
                return position
    return None


def cells(column: str, lon: float, lat: float, radius: float, most: int) -> str:
    """That a HEALPix cell is one of those that a cone (degrees) touches; empty where that would not help.

    `most` is how many ranges of cells the condition may have.
    """
    if radius > _WIDEST or most < 1:
        return ""
    ranges = cone_ranges(lon, lat, radius, most)
    return f"({' OR '.join(f'{column} BETWEEN {first} AND {last}' for first, last in ranges)})"


def cone(shape: Sequence[float]) -> tuple[float, float, float]:
    """Longitude, latitude and radius in degrees of a cone around a shape."""
    x, y, z, radius = (float(value) for value in regions.bounding_cone(shape))
    return math.degrees(math.atan2(y, x)) % 360.0, math.degrees(math.atan2(z, math.hypot(x, y))), radius + _MARGIN


def band(render: Render, literal: Literal, parts: Sequence[bound.Value], radius: float) -> str:
    """That two moving positions have latitudes that differ by no more than `radius` degrees.

    Engines join on such a range without looking at all pairs.
    """
    _, lat1, _, lat2 = parts
    if numbers((lat1,)) or numbers((lat2,)):
        return ""
    first, second, reach = render(lat1), render(lat2), literal(radius + _MARGIN)
    return f"{first} BETWEEN {second} - {reach} AND {second} + {reach}"


def cube(region: Region, column: Callable[[str], str], literal: Literal, shape: Sequence[float]) -> str:
    """That the bounding cone of a column's region is near that of a shape.

    Along no axis can the centres of cones that touch be further apart than the sum of the radii, in radians.
    """
    x, y, z, radius = (float(value) for value in regions.bounding_cone(shape))
    reach = f"radians({column(region.radius)} + {literal(radius + _MARGIN)})"
    axes = zip((region.x, region.y, region.z), (x, y, z), strict=True)
    return " AND ".join(f"abs({column(name)} - {literal(_tidy(value))}) <= {reach}" for name, value in axes)


def _tidy(value: float) -> float:
    """0 for what would be 0 but for rounding."""
    return 0.0 if abs(value) < _ROUNDING else value
