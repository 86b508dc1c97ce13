"""Constants: what can be computed before the query runs."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from obstap.adql import bound
from obstap.adql.bound import Kind
from obstap.adql.kinds import INTEGERS, NUMBERS, column_of

__all__ = ["computed", "fixed", "number", "numbers", "parse_time"]

_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?Z?", re.ASCII)
"""DALI 1.1 §3.1.2, and SQL's space instead of the T."""


def number(value: int | float, unit: str = "") -> bound.Constant:
    """A constant number of the smallest kind that holds it, SMALLINT excepted."""
    kind = Kind.DOUBLE
    if isinstance(value, int):
        kind = Kind.INT if -(1 << 31) <= value < 1 << 31 else Kind.LONG
    return bound.Constant(value, kind, column_of(kind, unit))


def numbers(values: Sequence[bound.Value]) -> tuple[float, ...] | None:
    """The numbers, if all values are constant numbers."""
    if all(isinstance(value, bound.Constant) and value.kind in NUMBERS for value in values):
        return tuple(float(value.value) for value in values)
    return None


def fixed(value: bound.Value) -> tuple[float, ...] | None:
    """The coordinates of a region that does not depend on any column, boxes excepted."""
    return numbers(value.parts) if isinstance(value, bound.Shape) and not value.box else None


def computed(name: str, arguments: Sequence[bound.Value]) -> bound.Constant | None:
    """The value of an operator or function of constants, or None where it must be left to the engine."""
    rule = _RULES.get(name)
    if rule is None or numbers(arguments) is None:
        return None
    if all(argument.kind in INTEGERS for argument in arguments):
        values = [argument.value for argument in arguments]
    else:
        values = [float(argument.value) for argument in arguments]
    try:
        value = rule(*values)
    except (ArithmeticError, ValueError):
        return None
    if isinstance(value, int):
        return number(value) if -(1 << 63) <= value < 1 << 63 else None
    return number(value) if math.isfinite(value) else None


def parse_time(text: str) -> str | None:
    """A time as ISO 8601 in UTC with a space between date and time, or None when the text is no time."""
    if not _TIME.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return None
    return time.replace(tzinfo=None).isoformat(sep=" ")


def _whole_quotient(dividend: int, divisor: int) -> int:
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


_RULES: dict[str, Callable[..., int | float]] = {
    "NEGATE": operator.neg,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": _whole_quotient,
    "ABS": abs,
    "PI": lambda: math.pi,
    "DEGREES": math.degrees,
    "RADIANS": math.radians,
    "SQRT": math.sqrt,
    "SIN": math.sin,
    "COS": math.cos,
    "TAN": math.tan,
    "POWER": lambda base, exponent: float(base) ** float(exponent),
}
