"""VOTable documents: in full, and as astropy reads them."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from astropy.io.votable import parse
from astropy.io.votable.exceptions import W55
from astropy.io.votable.tree import TableElement
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from obstap.metadata import Column
from obstap.writers import Info, get_writer
from obstap.writers.votable import error_document
from tests.obstap.writers.samples import COLUMNS, INF, NAN, ROWS, batches
from vo.errors import AthanorError, TimeLimitError

FORMATS = ("votable/td", "votable/b2", "votable/b")

SHORT_COLUMNS = (
    Column("obs_id", "char", "*", ucd="meta.id", description="Identifier"),
    Column("s_ra", "double", unit="deg"),
    Column("calib level", "int"),
)
SHORT = pa.record_batch(
    [pa.array(["<1>", None]), pa.array([83.5, NAN]), pa.array([2, None], pa.int32())],
    names=["obs_id", "s_ra", "calib level"],
)

HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<INFO name="QUERY_STATUS" value="OK"/>
<INFO name="QUERY" value="SELECT &quot;a&quot; FROM t&#10;WHERE x &lt; 1"/>
<INFO name="note" value="v">a &amp; b</INFO>
<TABLE name="result">
<FIELD ID="obs_id" name="obs_id" datatype="char" arraysize="*" ucd="meta.id"><DESCRIPTION>Identifier</DESCRIPTION></FIELD>
<FIELD ID="s_ra" name="s_ra" datatype="double" unit="deg"/>
<FIELD ID="calib_level" name="calib level" datatype="int"/>
"""  # noqa: E501
INFOS = (Info("QUERY", 'SELECT "a" FROM t\nWHERE x < 1'), Info("note", "v", "a & b"))


def written(
    fmt: str,
    batches: Sequence[pa.RecordBatch] | Iterator[pa.RecordBatch],
    columns: Sequence[Column],
    **options: object,
) -> bytes:
    return b"".join(get_writer(fmt).stream(batches, columns, **options))


def read(document: bytes) -> TableElement:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", W55)  # the house's choice: non-ASCII text in char fields of TABLEDATA
        return parse(io.BytesIO(document), verify="exception").get_first_table()


def values(table: TableElement, name: str) -> list[object]:
    """A column as astropy reads it, None where a value is missing."""
    return [None if np.ma.is_masked(value) and np.all(value.mask) else value for value in table.array[name]]


def test_tabledata_in_full():
    expected = (
        HEADER
        + """<DATA>
<TABLEDATA>
<TR><TD>&lt;1&gt;</TD><TD>83.5</TD><TD>2</TD></TR>
<TR><TD></TD><TD>NaN</TD><TD></TD></TR>
</TABLEDATA>
</DATA>
</TABLE>
</RESOURCE>
</VOTABLE>
"""
    )
    assert written("votable", [SHORT], SHORT_COLUMNS, infos=INFOS).decode() == expected


def test_binary2_in_full():
    # 00 | 00000003 "<1>" | 4054e00000000000 | 00000002  and  a0 | 00000000 | 7ff8000000000000 | 00000000
    expected = (
        HEADER
        + """<DATA>
<BINARY2>
<STREAM encoding="base64">
AAAAAAM8MT5AVOAAAAAAAAAAAAKgAAAAAH/4AAAAAAAAAAAA
AA==
</STREAM>
</BINARY2>
</DATA>
</TABLE>
</RESOURCE>
</VOTABLE>
"""
    )
    assert written("votable/b2", [SHORT], SHORT_COLUMNS, infos=INFOS).decode() == expected


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("size", [1, 2, 10])
def test_astropy_reads_what_was_written(fmt, size):
    table = read(written(fmt, batches(size=size), COLUMNS))
    assert [field.name for field in table.fields] == [column.name for column in COLUMNS]
    for name in ("flag", "small", "count", "big", "rate", "ra"):
        number = [column.name for column in COLUMNS].index(name)
        kind = table.array[name].dtype.type
        for read_value, row in zip(values(table, name), ROWS, strict=True):
            if row[number] is None or row[number] != row[number]:
                assert read_value is None  # astropy masks NaN too
            else:
                assert read_value == kind(row[number])
    assert list(table.array["note"]) == ["naïve 日本 𝄞", "", ""]
    assert list(table.array["seen"]) == ["2020-02-29T12:34:56.789", "", "1999-12-31T23:59:59"]
    assert list(table.array["code"]) == ["abcd", "", "ab"]
    assert list(table.array["end of line"]) == ["x", "", "]]>"]
    assert table.array["position"][0].tolist() == [83.633, 22.0145]
    assert np.all(table.array["position"].mask[1])
    assert np.ma.getdata(table.array["cone"][2]).tolist() == [0.0, INF, -INF]
    assert [list(value) for value in table.array["outline"]] == [[0, 0, 1, 0, 1, 1], [], []]
    assert [list(value) for value in table.array["numbers"]] == [[1, -2], [], []]


def test_binary_in_full():
    # 00000003 "<1>" | 4054e00000000000 | 00000002  and  00000000 | 7ff8000000000000 | 80000002
    fields = HEADER.replace(
        '<FIELD ID="calib_level" name="calib level" datatype="int"/>',
        '<FIELD ID="calib_level" name="calib level" datatype="int"><VALUES null="-2147483646"/></FIELD>',
    )
    expected = (
        fields
        + """<DATA>
<BINARY>
<STREAM encoding="base64">
AAAAAzwxPkBU4AAAAAAAAAAAAgAAAAB/+AAAAAAAAIAA
AAI=
</STREAM>
</BINARY>
</DATA>
</TABLE>
</RESOURCE>
</VOTABLE>
"""
    )
    assert written("votable/b", [SHORT], SHORT_COLUMNS, infos=INFOS).decode() == expected


@pytest.mark.parametrize(("datatype", "null"), [("short", -32766), ("int", -2147483646), ("long", -(2**63) + 2)])
@pytest.mark.parametrize("arraysize", ["", "1*", "1"])
def test_the_number_for_missing_ones_is_refused_as_a_value_in_binary(datatype, arraysize, null):
    kind = {"short": pa.int16(), "int": pa.int32(), "long": pa.int64()}[datatype]
    batch = pa.record_batch([pa.array([[null]], pa.list_(kind)) if arraysize else pa.array([null], kind)], names=["n"])
    columns = [Column("n", datatype, arraysize)]
    with pytest.raises(AthanorError, match=f"Column n has the value {null}, which stands for missing ones"):
        written("votable/b", [batch], columns, tell_errors=False)
    assert b'value="ERROR">Column n has the value' in written("votable/b", [batch], columns)
    assert b"ERROR" not in written("votable/b2", [batch], columns)


def test_missing_elements_have_their_number_in_binary():
    batch = pa.record_batch(
        [pa.array([[1, None], None], pa.list_(pa.int32())), pa.array([True, None])], names=["n", "b"]
    )
    table = read(written("votable/b", [batch], [Column("n", "int", "*"), Column("b", "boolean")]))
    assert [list(value) for value in table.array["n"]] == [[1, np.ma.masked], []]
    assert values(table, "b") == [True, None]


def test_missing_and_nan_are_told_apart_in_tabledata():
    document = written("votable", batches(), COLUMNS).decode()
    assert "<TD>-Inf</TD><TD>NaN</TD>" in document
    assert f"<TR>{'<TD></TD>' * len(COLUMNS)}</TR>" in document


def test_missing_and_nan_are_told_apart_in_binary2():
    column = Column("x", "double")
    batch = pa.record_batch([pa.array([NAN, None])], names=["x"])
    document = written("votable/b2", [batch], [column]).decode()
    assert "AH/4AAAAAAAAgH/4AAAAAAAA" in document  # 00 NaN, 80 NaN: only the mask differs


@pytest.mark.parametrize("fmt", FORMATS)
def test_text_comes_back_exactly(fmt):
    table = read(written(fmt, batches(), COLUMNS))
    assert list(table.array["name"]) == [ROWS[0][0], "", ROWS[2][0]]


def test_non_ascii_in_char_is_itself_in_tabledata_and_escaped_in_binary():
    column = Column("target", "char", "*")
    batch = pa.record_batch([pa.array(["η Carinæ", None, "Vela"])], names=["target"])
    assert list(read(written("votable/td", [batch], [column])).array["target"]) == ["η Carinæ", "", "Vela"]
    for fmt in ("votable/b2", "votable/b"):
        assert list(read(written(fmt, [batch], [column])).array["target"]) == ["&#951; Carin&#230;", "", "Vela"]


def test_characters_that_xml_cannot_carry_are_replaced():
    column = Column("target", "unicodeChar", "*")
    batch = pa.record_batch([pa.array(["a\x00b\x1f\ufffec\x7f"])], names=["target"])
    document = written("votable/td", [batch], [column], infos=[Info("QUERY", "x\x01\ud800")])
    assert list(read(document).array["target"]) == ["a\ufffdb\ufffd\ufffdc\x7f"]
    assert 'value="x\ufffd\ufffd"' in document.decode()


@given(st.lists(st.one_of(st.none(), st.text()), min_size=1, max_size=20))
def test_any_text_is_read_back_by_xml_and_binary(texts):
    column = Column("text", "unicodeChar", "*")
    batch = pa.record_batch([pa.array(texts, pa.string())], names=["text"])
    legal = [_legal(text or "") for text in texts]
    cells = etree.fromstring(written("votable/td", [batch], [column])).iter("{*}TD")
    assert [cell.text or "" for cell in cells] == legal  # astropy strips blanks
    for fmt in ("votable/b2", "votable/b"):
        assert list(read(written(fmt, [batch], [column])).array["text"]) == [text or "" for text in texts]


def _legal(text: str) -> str:
    return "".join("\ufffd" if (ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in text)


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**63) + 3, 2**63 - 1)),
            st.one_of(st.none(), st.floats(allow_nan=False)),
            st.one_of(st.none(), st.floats(allow_nan=False, width=32)),
        ),
        min_size=1,
        max_size=20,
    )
)
@pytest.mark.parametrize("fmt", FORMATS)
def test_any_number_is_read_back(fmt, rows):
    columns = [Column("i", "long"), Column("d", "double"), Column("f", "float")]
    kinds = [pa.int64(), pa.float64(), pa.float32()]
    arrays = [pa.array([row[number] for row in rows], kind) for number, kind in enumerate(kinds)]
    table = read(written(fmt, [pa.record_batch(arrays, names=["i", "d", "f"])], columns))
    for number, name in enumerate("idf"):
        assert values(table, name) == [row[number] for row in rows]


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(("maxrec", "rows", "status"), [(0, 0, "OVERFLOW"), (2, 2, "OVERFLOW"), (3, 3, None)])
def test_rows_are_cut_and_overflow_is_told_after_the_table(fmt, maxrec, rows, status):
    document = written(fmt, batches(size=2), COLUMNS, maxrec=maxrec)
    assert len(read(document).array) == rows
    last = document.decode().partition("</TABLE>\n")[2]
    expected = f'<INFO name="QUERY_STATUS" value="{status}"/>\n' if status else ""
    assert last == f"{expected}</RESOURCE>\n</VOTABLE>\n"


@pytest.mark.parametrize("fmt", FORMATS)
def test_no_rows(fmt):
    table = read(written(fmt, [], COLUMNS))
    assert len(table.array) == 0
    assert len(table.fields) == len(COLUMNS)


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_late_error_is_told_after_the_rows_that_came(fmt):
    def failing() -> Iterator[pa.RecordBatch]:
        yield batches(size=1)[0]
        raise TimeLimitError("The query took longer than 60 s <and was stopped>.")

    document = written(fmt, failing(), COLUMNS)
    assert len(read(document).array) == 1
    assert document.decode().endswith(
        "</TABLE>\n"
        '<INFO name="QUERY_STATUS" value="ERROR">'
        "The query took longer than 60 s &lt;and was stopped&gt;.</INFO>\n"
        "</RESOURCE>\n</VOTABLE>\n"
    )


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_late_error_can_be_raised_instead(fmt):
    def failing() -> Iterator[pa.RecordBatch]:
        yield batches(size=1)[0]
        raise TimeLimitError("too long")

    with pytest.raises(TimeLimitError):
        written(fmt, failing(), COLUMNS, tell_errors=False)


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_value_that_does_not_fit_its_type_is_named(fmt):
    batch = pa.record_batch([pa.array([2**40])], names=["n"])
    with pytest.raises(AthanorError, match="column n does not fit its type int"):
        written(fmt, [batch], [Column("n", "int")], tell_errors=False)


def test_an_array_of_the_wrong_size_is_named():
    batch = pa.record_batch([pa.array([[1.0, 2.0, 3.0]])], names=["p"])
    for fmt in ("votable/b2", "votable/b", "fits"):
        with pytest.raises(AthanorError, match="column p has not the 2 elements"):
            written(fmt, [batch], [Column("p", "double", "2")], tell_errors=False)


@pytest.mark.parametrize("fmt", FORMATS)
def test_slices_of_batches_are_written_alone(fmt):
    whole = batches(size=3)[0]
    assert len(read(written(fmt, [whole.slice(2, 1)], COLUMNS)).array) == 1
    expected = read(written(fmt, batches(ROWS[2:]), COLUMNS)).array
    assert read(written(fmt, [whole.slice(2, 1)], COLUMNS)).array["name"][0] == expected["name"][0]
    assert list(read(written(fmt, [whole.slice(0, 1)], COLUMNS)).array["outline"][0]) == ROWS[0][11]


def test_wide_batches_are_written_in_pieces(monkeypatch):
    monkeypatch.setattr("obstap.writers.base.PIECE_BYTES", 100)
    document = get_writer("votable").stream(batches(size=3), COLUMNS)
    assert sum(b"<TR>" in chunk for chunk in document) > 1


def test_fifty_columns_make_a_mask_of_seven_bytes():
    columns = [Column(f"c{number}", "boolean") for number in range(50)]
    arrays = [pa.array([number % 3 == 0 or None, number % 2 == 0]) for number in range(50)]
    table = read(written("votable/b2", [pa.record_batch(arrays, names=[c.name for c in columns])], columns))
    assert [values(table, column.name) for column in columns] == [
        [number % 3 == 0 or None, number % 2 == 0] for number in range(50)
    ]


def test_error_document():
    assert error_document('LANG: "SQL" & <more>').decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        '<RESOURCE type="results">\n'
        '<INFO name="QUERY_STATUS" value="ERROR">LANG: "SQL" &amp; &lt;more&gt;</INFO>\n'
        "</RESOURCE>\n"
        "</VOTABLE>\n"
    )


def test_each_field_has_an_id_of_its_own():
    columns = [Column(name, "int") for name in ("1st", "a b", "a-b", "a_b", "a b ", "a_b_2")]
    document = b"".join(get_writer("").stream([], columns)).decode()
    assert re.findall(r'<FIELD ID="([^"]*)"', document) == ["_1st", "a_b", "a-b", "a_b_2", "a_b_", "a_b_2_2"]


@pytest.mark.parametrize("fmt", FORMATS)
def test_documents_are_valid_against_the_schema(fmt, validate):
    validate(written(fmt, batches(), COLUMNS, infos=INFOS, maxrec=1))


def test_the_error_document_is_valid_against_the_schema(validate):
    validate(error_document("wrong"))


@pytest.mark.parametrize("fmt", ["votable/b", "votable/b2"])
def test_text_of_fixed_size_is_cut_between_characters(fmt):
    column = Column("t", "unicodeChar", "3")
    batch = pa.record_batch([pa.array(["é", None, "日本語版", "ab𝄞", "𝄞c"])], names=["t"])
    assert list(read(written(fmt, [batch.slice(1, 4)], [column])).array["t"]) == ["", "日本語", "ab", "𝄞c"]
    assert list(read(written(fmt, [batch], [replace(column, arraysize="4")])).array["t"]) == [
        "é",
        "",
        "日本語版",
        "ab𝄞",
        "𝄞c",
    ]
