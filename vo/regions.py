"""Sky regions: what lies in what, what touches what, how large it is.

A shape is a sequence of floats, ICRS degrees: 2 numbers are a point, 3 a circle (lon, lat, radius), 2n >= 6 the
vertices of a polygon with great-circle edges whose smaller side is inside (DALI 1.1 §3.3). Many shapes of one kind
are one array whose last axis is the shape; leading axes broadcast, and results have their shape.

Boundaries belong to regions: a place within `TOLERANCE` of one is on it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo.shapes import TOLERANCE, box, boxes, checked
from vo.sphere import Polygons, angle, crossing, distance, lonlat, unit
from vo.stcs import parse_stcs, to_text

__all__ = [
    "TOLERANCE",
    "area",
    "bounding_cone",
    "box",
    "boxes",
    "centroid",
    "checked",
    "contains",
    "contains_shape",
    "distance",
    "intersects",
    "parse_stcs",
    "to_text",
]

_TOLERANCE_RAD = np.radians(TOLERANCE)
_WHOLE_SKY = 180.0
_BLOCK = 1 << 18
"""So many products of points and edges are computed at once."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def contains(outer: ArrayLike, lon: ArrayLike, lat: ArrayLike) -> Bools:
    """Whether shapes contain positions (degrees), boundaries included."""
    outer, lon, lat = np.asarray(outer, dtype=float), np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    if outer.shape[-1] <= 3:
        return distance(outer[..., 0], outer[..., 1], lon, lat) <= _radius(outer) + TOLERANCE
    shape = np.broadcast_shapes(outer.shape[:-1], lon.shape, lat.shape)
    return _signed_distance(outer, np.broadcast_to(unit(lon, lat), (*shape, 3))) >= -_TOLERANCE_RAD


def contains_shape(outer: ArrayLike, inner: ArrayLike) -> Bools:
    """Whether `outer` contains all of `inner`, boundaries included."""
    outer, inner = np.asarray(outer, dtype=float), np.asarray(inner, dtype=float)
    if inner.shape[-1] == 2:
        return contains(outer, inner[..., 0], inner[..., 1])
    if outer.shape[-1] <= 3:
        if inner.shape[-1] == 3:
            reach = distance(outer[..., 0], outer[..., 1], inner[..., 0], inner[..., 1]) + inner[..., 2]
            return (reach <= _radius(outer) + TOLERANCE) | (_radius(outer) >= _WHOLE_SKY)
        return _circle_contains_polygon(outer, inner)
    if inner.shape[-1] == 3:
        depth = _signed_distance(outer, unit(inner[..., 0], inner[..., 1]))
        return depth >= np.radians(inner[..., 2]) - _TOLERANCE_RAD
    return _blockwise(_polygon_contains_polygon, outer, inner)


def intersects(a: ArrayLike, b: ArrayLike) -> Bools:
    """Whether two shapes have a place in common, boundaries included."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape[-1] <= 3 and b.shape[-1] <= 3:
        return distance(a[..., 0], a[..., 1], b[..., 0], b[..., 1]) <= _radius(a) + _radius(b) + TOLERANCE
    if a.shape[-1] <= 3:
        a, b = b, a
    if b.shape[-1] <= 3:
        return _signed_distance(a, unit(b[..., 0], b[..., 1])) >= -np.radians(_radius(b)) - _TOLERANCE_RAD
    return _blockwise(_polygons_intersect, a, b)


def area(shape: ArrayLike) -> Floats:
    """The area of shapes in square degrees."""
    shape = np.asarray(shape, dtype=float)
    if shape.shape[-1] <= 3:
        steradians = 4 * np.pi * np.sin(np.radians(_radius(shape)) / 2) ** 2
    else:
        steradians = np.abs(_polygons(shape).area)
    return np.degrees(np.degrees(steradians))


def centroid(shape: ArrayLike) -> Floats:
    """The positions (degrees, last axis: longitude, latitude) of the centres of area of shapes."""
    shape = np.asarray(shape, dtype=float)
    if shape.shape[-1] <= 3:
        return shape[..., :2].copy()
    return np.stack(lonlat(_polygons(shape).centroid()), axis=-1)


def bounding_cone(shape: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """A cone that contains the shape.

    Returns
    -------
    tuple
        (x, y, z, radius): unit vector of the axis and radius in degrees; the whole sky (radius 180) for a polygon that
        fits into no half of it.
    """
    shape = np.asarray(shape, dtype=float)
    if shape.shape[-1] <= 3:
        axis, radius = unit(shape[..., 0], shape[..., 1]), _radius(shape)
    else:
        polygons = _polygons(shape)
        axis = polygons.middle()
        radius = np.degrees(angle(axis[..., None, :], polygons.vertices).max(axis=-1)) + TOLERANCE
        radius = np.where(radius < 90.0, radius, _WHOLE_SKY)
    return axis[..., 0], axis[..., 1], axis[..., 2], radius


def _radius(shape: Floats) -> Floats:
    return shape[..., 2] if shape.shape[-1] == 3 else np.zeros(shape.shape[:-1])


def _polygons(shape: Floats) -> Polygons:
    return Polygons.from_lonlat(shape[..., 0::2], shape[..., 1::2])


def _signed_distance(polygon: Floats, points: Floats) -> Floats:
    """Radians from the boundaries of polygons to points, positive inside, in blocks of bounded size."""
    if polygon.ndim > 1:
        shape = np.broadcast_shapes(polygon.shape[:-1], points.shape[:-1])
        polygon = np.broadcast_to(polygon, (*shape, polygon.shape[-1]))
        points = np.broadcast_to(points, (*shape, 3))
    elif points.ndim == 1:
        return _polygons(polygon).signed_distance(points)
    shape = points.shape[:-1]
    flat = points.reshape(-1, 3)
    rows = polygon.reshape(-1, polygon.shape[-1])
    single = _polygons(polygon) if polygon.ndim == 1 else None
    step = max(_BLOCK // polygon.shape[-1], 1)
    result = np.empty(len(flat))
    for start in range(0, len(flat), step):
        block = slice(start, start + step)
        result[block] = (single or _polygons(rows[block])).signed_distance(flat[block])
    return result.reshape(shape)


def _circle_contains_polygon(circle: Floats, polygon: Floats) -> Bools:
    """Whether all vertices lie in the circle; for more than half the sky, whether the rest of it keeps clear."""
    radius = _radius(circle)
    centre = unit(circle[..., 0], circle[..., 1])
    vertices = unit(polygon[..., 0::2], polygon[..., 1::2])
    small = (np.degrees(angle(centre[..., None, :], vertices)) <= radius[..., None] + TOLERANCE).all(axis=-1)
    if (radius < 90.0).all():
        return small
    rest = np.radians(_WHOLE_SKY - radius)
    large = -_signed_distance(polygon, -centre) >= rest - _TOLERANCE_RAD
    return np.where(radius < 90.0, small, large | (radius >= _WHOLE_SKY))


def _polygon_contains_polygon(outer: Polygons, inner: Polygons) -> Bools:
    around = outer.expanded()
    within = (around.signed_distance(inner.vertices) >= -_TOLERANCE_RAD).all(axis=-1)
    within &= (around.signed_distance(inner.midpoints()) >= -_TOLERANCE_RAD).all(axis=-1)
    pierced = (inner.expanded().signed_distance(outer.vertices) > _TOLERANCE_RAD).any(axis=-1)
    return within & ~pierced & ~crossing(outer, inner, margin=_TOLERANCE_RAD)


def _polygons_intersect(a: Polygons, b: Polygons) -> Bools:
    touch = (a.expanded().signed_distance(b.vertices) >= -_TOLERANCE_RAD).any(axis=-1)
    touch |= (b.expanded().signed_distance(a.vertices) >= -_TOLERANCE_RAD).any(axis=-1)
    return touch | crossing(a, b, margin=0.0)


def _blockwise(function: Callable[[Polygons, Polygons], Bools], a: Floats, b: Floats) -> Bools:
    """Apply a function of pairs of polygons in blocks of bounded size."""
    shape = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    if not shape:
        return function(_polygons(a), _polygons(b))
    single_a, single_b = (_polygons(x) if x.ndim == 1 else None for x in (a, b))
    rows_a = np.broadcast_to(a, (*shape, a.shape[-1])).reshape(-1, a.shape[-1]) if single_a is None else None
    rows_b = np.broadcast_to(b, (*shape, b.shape[-1])).reshape(-1, b.shape[-1]) if single_b is None else None
    count = int(np.prod(shape))
    step = max(_BLOCK // (a.shape[-1] * b.shape[-1]), 1)
    result = np.empty(count, dtype=bool)
    for start in range(0, count, step):
        block = slice(start, start + step)
        result[block] = function(single_a or _polygons(rows_a[block]), single_b or _polygons(rows_b[block]))
    return result.reshape(shape)
