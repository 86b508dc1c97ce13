"""Where the chips of an EPIC event list lie on the sky, found from its events; and how much of a region they cover.

An event has its pixel (CCDNR, RAWX, RAWY) and its place on the sky (X, Y); over a chip the one is a linear function of
the other, which is fitted here. That, the pixels in which there are events, the tables BADPIXnn and the camera's field
of view tell where events can be, without calibration files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vo.epicfields import FIELDS_OF_VIEW

from .fitsio import FitsFile, Table
from .regions import PlaneShape, contains, outline_box

__all__ = ["Chip", "Detector", "find_detector"]

CELLS = 500_000
"""Most cells of the grid on which areas are measured."""

FINEST = 2.0
"""Smallest side of such a cell, in sky pixels."""

_FULL = {"EPN": (64, 200), "EMOS1": (600, 600), "EMOS2": (600, 600)}
_ENOUGH = 2000
"""Events of a chip from which on the pixels in which there are some are taken for those that were read."""

_FEWEST = 12
"""Events without which a chip can't be placed."""

_NEEDED = frozenset({"X", "Y", "RAWX", "RAWY", "CCDNR"})

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip.

    Parameters
    ----------
    matrix, origin
        RAW = matrix · (X, Y) + origin, whole numbers at the middles of pixels.
    window
        Lowest and highest RAWX, lowest and highest RAWY in which events are taken.
    bad
        Pixels in which none are: shape (highest RAWX + 1, highest RAWY + 1).
    """

    matrix: np.ndarray
    origin: np.ndarray
    window: tuple[int, int, int, int]
    bad: np.ndarray

    def holds(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Which places (X, Y) lie on a good pixel."""
        rawx, rawy = (
            np.rint(row[0] * x + row[1] * y + start).astype(np.int64)
            for row, start in zip(self.matrix, self.origin, strict=True)
        )
        left, right, low, high = self.window
        on = (rawx >= left) & (rawx <= right) & (rawy >= low) & (rawy <= high)
        on[on] = ~self.bad[rawx[on], rawy[on]]
        return on


@dataclass(frozen=True, slots=True)
class Detector:
    """The chips of a camera in one exposure.

    Parameters
    ----------
    chips
        CCDNR → chip; none where the list does not tell where they are.
    field_of_view
        X, Y and radius of the circle that X-rays reach; None where the list does not tell.
    field
        Lowest and highest X, lowest and highest Y of the events.
    """

    field: Box
    chips: Mapping[int, Chip] = field(default_factory=dict)
    field_of_view: tuple[float, float, float] | None = None

    @property
    def is_known(self) -> bool:
        """Whether areas can be told more exactly than by geometry."""
        return bool(self.chips)

    def sees(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Which places can give events: in the field of view, on a good pixel."""
        if not self.chips:
            return np.ones(x.shape, dtype=bool)
        seen = np.zeros(x.shape, dtype=bool)
        for chip in self.chips.values():
            seen |= chip.holds(x, y)
        if self.field_of_view is not None:
            middle_x, middle_y, radius = self.field_of_view
            seen &= np.hypot(x - middle_x, y - middle_y) <= radius
        return seen

    def area(self, shapes: Sequence[PlaneShape]) -> tuple[float, float]:
        """The area of a region in which events can be, and its whole area, in sky pixels.

        Source: what backscale tells (BACKSCAL in units of (0.05 arcsec)²); by counting the cells of a grid.
        """
        box = outline_box(shapes)
        x, y, cell = _grid(box)
        inside = contains(shapes, x, y)
        whole = float(inside.sum() * cell)
        if not self.chips:
            return whole, whole
        within = self._clipped(box)
        if within != box:
            x, y, cell = _grid(within)
            inside = contains(shapes, x, y)
        return float(self.sees(x[inside], y[inside]).sum() * cell), whole

    def areas_by_chip(self, shapes: Sequence[PlaneShape]) -> dict[int, float]:
        """The part of that area that lies on each chip, by CCDNR."""
        x, y, cell = _grid(self._clipped(outline_box(shapes)))
        inside = contains(shapes, x, y)
        x, y = x[inside], y[inside]
        seen = self.sees(x, y)
        return {number: float(chip.holds(x[seen], y[seen]).sum() * cell) for number, chip in self.chips.items()}

    def _clipped(self, box: Box) -> Box:
        """The part of a box in which the events lie; the box itself where there is none."""
        margin = 100.0
        low_x, high_x = max(box[0], self.field[0] - margin), min(box[1], self.field[1] + margin)
        low_y, high_y = max(box[2], self.field[2] - margin), min(box[3], self.field[3] + margin)
        return (low_x, high_x, low_y, high_y) if low_x < high_x and low_y < high_y else box


def find_detector(table: Table, instrument: str, *, clean: bool) -> Detector:
    """The chips of an event list.

    Parameters
    ----------
    instrument
        INSTRUME, one of `vo.epicfields.FIELDS_OF_VIEW`.
    clean
        Whether only events with FLAG 0 will be taken: these keep away from the borders of chips and from the
        neighbours of bad pixels.
    """
    sums: dict[int, _Sums] = {}
    turn = _Sums()
    box = (math.inf, -math.inf, math.inf, -math.inf)
    placed = set(table.columns) >= _NEEDED
    clean = clean and "FLAG" in table.columns
    with_detector = {"DETX", "DETY"} <= set(table.columns)
    for chunk in table.chunks():
        x, y = chunk["X"].astype(float), chunk["Y"].astype(float)
        good = _legal(table, x, y)
        if good.any():
            box = (
                min(box[0], float(x[good].min())), max(box[1], float(x[good].max())),
                min(box[2], float(y[good].min())), max(box[3], float(y[good].max())),
            )  # fmt: skip
        if not placed:
            continue
        taken = good & (chunk["FLAG"] == 0) if clean else good
        if with_detector:
            turn.add(chunk["DETX"][good], chunk["DETY"][good], x[good], y[good])
        numbers = chunk["CCDNR"]
        for number in np.unique(numbers[taken]):
            on = taken & (numbers == number)
            sums.setdefault(int(number), _Sums()).add(chunk["RAWX"][on], chunk["RAWY"][on], x[on], y[on])
    chips = {
        number: chip
        for number, found in sorted(sums.items())
        if (chip := _chip(table.file, number, found, instrument, clean)) is not None
    }
    return Detector(box, chips, _field_of_view(turn, instrument))


def _legal(table: Table, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which events have a place on the sky: X and Y within their legal limits."""
    good = np.isfinite(x) & np.isfinite(y)
    for name, values in (("X", x), ("Y", y)):
        column = table.columns[name]
        if column.low is not None and column.high is not None:
            good &= (values >= column.low) & (values <= column.high)
    return good


class _Sums:
    """Sums from which (x, y) as a linear function of two numbers u, v follows; and the range of u and v."""

    def __init__(self) -> None:
        self.count = 0
        self._normal = np.zeros((3, 3))
        self._right = np.zeros((3, 2))
        self.low = np.full(2, np.iinfo(np.int64).max)
        self.high = np.full(2, np.iinfo(np.int64).min)

    def add(self, u: np.ndarray, v: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        if not len(u):
            return
        terms = np.stack([u.astype(float), v.astype(float), np.ones(len(u))])
        self._normal += terms @ terms.T
        self._right += terms @ np.stack([x, y]).T
        self.count += len(u)
        ends = np.array([u.min(), v.min()]), np.array([u.max(), v.max()])
        self.low, self.high = np.minimum(self.low, ends[0]), np.maximum(self.high, ends[1])

    def solved(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Matrix and origin of (x, y) = matrix · (u, v) + origin; None where the events do not tell."""
        if self.count < _FEWEST or (self.low == self.high).any() or np.linalg.cond(self._normal) > 1e14:
            return None
        found = np.linalg.solve(self._normal, self._right)
        return (found[:2].T, found[2]) if abs(np.linalg.det(found[:2])) > 1e-9 else None


def _chip(file: FitsFile, number: int, sums: _Sums, instrument: str, clean: bool) -> Chip | None:
    solved = sums.solved()
    if solved is None:
        return None
    matrix = np.linalg.inv(solved[0])
    columns, rows = _FULL[instrument]
    margin = 1 if clean else 0
    window = (1 + margin, columns - margin, 1 + margin, rows - margin)
    if sums.count >= _ENOUGH:
        window = (int(sums.low[0]), int(sums.high[0]), int(sums.low[1]), int(sums.high[1]))
    # An event beyond the usual pixels shows that the chip has more of them.
    window = (
        min(window[0], int(sums.low[0])), max(window[1], int(sums.high[0])),
        min(window[2], int(sums.low[1])), max(window[3], int(sums.high[1])),
    )  # fmt: skip
    return Chip(matrix, -matrix @ solved[1], window, _bad_pixels(file, number, window, clean))


def _bad_pixels(file: FitsFile, number: int, window: tuple[int, int, int, int], clean: bool) -> np.ndarray:
    """The pixels that BADPIXnn names; those beside them too where only events with FLAG 0 count."""
    bad = np.zeros((max(window[1], 0) + 2, max(window[3], 0) + 2), dtype=bool)
    name = f"BADPIX{number:02d}"
    hdu = next((hdu for hdu in file.hdus if hdu.kind == "BINTABLE" and name in hdu.names), None)
    rows = file.table(hdu).all() if hdu is not None else {}
    if {"RAWX", "RAWY"} <= set(rows):
        extents = rows["YEXTENT"] if "YEXTENT" in rows else np.ones(len(rows["RAWX"]))
        reach = 1 if clean else 0
        for x, y, extent in zip(rows["RAWX"].tolist(), rows["RAWY"].tolist(), extents.tolist(), strict=True):
            stop = y + max(int(extent), 1) + reach
            bad[max(x - reach, 0) : max(x + reach + 1, 0), max(y - reach, 0) : max(stop, 0)] = True
    return bad


def _field_of_view(turn: _Sums, instrument: str) -> tuple[float, float, float] | None:
    solved = turn.solved()
    if solved is None:
        return None
    circle = FIELDS_OF_VIEW[instrument]
    x, y = solved[0] @ np.array([circle.x, circle.y]) + solved[1]
    return float(x), float(y), circle.radius * math.sqrt(abs(float(np.linalg.det(solved[0]))))


def _grid(box: Box) -> tuple[np.ndarray, np.ndarray, float]:
    """Middles of the cells that cover a box, and their area."""
    width, height = box[1] - box[0], box[3] - box[2]
    side = max(FINEST, math.sqrt(width * height / CELLS))
    across, up = (max(math.ceil(length / side), 1) for length in (width, height))
    x = box[0] + (np.arange(across) + 0.5) * (width / across)
    y = box[2] + (np.arange(up) + 0.5) * (height / up)
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x.ravel(), grid_y.ravel(), width / across * height / up
