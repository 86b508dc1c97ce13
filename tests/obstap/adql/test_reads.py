"""What a query reads of its tables: no column that matters is missing, no row that counts is left out."""

from __future__ import annotations

import pytest

from obstap.adql import Reads, reads_of
from tests.obstap.adql.tables import to_sql

NOTES, SOURCES = "demo.notes", "demo.sources"


def read(query: str, *tables: str) -> dict[str, Reads]:
    return reads_of(to_sql(query).meaning, tables or (NOTES, SOURCES))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT id FROM demo.notes", {"id"}),
        ("SELECT COUNT(*) FROM demo.notes", set()),
        ("SELECT 1 AS one FROM demo.notes WHERE note LIKE 'a'", {"note"}),
        ("SELECT id FROM demo.notes GROUP BY id HAVING MAX(note) > 'a'", {"id", "note"}),
        ("SELECT id FROM demo.notes ORDER BY note", {"id", "note"}),
        ("SELECT UPPER(note) AS n FROM demo.notes AS x", {"note"}),
        ("SELECT n.id FROM (SELECT id, note FROM demo.notes) AS n", {"id", "note"}),
        ("WITH n AS (SELECT note FROM demo.notes) SELECT * FROM n", {"note"}),
        ("SELECT s.id FROM demo.sources AS s WHERE s.id IN (SELECT id FROM demo.notes)", {"id"}),
        (
            "SELECT s.id FROM demo.sources AS s WHERE EXISTS (SELECT 1 FROM demo.notes AS n WHERE n.note = 'a')",
            {"note"},
        ),
        ("SELECT id FROM demo.sources UNION SELECT id FROM demo.notes", {"id"}),
        ("SELECT s.name FROM demo.sources AS s JOIN demo.notes AS n ON n.id = s.id", {"id"}),
        ("SELECT s.name FROM demo.sources AS s JOIN demo.notes AS n USING (id)", {"id"}),
    ],
)
def test_columns(query: str, columns: set[str]) -> None:
    assert read(query)[NOTES].columns == columns


def test_tables_that_are_not_named_are_not_read() -> None:
    assert set(read("SELECT id FROM demo.sources WHERE name = 'demo.notes'")) == {SOURCES}


@pytest.mark.parametrize(
    ("query", "only"),
    [
        ("SELECT id FROM demo.notes WHERE note = 'a'", {"note": {"a"}}),
        ("SELECT id FROM demo.notes WHERE 'a' = note AND id > 1", {"note": {"a"}}),
        ("SELECT id FROM demo.notes WHERE note IN ('a', 'b')", {"note": {"a", "b"}}),
        ("SELECT id FROM demo.notes WHERE note IN ('a', 'b') AND note = 'b'", {"note": {"b"}}),
        (
            "SELECT n.id FROM demo.sources AS s LEFT JOIN demo.notes AS n ON n.id = s.id WHERE n.note = 'a'",
            {"note": {"a"}},
        ),
        (
            "SELECT x.id FROM demo.notes AS x, demo.notes AS y WHERE x.note = 'a' AND y.note = 'b'",
            {"note": {"a", "b"}},
        ),
        (
            "SELECT id FROM demo.notes WHERE note = 'a' UNION SELECT id FROM demo.notes WHERE note = 'b'",
            {"note": {"a", "b"}},
        ),
        # what must not confine
        ("SELECT id FROM demo.notes WHERE note = 'a' OR id = 1", {}),
        ("SELECT id FROM demo.notes WHERE NOT note = 'a'", {}),
        ("SELECT id FROM demo.notes WHERE note <> 'a'", {}),
        ("SELECT id FROM demo.notes WHERE note NOT IN ('a')", {}),
        ("SELECT id FROM demo.notes WHERE note LIKE 'a'", {}),
        ("SELECT id FROM demo.notes WHERE UPPER(note) = 'A'", {}),
        ("SELECT id FROM demo.notes WHERE id = 1", {}),
        ("SELECT id FROM demo.notes GROUP BY id HAVING MAX(note) = 'a'", {}),
        ("SELECT x.id FROM demo.notes AS x, demo.notes AS y WHERE x.note = 'a'", {}),
        ("SELECT n.id FROM demo.notes AS n LEFT JOIN demo.sources AS s ON n.note = 'a' AND s.id = n.id", {}),
        (
            (
                "SELECT n.id FROM demo.notes AS n WHERE NOT EXISTS"
                " (SELECT 1 FROM demo.sources AS s WHERE s.id = n.id AND n.note = 'a')"
            ),
            {},
        ),
        ("SELECT id FROM demo.notes WHERE note = 'a' UNION SELECT id FROM demo.notes", {}),
    ],
)
def test_values_to_which_rows_are_confined(query: str, only: dict[str, set[str]]) -> None:
    assert read(query)[NOTES].only == only


@pytest.mark.parametrize(
    ("query", "joined"),
    [
        ("SELECT n.id FROM demo.notes AS n JOIN demo.sources AS s ON s.name = n.note", {("note", SOURCES, "name")}),
        ("SELECT n.id FROM demo.notes AS n, demo.sources AS s WHERE n.note = s.name", {("note", SOURCES, "name")}),
        # what must not confine
        ("SELECT n.id FROM demo.notes AS n LEFT JOIN demo.sources AS s ON s.name = n.note", set()),
        ("SELECT n.id FROM demo.notes AS n FULL JOIN demo.sources AS s ON s.name = n.note", set()),
        ("SELECT n.id FROM demo.notes AS n JOIN demo.sources AS s ON s.name = n.note OR n.id = 1", set()),
        ("SELECT n.id FROM demo.notes AS n JOIN demo.sources AS s ON s.id = n.id", set()),  # numbers
        (
            "SELECT n.id FROM demo.notes AS n JOIN demo.sources AS s ON s.name = n.note, demo.notes AS m",
            set(),
        ),
        (
            "SELECT n.id FROM demo.notes AS n WHERE NOT EXISTS (SELECT 1 FROM demo.sources AS s WHERE s.name = n.note)",
            set(),
        ),
    ],
)
def test_joins_that_confine(query: str, joined: set[tuple[str, str, str]]) -> None:
    assert set(read(query)[NOTES].joined) == joined
