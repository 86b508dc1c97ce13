"""Numbers of each row: arithmetic compiled for the types of the columns.

Integers behave as in C, but never overflow: the range of each result is worked out beforehand and the narrowest type
that holds it is taken; what 64 bits do not hold is computed in doubles. Real numbers are doubles, as in C. What is
undefined (a division by zero, the root of a negative number) is NaN, for which no comparison but ``!=`` holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .constants import fold
from .ranges import limits
from .rows import Rows
from .syntax import Binary, Call, Column, Node, Unary

__all__ = ["Failure", "Numeric", "compile_number"]

Failure = Callable[[str, Node], Exception]
"""Makes the error that says what is wrong with a node."""

_Complaint = Callable[[str], Exception]

_FLOAT = np.dtype(np.float64)
_INTEGERS = (np.dtype(np.int32), np.dtype(np.int64))

_UNARY = {
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "log10": np.log10, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
}  # fmt: skip
_ROUNDING = {
    "floor": np.floor,
    "ceil": np.ceil,
    "int": np.trunc,
    "round": lambda values: np.copysign(np.floor(np.abs(values) + 0.5), values),
}
_DOUBLE = {"atan2": np.arctan2, "pow": np.power, "hypot": np.hypot}


@dataclass(frozen=True, slots=True)
class Numeric:
    """A compiled number.

    Parameters
    ----------
    dtype
        Type of what `run` gives.
    low, high
        Range of the values of an integer; of no meaning for reals.
    cost
        Rough time a row, in units of one pass over a 32-bit column.
    run
        Rows → values; an array that must not be changed, or a scalar.
    value
        The value of a constant, else None.
    column
        The name of a plain column, else empty.
    """

    dtype: np.dtype
    low: int
    high: int
    cost: float
    run: Callable[[Rows], np.ndarray]
    value: int | float | None = None
    column: str = ""

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer."""
        return self.dtype.kind in "iu"


def compile_number(node: Node, types: dict[str, np.dtype], fail: Failure) -> Numeric:
    """Compile arithmetic for columns of these types.

    Raises
    ------
    Exception
        What `fail` makes, for a column that holds no numbers or a bit operation on reals.
    """
    value = fold(node)
    if value is not None:
        return _constant(value)

    def complain(message: str) -> Exception:
        return fail(message, node)

    match node:
        case Column(name=name):
            return _column(name, types[name], complain)
        case Unary(operator=operator, operand=operand):
            return _unary(operator, compile_number(operand, types, fail), complain)
        case Binary(operator=operator, left=left, right=right):
            first, second = (compile_number(side, types, fail) for side in (left, right))
            return _binary(operator, first, second, complain)
        case Call(name=name, arguments=arguments):
            return _call(name, [compile_number(argument, types, fail) for argument in arguments])
    raise complain("This is no number.")


def _constant(value: float) -> Numeric:
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return Numeric(_narrowest(value, value) or _FLOAT, value, value, 0, lambda _: value, value)
    number = np.float64(value)
    return Numeric(_FLOAT, 0, 0, 0, lambda _: number, float(value))


def _column(name: str, dtype: np.dtype, complain: _Complaint) -> Numeric:
    if dtype.kind not in "iuf":
        kind = "a condition" if dtype.kind == "b" else "a text"
        raise complain(f"{name} is {kind}, not a number.")
    low, high = limits(dtype) if dtype.kind in "iu" else (0, 0)
    return Numeric(dtype, low, high, dtype.itemsize / 4, lambda rows: rows.column(name), None, name)


def _narrowest(*values: int) -> np.dtype | None:
    """The narrowest type for arithmetic that holds all these values."""
    for dtype in _INTEGERS:
        bottom, top = limits(dtype)
        if all(bottom <= value <= top for value in values):
            return dtype
    return None


def _real(number: Numeric) -> Callable[[Rows], np.ndarray]:
    if number.dtype == _FLOAT:
        return number.run
    run = number.run
    return lambda rows: np.asarray(run(rows), dtype=np.float64)


def _unary(operator: str, operand: Numeric, complain: _Complaint) -> Numeric:
    run = operand.run
    if operator == "+":
        return operand
    if operator == "~":
        if not operand.is_integer:
            raise complain("~ takes integers.")
        low, high = -operand.high - 1, -operand.low - 1
        work = _narrowest(low, high, operand.low, operand.high)
        if work is None:
            raise complain("~ takes integers of 64 bits.")
        return Numeric(work, low, high, operand.cost + 1, lambda rows: np.invert(run(rows), dtype=work))
    return _binary("-", _constant(0), operand, complain)


def _corners(operator: str, left: Numeric, right: Numeric) -> tuple[int, int]:
    if operator == "+":
        return left.low + right.low, left.high + right.high
    if operator == "-":
        return left.low - right.high, left.high - right.low
    products = [first * second for first in (left.low, left.high) for second in (right.low, right.high)]
    return min(products), max(products)


_PLAIN = {"+": np.add, "-": np.subtract, "*": np.multiply}
_BITWISE = {"&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor}


def _binary(operator: str, left: Numeric, right: Numeric, complain: _Complaint) -> Numeric:
    cost = left.cost + right.cost + 1
    if operator in _PLAIN:
        return _plain(operator, left, right, cost)
    if operator in _BITWISE:
        return _bitwise(operator, left, right, cost, complain)
    if operator in {"<<", ">>"}:
        return _shift(operator, left, right, cost, complain)
    if operator == "**":
        return _power(left, right, cost)
    return _quotient(operator, left, right, cost)


def _apply(function: Callable[..., np.ndarray], left: Numeric, right: Numeric, work: np.dtype) -> Callable:
    first, second = left.run, right.run
    return lambda rows: function(first(rows), second(rows), dtype=work)


def _quiet(function: Callable[[Rows], np.ndarray]) -> Callable[[Rows], np.ndarray]:
    def run(rows: Rows) -> np.ndarray:
        with np.errstate(all="ignore"):
            return function(rows)

    return run


def _plain(operator: str, left: Numeric, right: Numeric, cost: float) -> Numeric:
    if left.is_integer and right.is_integer:
        low, high = _corners(operator, left, right)
        work = _narrowest(low, high, left.low, left.high, right.low, right.high)
        if work is not None:
            return Numeric(work, low, high, cost, _apply(_PLAIN[operator], left, right, work))
    return Numeric(_FLOAT, 0, 0, cost + 1, _quiet(_apply(_PLAIN[operator], left, right, _FLOAT)))


def _bitwise(operator: str, left: Numeric, right: Numeric, cost: float, complain: _Complaint) -> Numeric:
    if not (left.is_integer and right.is_integer):
        raise complain(f"{operator} takes integers.")
    work = _narrowest(left.low, left.high, right.low, right.high)
    if work is None:
        raise complain(f"{operator} takes integers of 64 bits.")
    reach = 1 << max(abs(bound).bit_length() for bound in (left.low, left.high, right.low, right.high))
    low, high = (-reach if min(left.low, right.low) < 0 else 0), reach - 1
    if operator == "&":
        bounds = [number.high for number in (left, right) if number.low >= 0]
        low, high = (0, min(bounds)) if bounds else (low, high)
    return Numeric(work, low, high, cost, _apply(_BITWISE[operator], left, right, work))


def _shift(operator: str, left: Numeric, right: Numeric, cost: float, complain: _Complaint) -> Numeric:
    if not (left.is_integer and right.is_integer):
        raise complain(f"{operator} takes integers.")
    if right.value is None or not 0 <= right.value < 64:
        raise complain(f"{operator} takes a constant between 0 and 63 on its right.")
    factor = 1 << right.value
    if operator == "<<":
        return _plain("*", left, _constant(factor), cost)
    work = _narrowest(left.low, left.high)
    if work is None:
        raise complain(">> takes integers of 64 bits.")
    run, count = left.run, min(int(right.value), 8 * work.itemsize - 1)
    return Numeric(
        work, left.low >> count, left.high >> count, cost, lambda rows: np.right_shift(run(rows), count, dtype=work)
    )


def _product(factors: int, values: np.ndarray, work: np.dtype) -> np.ndarray:
    result = values = np.asarray(values, dtype=work)
    for _ in range(factors - 1):
        result = result * values
    return result


def _power(left: Numeric, right: Numeric, cost: float) -> Numeric:
    if left.is_integer and isinstance(right.value, int) and 0 <= right.value <= 64:
        exponent = int(right.value)
        corners = [left.low**exponent, left.high**exponent]
        low = 0 if exponent % 2 == 0 and left.low < 0 < left.high else min(corners)
        work = _narrowest(low, max(corners), left.low, left.high)
        if work is not None:
            run = left.run
            if 1 <= exponent <= 4:
                return Numeric(work, low, max(corners), cost, lambda rows: _product(exponent, run(rows), work))
            power = work.type(exponent)
            return Numeric(work, low, max(corners), cost + 10, lambda rows: np.power(run(rows), power, dtype=work))
    return Numeric(_FLOAT, 0, 0, cost + 20, _quiet(_apply(np.power, left, right, _FLOAT)))


def _quotient(operator: str, left: Numeric, right: Numeric, cost: float) -> Numeric:
    """``/`` and ``%``; of integers they cut off towards zero, and are NaN where the divisor is 0."""
    if not (left.is_integer and right.is_integer):
        function = np.divide if operator == "/" else np.fmod
        return Numeric(_FLOAT, 0, 0, cost + 2, _quiet(_apply(function, left, right, _FLOAT)))
    work = _narrowest(left.low, left.high, -left.low, -left.high, right.low, right.high)
    first, second = left.run, right.run
    if work is not None and right.value:
        return _constant_quotient(operator, left, int(right.value), work, cost)

    def run(rows: Rows) -> np.ndarray:
        divisor = np.asarray(second(rows), dtype=np.float64)
        divisor = np.where(divisor == 0, np.nan, divisor)
        if operator == "/":
            return np.trunc(np.divide(first(rows), divisor, dtype=np.float64))
        return np.fmod(first(rows), divisor, dtype=np.float64)

    return Numeric(_FLOAT, 0, 0, cost + 10, _quiet(run))


def _constant_quotient(operator: str, left: Numeric, divisor: int, work: np.dtype, cost: float) -> Numeric:
    first, reach = left.run, max(abs(left.low), abs(left.high))
    if operator == "%":
        top = min(reach, abs(divisor) - 1)
        low, high = (-top if left.low < 0 else 0), (top if left.high > 0 else 0)
        return Numeric(work, low, high, cost + 5, lambda rows: np.fmod(first(rows), work.type(divisor), dtype=work))
    top = reach // abs(divisor)
    if left.low >= 0 and divisor > 0:
        return Numeric(
            work, 0, top, cost + 5, lambda rows: np.floor_divide(first(rows), work.type(divisor), dtype=work)
        )

    def run(rows: Rows) -> np.ndarray:
        values = np.asarray(first(rows), dtype=work)
        return np.floor_divide(np.abs(values), work.type(abs(divisor))) * np.sign(values) * np.sign(work.type(divisor))

    return Numeric(work, -top, top, cost + 10, run)


def _call(name: str, arguments: list[Numeric]) -> Numeric:
    cost = sum(argument.cost for argument in arguments) + 10
    first = arguments[0]
    integers = all(argument.is_integer for argument in arguments)
    if name in _ROUNDING:
        if integers:
            return first
        real, function = _real(first), _ROUNDING[name]
        return Numeric(_FLOAT, 0, 0, cost, lambda rows: function(real(rows)))
    if name in {"fmod", "mod"}:
        return _quotient("%", first, arguments[1], cost)
    if name == "pow":
        return _power(first, arguments[1], cost)
    if name in {"abs", "fabs"}:
        return _absolute(first, cost)
    if name == "sign":
        real = _real(first)
        return Numeric(_FLOAT, 0, 0, cost, lambda rows: np.sign(real(rows)))
    reals = [_real(argument) for argument in arguments]
    if name in {"min", "max"}:
        return _extreme(name, arguments, cost)
    function = _UNARY.get(name) or _DOUBLE[name]
    return Numeric(_FLOAT, 0, 0, cost + 10, _quiet(lambda rows: function(*(real(rows) for real in reals))))


def _absolute(number: Numeric, cost: float) -> Numeric:
    if number.is_integer:
        high = max(abs(number.low), abs(number.high))
        work = _narrowest(number.low, number.high, high)
        if work is not None:
            run = number.run
            return Numeric(work, 0, high, cost, lambda rows: np.abs(np.asarray(run(rows), dtype=work)))
    real = _real(number)
    return Numeric(_FLOAT, 0, 0, cost, lambda rows: np.abs(real(rows)))


def _extreme(name: str, arguments: list[Numeric], cost: float) -> Numeric:
    function = np.minimum if name == "min" else np.maximum
    choose = min if name == "min" else max
    integers = all(argument.is_integer for argument in arguments)
    low, high = choose(item.low for item in arguments), choose(item.high for item in arguments)
    work = _narrowest(*(bound for item in arguments for bound in (item.low, item.high))) if integers else _FLOAT
    work = work or _FLOAT
    runs = [item.run for item in arguments]

    def run(rows: Rows) -> np.ndarray:
        result = runs[0](rows)
        for other in runs[1:]:
            result = function(result, other(rows), dtype=work)
        return result

    return Numeric(work, low, high, cost, run)
