"""Random expressions against plain Python; any text against the promise that nothing but a `QueryError` comes out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobdefs.tasks.selectlib import check_syntax, compile_selection, file_references
from jobdefs.tasks.selectlib.parser import parse
from jobdefs.tasks.selectlib.syntax import (
    Binary,
    Boolean,
    Call,
    Column,
    Interval,
    Intervals,
    Logical,
    Node,
    Not,
    Number,
    Shape,
    Unary,
    to_text,
)
from vo.errors import QueryError

ROWS = 40
DATA = {
    "A": np.random.default_rng(1).integers(-128, 128, ROWS).astype(np.int8),
    "B": np.random.default_rng(2).integers(-(2**15), 2**15, ROWS).astype(np.int16),
    "C": np.random.default_rng(3).integers(-(2**31), 2**31, ROWS).astype(np.int32),
    "U": np.random.default_rng(4).integers(0, 256, ROWS).astype(np.uint8),
    "F": np.round(np.random.default_rng(5).normal(0, 100, ROWS), 2).astype(np.float32),
    "D": np.round(np.random.default_rng(6).normal(0, 1000, ROWS), 2),
}
DATA["D"][:2] = np.nan, 0.0
DATA["B"][:2] = 0, 1

INTEGER_COLUMNS = st.sampled_from(["A", "B", "C", "U"]).map(Column)
COLUMNS = st.sampled_from(list(DATA)).map(Column)
INTEGERS = st.integers(0, 70000).map(Number)
REALS = st.sampled_from([0.5, 1.25, 100.0, 3e4]).map(Number)


def _binary(operators: list[str], operands: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(Binary, st.sampled_from(operators), operands, operands)


INTEGER_NUMBERS = st.recursive(
    INTEGER_COLUMNS | INTEGERS,
    lambda inner: st.one_of(
        _binary(["+", "-", "*", "&", "|", "^"], inner),
        st.builds(Binary, st.sampled_from(["/", "%"]), inner, st.integers(1, 50).map(Number)),
        st.builds(Binary, st.sampled_from(["<<", ">>"]), inner, st.integers(0, 5).map(Number)),
        st.builds(lambda base: Binary("**", base, Number(2)), INTEGER_COLUMNS),
        st.builds(Unary, st.sampled_from(["-", "~"]), INTEGER_COLUMNS),
    ),
    max_leaves=4,
)
NUMBERS = st.one_of(
    INTEGER_NUMBERS,
    COLUMNS,
    REALS,
    _binary(["+", "-", "*", "/"], COLUMNS | REALS),
    st.builds(lambda argument: Call("abs", (argument,)), COLUMNS),
)
BOUNDS = st.one_of(st.integers(-300, 300), st.sampled_from([-0.5, 0.25, 99.5])).map(Number)


@st.composite
def _interval(draw: st.DrawFn) -> Interval:
    low, high = sorted((draw(BOUNDS), draw(BOUNDS)), key=lambda bound: bound.value)
    if low.value == high.value:
        return Interval(low, low)
    form = draw(st.integers(0, 3))
    low_open, high_open = draw(st.booleans()), draw(st.booleans())
    return Interval(
        None if form == 1 else low, None if form == 2 else high, low_open and form != 1, high_open and form != 2
    )


def _logical(operator: str, parts: list[Node]) -> Node:
    flat = [
        item
        for part in parts
        for item in (part.operands if isinstance(part, Logical) and part.operator == operator else (part,))
    ]
    return Logical(operator, tuple(flat))


CONDITIONS = st.recursive(
    st.one_of(
        st.booleans().map(Boolean),
        _binary(["==", "!=", "<", "<=", ">", ">="], NUMBERS),
        st.builds(Intervals, NUMBERS, st.lists(_interval(), min_size=1, max_size=8).map(tuple)),
        st.builds(
            lambda x, y, r: Shape("circle", (x, y, r), Column("B"), Column("D")),
            BOUNDS,
            BOUNDS,
            st.integers(0, 30000).map(Number),
        ),
    ),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(
            _logical,
            st.sampled_from(["&&", "||"]),
            st.lists(inner, min_size=2, max_size=4),
        ),
        st.builds(lambda *parts: Call("ifthenelse", parts), inner, inner, inner),
        st.builds(Binary, st.sampled_from(["==", "!="]), inner, inner),
    ),
    max_leaves=8,
)


def _quotient(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            return math.nan
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def _number(node: Node, row: dict[str, float]) -> float:
    match node:
        case Number(value=value):
            return value
        case Column(name=name):
            return row[name]
        case Unary(operator=operator, operand=operand):
            value = _number(operand, row)
            return -value if operator == "-" else ~value
        case Call(arguments=(argument,)):
            return abs(_number(argument, row))
        case Binary(operator=operator, left=left, right=right):
            a, b = _number(left, row), _number(right, row)
            if operator == "/":
                return _quotient(a, b)
            if operator == "%":
                return a - b * _quotient(a, b)
            return {
                "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "&": lambda: a & b, "|": lambda: a | b,
                "^": lambda: a ^ b, "<<": lambda: a << b, ">>": lambda: a >> b, "**": lambda: a**b,
            }[operator]()  # fmt: skip
    raise AssertionError(node)


def _holds(interval: Interval, value: float) -> bool:
    low, high = interval.low, interval.high
    above = low is None or (value > low.value if interval.low_open else value >= low.value)
    return above and (high is None or (value < high.value if interval.high_open else value <= high.value))


def _condition(node: Node, row: dict[str, float]) -> bool:
    match node:
        case Boolean(value=value):
            return value
        case Not(operand=operand):
            return not _condition(operand, row)
        case Logical(operator=operator, operands=operands):
            return (all if operator == "&&" else any)(_condition(operand, row) for operand in operands)
        case Call(arguments=(which, one, other)):
            return _condition(one if _condition(which, row) else other, row)
        case Intervals(value=value, intervals=intervals):
            found = _number(value, row)
            return any(_holds(interval, found) for interval in intervals)
        case Shape(numbers=(x, y, r)):
            return (row["B"] - x.value) ** 2 + (row["D"] - y.value) ** 2 <= r.value**2
        case Binary(operator=operator, left=left, right=right):
            logical = isinstance(left, Boolean | Not | Logical | Intervals | Shape) or (
                isinstance(left, Binary) and left.operator in {"==", "!=", "<", "<=", ">", ">="}
            )
            logical = logical or (isinstance(left, Call) and left.name == "ifthenelse")
            a, b = ((_condition if logical else _number)(side, row) for side in (left, right))
            return {
                "==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b,
            }[operator]  # fmt: skip
    raise AssertionError(node)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONDITIONS)
def test_random_expressions_agree_with_plain_python(tree: Node) -> None:
    text = to_text(tree)
    found = compile_selection(text, header={}, columns=list(DATA)).evaluate(DATA)
    for number in range(ROWS):
        row = {name: values[number].item() for name, values in DATA.items()}
        assert found[number] == _condition(tree, row), (text, row)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONDITIONS)
def test_what_is_written_reads_back_as_the_same_tree(tree: Node) -> None:
    assert parse(to_text(tree), header={}, columns=list(DATA)) == tree


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONDITIONS, st.integers(1, 7))
def test_chunks_and_their_history_make_no_difference(tree: Node, size: int) -> None:
    selection = compile_selection(to_text(tree), header={}, columns=list(DATA))
    whole = selection.evaluate(DATA)
    parts = [
        selection.evaluate({name: values[start : start + size] for name, values in DATA.items()})
        for start in range(0, ROWS, size)
    ]
    assert np.array_equal(np.concatenate(parts), whole)


VOCABULARY = """
A B D ( ) [ ] , : ; && || ! == != < <= > >= in + - * / % ** & | ^ ~ << >> 1 2.5 0x1f b101 true false circle box polygon
gti( region( mask( near ifthenelse sqrt #XMMEA_EP #NOPE .and. .or. .eq. .not. 'a' " = . # @ ivo://a/b 1e5 1e400 .5 5.
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "RA", "DEC", "\n", "\t", "\0"])


def _outcome(attempt: Callable[[], object]) -> QueryError | None:
    try:
        attempt()
    except QueryError as error:
        return error
    return None


def _survives(text: str) -> None:
    for attempt in (
        lambda: check_syntax(text),
        lambda: file_references(text),
        lambda: compile_selection(text, header={"XMMEA_EP": "(A & 3) == 0"}, columns=list(DATA)).evaluate(DATA),
    ):
        error = _outcome(attempt)
        assert error is None or (1 <= error.line <= text.count("\n") + 1 and error.column >= 1)
        assert error is None or (str(error) and error.excerpt is not None)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_no_heap_of_words_breaks_the_parser(text: str) -> None:
    _survives(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    _survives(text)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONDITIONS, st.data())
def test_no_damaged_expression_breaks_the_parser(tree: Node, data: st.DataObject) -> None:
    text = to_text(tree)
    place = data.draw(st.integers(0, len(text)))
    removed = data.draw(st.integers(0, 3))
    _survives(text[:place] + data.draw(WORDS | st.just("")) + text[place + removed :])
