"""Coverage maps of the sky: sets of HEALPix cells of several orders (MOC 2.0, IVOA Recommendation 2022-07-27).

Cells are those of the nested scheme in ICRS. A place belongs to the one cell that has its number, so that a place on
the border of two cells belongs to one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo import healpix_grid as grid
from vo import regions
from vo.errors import QueryError, UsageError
from vo.healpix import ORDER, cells, joined, reach
from vo.sphere import angle, lonlat, unit

__all__ = ["Moc", "covering", "parse_moc"]

Cells = NDArray[np.int64]

_TOKEN = re.compile(r"(?P<order>[0-9]+)/|(?P<first>[0-9]+)(?:-(?P<last>[0-9]+))?(?![^ \t\r\n,])|(?P<space>[ \t\r\n,]+)")
_DIGITS = 20
"""More digits than any number of a cell has."""

_FINER = 10
"""Orders below that of a cell at which `covering` still looks for a place of the region."""


@dataclass(frozen=True, slots=True, eq=False)
class Moc:
    """A set of cells.

    Parameters
    ----------
    order
        The order to which the set is known, 0 to 29.
    ranges
        Its cells of order 29 as rows of first and last, both inclusive: ascending, disjoint and not adjacent.
    """

    order: int
    ranges: Cells

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moc) and self.order == other.order and np.array_equal(self.ranges, other.ranges)

    def __hash__(self) -> int:
        return hash((self.order, self.ranges.tobytes()))

    def contains(self, cell: ArrayLike) -> NDArray[np.bool_]:
        """Whether cells of order 29 belong to the set."""
        cell = np.asarray(cell, dtype=np.int64)
        if not len(self.ranges):
            return np.zeros(cell.shape, dtype=bool)
        rank = np.searchsorted(self.ranges[:, 0], cell, side="right") - 1
        return (rank >= 0) & (cell <= self.ranges[rank, 1])

    def overlap(self, cell: Cells, order: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which cells of an order belong to the set with all, and which with none of their area."""
        shift = 2 * (ORDER - order)
        first, last = cell << shift, ((cell + 1) << shift) - 1
        after = np.searchsorted(self.ranges[:, 0], last, side="right")
        ends = np.concatenate(([-1], self.ranges[:, 1]))[after]
        starts = np.concatenate(([0], self.ranges[:, 0]))[after]
        return (starts <= first) & (ends >= last), ends < first

    def by_order(self) -> Iterator[tuple[int, Cells]]:
        """The largest cells that the set can be made of: each order that has some, with their numbers ascending."""
        first, end = self.ranges[:, 0], self.ranges[:, 1] + 1
        for order in range(self.order + 1):
            shift = 2 * (ORDER - order)
            low, high = -(-first >> shift), end >> shift
            whole = low < high
            found = _counted(low[whole], high[whole])
            if found.size:
                yield order, np.sort(found)
            starts = np.concatenate((first, (high << shift)[whole]))
            ends = np.concatenate((np.where(whole, low << shift, end), end[whole]))
            first, end = starts[starts < ends], ends[starts < ends]

    def around(self) -> tuple[float, float, float]:
        """Longitude, latitude and radius in degrees of a circle around all cells; the whole sky if there are none."""
        middles, sizes = [], []
        for order, found in self.by_order():
            middles.append(unit(*grid.centres(order, found)))
            sizes.append(np.full(len(found), reach(order)))
        if not middles:
            return 0.0, 0.0, 180.0
        middle, size = np.concatenate(middles), np.concatenate(sizes)
        lon, lat = lonlat((middle * size[:, None] ** 2).sum(axis=0))
        radius = np.degrees((angle(unit(lon, lat), middle) + size).max())
        return float(lon), float(lat), min(float(radius), 180.0)

    def joined(self, most: int) -> list[tuple[int, int]]:
        """At most `most` ranges of cells of order 29 that hold the set, and other cells where it has more ranges."""
        if not len(self.ranges):
            return []
        return joined(self.ranges[:, 0], self.ranges[:, 1], most)

    def __str__(self) -> str:
        """The MOC as text, in the standard's form."""
        words, deepest = [], -1
        for order, found in self.by_order():
            cuts = np.flatnonzero(np.diff(found) > 1)
            starts, ends = found[np.concatenate(([0], cuts + 1))], found[np.concatenate((cuts, [-1]))]
            pairs = zip(starts.tolist(), ends.tolist(), strict=True)
            words.append(f"{order}/" + " ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in pairs))
            deepest = order
        return " ".join(words if deepest == self.order else [*words, f"{self.order}/"])


def parse_moc(text: str) -> Moc:
    """The MOC that a text describes, such as ``4/1 3-5 6/``.

    Cells may come in any order, more than once and within each other. An ``s`` may stand before the first order, and
    commas between cells as in MOC 1.0. Orders without cells only tell the resolution.

    Raises
    ------
    vo.errors.QueryError
        At the first part that is wrong.
    """
    position = len(text) - len(text.lstrip(" \t\r\n"))
    position += text[position : position + 1] == "s"
    if not text[position:].strip(" \t\r\n,"):
        raise _wrong(text, 0, len(text), "The MOC is empty.", "Write orders and cells, such as 4/1 3-5 6/.")
    order, deepest = -1, 0
    first, last, shifts = [], [], []
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _stray(text, position)
        if match["order"]:
            order = _order(text, match)
            deepest = max(deepest, order)
        elif match["first"]:
            low, high = _cells(text, match, order)
            first.append(low)
            last.append(high + 1)
            shifts.append(2 * (ORDER - order))
        position = match.end()
    shift = np.array(shifts, dtype=np.int64)
    return Moc(deepest, _merged(np.array(first, np.int64) << shift, (np.array(last, np.int64) << shift) - 1))


def covering(order: int, shape: Sequence[float], most: int) -> Moc:
    """The cells of an order that have a place in common with a region.

    A cell that is nearer to the region than a thousandth of its own size, or than a cell of order 29, may be among
    them. A place has one cell.

    Parameters
    ----------
    order
        0 to 29.
    shape
        A point, circle or polygon as `vo.regions` takes it.
    most
        How many cells may be looked at in one step.

    Raises
    ------
    vo.errors.UsageError
        When the border of the region is too long for cells of this order.
    """
    region = np.asarray(shape, dtype=float)
    here = cells(region[0], region[1], order).reshape(1)
    if len(region) == 2 or (len(region) == 3 and region[2] == 0):
        return Moc(order, _merged(here << 2 * (ORDER - order), ((here + 1) << 2 * (ORDER - order)) - 1))
    taken, depths = [here], [np.full(1, order)]
    asked = np.arange(12, dtype=np.int64)
    for depth in range(order + 1):
        asked, inside = _touched(asked, depth, region)
        taken.append(asked[inside])
        depths.append(np.full(np.count_nonzero(inside), depth))
        asked = asked[~inside]
        if len(asked) > most:
            raise _too_long(most, depth)
        if depth < order:
            asked = _children(asked)
    found = asked[_reached(asked, order, region, most)]
    taken.append(found)
    depths.append(np.full(len(found), order))
    shift = 2 * (ORDER - np.concatenate(depths))
    first = np.concatenate(taken)
    return Moc(order, _merged(first << shift, ((first + 1) << shift) - 1))


def _touched(cell: Cells, depth: int, region: NDArray[np.float64]) -> tuple[Cells, NDArray[np.bool_]]:
    """Those cells that the region may touch, and which of them lie within it."""
    lon, lat = grid.centres(depth, cell)
    circles = np.stack([lon, lat, np.full(len(cell), np.degrees(reach(depth)))], axis=-1)
    near = regions.intersects(region, circles)
    return cell[near], regions.contains_shape(region, circles[near])


def _reached(cell: Cells, order: int, region: NDArray[np.float64], most: int) -> NDArray[np.bool_]:
    """Which cells the region touches: those that hold a smaller cell with its centre in it, or a tiny one near it."""
    result = np.zeros(len(cell), dtype=bool)
    owner = np.arange(len(cell))
    finest = min(order + _FINER, ORDER)
    for depth in range(order, finest + 1):
        found = regions.contains(region, *grid.centres(depth, cell)) | (depth == finest)
        result[owner[found]] = True
        left = ~result[owner]
        if np.count_nonzero(left) > most << _FINER // 2:
            raise _too_long(most, order)
        if not left.any():
            break
        owner = np.repeat(owner[left], 4)
        cell = _children(cell[left])
        lon, lat = grid.centres(depth + 1, cell)
        near = regions.intersects(region, np.stack([lon, lat, np.full(len(cell), np.degrees(reach(depth + 1)))], -1))
        cell, owner = cell[near], owner[near]
    return result


def _too_long(most: int, order: int) -> UsageError:
    return UsageError(
        f"The border of the region touches more than {most:,} cells of order {order}.", hint="Use a lower order."
    )


def _children(cell: Cells) -> Cells:
    return (4 * cell[:, None] + np.arange(4)).ravel()


def _counted(low: Cells, high: Cells) -> Cells:
    """All numbers of ranges whose ends are not part of them."""
    sizes = high - low
    total = int(sizes.sum())
    return np.arange(total) + np.repeat(low - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes) if total else low[:0]


def _merged(first: Cells, last: Cells) -> Cells:
    """Sorted ranges, joined where they overlap or touch."""
    if not first.size:
        return np.empty((0, 2), dtype=np.int64)
    rank = np.argsort(first, kind="stable")
    first, last = first[rank], np.maximum.accumulate(last[rank])
    cut = np.flatnonzero(first[1:] > last[:-1] + 1)
    starts, ends = first[np.concatenate(([0], cut + 1))], last[np.concatenate((cut, [-1]))]
    return np.stack([starts, ends], axis=1)


def _order(text: str, match: re.Match[str]) -> int:
    digits = match["order"]
    if len(digits) > _DIGITS or int(digits) > ORDER:
        raise _wrong(text, match.start(), match.end(), f"There is no order {digits[:_DIGITS]}.", "Orders are 0 to 29.")
    return int(digits)


def _cells(text: str, match: re.Match[str], order: int) -> tuple[int, int]:
    """First and last cell of a part such as ``3`` or ``3-5``."""
    if order < 0:
        raise _wrong(
            text,
            match.start(),
            match.end(),
            f"{match[0][:_DIGITS]} has no order before it.",
            f"Write order and cell, such as 4/{match['first'][:_DIGITS]}.",
        )
    count = 12 << 2 * order
    ends = [match["first"], match["last"] or match["first"]]
    for digits in ends:
        if len(digits) > _DIGITS or int(digits) >= count:
            raise _wrong(
                text,
                match.start(),
                match.end(),
                f"Order {order} has no cell {digits[:_DIGITS]}.",
                f"Its cells are 0 to {count - 1}.",
            )
    low, high = map(int, ends)
    if low > high:
        raise _wrong(
            text, match.start(), match.end(), f"The range {low}-{high} runs backwards.", f"Write {high}-{low}."
        )
    return low, high


def _stray(text: str, position: int) -> QueryError:
    word = re.compile(r"[^ \t\r\n,]+").match(text, position)
    end = word.end() if word else position + 1
    hint = "A MOC is made of orders and cells, such as 4/1 3-5 6/."
    if text[position] == "t":
        hint = "Only the sky is covered: give a MOC of space."
    return _wrong(text, position, end, f"{text[position:end][:40]!r} is not part of a MOC.", hint)


def _wrong(text: str, start: int, end: int, message: str, hint: str) -> QueryError:
    before = text[:start]
    return QueryError(
        message,
        text=text,
        line=before.count("\n") + 1,
        column=start - before.rfind("\n"),
        length=max(end - start, 1),
        hint=hint,
    )
