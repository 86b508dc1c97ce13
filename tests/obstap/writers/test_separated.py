"""CSV and TSV: in full, and as Python's csv module reads them."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obstap.metadata import Column
from obstap.writers import get_writer
from tests.obstap.writers.samples import COLUMNS, batches
from vo.errors import TimeLimitError

CSV = (
    "name,note,flag,small,count,big,rate,ra,seen,position,cone,outline,numbers,code,end of line\r\n"
    '"a ""quoted"", <b>bold</b> & back\\slashed",naïve 日本 𝄞,T,-32768,2147483647,-9223372036854775808,0.1,0.1,'
    "2020-02-29T12:34:56.789,83.633 22.0145,10 -20 0.5,0 0 1 0 1 1,1 -2,abcd,x\r\n"
    ",,,,,,,,,,,,,,\r\n"
    '"two\nlines\tand\r\na return","",F,0,0,0,-Inf,NaN,1999-12-31T23:59:59,NaN 1e-300,0 +Inf -Inf,,,ab,]]>\r\n'
)

TSV = (
    "name\tnote\tflag\tsmall\tcount\tbig\trate\tra\tseen\tposition\tcone\toutline\tnumbers\tcode\tend of line\n"
    'a "quoted", <b>bold</b> & back\\slashed\tnaïve 日本 𝄞\tT\t-32768\t2147483647\t-9223372036854775808\t0.1\t0.1\t'
    "2020-02-29T12:34:56.789\t83.633 22.0145\t10 -20 0.5\t0 0 1 0 1 1\t1 -2\tabcd\tx\n"
    "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n"
    "two lines and a return\t\tF\t0\t0\t0\t-Inf\tNaN\t1999-12-31T23:59:59\tNaN 1e-300\t0 +Inf -Inf\t\t\tab\t]]>\n"
)


def written(fmt: str, batches, columns, **options: object) -> str:
    return b"".join(get_writer(fmt).stream(batches, columns, **options)).decode()


def text_column(values: list[str | None]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(values, pa.string())], names=["text"])


@pytest.mark.parametrize(("fmt", "expected"), [("csv", CSV), ("tsv", TSV)])
@pytest.mark.parametrize("size", [1, 10])
def test_in_full(fmt, expected, size):
    assert written(fmt, batches(size=size), COLUMNS) == expected


@pytest.mark.parametrize("fmt", ["csv", "tsv"])
def test_no_rows(fmt):
    assert written(fmt, [], COLUMNS[:1]).strip() == "name"


@pytest.mark.parametrize("fmt", ["csv", "tsv"])
def test_rows_are_cut(fmt):
    assert len(written(fmt, batches(), COLUMNS[:15], maxrec=1).splitlines()) == 2


def test_names_are_quoted_where_they_must_be():
    columns = [Column('a"b', "int"), Column("c,d", "int"), Column("e", "int")]
    assert written("csv", [], columns) == '"a""b","c,d",e\r\n'


def test_a_missing_value_alone_on_its_line_is_not_an_empty_line():
    document = written("csv", [text_column([None, "", "x"])], [Column("text", "char", "*")])
    assert document == 'text\r\n""\r\n""\r\nx\r\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_any_text_is_read_back_from_csv(texts):
    batch = pa.record_batch([pa.array(texts, pa.string()), pa.array(range(len(texts)))], names=["text", "n"])
    document = written("csv", [batch], [Column("text", "char", "*"), Column("n", "long")])
    rows = list(csv.reader(io.StringIO(document, newline="")))
    assert rows == [["text", "n"], *([text, str(number)] for number, text in enumerate(texts))]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_any_text_keeps_to_its_field_in_tsv(texts):
    batch = pa.record_batch([pa.array(texts, pa.string()), pa.array(range(len(texts)))], names=["text", "n"])
    document = written("tsv", [batch], [Column("text", "char", "*"), Column("n", "long")])
    lines = document.removesuffix("\n").split("\n")
    assert [line.split("\t")[1] for line in lines] == ["n", *map(str, range(len(texts)))]


@pytest.mark.parametrize("fmt", ["csv", "tsv"])
def test_a_late_error_is_raised_as_the_format_cannot_tell_it(fmt):
    def failing():
        yield batches(size=1)[0]
        raise TimeLimitError("too long")

    with pytest.raises(TimeLimitError):
        written(fmt, failing(), COLUMNS)
