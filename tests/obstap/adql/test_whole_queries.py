"""Whole queries, made at random, have the same answers on all engines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import starmap

import adbc_driver_manager
import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from tests.obstap.adql.conftest import started
from tests.obstap.adql.queries import whole_queries
from tests.obstap.adql.tables import ROWS, Engine
from vo.errors import QueryError

REFUSALS = (duckdb.ConversionException, duckdb.OutOfRangeException, pa.ArrowException, adbc_driver_manager.Error)
"""What engines raise when data cannot be computed with."""


@pytest.fixture(scope="module")
def engines(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Engine]]:
    """Both engines with the same rows, some of them near each other."""
    rows = [
        *ROWS,
        (7, "Äußeres", 83.634, 22.0146, -1.5, 10, 2**40, True, "2021-06-01T00:00:00", 1, (83.6, 22.0, 0.5), "é"),
        (8, "crab 2", 0.0001, -0.0001, 1e-30, 1, 1, False, "2000-02-29T23:59:59", 3, (350, -5, 10, -5, 0, 9), ""),
        (9, "", 359.9999, 0.0, 3e38, 0, 0, None, "2021-06-01T00:00:00", 2, (10, 41, 11, 41, 11, 42, 10, 42), "A/b"),
        (10, "Crab", 200.0, -90.0, 0.0, 10, 7, True, None, 5, (0.0, -90.0, 170.0), "%"),
    ]
    pair = started("duckdb", request, rows), started("postgresql", request, rows)
    yield pair
    for engine in pair:
        engine.close()


def same(one: object, other: object) -> bool:
    """Whether values are equal, floats to 12 digits (and angles to 1e-11)."""
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return one == other or math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-11)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(starmap(same, zip(one, other, strict=True)))
    return one == other and type(one) is type(other)


def answer(engine: Engine, query: str) -> list[tuple] | str:
    """The rows, or that the engine refuses the data."""
    try:
        return engine.run(query)
    except REFUSALS as error:
        return f"refused: {error}"


@settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
@given(whole_queries)
def test_engines_agree(engines: tuple[Engine, Engine], query: str) -> None:
    try:
        one, other = (answer(engine, query) for engine in engines)
    except QueryError:
        return
    if isinstance(one, str) or isinstance(other, str):
        assert isinstance(one, str), (query, one, other)
        assert isinstance(other, str), (query, one, other)
        return
    assert same(one, other), (query, one, other)
