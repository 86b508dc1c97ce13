"""Each rule of the grammar of ADQL 2.1 (appendix A) is read, and what it means is the same on all engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.obstap.adql.conftest import started
from tests.obstap.adql.tables import Engine
from tests.obstap.adql.test_whole_queries import same

CORPUS = Path(__file__).parent / "corpus" / "grammar.txt"


def cases() -> Iterator[tuple[str, str]]:
    """Rules and queries: the first line of each paragraph and all others."""
    for paragraph in CORPUS.read_text().split("\n\n"):
        rule, *queries = paragraph.strip().split("\n")
        if not rule.startswith("#"):
            yield from ((rule, query) for query in queries)


RULES = list(cases())


@pytest.fixture(scope="module")
def engines(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Engine]]:
    pair = started("duckdb", request), started("postgresql", request)
    yield pair
    for engine in pair:
        engine.close()


def in_order(rows: list[tuple]) -> list[tuple]:
    """Rows of a query without order, in one that does not hang on the last digits."""
    return sorted(rows, key=lambda row: [f"{value:.6g}" if isinstance(value, float) else str(value) for value in row])


@pytest.mark.parametrize(("rule", "query"), RULES, ids=[query for _, query in RULES])
def test_rules(engines: tuple[Engine, Engine], rule: str, query: str) -> None:
    one, other = (engine.run(query) for engine in engines)
    ordered = "ORDER BY" in query and not query.startswith("(")
    assert one or "TOP 0" in query or "EXCEPT" in query or "INTERSECT" in query, rule
    assert same(one, other) if ordered else same(in_order(one), in_order(other)), rule
