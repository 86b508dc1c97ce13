"""Which formats can be asked for, by what names, and what comes back as media type."""

from __future__ import annotations

from pathlib import Path

import pytest

from obstap.writers import WRITERS, get_writer
from obstap.writers.cells import FEW
from tests.obstap.writers.samples import COLUMNS, ROWS, batches
from vo.errors import ParameterError

VOTABLE = "application/x-votable+xml"


@pytest.mark.parametrize(
    ("asked", "writer", "media_type"),
    [
        ("", "TableData", VOTABLE),
        ("votable", "TableData", VOTABLE),
        ("VOTable", "TableData", VOTABLE),
        ("votable/td", "TableData", VOTABLE),
        (VOTABLE, "TableData", VOTABLE),
        ("text/xml", "TableData", "text/xml"),
        ("Application/XML", "TableData", "application/xml"),
        (f"{VOTABLE};serialization=TABLEDATA", "TableData", f"{VOTABLE};serialization=TABLEDATA"),
        (f'{VOTABLE}; serialization="tabledata"', "TableData", f"{VOTABLE};serialization=TABLEDATA"),
        ("votable/b2", "Binary2", f"{VOTABLE};serialization=BINARY2"),
        (f"{VOTABLE};serialization=BINARY2", "Binary2", f"{VOTABLE};serialization=BINARY2"),
        ("votable/b", "Binary", f"{VOTABLE};serialization=BINARY"),
        (f"{VOTABLE.upper()} ; Serialization = binary", "Binary", f"{VOTABLE};serialization=BINARY"),
        ("csv", "Csv", "text/csv;header=present"),
        ("text/csv", "Csv", "text/csv"),
        ("text/csv; header=present;", "Csv", "text/csv;header=present"),
        ("text/csv; charset=UTF-8; header=present", "Csv", "text/csv;header=present;charset=utf-8"),
        ('text/csv; header=present; charset="utf-8"', "Csv", "text/csv;header=present;charset=utf-8"),
        ("tsv", "Tsv", "text/tab-separated-values"),
        ("text/tab-separated-values", "Tsv", "text/tab-separated-values"),
        ("FITS", "Fits", "application/fits"),
        ("application/fits", "Fits", "application/fits"),
        ("parquet", "Parquet", "application/vnd.apache.parquet"),
        ("application/vnd.apache.parquet", "Parquet", "application/vnd.apache.parquet"),
        ("arrow", "ArrowStream", "application/vnd.apache.arrow.stream"),
        ("application/vnd.apache.arrow.stream", "ArrowStream", "application/vnd.apache.arrow.stream"),
        ("json", "Json", "application/json"),
        ("application/json", "Json", "application/json"),
        ("html", "WebPage", "text/html;charset=utf-8"),
        ("text/html", "WebPage", "text/html"),
        ("text", "PlainText", "text/plain;charset=utf-8"),
        ("text/plain", "PlainText", "text/plain"),
    ],
)
def test_formats(asked, writer, media_type):
    found = get_writer(asked)
    assert (type(found).__name__, found.media_type) == (writer, media_type)


@pytest.mark.parametrize(
    "asked",
    [
        "pdf",
        "application/x-votable+xml;serialization=FITS",
        "text/csv;header=absent",
        "text/plain;charset=latin-1",
        "text/*",
        ";",
        "x\r\nSet-Cookie: a",
        "text/html\r\nSet-Cookie: a",
    ],
)
def test_other_formats_are_refused_with_a_list_of_those_that_are_offered(asked):
    with pytest.raises(ParameterError) as caught:
        get_writer(asked)
    message = str(caught.value)
    assert message.startswith(f"RESPONSEFORMAT: {asked!r} is not offered; use one of votable, {VOTABLE}, ")
    assert all(media_type in message for writer in WRITERS for media_type in writer.media_types)


def test_no_two_formats_share_a_name():
    names = [name.lower() for writer in WRITERS for name in (*writer.aliases, *writer.media_types)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("writer", WRITERS)
def test_each_name_is_documented(writer):
    page = (Path(__file__).resolve().parents[3] / "docs/reference/formats.md").read_text()
    assert [name for name in (*writer.aliases, *writer.media_types) if f"`{name}`" not in page] == []


@pytest.mark.parametrize("fmt", ["votable", "csv", "tsv"])
def test_many_rows_are_written_as_few_are(fmt):
    rows = ROWS * FEW
    many, few = (b"".join(get_writer(fmt).stream(batches(rows, size=size), COLUMNS)) for size in (len(rows), 99))
    assert many == few
