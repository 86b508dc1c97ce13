"""Figures: inside, on the border, outside; synonyms; rotations."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobdefs.tasks.selectlib import figures

from .tables import compiled

BORDERS = [
    # figure, points inside or on the border, points outside
    ("POINT(3,4)", [(3, 4)], [(3, 5), (3.0001, 4)]),
    ("LINE(0,0,10,0)", [(0, 0), (10, 0), (5, 0.5), (5, -0.5), (10.5, 0)], [(5, 0.51), (10.6, 0), (-0.6, 0)]),
    ("LINE(0,0,4,4)", [(2, 2), (4, 4)], [(2, 3)]),
    ("LINE(1,1,1,1)", [(1, 1.5)], [(1, 1.6)]),
    ("CIRCLE(0,0,5)", [(3, 4), (-5, 0), (0, 5), (0, 0)], [(3, 4.0001), (5.0001, 0), (4, 4)]),
    ("CIRCLE(10,-10,0)", [(10, -10)], [(10, -10.0001)]),
    ("ANNULUS(0,0,5,13)", [(3, 4), (5, 12), (0, 10)], [(0, 0), (2.9, 4), (5.1, 12)]),
    ("RING(0,0,5,13)", [(3, 4)], [(0, 0)]),
    ("SECTOR(0,0,0,90)", [(1, 0), (0, 1), (1, 1), (0, 0), (500, 1)], [(-1, 0.1), (1, -0.1)]),
    ("PIE(0,0,45,135)", [(1, 1), (0, 1), (-1, 1), (-7, 7)], [(1, 0.99), (0, -1)]),
    ("SECTOR(0,0,-45,45)", [(1, 0), (1, -1), (1, 1)], [(0.9, 1), (-1, 0)]),
    ("SECTOR(0,0,315,405)", [(1, 0), (1, -1), (1, 1)], [(0.9, 1), (-1, 0)]),
    ("SECTOR(0,0,10,400)", [(1, 0), (-1, -5)], []),
    ("ELLIPSE(0,0,10,5,0)", [(10, 0), (0, 5), (6, 4), (-8, 3)], [(10, 1), (5, 5), (6, 4.01)]),
    ("ELLIPSE(0,0,10,5)", [(10, 0), (0, 5)], [(5, 5)]),
    ("ELLIPSE(0,0,10,5,90)", [(0, 10), (5, 0), (-4, 6)], [(10, 0), (0, 10.01)]),
    ("ELLIPSE(0,0,10,0,0)", [(10, 0), (-3, 0)], [(11, 0), (0, 1)]),
    ("ELLIPTANNULUS(0,0,6,3,10,5,0,0)", [(10, 0), (0, 5), (6, 0), (0, 3)], [(0, 0), (5.9, 0), (10.1, 0)]),
    ("ELLIPTRING(0,0,6,3,10,5,90,0)", [(10, 0), (3, 0)], [(0, 5), (2.9, 0)]),
    ("BOX(0,0,10,5,0)", [(10, 5), (-10, -5), (0, 0)], [(10.1, 0), (0, 5.1)]),
    ("BOX(0,0,10,5)", [(10, 5)], [(10.1, 0)]),
    ("BOX(0,0,10,5,90)", [(5, 10), (-5, -10)], [(10, 5), (5.1, 0)]),
    ("BOX(0,0,10,5,180)", [(10, 5)], [(10.1, 5)]),
    ("BOX(0,0,10,1,45)", [(7, 7), (-7, -7)], [(7, -7), (7.9, 7.9)]),
    ("RECTANGLE(0,0,10,5,0)", [(0, 0), (10, 5), (5, 2)], [(-0.1, 0), (10, 5.1)]),
    ("RECTANGLE(0,0,10,4,90)", [(3, -3), (7, 7)], [(0, 0), (10, 2)]),
    ("RHOMBUS(0,0,10,5,0)", [(10, 0), (0, 5), (5, 2.5), (-6, -2)], [(5, 2.6), (10, 1)]),
    ("DIAMOND(0,0,10,5,90)", [(0, 10), (5, 0), (2.5, 5)], [(10, 0), (2.6, 5)]),
    ("RHOMBUS(0,0,10,0,0)", [(10, 0)], [(0, 1), (11, 0)]),
    ("POLYGON2(0,0,10,0,10,10,0,10)", [(0, 0), (10, 10), (5, 0), (10, 5), (0, 5), (5, 5)], [(10.1, 5), (5, -0.1)]),
    ("POLYGON(0,0,10,0,10,10,0,10)", [(5, 5), (0, 0), (5, 10)], [(10.1, 5), (-0.1, 0)]),
    ("POLYGON2(0,10,10,10,10,0,0,0)", [(0, 0), (10, 10), (5, 5)], [(10.1, 5)]),
    ("POLYGON2(0,0,10,10,10,0,0,10)", [(2, 5), (8, 5), (5, 5), (1, 1)], [(5, 2), (5, 8)]),
    ("POLYGON2(0,0,5,5,10,0,10,10,0,10)", [(5, 5), (5, 9), (1, 1), (0, 5)], [(5, 4.9), (5, 0)]),
    ("POLYGON2(0,0,4,2,4,2,0,4,0,0)", [(2, 1), (4, 2), (0, 2)], [(4.1, 2)]),
]


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int32, np.int16])
@pytest.mark.parametrize(("figure", "inside", "outside"), BORDERS)
def test_borders_belong_to_figures(figure: str, inside: list, outside: list, kind: type) -> None:
    points = np.array([*inside, *outside], dtype=float)
    expected = np.array([True] * len(inside) + [False] * len(outside))
    if np.issubdtype(kind, np.integer):
        whole = (points == np.round(points)).all(axis=1)
        points, expected = points[whole], expected[whole]
    data = {"X": points[:, 0].astype(kind), "Y": points[:, 1].astype(kind)}
    assert compiled(f"(X,Y) in {figure}", data=data).evaluate(data).tolist() == expected.tolist()
    call = f"{figure[:-1]},X,Y)"
    assert compiled(call, data=data).evaluate(data).tolist() == expected.tolist()
    shifted = call.replace("X,Y", "X+0.0,0+Y")
    assert compiled(shifted, data=data).evaluate(data).tolist() == expected.tolist()


def test_circles_of_large_coordinates_do_not_overflow() -> None:
    data = {"X": np.array([1, 2**31 - 1, -(2**31)], dtype=np.int32), "Y": np.array([0, 0, 0], dtype=np.int32)}
    assert compiled("(X,Y) in CIRCLE(1,0,5)", data=data).evaluate(data).tolist() == [True, False, False]
    assert compiled("(X,Y) in CIRCLE(0,0,2147483647)", data=data).evaluate(data).tolist() == [True, True, False]


def test_no_figure_holds_a_point_without_coordinates() -> None:
    data = {"X": np.array([np.nan, 0.0, np.inf]), "Y": np.array([0.0, np.nan, 0.0])}
    for figure, _, _ in BORDERS:
        found = compiled(f"(X,Y) in {figure}", data=data).evaluate(data)
        assert not found[:2].any(), figure


_NUMBERS = st.floats(-100, 100, allow_nan=False).map(lambda value: round(value, 3))
_SIZES = st.floats(0.5, 60).map(lambda value: round(value, 3))


def _reference(name: str, numbers: list[float], x: float, y: float) -> float:
    """How far inside a point is, in a measure of the figure's own; negative outside."""
    xc, yc = numbers[0], numbers[1]
    angle = math.radians(numbers[-1])
    dx, dy = x - xc, y - yc
    u = dx * math.cos(angle) + dy * math.sin(angle)
    v = dy * math.cos(angle) - dx * math.sin(angle)
    a, b = numbers[2], numbers[3]
    return {
        "ELLIPSE": 1 - (u / a) ** 2 - (v / b) ** 2,
        "BOX": min(a - abs(u), b - abs(v)),
        "RHOMBUS": 1 - abs(u) / a - abs(v) / b,
    }[name]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["ELLIPSE", "BOX", "RHOMBUS"]),
    st.tuples(_NUMBERS, _NUMBERS, _SIZES, _SIZES, st.floats(-720, 720).map(lambda value: round(value, 2))),
    st.integers(0, 1000),
)
def test_rotated_figures_agree_with_their_definitions(name: str, numbers: tuple, seed: int) -> None:
    generator = np.random.default_rng(seed)
    data = {"X": generator.uniform(-150, 150, 300), "Y": generator.uniform(-150, 150, 300)}
    found = compiled(f"(X,Y) in {name}({','.join(map(repr, numbers))})", data=data).evaluate(data)
    for x, y, is_inside in zip(data["X"], data["Y"], found, strict=True):
        depth = _reference(name, list(numbers), x, y)
        if abs(depth) > 1e-9:
            assert is_inside == (depth > 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=8))
def test_polygons_agree_with_crossing_numbers_and_hold_their_borders(corners: list[tuple[int, int]]) -> None:
    grid = np.arange(-10, 11, dtype=np.int32)
    data = {"X": np.tile(grid, len(grid)), "Y": np.repeat(grid, len(grid))}
    numbers = ",".join(f"{x},{y}" for x, y in corners)
    found = compiled(f"(X,Y) in POLYGON2({numbers})", data=data).evaluate(data)
    for x, y, is_inside in zip(data["X"].tolist(), data["Y"].tolist(), found.tolist(), strict=True):
        assert is_inside == _in_polygon(corners, x, y)


def _in_polygon(corners: list[tuple[int, int]], x: int, y: int) -> bool:
    odd = False
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        on_line = (x1 - x0) * (y - y0) == (x - x0) * (y1 - y0)
        if on_line and min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1):
            return True
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            odd = not odd
    return odd


def test_polygons_of_thousands_of_corners_take_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = np.arange(3000) * 2 * np.pi / 3000
    radius = np.where(np.arange(3000) % 2, 700.0, 1000.0)
    corners = np.round(np.column_stack([radius * np.cos(turn), radius * np.sin(turn)]))
    polygon = figures.make_figure("polygon", tuple(corners.ravel().tolist()))
    x, y = np.round(np.random.default_rng(5).uniform(-1100, 1100, (2, 300_000)))
    x[:3000], y[:3000] = corners.T
    y[-3:] = np.nan
    start = time.process_time()
    found = polygon.inside(x, y)
    assert time.process_time() - start < 10
    assert found[:3000].all()
    monkeypatch.setattr(figures, "_FEW_EDGES", 3000)
    for some in (slice(2000, 5000), slice(-500, None)):
        assert np.array_equal(polygon.inside(x[some], y[some]), found[some])
