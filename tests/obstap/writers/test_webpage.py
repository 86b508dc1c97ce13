"""HTML: a page in full, links, and nothing that a value could smuggle in."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from obstap.metadata import Column
from obstap.writers import Info, get_writer
from vo.errors import TimeLimitError

URL = "https://archive.example/files/a?x=1&y=<2>"


def written(batches, columns, **options: object) -> str:
    return b"".join(get_writer("html").stream(batches, columns, **options)).decode()


def texts(*values: str | None) -> list[pa.RecordBatch]:
    return [pa.record_batch([pa.array(values, pa.string())], names=["t"])]


def test_the_table_in_full():
    columns = [Column("obs_id", "char", "*", description='An <"id">'), Column("ra", "double", unit="deg")]
    batch = pa.record_batch([pa.array(["<b>", None]), pa.array([1.5, None])], names=["obs_id", "ra"])
    document = written([batch], columns, infos=[Info("QUERY", "SELECT <1>")])
    assert document.startswith('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n')
    assert "td:nth-child(2) { text-align: right; }" in document
    assert document.partition("<h1>")[2] == (
        "Result</h1>\n"
        "<details><summary>About this answer</summary>\n<dl>\n"
        "<dt>QUERY</dt><dd><pre>SELECT &lt;1&gt;</pre></dd>\n"
        "</dl>\n</details>\n"
        "<table>\n<caption>Rows of the answer</caption>\n<thead>\n"
        '<tr><th scope="col" title="An &lt;&quot;id&quot;&gt;">obs_id</th>'
        '<th scope="col">ra<small>deg</small></th></tr>\n'
        "</thead>\n<tbody>\n"
        "<tr><td>&lt;b&gt;</td><td>1.5</td></tr>\n<tr><td></td><td></td></tr>\n"
        "</tbody>\n</table>\n<p>2 rows.</p>\n</body>\n</html>\n"
    )


@pytest.mark.parametrize("column", [Column("access_url", "char", "*"), Column("x", "char", "*", ucd="meta.ref.url")])
def test_addresses_are_links(column):
    page = html.fromstring(written(texts(URL, "http://x.example/", None), [column]))
    assert [(link.get("href"), link.text) for link in page.iter("a")] == [(URL, URL), ("http://x.example/",) * 2]


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "ftp://x.example/",
        'http://x.example/" onclick="alert(1)',
        "http://x.example/' onclick='alert(1)",
        "http://x.example/ onclick",
        " http://x.example/",
        "x\nhttp://x.example/",
        "http://x.example/\nx",
        "files/relative",
        "",
    ],
)
def test_anything_else_is_text(value):
    page = html.fromstring(written(texts(value), [Column("access_url", "char", "*", ucd="meta.ref.url")]))
    assert list(page.iter("a")) == []
    assert page.find(".//td").text_content() == value


def test_addresses_in_other_columns_are_text():
    assert "<a " not in written(texts(URL), [Column("note", "char", "*", ucd="meta.note")])


def test_the_end_tells_a_cut_and_an_error():
    def failing():
        yield from texts("a")
        raise TimeLimitError("<too> long.")

    column = [Column("t", "char", "*")]
    assert '</table>\n<p role="status">OVERFLOW: 1 row; there are more than are shown.</p>\n</body>' in written(
        texts("a", "b"), column, maxrec=1
    )
    assert '<p role="alert">ERROR: &lt;too&gt; long. The rows above are not all.</p>' in written(failing(), column)


def test_no_rows():
    assert "<tbody>\n</tbody>\n</table>\n<p>0 rows.</p>\n" in written([], [Column("n", "int")])


def test_nothing_is_loaded_and_nothing_runs():
    page = html.fromstring(written(texts("x"), [Column("t", "char", "*")], infos=[Info("a", "b")]))
    assert {element.tag for element in page.iter()} & {"script", "link", "img", "iframe", "object"} == set()
    assert page.xpath("//@style | //@onclick | //@src") == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), st.text(), st.text())
def test_any_text_stays_text(values, name, description):
    document = written(texts(*values), [Column(name, "char", "*", description=description, unit=name)])
    page = etree.fromstring(document.replace("<!DOCTYPE html>\n", "").encode())
    assert [cell.tag for row in page.find(".//tbody") for cell in row] == ["td"] * len(values)
    assert [len(cell) for cell in page.iter("td")] == [0] * len(values)
    assert [len(cell) for cell in page.iter("th")] == [1 if name else 0]
