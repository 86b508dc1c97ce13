"""The value of arithmetic without columns; integers behave as in C, without its overflow."""

from __future__ import annotations

import math
from collections.abc import Callable

from .syntax import Binary, Call, Node, Number, Unary

__all__ = ["fold", "integer_quotient", "integer_remainder"]

_LIMIT = 2**64


def integer_quotient(left: int, right: int) -> int:
    """C's integer division, which cuts off towards zero."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def integer_remainder(left: int, right: int) -> int:
    """C's remainder, which has the sign of `left`."""
    return left - right * integer_quotient(left, right)


def _power(base: float, exponent: float) -> int | float:
    if isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent <= 64:
        return base**exponent
    return math.pow(base, exponent)


def _arithmetic(operator: str, left: float, right: float) -> int | float:
    integers = isinstance(left, int) and isinstance(right, int)
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return integer_quotient(left, right) if integers else left / right
        case "%":
            return integer_remainder(left, right) if integers else math.fmod(left, right)
        case "**":
            return _power(left, right)
    if not integers:
        return math.nan
    match operator:
        case "&":
            return left & right
        case "|":
            return left | right
        case "^":
            return left ^ right
        case "<<" if 0 <= right <= 64:
            return left << right
        case ">>" if right >= 0:
            return left >> min(right, 64)
    return math.nan


_FUNCTIONS: dict[str, Callable[..., int | float]] = {
    "abs": abs, "fabs": abs, "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log10": math.log10,
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan,
    "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "floor": math.floor, "ceil": math.ceil,
    "round": lambda x: math.copysign(math.floor(abs(x) + 0.5), x), "int": math.trunc,
    "sign": lambda x: (x > 0) - (x < 0), "atan2": math.atan2, "pow": _power,
    "fmod": lambda a, b: _arithmetic("%", a, b), "mod": lambda a, b: _arithmetic("%", a, b), "hypot": math.hypot,
    "min": min, "max": max,
}  # fmt: skip


def _evaluate(node: Node) -> int | float | None:
    match node:
        case Number(value=value):
            return value
        case Unary(operator=operator, operand=operand):
            value = fold(operand)
            if value is None or (operator == "~" and isinstance(value, float)):
                return value if value is None else math.nan
            return {"-": lambda: -value, "+": lambda: value, "~": lambda: ~value}[operator]()
        case Binary(operator=operator, left=left, right=right):
            first, second = fold(left), fold(right)
            return None if first is None or second is None else _arithmetic(operator, first, second)
        case Call(name=name, arguments=arguments) if name in _FUNCTIONS:
            values = [fold(argument) for argument in arguments]
            return None if None in values else _FUNCTIONS[name](*values)
    return None


def fold(node: Node) -> int | float | None:
    """The value of an arithmetic expression of constants.

    Returns
    -------
    int, float or None
        None when a column takes part in it; NaN where it is undefined (a division by zero); a real number where an
        integer would need more than 64 bits.
    """
    try:
        value = _evaluate(node)
    except (ValueError, ZeroDivisionError):
        return math.nan
    except OverflowError:
        return math.inf
    if isinstance(value, complex):
        return math.nan
    return float(value) if isinstance(value, int) and abs(value) >= _LIMIT else value
