"""From the tree to tests of rows, for columns of given types."""

from __future__ import annotations

import operator as comparisons
from collections.abc import Callable, Mapping

import numpy as np

from .arithmetic import Failure, Numeric, compile_number
from .blocks import Block
from .celestial import Projection
from .conditions import FALSE, TRUE, Test, all_of, any_of, bits_test, negation, range_test
from .constants import fold
from .figures import Figure, make_figure
from .filters import combine_rows, good_times, region_rows, time_inside
from .images import image_inside
from .ranges import closed_range, complement, union
from .rows import Rows
from .skyfigures import PREFIX, make_sky_figure
from .syntax import (
    Binary,
    Boolean,
    Call,
    Column,
    FileFilter,
    Intervals,
    Logical,
    Node,
    Not,
    Number,
    Shape,
    Text,
)

__all__ = ["Compiler", "column_names"]

_COMPARE: dict[str, Callable] = {
    "==": comparisons.eq,
    "!=": comparisons.ne,
    "<": comparisons.lt,
    "<=": comparisons.le,
    ">": comparisons.gt,
    ">=": comparisons.ge,
}
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Compiler:
    """Compiles conditions for columns of certain types.

    Parameters
    ----------
    types
        Column → type, native byte order.
    blocks
        Block specifier → block, for every file filter.
    projection
        Of the table's sky pixels, if it has any.
    fail
        Makes the error that says what is wrong with a node.
    """

    def __init__(
        self,
        types: dict[str, np.dtype],
        blocks: Mapping[str, Block],
        fail: Failure,
        projection: Projection | None = None,
    ) -> None:
        self.types = types
        self.blocks = blocks
        self.projection = projection
        self.fail = fail

    def condition(self, node: Node) -> Test:
        """The test of a condition."""
        match node:
            case Boolean(value=value):
                return TRUE if value else FALSE
            case Column():
                return self._column(node)
            case Not(operand=operand):
                return self._negated(operand)
            case Logical(operator="||", operands=operands):
                return any_of([self.condition(operand) for operand in operands])
            case Binary():
                return self._comparison(node)
            case Intervals():
                return self._intervals(node)
            case Call(name="near", arguments=arguments):
                return self._near(arguments)
            case Call(name="ifthenelse", arguments=arguments):
                return self._choice(arguments)
        return all_of(self._members(node), self.types)

    def number(self, node: Node) -> Numeric:
        """The compiled number."""
        return compile_number(node, self.types, self.fail)

    def _members(self, node: Node) -> list[Test]:
        """Tests that must all hold; figures give those of their box apart."""
        match node:
            case Logical(operator="&&", operands=operands):
                return [test for operand in operands for test in self._members(operand)]
            case Shape(name=name, numbers=numbers, x=x, y=y):
                values = tuple(float(number.value) for number in numbers if isinstance(number, Number))
                if name.startswith(PREFIX):
                    return self._figure(make_sky_figure(name.removeprefix(PREFIX), values), x, y)
                return self._figure(make_figure(name, values), x, y)
            case FileFilter():
                return self._file_filter(node)
        return [self.condition(node)]

    def _column(self, node: Column) -> Test:
        name = node.name
        if self.types[name].kind != "b":
            kind = "a number" if self.types[name].kind in "iuf" else "a text"
            raise self.fail(f"{name} is {kind}, not a condition.", node)
        return Test(0.5, lambda rows: rows.column(name).copy())

    def _negated(self, operand: Node) -> Test:
        test = self.condition(operand)
        if test.column and isinstance(operand, Binary | Intervals):
            return negation(test, self._of_column(test.column))
        return negation(test)

    def _of_column(self, name: str) -> Numeric:
        return self.number(Column(name))

    # comparisons

    def _is_condition(self, node: Node) -> bool:
        match node:
            case Binary(operator=operator):
                return operator in _COMPARE
            case Column(name=name):
                return self.types[name].kind == "b"
            case Call(name=name):
                return name in {"near", "ifthenelse"}
        return isinstance(node, Boolean | Not | Logical | Intervals | Shape | FileFilter)

    def _is_text(self, node: Node) -> bool:
        return isinstance(node, Text) or (isinstance(node, Column) and self.types[node.name].kind in "SU")

    def _comparison(self, node: Binary) -> Test:
        left, right, sign = node.left, node.right, node.operator
        if self._is_condition(left) and self._is_condition(right):
            first, second = self.condition(left).run, self.condition(right).run
            compare = _COMPARE[sign]
            return Test(2, lambda rows: compare(first(rows), second(rows)))
        if self._is_text(left) and self._is_text(right):
            return self._text_comparison(node)
        if fold(left) is not None:
            left, right, sign = right, left, _SWAPPED[sign]
        value = fold(right)
        if value is None:
            return self._two_numbers(sign, self.number(left), self.number(right))
        first = fold(left)
        if first is not None:
            return TRUE if _COMPARE[sign](first, value) else FALSE
        if value != value:  # noqa: PLR0124 (NaN)
            return TRUE if sign == "!=" else FALSE
        test = self._bits(left, sign, value)
        return test if test is not None else self._with_constant(self.number(left), sign, value)

    def _bits(self, left: Node, sign: str, value: float) -> Test | None:
        """``(FLAG & mask) == wanted`` without the way through wider integers."""
        if not (isinstance(left, Binary) and left.operator == "&" and sign in {"==", "!="} and isinstance(value, int)):
            return None
        for flags, mask in ((left.left, fold(left.right)), (left.right, fold(left.left))):
            if isinstance(mask, int):
                number = self.number(flags)
                test = bits_test(number, mask, value) if number.is_integer else None
                return negation(test) if test is not None and sign == "!=" else test
        return None

    def _with_constant(self, number: Numeric, sign: str, value: float) -> Test:
        dtype = number.dtype
        low, high = {
            "==": (value, value), "!=": (value, value), "<": (None, value), "<=": (None, value),
            ">": (value, None), ">=": (value, None),
        }[sign]  # fmt: skip
        is_open = sign in {"<", ">"}
        ranges = union([closed_range(low, high, dtype=dtype, low_open=is_open, high_open=is_open)], dtype)
        if sign != "!=":
            return range_test(number, ranges)
        return (
            range_test(number, complement(ranges, dtype)) if number.is_integer else negation(range_test(number, ranges))
        )

    def _two_numbers(self, sign: str, left: Numeric, right: Numeric) -> Test:
        function = {
            "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater,
            ">=": np.greater_equal,
        }[sign]  # fmt: skip
        first, second = left.run, right.run
        return Test(left.cost + right.cost + 1, lambda rows: function(first(rows), second(rows)))

    def _text(self, node: Node) -> Callable[[Rows], np.ndarray | str]:
        if isinstance(node, Text):
            value = node.value.rstrip()
            return lambda _: value
        name = node.name
        if self.types[name].kind == "U":
            return lambda rows: np.char.rstrip(rows.column(name))
        return lambda rows: np.char.rstrip(np.char.decode(rows.column(name), "latin-1"))

    def _text_comparison(self, node: Binary) -> Test:
        first, second, compare = self._text(node.left), self._text(node.right), _COMPARE[node.operator]
        if isinstance(node.left, Text) and isinstance(node.right, Text):
            return TRUE if compare(node.left.value.rstrip(), node.right.value.rstrip()) else FALSE
        return Test(100, lambda rows: np.asarray(compare(first(rows), second(rows)), dtype=bool))

    def _intervals(self, node: Intervals) -> Test:
        if any(interval.low is None and interval.high is None for interval in node.intervals):
            return TRUE
        bounds = [
            (
                None if interval.low is None else fold(interval.low),
                None if interval.high is None else fold(interval.high),
                interval.low_open,
                interval.high_open,
            )
            for interval in node.intervals
        ]
        value = fold(node.value)
        if value is not None:
            return TRUE if any(_holds(value, *bound) for bound in bounds) else FALSE
        number = self.number(node.value)
        ranges = union(
            (
                closed_range(low, high, dtype=number.dtype, low_open=low_open, high_open=high_open)
                for low, high, low_open, high_open in bounds
            ),
            number.dtype,
        )
        return range_test(number, ranges)

    # functions

    def _near(self, arguments: tuple[Node, ...]) -> Test:
        first, second, tolerance = (self.number(argument).run for argument in arguments)

        def run(rows: Rows) -> np.ndarray:
            with np.errstate(all="ignore"):
                one = np.asarray(first(rows), dtype=np.float64)
                other = np.asarray(second(rows), dtype=np.float64)
                found = (np.abs(one - other) / np.abs(one) <= tolerance(rows)) | (one == other)
            return np.array(np.broadcast_to(found, rows.count))

        return Test(10, run)

    def _choice(self, arguments: tuple[Node, ...]) -> Test:
        which, one, other = (self.condition(argument) for argument in arguments)
        if which.value is not None:
            return one if which.value else other
        return Test(
            which.cost + one.cost + other.cost, lambda rows: np.where(which.run(rows), one.run(rows), other.run(rows))
        )

    # figures and files

    def _figure(self, figure: Figure, x: Node, y: Node) -> list[Test]:
        numbers = (self.number(x), self.number(y))
        tests = [
            range_test(number, union([_bounded(low, high, number.dtype)], number.dtype))
            for number, low, high in zip(numbers, figure.box[0::2], figure.box[1::2], strict=True)
        ]
        if figure.exact:
            return tests
        run_x, run_y = (number.run for number in numbers)

        def run(rows: Rows) -> np.ndarray:
            px, py = _reals(run_x(rows), rows), _reals(run_y(rows), rows)
            with np.errstate(invalid="ignore", over="ignore"):
                return figure.inside(px, py)

        return [*tests, Test(figure.cost + sum(number.cost for number in numbers), run)]

    def _file_filter(self, node: FileFilter) -> list[Test]:
        block = self.blocks[node.source]
        if node.name == "gti":
            times = self.number(node.coordinates[0])
            inside = time_inside(good_times(block))
            run = times.run
            return [Test(times.cost + 8, lambda rows: inside(_reals(run(rows), rows)))]
        x, y = node.coordinates
        columns = column_names(node)
        if node.name == "region":
            on_sky = tuple(map(str.upper, columns)) == ("RA", "DEC")
            return self._figure(combine_rows(region_rows(block), on_sky=on_sky), x, y)
        shift = [float(number.value) for number in node.numbers if isinstance(number, Number)] or [0.0, 0.0]
        inside_image = image_inside(
            block, columns, self.projection, offset=(shift[0], shift[1]), named=node.name == "image"
        )
        return self._figure(Figure(inside_image, (-np.inf, np.inf, -np.inf, np.inf), cost=20), x, y)


def column_names(node: FileFilter) -> tuple[str, str]:
    """The names of the two columns that a filter tests; empty for expressions."""
    names = [item.name if isinstance(item, Column) else "" for item in node.coordinates]
    return names[0], names[1]


def _reals(values: np.ndarray | float, rows: Rows) -> np.ndarray:
    """Doubles, one a row, not to be changed."""
    values = np.asarray(values, dtype=np.float64)
    return values if values.ndim else np.broadcast_to(values, rows.count)


def _bounded(low: float, high: float, dtype: np.dtype) -> tuple[float, float] | None:
    return closed_range(None if low == -np.inf else low, None if high == np.inf else high, dtype=dtype)


def _holds(value: float, low: float | None, high: float | None, low_open: bool, high_open: bool) -> bool:
    above = low is None or (value > low if low_open else value >= low)
    return above and (high is None or (value < high if high_open else value <= high))
