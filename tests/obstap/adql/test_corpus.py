"""Queries and what becomes of them: the files of `corpus` hold one case a paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.obstap.adql.tables import Engine, to_sql
from vo.errors import QueryError

CORPUS = Path(__file__).parent / "corpus"


def cases(name: str, *marks: str) -> Iterator[tuple[str, ...]]:
    """The query of each paragraph, and the lines that begin with the marks."""
    for paragraph in (CORPUS / name).read_text().split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        if not paragraph.strip() or lines[0].startswith("#"):
            continue
        texts = [line[3:] for line in lines[len(lines) - len(marks) :]]
        assert all(line.startswith(mark) for line, mark in zip(lines[len(lines) - len(marks) :], marks, strict=True))
        yield "\n".join(lines[: len(lines) - len(marks)]), *texts


ACCEPTED = list(cases("accepted.txt", "=>"))
REFUSED = list(cases("refused.txt", "!!", "^^"))


@pytest.mark.parametrize(("query", "sql"), ACCEPTED, ids=[case[0] for case in ACCEPTED])
def test_accepted(query: str, sql: str) -> None:
    assert to_sql(query).sql == sql


def test_the_engine_understands_what_is_accepted(engine: Engine) -> None:
    for query, _ in ACCEPTED:
        assert engine.explain(query)


@pytest.mark.parametrize(("query", "message", "marked"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(query: str, message: str, marked: str) -> None:
    with pytest.raises(QueryError) as caught:
        to_sql(query)
    error = caught.value
    assert " | ".join(filter(None, [error.message, error.hint])) == message
    start = sum(len(line) + 1 for line in query.split("\n")[: error.line - 1]) + error.column - 1
    assert query[start : start + error.length] == marked
    assert error.text == query


def test_place_in_a_query_of_several_lines() -> None:
    with pytest.raises(QueryError) as caught:
        to_sql("SELECT id,\n       nota\nFROM demo.notes\nWHERE id > 3")
    assert (caught.value.line, caught.value.column, caught.value.length) == (2, 8, 4)
    assert caught.value.excerpt == "       nota\n       ^^^^"
    assert str(caught.value) == "line 2, column 8: There is no column nota. Did you mean note?"
