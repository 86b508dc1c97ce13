"""Numbers at the ends of their range: every engine computes them alike, and refuses the same ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest

from obstap.adql.bound import Kind
from obstap.adql.dialects import DIALECTS
from tests.obstap.adql.conftest import started
from tests.obstap.adql.tables import Engine
from tests.obstap.adql.test_whole_queries import REFUSALS

NUMBERS = (
    "0 -0.0 1 -1 0.5 -2.5 7.5 1e300 -1e300 1e-300 5e-324 1e160 1e-160 inf -inf nan 709 -746 1e15 1234567890123456.5 0.1"
)
VALUES = [float(text) for text in NUMBERS.split()]

FUNCTIONS = "ABS ACOS ASIN ATAN CEILING COS COT DEGREES EXP FLOOR LOG LOG10 RADIANS SIN SQRT TAN ROUND TRUNCATE"
ONE = FUNCTIONS.split()
TWO = ["*", "/", "MOD", "POWER", "ATAN2"]

TEXTS = [
    *(
        "12",
        " 12 ",
        "12.5",
        "-12.5",
        "1e3",
        "+5",
        "5.",
        ".5",
        "",
        "x",
        "nan",
        "-inf",
        "Infinity",
        "1e400",
        "1e-400",
        "1,5",
    ),
    *("0x1f", "1_000", "1.7976931348623157e308", "99999", "9223372036854775807", "1e19", "é", "- 1", "1 2"),
]
TIMES = [
    *("2020-01-02", "2020-01-02T03:04", "2020-01-02 03:04:05.5", "2020-01-02T03:04:05.123456Z", "2020-1-2", "epoch"),
    *("now", "infinity", "2020-02-30", "2020-01-02T03:04:60", "2020-01-02T03:04:05+02", "20200102", ""),
]


@pytest.fixture(scope="module")
def engines(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Engine]]:
    pair = started("duckdb", request), started("postgresql", request)
    yield pair
    for engine in pair:
        engine.close()


def written(value: float, engine: str) -> str:
    """A double, NaN and the infinities among them."""
    if math.isfinite(value):
        return DIALECTS[engine].number(value, Kind.DOUBLE)
    return f"CAST('{value}' AS {DIALECTS[engine].types[Kind.DOUBLE]})"


def answers(engine: Engine, expressions: list[str]) -> list[object]:
    """The values of expressions, or that they are refused."""
    try:
        return list(
            engine.table(f"SELECT {', '.join(f'{text} AS c{i}' for i, text in enumerate(expressions))}")
            .to_pylist()[0]
            .values()
        )
    except REFUSALS:
        if len(expressions) == 1:
            return ["refused"]
        return [value for text in expressions for value in answers(engine, [text])]


def alike(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    return one == other


def compare(engines: tuple[Engine, Engine], cases: list[object], expression) -> None:
    """Whether engines agree on the expressions of all cases."""
    found = [answers(engine, [expression(case, engine.name) for case in cases]) for engine in engines]
    assert [(case, *pair) for case, *pair in zip(cases, *found, strict=True) if not alike(*pair)] == []


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_number(engines: tuple[Engine, Engine], name: str) -> None:
    compare(engines, VALUES, lambda x, engine: DIALECTS[engine].call(name, Kind.DOUBLE, [written(x, engine)]))


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_numbers(engines: tuple[Engine, Engine], name: str) -> None:
    cases = list(itertools.product(VALUES, VALUES))
    compare(
        engines,
        cases,
        lambda pair, engine: DIALECTS[engine].call(name, Kind.DOUBLE, [written(x, engine) for x in pair]),
    )


@pytest.mark.parametrize("name", ["ROUND", "TRUNCATE"])
def test_numbers_of_digits(engines: tuple[Engine, Engine], name: str) -> None:
    cases = list(itertools.product(VALUES, (-300, -5, -1, 0, 1, 2, 15, 300)))
    compare(
        engines,
        cases,
        lambda pair, engine: DIALECTS[engine].call(name, Kind.DOUBLE, [written(pair[0], engine), str(pair[1])]),
    )


@pytest.mark.parametrize("kind", [Kind.SHORT, Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.TEXT], ids=str)
def test_casts(engines: tuple[Engine, Engine], kind: Kind) -> None:
    compare(engines, VALUES, lambda x, engine: DIALECTS[engine].cast(written(x, engine), Kind.DOUBLE, kind))
    if kind is not Kind.TEXT:
        compare(
            engines, TEXTS, lambda text, engine: DIALECTS[engine].cast(DIALECTS[engine].text(text), Kind.TEXT, kind)
        )


def test_times(engines: tuple[Engine, Engine]) -> None:
    compare(
        engines, TIMES, lambda text, engine: DIALECTS[engine].cast(DIALECTS[engine].text(text), Kind.TEXT, Kind.TIME)
    )
