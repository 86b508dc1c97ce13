"""Answers made of the lines that PostgreSQL writes are those made of record batches."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from datetime import datetime

import pytest
from defusedxml import ElementTree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obstap.metadata import Column
from obstap.names import literal
from obstap.stores import Snapshot
from obstap.stores.postgres import PostgreSQLStore
from obstap.writers import Writer, get_writer
from tests.obstap.stores.samples import SAMPLE, content
from tests.postgres import Server
from vo.errors import UsageError

FORMATS = ["votable", "csv", "tsv"]

HARD = [
    "plain",
    "",
    "a < b & c > d; ]]> &amp;",
    'quotes \'single\' "double" ""',
    "comma, semicolon; colon:",
    "tab\tline\nreturn\rboth\r\nend",
    "\r\n",
    "\n",
    "back\\slash \\n \\N \\. \\\\",
    "\\.",
    "\\r\n",
    "\\\r\n",
    "Vega α Lyræ 🌟",
    "controls \x01\x02\x08\x0b\x0c\x1b\x1f\x7f\x80",
    "no characters \ufffe \uffff \ufffd \uff1a",
    "Infinity",
    "-Infinity,Infinity",
    "NaN",
    " blanks ",
    "\x7f\x7f",
    "t",
    "NULL",
]

TEXTS = (Column("a", "char", "*"), Column("b", "unicodeChar", "*"))


@pytest.fixture(scope="module")
def archive(postgresql_server: Server) -> Iterator[PostgreSQLStore]:
    """A store that no test writes to but by `rows`."""
    name = postgresql_server.create_database()
    store = PostgreSQLStore(postgresql_server.url(name), grace=0)
    yield store
    store.close()
    postgresql_server.drop_database(name)


def both(snapshot: Snapshot, writer: Writer, sql: str, columns: tuple[Column, ...], **options) -> tuple[bytes, bytes]:
    """The answer by way of batches and by way of lines."""
    batches = snapshot.execute(sql)
    lines = snapshot.copy_text(sql, columns, writer.text_form)
    return (
        b"".join(writer.stream(batches, columns, **options)),
        b"".join(writer.stream_text(lines, columns, **options)),
    )


def values(rows: list[tuple[str | None, ...]], names: str) -> str:
    """A query for these texts, in their order."""
    listed = ", ".join(
        f"({number}, {', '.join('NULL' if text is None else literal(text) for text in row)})"
        for number, row in enumerate(rows)
    )
    return f"SELECT {names} FROM (VALUES {listed}) AS v(number, {names}) ORDER BY number"


@pytest.mark.parametrize("name", FORMATS)
def test_every_type(archive: PostgreSQLStore, name: str):
    rows = [
        {
            "id": f"row {number:02}",
            "Flag": [True, False, None][number % 3],
            "a_short": -(2**15) + number,
            "an_int": 2**31 - 1 - number,
            "a_long": -(2**63) + number,
            "a_float": [1.5, math.inf, -math.inf, math.nan, 0.1, None][number % 6],
            "a_double": [0.1, -math.inf, 1.0000000000000002, math.nan, math.inf, None][number % 6],
            "text": text,
            "time": [
                datetime(2020, 2, 29, 12, 34, 56),  # noqa: DTZ001 - stored times have no zone
                datetime(1999, 1, 1, 0, 0, 0, 250_000),  # noqa: DTZ001 - as above
                None,
            ][number % 3],
            "point": [[10.5, -20.25], None, [math.inf, -math.inf], [], [math.nan, None]][number % 5],
            "counts": [[1, -2, 3], [], None, [1, None]][number % 4],
        }
        for number, text in enumerate([*HARD, None])
    ]
    archive.replace([content(SAMPLE, rows)])
    names = ", ".join(f'"{column.name}"' for column in SAMPLE.columns)
    with archive.snapshot() as snapshot:
        sql = f"SELECT {names} FROM {snapshot.physical('test.sample')} ORDER BY id"
        by_batches, by_lines = both(snapshot, get_writer(name), sql, SAMPLE.columns)
    assert _cells(name, by_lines) == _cells(name, by_batches)
    assert len(_cells(name, by_lines)) >= len(rows)


def _cells(name: str, document: bytes) -> list[list[str]]:
    """The cells of a document."""
    if name == "votable":
        table = ElementTree.fromstring(document.decode())
        return [[cell.text or "" for cell in row] for row in table.iter("{http://www.ivoa.net/xml/VOTable/v1.3}TR")]
    return list(csv.reader(io.StringIO(document.decode(), newline=""), delimiter="," if name == "csv" else "\t"))


@pytest.mark.parametrize("name", FORMATS)
def test_hard_texts_byte_for_byte(archive: PostgreSQLStore, name: str):
    rows = [(one, other) for one in [*HARD, None] for other in [*HARD, None]]
    with archive.snapshot() as snapshot:
        by_batches, by_lines = both(snapshot, get_writer(name), values(rows, "a, b"), TEXTS)
    assert by_lines == by_batches


@pytest.mark.parametrize("name", FORMATS)
def test_one_column_byte_for_byte(archive: PostgreSQLStore, name: str):
    with archive.snapshot() as snapshot:
        sql = values([(text,) for text in [*HARD, None, "", None]], "a")
        by_batches, by_lines = both(snapshot, get_writer(name), sql, TEXTS[:1])
    # A lone backslash and dot was the end of COPY's data once, so PostgreSQL quotes it.
    assert by_lines.replace(b'"\\."', b"\\.") == by_batches


WRITABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
STRUCTURAL = st.text(st.sampled_from("\\\"',\t\r\n\x7f\x01&<>nrtN.x "), max_size=8)


@given(rows=st.lists(st.tuples(st.none() | WRITABLE | STRUCTURAL, st.none() | WRITABLE | STRUCTURAL), min_size=1))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_texts_byte_for_byte(archive: PostgreSQLStore, rows: list[tuple[str | None, str | None]]):
    with archive.snapshot() as snapshot:
        for name in FORMATS:
            by_batches, by_lines = both(snapshot, get_writer(name), values(rows, "a, b"), TEXTS)
            assert by_lines == by_batches


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("maxrec", [0, 1, 7, 50_000, 99_999, 100_000, 100_001])
def test_cut_and_overflow(archive: PostgreSQLStore, name: str, maxrec: int):
    column = Column("a", "char", "*")
    sql = "SELECT 'line' || chr(10) || n AS a FROM generate_series(1, 100000) AS n"
    with archive.snapshot() as snapshot:
        by_batches, by_lines = both(snapshot, get_writer(name), sql, (column,), maxrec=maxrec)
    assert by_lines == by_batches
    if name == "votable":
        assert (b'value="OVERFLOW"' in by_lines) == (maxrec < 100_000)


def test_an_error_late_in_the_answer(archive: PostgreSQLStore):
    columns = (Column("n", "long"),)
    sql = "SELECT 1 / (90000 - n) AS n FROM generate_series(1::bigint, 100000) AS n"
    with archive.snapshot() as snapshot:
        writer = get_writer("votable")
        told = b"".join(writer.stream_text(snapshot.copy_text(sql, columns, writer.text_form), columns))
        assert told.count(b"<TR>") > 1000
        assert b'<INFO name="QUERY_STATUS" value="ERROR">The query divides by zero.' in told
        ElementTree.fromstring(told.decode())
        lines = snapshot.copy_text(sql, columns, writer.text_form)
        with pytest.raises(UsageError, match="divides by zero"):
            b"".join(writer.stream_text(lines, columns, tell_errors=False))
