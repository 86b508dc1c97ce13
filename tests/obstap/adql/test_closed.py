"""Nothing of an engine's own dialect gets through, and texts are only texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obstap.adql.dialects import DIALECTS
from tests.obstap.adql.tables import Engine, PostgreSQLEngine, to_sql
from vo.errors import QueryError

HOSTILE = [
    # functions of the engines
    *(
        f"SELECT {call} FROM demo.notes"
        for call in (
            "pg_sleep(10)",
            "pg_read_file('/etc/passwd')",
            "pg_catalog.version()",
            "version()",
            "current_setting('data_directory')",
            "set_config('search_path', 'x', 1)",
            "lo_import('/etc/passwd')",
            "dblink('x', 'y')",
            "query_to_xml('SELECT 1', 1, 1, '')",
            "nextval('s')",
            "athanor_contains(place, place)",
            "athanor_cells_near(1, 2, 3)",
            "read_csv('/etc/passwd')",
            "read_text('/etc/passwd')",
            "getenv('HOME')",
            "glob('/*')",
            "duckdb_settings()",
            "unnest(place)",
            "list_extract(place, 1)",
            "error('x')",
            "CURRENT_USER",
            "SESSION_USER",
            "CURRENT_TIMESTAMP",
            "count(*) FILTER (WHERE id > 1)",
            "MAX(id) OVER ()",
            "string_agg(note, ',')",
        )
    ),
    # tables of the engines
    *(
        f"SELECT * FROM {table}"
        for table in (
            "pg_catalog.pg_user",
            "pg_shadow",
            "information_schema.tables",
            "duckdb_tables",
            "sqlite_master",
            "notes",
            "main.notes",
            "public.notes",
            '"notes"',
            "'/etc/passwd'",
            "read_csv('/etc/passwd')",
            "generate_series(1, 10)",
            "demo.notes, LATERAL (SELECT 1 FROM demo.notes) AS x",
            "demo.notes TABLESAMPLE SYSTEM (1)",
            "ONLY demo.notes",
            "ROWS FROM (pg_sleep(1))",
            "(VALUES (1)) AS v",
            "(TABLE demo.notes) AS v",
            "(DELETE FROM notes RETURNING *) AS v",
        )
    ),
    # hidden columns and those that every table of an engine has
    *(
        f"SELECT {column} FROM demo.sources"
        for column in (
            "_cell",
            '"_cell"',
            "_shape",
            '"_shape"',
            "ctid",
            "xmin",
            "tableoid",
            "rowid",
            "t1",
            "sources",
            "t1.id",
        )
    ),
    # signs
    *(
        f"SELECT {value} FROM demo.notes"
        for value in (
            "id::text",
            "id :: text",
            "$$x$$",
            "$tag$x$tag$",
            "E'x'",
            "E'\\\\'",
            "U&'\\0041'",
            'U&"\\0069d"',
            "B'1'",
            "X'41'",
            "N'x'",
            "'a' 'b'",
            "'a'\n'b'",
            'note COLLATE "C"',
            "note COLLATE NOCASE",
            "id /* x */",
            "id # x",
            "place[1]",
            "ARRAY[1]",
            "[1]",
            "{'a': 1}",
            "ROW(1)",
            "(1, 2)",
            "id ~ 'x'",
            "note ~~ 'x'",
            "id @ 1",
            "id ^ 2",
            "id ** 2",
            "id // 2",
            "id % 2",
            "id << 2",
            "!!id",
            "@id",
            "?",
            "$1",
            ":x",
            "%s",
            "id AT TIME ZONE 'UTC'",
            "INTERVAL '1' DAY",
            "DATE '2020-01-01'",
            "TIMESTAMP '2020-01-01'",
            "EXTRACT(YEAR FROM id)",
            "CAST(id AS regclass)",
            "CAST(note AS json)",
            "CAST(id AS NUMERIC)",
            "TRY_CAST(note AS INTEGER)",
            "SUBSTRING(note FROM 1)",
            "POSITION('a' IN note)",
            "CASE WHEN id = 1 THEN 1 END",
            "NULLIF(id, 1)",
            "TRUE",
            "id IS TRUE",
            "‘x’",
            "“id”",
            "id\u00a0",
            "ｉｄ",
            "id\u200b",
            "1\u0660",
            "\ufeffid",
        )
    ),
    # whole statements, and what may stand around one
    *(
        query.format("SELECT id FROM demo.notes")
        for query in (
            "{};",
            "{}; DROP TABLE notes",
            "{} -- x\n; DROP TABLE notes",
            "DROP TABLE notes",
            "COPY notes TO '/tmp/x'",
            "COPY ({}) TO PROGRAM 'id'",
            "SET search_path = x",
            "BEGIN",
            "EXPLAIN ANALYZE {}",
            "ATTACH 'x.db' AS x",
            "INSTALL httpfs",
            "PRAGMA version",
            "CALL pragma_version()",
            "DO $$ BEGIN END $$",
            "TABLE demo.notes",
            "VALUES (1)",
            "FROM demo.notes",
            "{} FOR UPDATE",
            "{} FETCH FIRST 1 ROWS ONLY",
            "{} LIMIT 1",
            "{} WINDOW w AS ()",
            "{} INTO OUTFILE 'x'",
            "SELECT id INTO x FROM demo.notes",
            "WITH RECURSIVE q AS ({}) SELECT id FROM q",
            "WITH q AS MATERIALIZED ({}) SELECT id FROM q",
            "WITH q AS (INSERT INTO notes VALUES (1)) SELECT id FROM q",
            "WITH q (a) AS ({}) SELECT a FROM q",
            "{} ORDER BY id USING <",
            "{} ORDER BY id NULLS FIRST",
            "{} ORDER BY 1; --",
            "{} ORDER BY (SELECT pg_sleep(1))",
            "{} WHERE note LIKE 'x' ESCAPE '\\'",
            "{} WHERE note SIMILAR TO 'x'",
            "{} WHERE id = ANY (SELECT 1 FROM demo.notes)",
            "{} WHERE (id, note) IN (SELECT id, note FROM demo.notes)",
            "{} WHERE id ISNULL",
            "{} WHERE id IS NOT DISTINCT FROM 1",
            "{} WHERE 1",
            "{} GROUP BY GROUPING SETS (id)",
            "{} GROUP BY ALL",
            "{} QUALIFY 1 = 1",
            "SELECT * EXCLUDE (id) FROM demo.notes",
            "SELECT COLUMNS('i.*') FROM demo.notes",
            "SELECT DISTINCT ON (id) id FROM demo.notes",
        )
    ),
]


@pytest.mark.parametrize("engine_name", DIALECTS)
@pytest.mark.parametrize("query", HOSTILE)
def test_what_is_not_adql_is_refused_before_any_engine_sees_it(query: str, engine_name: str) -> None:
    with pytest.raises(QueryError):
        to_sql(query, engine=engine_name)


letters = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
nasty = st.lists(
    st.sampled_from(
        ["'", "''", "\\", "\\'", '"', "--", "/*", "*/", ";", "$$", "$1", "%", "%s", "{0}", "E'", "\n", "?", ":"]
    )
    | letters,
    max_size=6,
).map("".join)


def quoted(text: str, mark: str = "'") -> str:
    return mark + text.replace(mark, 2 * mark) + mark


@settings(max_examples=40, deadline=None)
@given(letters | nasty)
def test_texts_come_back_as_they_are(engine: Engine, text: str) -> None:
    same = quoted(text)
    query = f"SELECT {same} AS t, {same} || note AS u FROM demo.notes WHERE note <> {same} AND id = 1"
    assert engine.run(query) == [(text, f"{text}bright")]
    assert engine.run(f"SELECT id FROM demo.notes WHERE note LIKE {quoted(text)} AND 1 = 0") == []


@settings(max_examples=25, deadline=None)
@given(nasty.map(lambda text: text.encode()[:50].decode(errors="ignore")).filter(bool))
def test_names_come_back_as_they_are(engine: Engine, name: str) -> None:
    sql = to_sql(f"SELECT id AS {quoted(name, chr(34))} FROM demo.notes WHERE id = 1", engine=engine.name).sql
    assert engine.table(sql).column_names == [name]


def test_backslashes_mean_themselves_whatever_the_session_says(request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("postgresql_server")
    engine = PostgreSQLEngine(server.url(server.create_database()))
    engine.table("SET standard_conforming_strings = off")
    for text in ("\\", "\\'", "a\\", "\\' OR 1 = 1 --", "\\u0041"):
        assert engine.run(f"SELECT {quoted(text)} AS t FROM demo.notes WHERE id = 1") == [(text,)]
    engine.close()
