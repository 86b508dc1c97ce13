"""Geometric figures: which points lie inside or on the border (selectlib manual, Special region filter functions).

Rotations are counter-clockwise, in degrees, about the centre (for a rectangle: the middle of its unrotated corners).
Points and figures are in the same plane, whatever its units. A polygon's border is inside for ``polygon`` as for
``polygon2``; selectlib leaves it open for the former.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Figure", "make_figure"]

Inside = Callable[[np.ndarray, np.ndarray], np.ndarray]
Edge = tuple[float, float, float, float]

LINE_WIDTH = 0.5
"""A point is on a line when it is no farther from it than this (selectlib manual)."""

_FEW_EDGES = 24
"""Of a polygon, up to which it takes less time to look at all points for each than to put the points in order."""

_ANGLE_TOLERANCE = 1e-10
"""Degrees by which a sector is wider than asked, so that rounding does not push its border out."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure.

    Parameters
    ----------
    inside
        x, y (doubles) → booleans.
    box
        Lowest x, highest x, lowest y, highest y that a point inside can have; with infinite ends for what has none.
    exact
        Whether the box is the figure.
    cost
        Rough time a point, in units of one pass over a 32-bit column.
    """

    inside: Inside
    box: tuple[float, float, float, float]
    exact: bool = False
    cost: float = 8


def make_figure(name: str, numbers: tuple[float, ...]) -> Figure:
    """The figure of that name.

    Parameters
    ----------
    name
        As in `vocabulary.SHAPES`.
    numbers
        All its constants, in that order.
    """
    return _MAKERS[name](*numbers)


def _widened(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """The box about (x, y), larger by what rounding can do."""
    slack_x = 1e-12 * (abs(x) + width)
    slack_y = 1e-12 * (abs(y) + height)
    return x - width - slack_x, x + width + slack_x, y - height - slack_y, y + height + slack_y


def _turned(rotation: float) -> tuple[float, float]:
    """Cosine and sine, exact for right angles."""
    quarter = rotation / 90
    if quarter == round(quarter):
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(quarter) % 4]
    return math.cos(math.radians(rotation)), math.sin(math.radians(rotation))


def _frame(xc: float, yc: float, rotation: float) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Turns points into the frame of a figure: along its first and its second axis from its centre."""
    cosine, sine = _turned(rotation)

    def turn(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        dx, dy = x - xc, y - yc
        if sine == 0.0 and cosine == 1.0:
            return dx, dy
        return dx * cosine + dy * sine, dy * cosine - dx * sine

    return turn


def _extent(half_x: float, half_y: float, rotation: float) -> tuple[float, float]:
    cosine, sine = map(abs, _turned(rotation))
    return half_x * cosine + half_y * sine, half_x * sine + half_y * cosine


def _point(x0: float, y0: float) -> Figure:
    return Figure(lambda x, y: (x == x0) & (y == y0), (x0, x0, y0, y0), exact=True)


def _line(x0: float, y0: float, x1: float, y1: float) -> Figure:
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / length, 0, 1) if length else 0.0
        return (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2 <= LINE_WIDTH**2

    half_x, half_y = abs(dx) / 2 + LINE_WIDTH, abs(dy) / 2 + LINE_WIDTH
    return Figure(inside, _widened((x0 + x1) / 2, (y0 + y1) / 2, half_x, half_y), cost=15)


def _circle(xc: float, yc: float, radius: float) -> Figure:
    square = radius * radius

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        dx, dy = x - xc, y - yc
        dx *= dx
        dy *= dy
        dx += dy
        return dx <= square

    return Figure(inside, _widened(xc, yc, radius, radius))


def _annulus(xc: float, yc: float, inner: float, outer: float) -> Figure:
    low, high = inner * inner, outer * outer

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        dx, dy = x - xc, y - yc
        dx *= dx
        dy *= dy
        dx += dy
        return (dx >= low) & (dx <= high)

    return Figure(inside, _widened(xc, yc, outer, outer), cost=9)


def _sector(xc: float, yc: float, start: float, stop: float) -> Figure:
    span = stop - start

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        dx, dy = x - xc, y - yc
        angle = np.degrees(np.arctan2(dy, dx)) - (start - _ANGLE_TOLERANCE)
        found = np.mod(angle, 360) <= span + 2 * _ANGLE_TOLERANCE
        return found | ((dx == 0) & (dy == 0))

    everywhere = (-math.inf, math.inf, -math.inf, math.inf)
    if span >= 360:
        return Figure(lambda x, y: (x == x) & (y == y), everywhere)  # noqa: PLR0124 (false for NaN)
    return Figure(inside, everywhere, cost=60)


def _within_ellipse(u: np.ndarray, v: np.ndarray, a: float, b: float) -> np.ndarray:
    found = (u * b) ** 2 + (v * a) ** 2 <= (a * b) ** 2
    return found if a and b else found & (np.abs(u) <= a) & (np.abs(v) <= b)


def _ellipse(xc: float, yc: float, a: float, b: float, rotation: float) -> Figure:
    turn = _frame(xc, yc, rotation)
    cosine, sine = _turned(rotation)
    half_x, half_y = math.hypot(a * cosine, b * sine), math.hypot(a * sine, b * cosine)
    return Figure(lambda x, y: _within_ellipse(*turn(x, y), a, b), _widened(xc, yc, half_x, half_y), cost=14)


def _elliptannulus(xc: float, yc: float, *numbers: float) -> Figure:
    xin, yin, xout, yout, rotin, rotout = numbers
    outer, turn = _ellipse(xc, yc, xout, yout, rotout), _frame(xc, yc, rotin)

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = turn(x, y)
        hole = (u * yin) ** 2 + (v * xin) ** 2 < (xin * yin) ** 2
        return outer.inside(x, y) & ~hole

    return Figure(inside, outer.box, cost=30)


def _box(xc: float, yc: float, half_x: float, half_y: float, rotation: float) -> Figure:
    turn = _frame(xc, yc, rotation)

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = turn(x, y)
        return (np.abs(u) <= half_x) & (np.abs(v) <= half_y)

    if rotation % 180 == 0:
        return Figure(inside, (xc - half_x, xc + half_x, yc - half_y, yc + half_y), exact=True)
    return Figure(inside, _widened(xc, yc, *_extent(half_x, half_y, rotation)), cost=12)


def _rectangle(x0: float, y0: float, x1: float, y1: float, rotation: float) -> Figure:
    figure = _box((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2, rotation)
    return Figure(figure.inside, (x0, x1, y0, y1), exact=True) if figure.exact else figure


def _rhombus(xc: float, yc: float, half_x: float, half_y: float, rotation: float) -> Figure:
    turn = _frame(xc, yc, rotation)

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = turn(x, y)
        u, v = np.abs(u), np.abs(v)
        found = u * half_y + v * half_x <= half_x * half_y
        return found if half_x and half_y else found & (u <= half_x) & (v <= half_y)

    return Figure(inside, _widened(xc, yc, *_extent(half_x, half_y, rotation)), cost=14)


def _within_edges(edges: Sequence[Edge], x: np.ndarray, y: np.ndarray, *, ordered: bool = False) -> np.ndarray:
    """Which points lie within edges, or on one; `ordered` tells that y does not fall."""
    odd = np.zeros(len(x), dtype=bool)
    border = np.zeros(len(x), dtype=bool)
    at = slice(None)
    for x0, y0, x1, y1 in edges:
        low, high = min(y0, y1), max(y0, y1)
        if ordered:
            at = slice(int(np.searchsorted(y, low, "left")), int(np.searchsorted(y, high, "right")))
        u, v = x[at], y[at]
        side = (x1 - x0) * (v - y0) - (u - x0) * (y1 - y0)
        odd[at] ^= ((y0 > v) != (y1 > v)) & ((side > 0) == (y1 > y0))
        border[at] |= (side == 0) & (u >= min(x0, x1)) & (u <= max(x0, x1)) & (v >= low) & (v <= high)
    return odd | border


def _polygon(*corners: float) -> Figure:
    xs, ys = corners[0::2], corners[1::2]
    edges = [
        (x0, y0, x1, y1)
        for x0, y0, x1, y1 in zip(xs, ys, (*xs[1:], xs[0]), (*ys[1:], ys[0]), strict=True)
        if (x0, y0) != (x1, y1)
    ] or [(xs[0], ys[0], xs[0], ys[0])]

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        if len(edges) <= _FEW_EDGES:
            return _within_edges(edges, x, y)
        # An edge concerns only the points at its height, which lie side by side once they are in order.
        order = np.argsort(y)
        found = np.empty(len(x), dtype=bool)
        found[order] = _within_edges(edges, x[order], y[order], ordered=True)
        return found

    return Figure(inside, (min(xs), max(xs), min(ys), max(ys)), cost=12 * len(edges))


_MAKERS: dict[str, Callable[..., Figure]] = {
    "point": _point,
    "line": _line,
    "circle": _circle,
    "annulus": _annulus,
    "sector": _sector,
    "ellipse": _ellipse,
    "elliptannulus": _elliptannulus,
    "box": _box,
    "rectangle": _rectangle,
    "rhombus": _rhombus,
    "polygon": _polygon,
    "polygon2": _polygon,
}
