"""Answers: the translated queries are run on small tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.obstap.adql.tables import Engine, to_sql
from vo.errors import QueryError

CORPUS = Path(__file__).parent / "corpus" / "answers.txt"


def rounded(value: object) -> object:
    """Floats cut to 12 significant digits, NaN and times as text, also within rows and lists."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else float(f"{value:.12g}")
    if isinstance(value, datetime):
        return value.isoformat()
    return [rounded(part) for part in value] if isinstance(value, list | tuple) else value


def cases() -> Iterator[tuple[str, list[object]]]:
    """The query of each paragraph and its rows, one a line as JSON."""
    for paragraph in CORPUS.read_text().split("\n\n"):
        query, *rows = paragraph.strip().split("\n")
        if not query.startswith("#"):
            yield query, [rounded(json.loads(row.removeprefix("=> "))) for row in rows]


ANSWERS = list(cases())


@pytest.mark.parametrize(("query", "rows"), ANSWERS, ids=[case[0] for case in ANSWERS])
def test_answers(engine: Engine, query: str, rows: list[object]) -> None:
    found = [rounded(row) for row in engine.run(query)]
    assert found == rows if "ORDER BY" in query else sorted(found) == sorted(rows)


def test_functions_without_a_fixed_answer(engine: Engine) -> None:
    ((low,),) = engine.run("SELECT COUNT(*) FROM demo.notes WHERE RAND() < 0 OR RAND(3) >= 1")
    assert low == 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("id / 2", 0),
        ("7 / 2.", 3.5),
        ("id / 0", None),
        ("Flux / 0", None),
        ("1 / 0", None),
        ("MOD(7, 0)", None),
        ("MOD(-7, 3)", -1),
        ("MOD(-id * 7, 3)", -1),
        ("MOD(7.5, 2)", 1.5),
        ("ABS(-3)", 3),
        ("CEILING(-1.5)", -1.0),
        ("FLOOR(-1.5)", -2.0),
        ("ROUND(2.567, 1)", 2.6),
        ("ROUND(ra * 100, -2)", 8400.0),
        ("ROUND(-2.4)", -2.0),
        ("TRUNCATE(-2.9)", -2.0),
        ("TRUNCATE(2.987, 2)", 2.98),
        ("LOG(EXP(ra))", 83.633),
        ("LOG10(hits)", 1.0),
        ("POWER(2, 10)", 1024.0),
        ("SQRT(2)", 1.4142135623730951),
        ("DEGREES(PI())", 180.0),
        ("COT(RADIANS(45))", 1.0),
        ("ATAN2(1, -1)", 2.356194490192345),
        ("hits * 10000", 100000),
        ("Flux * 0.1", 0.25),
        ("2147483647 + 1", 2147483648),
        ("name || '!'", "Crab!"),
        ("NULL", None),
        ("name || NULL", None),
        ("COALESCE(NULL, 3)", 3),
        ("IN_UNIT(\"size\", 'Mbyte')", 0.1),
        ("IN_UNIT(ra, 'arcmin')", 5017.98),
        ("CAST('1e3' AS DOUBLE PRECISION)", 1000.0),
        ("CAST(2.6 AS INTEGER)", 3),
        ("ivo_to_mjd(CAST('2000-01-01T12:00:00' AS TIMESTAMP))", 51544.5),
    ],
)
def test_values(engine: Engine, expression: str, expected: object) -> None:
    ((value,),) = engine.run(f"SELECT {expression} FROM demo.sources WHERE id = 1")
    assert rounded(value) == rounded(expected)
    assert type(value) is type(expected)


def test_texts_that_look_like_queries_are_only_texts(engine: Engine) -> None:
    for text in ("'; DROP TABLE sources; --", '"', "\\", "$1", "{0} {x} %s", "a\nb", "Pole's", "é ☃"):
        quoted = text.replace("'", "''")
        (row,) = engine.run(
            f"SELECT '{quoted}' AS \"{text.replace(chr(34), chr(34) * 2)}\" FROM demo.sources WHERE id = 1"
        )
        assert row == (text,)
        assert engine.run(f"SELECT id FROM demo.sources WHERE name = '{quoted}'") == (
            [(5,)] if text == "Pole's" else []
        )
    assert len(engine.run("SELECT id FROM demo.sources")) == 6


@pytest.mark.parametrize("query", ["", "  ", "-- nothing", "\n"])
def test_empty_queries(query: str) -> None:
    with pytest.raises(QueryError, match="The query is empty"):
        to_sql(query)
