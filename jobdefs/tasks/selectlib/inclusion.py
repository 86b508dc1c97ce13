"""The part of the grammar that is selectlib's own: ``in`` with intervals, figures, and filters that a file holds."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from vo.wording import did_you_mean

from .blocks import split_blockspec
from .constants import fold
from .grammar import NUMBER, Grammar
from .syntax import FileFilter, Interval, Intervals, Node, Number, Pair, Shape, to_text
from .tokens import FILE_FILTERS, Token
from .vocabulary import ALL_NAMES, FILTER_FORMS, FUNCTIONS, UNSUPPORTED, ShapeForm, shape_form

__all__ = ["BASED_INTEGER", "FilterGrammar"]

BASED_INTEGER = re.compile(r"b(?P<binary>[01]+)|o(?P<octal>[0-7]+)|h(?P<hex>[0-9a-f]+)", re.IGNORECASE)
"""Binary, octal and hexadecimal constants: ``b110``, ``o77``, ``h7ee2``."""


_NEVER_IN_BOUNDS = frozenset({"==", "!=", "<", "<=", ">", ">=", "!"})


def _may_be_in_bounds(token: Token) -> bool:
    """Whether the token can be part of a constant."""
    if token.kind == "name":
        return token.text.lower() in FUNCTIONS or BASED_INTEGER.fullmatch(token.text) is not None
    return token.kind != "text"


class FilterGrammar(Grammar, ABC):
    """Intervals, figures and file filters."""

    @abstractmethod
    def expression(self) -> Node:
        """Read an expression."""

    @abstractmethod
    def arithmetic(self, lowest: int) -> Node:
        """Read arithmetic with operators of this precedence at least."""

    @abstractmethod
    def arguments(self, token: Token) -> tuple[list[Node], Token]:
        """Read the arguments of the function `token` and the closing parenthesis."""

    def inclusion(self, left: Node) -> Node:
        """What follows `left in`: a figure, a file filter or intervals."""
        token = self.token
        named = token.kind == "name" and self.next_token.kind == "operator" and self.next_token.text == "("
        lower = token.text.lower()
        if named and (lower in FILE_FILTERS or shape_form(lower)):
            coordinates = left.items if isinstance(left, Pair) else (left,)
            if lower in FILE_FILTERS:
                return self.file_filter(coordinates, left.start)
            if not isinstance(left, Pair):
                raise self.fail(
                    f"{token.text} takes a pair of coordinates.", left, hint=f"Write (X,Y) in {token.text}(…)."
                )
            return self.shape(shape_form(lower), left)
        if named and lower in UNSUPPORTED:
            raise self.fail(f"{token.text}() is not supported.", token, hint=UNSUPPORTED[lower])
        if isinstance(left, Pair):
            hint = did_you_mean(lower, ALL_NAMES) if token.kind == "name" else ""
            raise self.fail(
                "A pair can only be in a figure, a region or a mask.",
                token,
                hint=hint or "Write (X,Y) in CIRCLE(xcenter,ycenter,radius).",
            )
        self.need(left, NUMBER, "in")
        intervals = [self.interval()]
        while self.at(",") and self.interval_follows():
            self.take()
            intervals.append(self.interval())
        parts = [
            left,
            *(bound for interval in intervals for bound in (interval.low, interval.high) if bound is not None),
        ]
        return self.build(Intervals, left, tuple(intervals), parts=parts, start=left.start, end=intervals[-1].end)

    def interval_follows(self) -> bool:
        """Whether what comes after this comma is an interval, and not the next argument of a function."""
        if not self.in_arguments:
            return True
        depth = 0
        for place in range(self.index + 1, len(self.tokens)):
            token = self.tokens[place]
            if token.kind == "operator":
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
                if depth < 0 or (depth == 0 and token.text in {",", "&&", "||"}):
                    break
            if token.text in _NEVER_IN_BOUNDS or not _may_be_in_bounds(token):
                return False
        return True

    def interval(self) -> Interval:
        """One interval, with or without brackets."""
        opened = self.take() if self.at("[", "(") else None
        first = opened or self.token
        low = None if self.at(":") else self.bound()
        colon = self.take() if self.at(":") else None
        high = None
        if colon and (self.token.kind in {"number", "name"} or self.at("-", "+", "(")) and not self.infix_in():
            high = self.bound()
        last = self.tokens[self.index - 1]
        low_open, high_open = opened is not None and opened.text == "(", False
        if opened:
            if not self.at("]", ")"):
                self.expect("]" if opened.text == "[" else ")", "the interval", opened)
            last = self.take()
            high_open = last.text == ")"
        if colon is None:
            if low_open or high_open:
                raise self.fail("A single value is no open interval.", first, hint="Write [value], or value alone.")
            high = low
        self.not_empty(low, high, low_open or high_open, first)
        return Interval(
            low,
            high,
            low_open and low is not None,
            high_open and high is not None,
            start=first.start,
            end=last.end,
        )

    def not_empty(self, low: Number | None, high: Number | None, is_open: bool, first: Token) -> None:
        """Refuse an interval that holds no value."""
        if low is None or high is None:
            return
        if low.value > high.value:
            hint = f"Write [{to_text(high)}:{to_text(low)}]."
            raise self.fail("The interval is empty: its lower bound is above its upper bound.", first, hint=hint)
        if low.value == high.value and is_open:
            raise self.fail(
                "The interval is empty: both its bounds are the same.", first, hint=f"Write [{to_text(low)}]."
            )

    def infix_in(self) -> bool:
        """Whether the word in comes next."""
        return self.token.kind == "name" and self.token.text.lower() == "in"

    def bound(self) -> Node:
        """A bound of an interval."""
        self.depth += 1
        node = self.arithmetic(1)
        self.depth -= 1
        value = fold(node)
        if value is None:
            raise self.fail("The bounds of an interval must be numbers.", node, hint="Join two comparisons by &&.")
        return self.finite(value, node)

    def finite(self, value: float, node: Node) -> Number:
        """The value as a node, if it is finite."""
        if not math.isfinite(value):
            raise self.fail(f"{to_text(node)} has no finite value.", node)
        return Number(value, start=node.start, end=node.end)

    def shape(self, form: ShapeForm, pair: Pair | None) -> Node:
        """A figure; `pair` holds its coordinates where they stand before in."""
        token = self.take()
        arguments, closed = self.arguments(token)
        if pair is not None:
            arguments = [*arguments, *pair.items]
        if len(arguments) < 2:
            raise self.fail(f"{form.text} needs constants and two columns.", token)
        *numbers, x, y = arguments
        for coordinate in (x, y):
            self.need(coordinate, NUMBER, token.text)
        values = [self.constant_of(number, token) for number in numbers]
        self.count(form, values, token, pair is not None)
        names = form.numbers
        values += [Number(0)] * (len(names) - len(values)) if names[-1] != "..." else []
        start = token.start if pair is None else pair.start
        node = self.build(Shape, form.name, tuple(values), x, y, parts=(x, y), start=start, end=closed.end)
        self.sensible(form, values, token)
        return node

    def count(self, form: ShapeForm, values: Sequence[Number], token: Token, paired: bool) -> None:
        """Refuse a figure with the wrong number of constants."""
        found = len(values)
        if form.numbers[-1] == "...":
            good, wanted = found >= 6 and found % 2 == 0, "x and y of three or more corners"
        else:
            most = len(form.numbers)
            good = most - form.optional <= found <= most
            wanted = f"{most} numbers ({', '.join(form.numbers)})"
        if good:
            return
        where = "" if paired else " before its two columns"
        raise self.fail(f"{token.text} takes {wanted}{where}, not {found} numbers.", token, hint=f"Write {form.text}.")

    def sensible(self, form: ShapeForm, values: Sequence[Number], token: Token) -> None:
        """Refuse constants that make no figure: negative sizes, limits in the wrong order."""
        by_name = dict(zip(form.numbers, values, strict=False))
        for name in form.radii:
            if by_name[name].value < 0:
                raise self.fail(f"The {name} of {token.text} must not be negative.", by_name[name])
        for low, high in (("radius1", "radius2"), ("fromangle", "toangle"), ("xinner", "xouter"), ("yinner", "youter")):
            if low in by_name and by_name[low].value > by_name[high].value:
                raise self.fail(f"The {low} of {token.text} must not exceed its {high}.", by_name[low])
        for low, high in (("xlowleft", "xupright"), ("ylowleft", "yupright")):
            if low in by_name and by_name[low].value > by_name[high].value:
                raise self.fail(f"{low} must not exceed {high}: give the lower left corner first.", by_name[low])

    def constant_of(self, node: Node, token: Token) -> Number:
        """The value of an argument that must be constant."""
        value = fold(node)
        if value is None:
            raise self.fail(f"The first arguments of {token.text} must be numbers, not {to_text(node)}.", node)
        return self.finite(value, node)

    def file_filter(self, coordinates: tuple[Node, ...], start: int | None = None) -> Node:
        """A file filter; `coordinates` are those that stand before in."""
        token = self.take()
        name = token.text.lower()
        opened = self.take()
        spec = self.take()
        if not spec.text:
            raise self.fail(f"{token.text} needs a file.", spec, hint=f"Write {FILTER_FORMS[name]}.")
        if spec.attribute and split_blockspec(spec.text)[0]:
            raise self.fail("The value of an attribute can't name a file.", spec, hint="Name it in the expression.")
        items: list[Node] = []
        while self.at(","):
            self.take()
            items.append(self.expression())
        closed = self.expect(")", token.text, opened)
        numbers, columns = self.filter_arguments(name, token, items, coordinates)
        begin = token.start if start is None else start
        return self.build(FileFilter, name, spec.text, numbers, columns, parts=columns, start=begin, end=closed.end)

    def filter_arguments(
        self, name: str, token: Token, items: list[Node], coordinates: tuple[Node, ...]
    ) -> tuple[tuple[Number, ...], tuple[Node, ...]]:
        """Constants and coordinates of a file filter."""
        offsets = 2 if name == "mask" else 0
        numbers = tuple(self.constant_of(item, token) for item in items[:offsets])
        columns = (*items[offsets:], *coordinates)
        optional = {2} if coordinates else {0, 2}
        wanted = {"gti": {1}, "region": optional, "mask": {2}, "image": optional}[name]
        if len(columns) not in wanted or len(numbers) != offsets:
            raise self.fail(
                f"{token.text} has the wrong number of arguments.", token, hint=f"Write {FILTER_FORMS[name]}."
            )
        for column in columns:
            self.need(column, NUMBER, token.text)
        return numbers, columns
