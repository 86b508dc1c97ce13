"""Filters that a file holds: good time intervals and region tables (selectlib manual, File-based filters).

Each function reads a `Block` and gives the test of coordinates; a block of another kind is refused by a
`vo.errors.UsageError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vo.errors import UsageError

from .blocks import Block
from .dss import RegionRow
from .figures import Figure, Inside, make_figure
from .skyfigures import make_sky_figure

__all__ = ["combine_rows", "good_times", "region_figure", "region_rows", "time_inside"]


_PIECE = 16_384
_FEW_INTERVALS = 6


def good_times(block: Block) -> np.ndarray:
    """The intervals of a GTI table, sorted and merged.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2), START and STOP in the table's unit (s). Both ends are good: ``START <= t <= STOP``, as for
        ``[lo:hi]``. Empty and reversed intervals are left out.

    Raises
    ------
    vo.errors.UsageError
        When the block has no columns START and STOP.
    """
    try:
        start, stop = (np.asarray(block.columns[name], dtype=float).ravel() for name in ("START", "STOP"))
    except KeyError:
        raise UsageError(f"{block.name} is no GTI table: it has no columns START and STOP.") from None
    good = stop >= start
    start, stop = start[good], stop[good]
    order = np.argsort(start, kind="stable")
    start, stop = start[order], np.maximum.accumulate(stop[order])
    first = np.ones(len(start), dtype=bool)
    first[1:] = start[1:] > stop[:-1]
    last = np.append(first[1:], True)[: len(start)]
    return np.column_stack([start[first], stop[last]])


def time_inside(intervals: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The test of times against sorted, disjoint intervals.

    Events come nearly in order: the few intervals that a stretch of them touches are compared one by one.
    """
    starts, stops = np.ascontiguousarray(intervals[:, 0]), np.ascontiguousarray(intervals[:, 1])

    def piece(times: np.ndarray) -> np.ndarray:
        first = int(np.searchsorted(stops, np.fmin.reduce(times), side="left"))
        last = int(np.searchsorted(starts, np.fmax.reduce(times), side="right"))
        if last - first > _FEW_INTERVALS:
            place = np.searchsorted(starts, times, side="right") - 1
            return (place >= 0) & (times <= stops[place])
        result = np.zeros(times.shape, dtype=bool)
        for number in range(first, last):
            result |= (times >= starts[number]) & (times <= stops[number])
        return result

    def inside(times: np.ndarray) -> np.ndarray:
        result = np.zeros(times.shape, dtype=bool)
        for start in range(0, len(times) if len(starts) else 0, _PIECE):
            result[start : start + _PIECE] = piece(times[start : start + _PIECE])
        return result

    return inside


_PARAMETERS: dict[str, Callable[[RegionRow], tuple[str, tuple[float, ...]]]] = {
    "POINT": lambda row: ("point", (row.x[0], row.y[0])),
    "LINE": lambda row: ("line", (row.x[0], row.y[0], row.x[1], row.y[1])),
    "CIRCLE": lambda row: ("circle", (row.x[0], row.y[0], row.r[0])),
    "ANNULUS": lambda row: ("annulus", (row.x[0], row.y[0], row.r[0], row.r[1])),
    "ELLIPSE": lambda row: ("ellipse", (row.x[0], row.y[0], row.r[0], row.r[1], _angle(row))),
    "ELLIPTANNULUS": lambda row: (
        "elliptannulus",
        (row.x[0], row.y[0], *row.r[:4], _angle(row), _angle(row, 1) if len(row.rotang) > 1 else _angle(row)),
    ),
    "BOX": lambda row: ("box", (row.x[0], row.y[0], row.r[0] / 2, row.r[1] / 2, _angle(row))),
    "DIAMOND": lambda row: ("rhombus", (row.x[0], row.y[0], row.r[0] / 2, row.r[1] / 2, _angle(row))),
    "RECTANGLE": lambda row: ("rectangle", (row.x[0], row.y[0], row.x[1], row.y[1], _angle(row))),
    "SECTOR": lambda row: ("sector", (row.x[0], row.y[0], row.rotang[0], row.rotang[1])),
    "POLYGON": lambda row: ("polygon", tuple(value for pair in zip(*_corners(row), strict=True) for value in pair)),
}
"""How columns of a region table become the constants of a figure (CXC region convention: R of a box are its full
widths, of an ellipse its semi-axes)."""

_SYNONYMS = {
    "ROTBOX": "BOX",
    "ROTDIAMOND": "DIAMOND",
    "RHOMBUS": "DIAMOND",
    "ROTRECTANGLE": "RECTANGLE",
    "RING": "ANNULUS",
    "ELLIPTRING": "ELLIPTANNULUS",
    "POLYGON2": "POLYGON",
}


def _angle(row: RegionRow, number: int = 0) -> float:
    return row.rotang[number] if len(row.rotang) > number else 0.0


def _corners(row: RegionRow) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Corners of a polygon; vectors are filled up with NaN or with zeros to the width of the column."""
    count = min(len(row.x), len(row.y))
    while count and (row.x[count - 1] != row.x[count - 1] or row.y[count - 1] != row.y[count - 1]):
        count -= 1
    while count > 3 and row.x[count - 1] == row.y[count - 1] == 0:
        count -= 1
    return row.x[:count], row.y[:count]


def region_figure(row: RegionRow, *, on_sky: bool = False) -> tuple[Figure, bool]:
    """The figure of a row of a region table, and whether it is excluded.

    Parameters
    ----------
    on_sky
        Whether its columns are right ascension and declination in degrees.

    Raises
    ------
    vo.errors.UsageError
        For a shape that is not known, or that lacks numbers.
    """
    name = row.shape.strip().upper()
    excluded = name.startswith("!")
    name = name.lstrip("!").strip()
    name = _SYNONYMS.get(name, name)
    if name == "PIE":
        return _pie(row, on_sky), excluded
    if name not in _PARAMETERS:
        raise UsageError(
            f"The region table has a shape {row.shape!r}; it must be one of {', '.join(_PARAMETERS)}, PIE."
        )
    try:
        shape, numbers = _PARAMETERS[name](row)
    except IndexError:
        raise UsageError(f"The region table lacks numbers for its shape {row.shape!r}.") from None
    if name == "POLYGON" and len(numbers) < 6:
        raise UsageError("A polygon of the region table has fewer than three corners.")
    return (make_sky_figure if on_sky else make_figure)(shape, numbers), excluded


def _pie(row: RegionRow, on_sky: bool) -> Figure:
    """A sector; with two radii, as CXC tables have it, cut out of an annulus."""
    if len(row.rotang) < 2:
        raise UsageError("A PIE of the region table lacks its two angles.")
    make = make_sky_figure if on_sky else make_figure
    sector = make("sector", (row.x[0], row.y[0], row.rotang[0], row.rotang[1]))
    if len(row.r) < 2 or not row.r[1]:
        return sector
    ring = make("annulus", (row.x[0], row.y[0], row.r[0], row.r[1]))
    return Figure(lambda x, y: sector.inside(x, y) & ring.inside(x, y), ring.box, cost=sector.cost + ring.cost)


def region_rows(block: Block) -> tuple[RegionRow, ...]:
    """The rows of a region table.

    Raises
    ------
    vo.errors.UsageError
        When it lacks the columns SHAPE, X and Y.
    """
    columns = block.columns
    if not {"SHAPE", "X", "Y"} <= set(columns):
        raise UsageError(f"{block.name} is no region table: it has no columns SHAPE, X and Y.")
    count = len(columns["SHAPE"])
    if not count:
        return ()
    vectors = {
        name: np.asarray(columns.get(name, np.zeros((count, 0))), dtype=float).reshape(count, -1)
        for name in ("X", "Y", "R", "ROTANG")
    }
    components = columns.get("COMPONENT", np.arange(1, count + 1))
    return tuple(
        RegionRow(
            shape=_text(columns["SHAPE"][number]),
            **{name.lower(): tuple(float(value) for value in vector[number]) for name, vector in vectors.items()},
            component=int(components[number]),
        )
        for number in range(count)
    )


def _text(value: object) -> str:
    return value.decode("ascii", "replace").strip() if isinstance(value, bytes) else str(value).strip()


def combine_rows(rows: Sequence[RegionRow], *, on_sky: bool = False) -> Figure:
    """All rows as one figure: rows of a component must all hold, of the components one at least.

    The box is that of the included shapes, which no point outside can be in.
    """
    components: dict[int, list[tuple[Figure, bool]]] = {}
    for row in rows:
        components.setdefault(row.component, []).append(region_figure(row, on_sky=on_sky))
    if not components:
        return Figure(lambda x, _: np.zeros(len(x), dtype=bool), (0, 0, 0, 0))
    parts = list(components.values())
    boxes = [_component_box(part) for part in parts]
    box = (
        min(item[0] for item in boxes),
        max(item[1] for item in boxes),
        min(item[2] for item in boxes),
        max(item[3] for item in boxes),
    )

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        result = np.zeros(len(x), dtype=bool)
        for part in parts:
            held = np.ones(len(x), dtype=bool)
            for figure, excluded in part:
                held &= _boxed(figure)(x, y) != excluded
            result |= held
        return result

    return Figure(inside, box, cost=sum(figure.cost + 4 for part in parts for figure, _ in part))


def _boxed(figure: Figure) -> Inside:
    """The figure's test, made for the few points in its box only."""
    low_x, high_x, low_y, high_y = figure.box

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        result = (x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y)
        if not figure.exact:
            near = np.flatnonzero(result)
            result[near] = figure.inside(x[near], y[near])
        return result

    return inside


def _component_box(part: Sequence[tuple[Figure, bool]]) -> tuple[float, float, float, float]:
    boxes = [figure.box for figure, excluded in part if not excluded] or [(-np.inf, np.inf, -np.inf, np.inf)]
    return (
        max(item[0] for item in boxes),
        min(item[1] for item in boxes),
        max(item[2] for item in boxes),
        min(item[3] for item in boxes),
    )
