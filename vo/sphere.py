"""Points, arcs and polygons on the unit sphere, vectorised, precise from nanoarcseconds to the whole sphere.

Vectors are arrays of shape (..., 3) that broadcast. Differences of nearby vectors are formed before products, because
a subtraction of two nearby numbers is exact while that of two nearby products is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Polygons", "angle", "crossing", "distance", "lonlat", "unit"]

Floats = NDArray[np.float64]

_FLAT = 1e-13
"""A polygon with less area than this times the square of its longest edge has no inside."""

_SMALL = 1e-4
"""Radians below which a polygon's centroid is computed in the plane; there both ways err by 1e-12 rad."""


def unit(lon: ArrayLike, lat: ArrayLike) -> Floats:
    """The unit vectors of shape (..., 3) of positions in degrees."""
    lon = np.radians(np.remainder(np.asarray(lon, dtype=float), 360.0))
    lat = np.radians(np.asarray(lat, dtype=float))
    flat = np.cos(lat)
    return np.stack(np.broadcast_arrays(flat * np.cos(lon), flat * np.sin(lon), np.sin(lat)), axis=-1)


def lonlat(vector: Floats) -> tuple[Floats, Floats]:
    """The longitude in [0, 360) and latitude, degrees, of vectors of any length."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    lon = np.degrees(np.arctan2(y, x))
    lon = np.where(lon < 0, lon + 360.0, lon)
    return np.where(lon >= 360.0, 0.0, lon), np.degrees(np.arctan2(z, np.hypot(x, y)))


def distance(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """The great-circle distance in degrees of positions in degrees.

    The haversine of the distance and that of the distance to the antipode are put into one arc tangent, which keeps
    full precision for tiny as for nearly antipodal distances.
    """
    half_lon = np.radians(np.subtract(lon2, lon1)) / 2
    lat1, lat2 = np.radians(lat1), np.radians(lat2)
    flat = np.cos(lat1) * np.cos(lat2)
    near = np.sin((lat2 - lat1) / 2) ** 2 + flat * np.sin(half_lon) ** 2
    far = np.sin((lat2 + lat1) / 2) ** 2 + flat * np.cos(half_lon) ** 2
    return np.degrees(2 * np.arctan2(np.sqrt(near), np.sqrt(far)))


def angle(a: Floats, b: Floats) -> Floats:
    """The angle in radians between unit vectors, precise at any distance."""
    return 2 * np.arctan2(_norm(a - b), _norm(a + b))


def crossing(first: Polygons, second: Polygons, *, margin: float) -> NDArray[np.bool_]:
    """Whether edges of two polygons cross, with all four ends more than `margin` radians off the other's circle."""
    a, c = first.vertices[..., :, None, :], second.vertices[..., None, :, :]
    b, d = first.following[..., :, None, :], second.following[..., None, :, :]
    c_side = _dot(first.normals[..., :, None, :], c - a)
    d_side = _dot(first.normals[..., :, None, :], d - a)
    a_side = _dot(second.normals[..., None, :, :], a - c)
    b_side = _dot(second.normals[..., None, :, :], b - c)
    right = (c_side > margin) & (b_side > margin) & (d_side < -margin) & (a_side < -margin)
    left = (c_side < -margin) & (b_side < -margin) & (d_side > margin) & (a_side > margin)
    return (right | left).any(axis=(-2, -1))


@dataclass(frozen=True, slots=True)
class Polygons:
    """Polygons of n vertices joined by the shorter great-circle arcs; the smaller side is inside.

    Vertices may run either way, and may be repeated. All arrays have shape (..., n, 3) but `lengths` (..., n) and
    `area` (...), which is the signed area in steradians: positive where the vertices run anticlockwise.
    """

    vertices: Floats
    following: Floats
    normals: Floats
    tangents: Floats
    lengths: Floats
    area: Floats
    inside: Floats
    """+1 where the inside is on the left of the edges, -1 on the right, 0 where the polygon has no area."""

    @classmethod
    def from_lonlat(cls, lon: ArrayLike, lat: ArrayLike) -> Polygons:
        """The polygons with these vertices in degrees, arrays of shape (..., n)."""
        vertices = unit(lon, lat)
        following = np.roll(vertices, -1, axis=-2)
        normals = np.cross(vertices - following, vertices + following)
        size = _norm(normals)
        lengths = np.where(size > 0, angle(vertices, following), 0.0)
        normals = normals / np.where(size > 0, size, 1.0)[..., None]
        area = _signed_area(vertices)
        flat = np.abs(area) <= _FLAT * lengths.max(axis=-1) ** 2
        return cls(
            vertices=vertices,
            following=following,
            normals=normals,
            tangents=np.cross(normals, vertices),
            lengths=lengths,
            area=area,
            inside=np.where(flat, 0.0, np.sign(area)),
        )

    def signed_distance(self, points: Floats) -> Floats:
        """Radians from the boundary to unit vectors of shape (..., 3): positive inside, negative outside.

        The arc from a point to the nearest place of the boundary meets the boundary nowhere else, so the side on which
        it arrives is the side where the point is.
        """
        offset = points[..., None, :] - self.vertices
        side = _dot(self.normals, offset)
        along = _dot(self.tangents, offset)
        ahead = _dot(self.vertices, points[..., None, :])
        turned = np.arctan2(along, ahead)
        beside = (turned >= 0) & (turned <= self.lengths) & (self.lengths > 0)
        from_edge = np.where(beside, np.arctan2(np.abs(side), np.hypot(along, ahead)), np.inf)
        from_vertex = 2 * np.arctan2(_norm(offset), _norm(points[..., None, :] + self.vertices))
        edge, edge_distance = _nearest(from_edge)
        vertex, vertex_distance = _nearest(from_vertex)
        arrival = np.where(
            edge_distance <= vertex_distance, _pick(side, edge), _pick(_dot(self._vertex_normals(), offset), vertex)
        )
        within = arrival * self.inside > 0
        return np.where(within, 1.0, -1.0) * np.minimum(edge_distance, vertex_distance)

    def centroid(self) -> Floats:
        """The unit vectors of the centres of area; of the mean of the vertices where there is no area."""
        exact = (self.lengths[..., None] * self.normals).sum(axis=-2) * np.sign(self.area)[..., None]
        mean = self.vertices.mean(axis=-2)
        result = np.where(
            (self.inside == 0)[..., None], mean, np.where(self._small()[..., None], self._planar(), exact)
        )
        size = _norm(result)[..., None]
        return result / np.where(size > 0, size, 1.0)

    def middle(self) -> Floats:
        """The unit vectors of the mean of the boundary, whatever the spacing of the vertices."""
        weights = np.where(self.lengths.sum(axis=-1, keepdims=True) > 0, self.lengths, 1.0)
        mean = (weights[..., None] * (self.vertices + self.following)).sum(axis=-2)
        size = _norm(mean)[..., None]
        return np.where(size > 0, mean / np.where(size > 0, size, 1.0), self.vertices[..., 0, :])

    def midpoints(self) -> Floats:
        """The unit vectors of the middles of the edges, of shape (..., n, 3)."""
        middle = self.vertices + self.following
        return middle / _norm(middle)[..., None]

    def expanded(self) -> Polygons:
        """The same with an axis of length 1 before that of the vertices, to stand against several points each."""
        return Polygons(
            *(np.expand_dims(array, -3) for array in (self.vertices, self.following, self.normals, self.tangents)),
            np.expand_dims(self.lengths, -2),
            np.expand_dims(self.area, -1),
            np.expand_dims(self.inside, -1),
        )

    def _vertex_normals(self) -> Floats:
        """Sums of the normals of the edges that meet in each vertex; edges of no length are passed over."""
        before, after = np.roll(self.normals, 1, axis=-2), self.normals
        empty = self.lengths == 0
        if empty.any():
            count = self.lengths.shape[-1]
            for _ in range(count - 1):
                before = np.where(_is_zero(before), np.roll(before, 1, axis=-2), before)
                after = np.where(_is_zero(after), np.roll(after, -1, axis=-2), after)
        return before + after

    def _small(self) -> NDArray[np.bool_]:
        return self.lengths.sum(axis=-1) < _SMALL

    def _planar(self) -> Floats:
        origin = self.vertices[..., :1, :]
        a, b = self.vertices - origin, self.following - origin
        weight = _dot(np.cross(a, b), origin)
        total = weight.sum(axis=-1)
        centre = (weight[..., None] * (a + b)).sum(axis=-2) / np.where(total == 0, 1.0, 3 * total)[..., None]
        return origin[..., 0, :] + centre


def _signed_area(vertices: Floats) -> Floats:
    """Steradians to the left of the edges, taken between -2π and 2π: a fan of triangles (Eriksson 1990)."""
    a = vertices[..., :1, :]
    b, c = vertices[..., 1:-1, :], vertices[..., 2:, :]
    volume = _dot(a, np.cross(b - a, c - a))
    area = (2 * np.arctan2(volume, 1 + _dot(a, b) + _dot(b, c) + _dot(c, a))).sum(axis=-1)
    return np.where(np.abs(area) > 2 * np.pi, np.remainder(area + 2 * np.pi, 4 * np.pi) - 2 * np.pi, area)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.einsum("...i,...i->...", a, b)


def _norm(a: Floats) -> Floats:
    return np.sqrt(np.einsum("...i,...i->...", a, a))


def _is_zero(vectors: Floats) -> NDArray[np.bool_]:
    return ~vectors.any(axis=-1, keepdims=True)


def _nearest(distances: Floats) -> tuple[NDArray[np.intp], Floats]:
    index = distances.argmin(axis=-1)
    return index, _pick(distances, index)


def _pick(values: Floats, index: NDArray[np.intp]) -> Floats:
    return np.take_along_axis(values, index[..., None], axis=-1)[..., 0]
