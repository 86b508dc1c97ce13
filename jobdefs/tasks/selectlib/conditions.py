"""Conditions on rows and the ways to test them: ranges, bits, conjunctions.

A conjunction tests its members in an order that is learnt from the first rows (cheap tests that let few rows pass come
first), and goes on with the surviving rows alone once they are few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .arithmetic import Numeric
from .ranges import Range, complement, intersection, limits
from .rows import Rows

__all__ = ["FALSE", "TRUE", "Test", "all_of", "any_of", "bits_test", "negation", "range_test"]

_FEW = 6
"""Surviving rows are picked out when they are fewer than one in this many."""

_RELEARN = 32
"""Stretches of rows after which the order of tests is thought over."""


@dataclass(frozen=True, slots=True)
class Test:
    """A compiled condition.

    Parameters
    ----------
    cost
        Rough time a row, in units of one pass over a 32-bit column.
    run
        Rows → booleans, in a new array that the caller may change.
    value
        The outcome if it is the same for every row, else None.
    column, ranges
        For a test of a plain column against ranges; empty for others.
    """

    cost: float
    run: Callable[[Rows], np.ndarray]
    value: bool | None = None
    column: str = ""
    ranges: tuple[Range, ...] = ()


TRUE = Test(0, lambda rows: np.ones(rows.count, dtype=bool), value=True)
FALSE = Test(0, lambda rows: np.zeros(rows.count, dtype=bool), value=False)


def range_test(number: Numeric, ranges: tuple[Range, ...]) -> Test:
    """Whether a number lies in one of these closed ranges of its type; NaN lies in none."""
    if not ranges:
        return FALSE
    if number.is_integer and ranges == (limits(number.dtype),):
        return TRUE
    run = number.run
    if len(ranges) > 6:
        inside, cost = _search(ranges, number.dtype), 12.0
    else:
        tests = [_one_range(item, number.dtype) for item in ranges]
        inside, cost = _either(tests), len(tests) * (1 + number.dtype.itemsize / 4)
    return Test(number.cost + cost, lambda rows: inside(run(rows)), None, number.column, ranges)


def _one_range(item: Range, dtype: np.dtype) -> Callable[[np.ndarray], np.ndarray]:
    low, high = (dtype.type(bound) for bound in item)
    bottom, top = limits(dtype)
    if item[0] == item[1]:
        return lambda values: np.equal(values, low)
    if item[0] == bottom:
        return lambda values: np.less_equal(values, high)
    if item[1] == top:
        return lambda values: np.greater_equal(values, low)
    if dtype.kind == "f":
        return lambda values: np.greater_equal(values, low) & np.less_equal(values, high)
    # Modulo 2^n, x - low <= high - low holds just for low <= x <= high: one comparison where the plain way takes two.
    unsigned = np.dtype(f"u{dtype.itemsize}")
    modulus = 1 << (8 * dtype.itemsize)
    offset, width = unsigned.type(item[0] % modulus), unsigned.type(item[1] - item[0])
    return lambda values: np.less_equal(np.subtract(values.view(unsigned), offset), width)


def _either(tests: Sequence[Callable[[np.ndarray], np.ndarray]]) -> Callable[[np.ndarray], np.ndarray]:
    if len(tests) == 1:
        return tests[0]

    def inside(values: np.ndarray) -> np.ndarray:
        result = tests[0](values)
        for test in tests[1:]:
            result |= test(values)
        return result

    return inside


def _search(ranges: tuple[Range, ...], dtype: np.dtype) -> Callable[[np.ndarray], np.ndarray]:
    lows = np.array([low for low, _ in ranges], dtype=dtype)
    highs = np.array([high for _, high in ranges], dtype=dtype)

    def inside(values: np.ndarray) -> np.ndarray:
        place = np.searchsorted(lows, values, side="right") - 1
        return (place >= 0) & (values <= highs[place])

    return inside


def bits_test(number: Numeric, mask: int, wanted: int) -> Test | None:
    """Whether the bits of `mask` are those of `wanted`; None when the number's type does not hold the mask."""
    bottom, top = limits(number.dtype)
    if not (bottom <= mask <= top and bottom <= wanted <= top):
        return None
    kept, goal, run = number.dtype.type(mask), number.dtype.type(wanted), number.run
    return Test(number.cost + 1.5, lambda rows: np.equal(np.bitwise_and(run(rows), kept), goal))


def negation(test: Test, number: Numeric | None = None) -> Test:
    """The opposite; `number` is what a range test of an integer looks at."""
    if test.value is not None:
        return FALSE if test.value else TRUE
    if number is not None and number.is_integer and test.ranges:
        return range_test(number, complement(test.ranges, number.dtype))
    run = test.run

    def opposite(rows: Rows) -> np.ndarray:
        result = run(rows)
        return np.logical_not(result, out=result)

    return Test(test.cost + 0.3, opposite)


def any_of(tests: Sequence[Test]) -> Test:
    """Whether one holds at least; later tests see only the rows that are still open, once these are few."""
    if any(test.value for test in tests):
        return TRUE
    open_tests = sorted((test for test in tests if test.value is None), key=lambda test: test.cost)
    if len(open_tests) < 2:
        return open_tests[0] if open_tests else FALSE
    runs = [test.run for test in open_tests]

    def run(rows: Rows) -> np.ndarray:
        result = runs[0](rows)
        for test in runs[1:]:
            missing = rows.count - np.count_nonzero(result)
            if missing == 0:
                break
            if missing * _FEW < rows.count:
                positions = np.flatnonzero(~result)
                result[positions] = test(rows.pick(positions))
            else:
                result |= test(rows)
        return result

    return Test(sum(test.cost for test in open_tests), run)


def all_of(tests: Sequence[Test], types: dict[str, np.dtype]) -> Test:
    """Whether all hold. Range tests of the same column become one."""
    if any(test.value is False for test in tests):
        return FALSE
    merged = _merged([test for test in tests if test.value is None], types)
    if any(test.value is False for test in merged):
        return FALSE
    merged = [test for test in merged if test.value is None]
    if len(merged) < 2:
        return merged[0] if merged else TRUE
    return Test(sum(test.cost for test in merged), _Conjunction(merged).run)


def _merged(tests: Sequence[Test], types: dict[str, np.dtype]) -> list[Test]:
    result: list[Test] = []
    places: dict[str, int] = {}
    for test in tests:
        if not test.column:
            result.append(test)
        elif test.column in places:
            place = places[test.column]
            result[place] = _column_test(test.column, intersection(result[place].ranges, test.ranges), types)
        else:
            places[test.column] = len(result)
            result.append(test)
    return result


def _column_test(name: str, ranges: tuple[Range, ...], types: dict[str, np.dtype]) -> Test:
    dtype = types[name]
    number = Numeric(dtype, 0, 0, dtype.itemsize / 4, lambda rows: rows.column(name), None, name)
    return range_test(number, ranges)


class _Conjunction:
    """Tests that must all hold, in an order that is learnt."""

    def __init__(self, tests: Sequence[Test]) -> None:
        self.tests = sorted(tests, key=lambda test: test.cost)
        self.seen = [1.0] * len(tests)
        self.passed = [0.5] * len(tests)
        self.order = tuple(range(len(tests)))
        self.stretches = 0

    def _learn(self) -> None:
        """The best order of independent tests is by cost over the share of rows that they refuse."""
        self.order = tuple(
            sorted(
                range(len(self.tests)),
                key=lambda number: self.tests[number].cost / (1.0001 - self.passed[number] / self.seen[number]),
            )
        )

    def run(self, rows: Rows) -> np.ndarray:
        learning = self.stretches % _RELEARN == 0
        self.stretches += 1
        result = self._survivors(rows, learning)
        if learning:
            self._learn()
        return result

    def _survivors(self, rows: Rows, learning: bool) -> np.ndarray:
        """Test after test; survivors are counted only where they may be few enough to be picked out."""
        current, positions, mask = rows, None, None
        expected, last = 1.0, self.order[-1]
        for number in self.order:
            outcome = self.tests[number].run(current)
            if learning:
                self.seen[number] += current.count
                self.passed[number] += int(np.count_nonzero(outcome))
            mask = outcome if mask is None else np.logical_and(mask, outcome, out=mask)
            expected *= self.passed[number] / self.seen[number]
            if number == last or (not learning and expected * _FEW > 2):
                continue
            passed = int(np.count_nonzero(mask))
            if not passed:
                return np.zeros(rows.count, dtype=bool)
            if passed * _FEW < current.count:
                picked = np.flatnonzero(mask)
                positions = picked if positions is None else positions[picked]
                current, mask, expected = current.pick(picked), None, 1.0
        if positions is None:
            return mask
        result = np.zeros(rows.count, dtype=bool)
        result[positions if mask is None else positions[mask]] = True
        return result
