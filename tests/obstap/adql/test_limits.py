"""Large, deep and strange queries, and how long translation takes."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obstap.adql import translate
from obstap.adql.functions import FUNCTIONS
from obstap.names import RESERVED
from obstap.obscore import OBSCORE
from tests.obstap.adql.tables import Engine, to_sql
from vo.errors import QueryError

CONE = "SELECT TOP 100 * FROM ivoa.obscore WHERE 1=CONTAINS(POINT('ICRS',s_ra,s_dec),CIRCLE('ICRS',180.0,-30.0,1.0))"


def test_a_cone_search_is_translated_with_little_work() -> None:
    """Counted in calls of functions, which no busy machine changes; they take less than a millisecond."""
    tables = {OBSCORE.name.lower(): OBSCORE}
    profile = cProfile.Profile()
    for run in (translate, partial(profile.runcall, translate)):  # the first one fills caches
        run(CONE, tables, physical=str, base_url="https://archive.example")
    calls = sum(entry.callcount for entry in profile.getstats())
    assert calls < 3_000


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT {'(' * 5000}1{')' * 5000} FROM demo.notes",
        f"SELECT {'ABS(' * 5000}1{')' * 5000} FROM demo.notes",
        f"SELECT {'(' * 10_000}",
        f"SELECT id FROM demo.notes WHERE {'NOT ' * 5000} id = 1",
        f"SELECT id FROM demo.notes WHERE id IN {'(SELECT id FROM demo.notes WHERE id IN ' * 500}(1{')' * 501}",
        f"SELECT {'(' * 12}id{(' / 2' * 60 + ')') * 12} FROM demo.notes",
        f"SELECT 1 FROM {'(' * 2000}demo.notes NATURAL JOIN demo.sources{')' * 2000}",
    ],
    ids=range(7),
)
def test_deep_queries_are_refused_at_a_place(query: str) -> None:
    with pytest.raises(QueryError, match=r"nested|should") as caught:
        to_sql(query)
    assert caught.value.line == 1
    assert caught.value.column > 1


def listed(text: str, count: int, separator: str = ", ") -> str:
    """A text many times, with the number in it where it has {}."""
    return separator.join(text.format(number) for number in range(count))


LIMITS = {
    "tokens": (
        24_995,
        lambda count: f"SELECT id FROM demo.notes WHERE id IN ({listed('1', count)})",
        "The query has more than the 50,000 words, numbers and signs that are allowed.",
    ),
    "WITH": (
        99,
        lambda count: f"WITH {listed('w{} AS (SELECT id FROM demo.notes)', count)} SELECT * FROM w1",
        "The query has more than the 100 SELECTs that are allowed.",
    ),
    "UNION": (
        100,
        lambda count: listed("SELECT id FROM demo.notes", count, " UNION "),
        "The query has more than the 100 SELECTs that are allowed.",
    ),
    "tables": (
        100,
        lambda count: f"SELECT b1.id FROM {listed('demo.notes AS b{}', count)}",
        "The query names more than the 100 tables that are allowed.",
    ),
    "columns": (
        1600,
        lambda count: f"SELECT {listed('id', count)} FROM demo.notes",
        "The SELECTs of the query have more than the 1,600 columns that are allowed.",
    ),
    "columns of *": (
        400,
        lambda count: f"SELECT {listed('*', count)} FROM demo.notes",
        "The SELECTs of the query have more than the 1,600 columns that are allowed.",
    ),
    "GROUP BY": (
        100,
        lambda count: f"SELECT COUNT(*) FROM demo.notes GROUP BY {listed('id + {}', count)}",
        "GROUP BY takes at most 100 terms.",
    ),
    "ORDER BY": (
        100,
        lambda count: f"SELECT id FROM demo.notes ORDER BY {listed('id + {}', count)}",
        "ORDER BY takes at most 100 terms.",
    ),
    "divisions": (
        64,
        lambda count: f"SELECT id{' / 2' * count} FROM demo.notes",
        "More than 64 operators follow one another here.",
    ),
    "ROUND": (
        300,
        lambda count: f"SELECT ROUND(id, {count}) FROM demo.notes",
        "The second argument of ROUND must lie between -300 and 300.",
    ),
    "TRUNCATE": (
        300,
        lambda count: f"SELECT TRUNCATE(id, -{count}) FROM demo.notes",
        "The second argument of TRUNCATE must lie between -300 and 300.",
    ),
}
"""The most of something, a query with so many of it, and what is said about one more."""


@pytest.mark.parametrize(("most", "query", "message"), LIMITS.values(), ids=LIMITS)
def test_limits_are_told_at_the_first_part_too_many(most: int, query: Callable[[int], str], message: str) -> None:
    to_sql(query(most))
    with pytest.raises(QueryError) as caught:
        to_sql(query(most + 1))
    assert caught.value.message == message
    assert caught.value.line == 1
    assert caught.value.column > 1


@pytest.mark.parametrize("digits", [2**31, 10**18, 10**25])
def test_no_number_of_digits_reaches_the_engine_unchecked(digits: int) -> None:
    with pytest.raises(QueryError, match="The second argument of TRUNCATE must"):
        to_sql(f"SELECT TRUNCATE(1.5, -{digits}) FROM demo.notes")


def test_queries_at_their_limits_are_answered(engine: Engine) -> None:
    chain = "".join(f", w{i} AS (SELECT id FROM w{i - 1} AS w)" for i in range(1, 99))
    assert len(engine.run(f"WITH w0 AS (SELECT id FROM demo.notes){chain} SELECT * FROM w98")) == 4
    deep = f"{'(SELECT id FROM ' * 48}demo.notes{''.join(f') AS d{i}' for i in range(48))}"
    assert len(engine.run(f"SELECT id FROM {deep}")) == 4
    unions = " UNION ALL ".join(["SELECT id FROM demo.notes"] * 100)
    assert len(engine.run(unions)) == 400
    joined = "".join(f" JOIN demo.notes AS b{i} ON a.id = b{i}.id" for i in range(60))
    assert engine.run(f"SELECT a.id FROM demo.notes AS a{joined} WHERE a.id = 1") == [(1,)]
    assert len(engine.run(f"SELECT {listed('id', 1600)} FROM demo.notes")[0]) == 1600
    assert engine.run("SELECT ROUND(id, 300), TRUNCATE(id, -300) FROM demo.notes WHERE id = 1") == [(1.0, 0.0)]
    assert engine.run(f"SELECT COUNT(*) FROM demo.notes WHERE id IN ({listed('{}', 20_000)})") == [(4,)]


def test_columns_of_one_name_are_numbered() -> None:
    columns = to_sql(
        "SELECT id, id_2, id, ID, id_2, id AS x, id AS x_2, id AS x FROM (SELECT id, id AS id_2 FROM demo.notes) AS q"
    ).columns
    assert [column.name for column in columns] == ["id", "id_2", "id_3", "id_4", "id_2_2", "x", "x_2", "x_3"]


@pytest.mark.parametrize("count", [2, 31, 32, 33, 34, 100, 2001])
def test_long_rows_of_operators_are_computed(engine: Engine, count: int) -> None:
    signs = [" + " if i % 3 else " - " for i in range(1, count)]
    terms = "".join(f"{sign}{i}" for i, sign in enumerate(signs, start=1))
    (answer,) = engine.run(
        f"SELECT id{terms}, id{' - id' * (count - 1)}, note{' || note' * (count - 1)}, id{' * id' * (count - 1)}, "
        f"'x'{' || note' * (count - 1)} FROM demo.notes WHERE id = 1"
    )
    total = 1 + sum(i if i % 3 else -i for i in range(1, count))
    assert answer == (total, 2 - count, "bright" * count, 1, "x" + "bright" * (count - 1))
    for operator in ("AND", "OR"):
        conditions = f" {operator} ".join(["id = 1"] * count)
        assert engine.run(f"SELECT COUNT(*) FROM demo.notes WHERE {conditions}") == [(1,)]


@given(st.lists(st.tuples(st.sampled_from("+-+-+-*/"), st.integers(1, 9)), max_size=150))
def test_rows_of_operators_keep_their_meaning(steps: list[tuple[str, int]]) -> None:
    """Constants are computed at once; with points, so that a division is one of doubles."""
    text = "1.0" + "".join(f" {sign} {number}.0" for sign, number in steps)
    sql = to_sql(f"SELECT {text} AS x FROM demo.notes").sql
    constant = sql.partition("CAST(")[2].partition(" AS DOUBLE")[0]
    assert float(constant.strip("()")) == pytest.approx(eval(text), rel=1e-9, abs=1e-9)


def test_many_cones_share_the_ranges_of_cells() -> None:
    """The engine's time for a condition grows with the square of its ranges."""
    cones = listed("1 = CONTAINS(POINT(ra, dec), CIRCLE({}, 10, 1))", 300, " OR ")
    sql = to_sql(f"SELECT id FROM demo.sources WHERE {cones}").sql
    assert sql.count("athanor_haversine") == 300
    assert 400 < sql.count("BETWEEN") <= 480


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT id FROM demo.notes WHERE {listed('id = {}', 12_000, ' OR ')}",
        f"SELECT id FROM demo.notes WHERE {listed('id = {}', 65_000, ' OR ')}",
        f"SELECT {listed('ra', 20_000)} FROM demo.sources",
        f"SELECT {listed('ra', 1600)} FROM demo.sources",
    ],
    ids=["OR", "longer OR", "too many columns", "many columns"],
)
def test_large_queries_are_translated_or_refused_with_bounded_work(query: str) -> None:
    """Counted in calls of functions; a million take less than half a second."""
    profile = cProfile.Profile()
    profile.runcall(error_of, query)
    assert sum(entry.callcount for entry in profile.getstats()) < 2_000_000


def test_long_queries_are_answered(engine: Engine) -> None:
    ids = ", ".join(str(i) for i in range(5000))
    assert engine.run(f"SELECT COUNT(*) FROM demo.notes WHERE id IN ({ids})") == [(4,)]
    either = " OR ".join(f"id = {i}" for i in range(2000))
    assert engine.run(f"SELECT COUNT(*) FROM demo.notes WHERE {either}") == [(4,)]
    assert engine.run(f"SELECT id{' + 1' * 60} FROM demo.notes WHERE id = 1") == [(61,)]
    columns = ", ".join(f"id AS c{i}" for i in range(500))
    assert len(engine.run(f"SELECT {columns} FROM demo.notes")[0]) == 500
    unions = " UNION ALL ".join(["SELECT id FROM demo.notes"] * 30)
    assert len(engine.run(unions)) == 120


CLAUSES = "SELECT FROM WHERE AND OR NOT GROUP BY ORDER HAVING JOIN ON USING AS IN LIKE BETWEEN UNION WITH CAST"
SIGNS = "( ) , . * + - / = < > <= <> || ; : % ' \" -- 1 2.5 'x' id ra dec name demo.notes demo.sources"

words = st.sampled_from(
    [
        *sorted(RESERVED)[::7],
        *sorted(FUNCTIONS)[::3],
        *CLAUSES.split(),
        *SIGNS.split(),
    ]
)


def error_of(query: str) -> QueryError | None:
    """The complaint about a query, if there is one."""
    try:
        to_sql(query)
    except QueryError as error:
        return error
    return None


@given(st.lists(words, max_size=30).map(" ".join))
def test_nonsense_is_refused_in_the_language_s_own_terms(text: str) -> None:
    error = error_of(f"SELECT {text}")
    assert error is None or (error.message and error.line >= 1)


@given(st.text(max_size=60))
def test_any_text_is_refused_or_translated(text: str) -> None:
    for query in (text, f"SELECT {text} FROM demo.notes", f"SELECT id FROM demo.notes WHERE note = '{text}'"):
        error = error_of(query)
        assert error is None or 0 <= error.line <= query.count("\n") + 1
