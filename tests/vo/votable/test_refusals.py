"""What is no VOTable, or would hurt, is told with its place and costs nothing."""

from __future__ import annotations

import base64
import gzip
import io
import struct

import pytest

from tests.vo.votable.documents import binary, binary2, counted, document, read, tabledata
from tests.vo.votable.test_reading import field
from vo.errors import UsageError
from vo.votable import Limits, open_votable

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12))


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        read(data, limits=limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty."),
        (b"ra,dec\n1,2\n", "line 1, column 1: it is no well-formed XML (syntax error)."),
        (gzip.compress(b"<VOTABLE/>"), "it is no VOTable. It is compressed; send it as it is before gzip."),
        (b"SIMPLE  =                    T", "it is no VOTable. It is a FITS file; write the table as a VOTable."),
        (b"<html></html>", "it is no VOTable: its root element is 'html', not VOTABLE."),
        (b"<VOTABLE/>", "the document has no TABLE with FIELDs."),
        (b"<VOTABLE><RESOURCE><TABLE/></RESOURCE></VOTABLE>", "the document has no TABLE with FIELDs."),
        (b"<VOTABLE><RESOURCE>", "line 1, column 20: it is no well-formed XML (no element found)."),
        (
            b'<?xml version="1.0" encoding="klingon"?><VOTABLE/>',
            "its characters cannot be read (unknown encoding: klingon). Write it in UTF-8.",
        ),
    ],
)
def test_documents(data: bytes, message: str) -> None:
    assert refusal(data) == message


@pytest.mark.parametrize(
    "declaration",
    [
        f"<!DOCTYPE VOTABLE [{BOMB}]>",
        '<!DOCTYPE VOTABLE SYSTEM "http://us-vo.org/xml/VOTable.dtd">',
        '<!DOCTYPE VOTABLE [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_declarations(declaration: str) -> None:
    data = document(field("char", "*"), tabledata(("&e11;",))).decode()
    message = refusal(data.replace("<VOTABLE", f"{declaration}<VOTABLE", 1).encode())
    assert message == "it has a document type declaration (DOCTYPE), which is not read. Remove it; VOTable needs none."


def test_entities_that_nobody_declared() -> None:
    assert "undefined entity" in refusal(document(field("char", "*"), tabledata(("&nbsp;",))))


@pytest.mark.parametrize(
    ("fields", "data", "message"),
    [
        (field("complex"), tabledata(), "column a: there is no data type 'complex'; VOTable has boolean, bit,"),
        (field("int", "2y"), tabledata(), "column a: '2y' is no arraysize; it must be such as 3, *, 10*, 2x3 or 8x*."),
        (field("int", "*x2"), tabledata(), "column a: '*x2' is no arraysize"),
        (field("int", "0"), tabledata(), "column a: its arraysize '0' leaves no room for a value."),
        ("", tabledata(("1",)), "the table has rows but no FIELDs."),
        (field("int") * 6, tabledata(), "the table has more than the 5 columns that are allowed."),
        (field("int") + "<TABLE/>", tabledata(("1",)), "a TABLE stands within a TABLE."),
        (field("int"), "<BINARY/>", "it has no STREAM with rows."),
        (
            field("int"),
            '<BINARY><STREAM href="file:///etc/passwd" encoding="base64"/></BINARY>',
            "its rows are elsewhere, at 'file:///etc/passwd'; references are not followed. Send a document that holds",
        ),
        (
            field("int"),
            '<BINARY2><STREAM encoding="gzip">AAAA</STREAM></BINARY2>',
            "its STREAM has the encoding 'gzip'; only base64 is read.",
        ),
        (field("int"), "<BINARY><STREAM>AAAA</STREAM></BINARY>", "its STREAM has the encoding 'none'"),
        (
            field("int"),
            '<TABLEDATA><TR><TD encoding="base64">AAAA</TD></TR></TABLEDATA>',
            "row 1: a cell with the encoding 'base64' is not read.",
        ),
        (field("int"), '<FITS><STREAM encoding="base64">AAAA</STREAM></FITS>', "what stands in FITS is no FITS file."),
    ],
)
def test_tables(fields: str, data: str, message: str) -> None:
    assert refusal(document(fields, data), Limits(fields=5)).startswith(message)


@pytest.mark.parametrize(
    ("datatype", "arraysize", "cell", "message"),
    [
        ("int", "", "1.5", "'1.5' is no value of the data type int."),
        ("int", "", "1_000", "'1_000' is no value of the data type int."),
        ("int", "", "２", "'２' is no value of the data type int."),
        ("int", "", "2147483648", "'2147483648' is no value of the data type int."),
        ("unsignedByte", "", "-1", "'-1' is no value of the data type unsignedByte."),
        ("long", "", "9223372036854775808", "'9223372036854775808' is no value of the data type long."),
        ("double", "", "12 13", "'12 13' is no value of the data type double."),
        ("double", "", "1,5", "'1,5' is no value of the data type double."),
        ("boolean", "", "maybe", "'maybe' is no value of the data type boolean."),
        ("bit", "", "2", "'2' is no value of the data type bit."),
        ("double", "3", "1 2", "the array has 2 elements; it must have 3."),
        ("double", "2*", "1 2 3", "the array has 3 elements; it must have at most 2."),
        ("double", "2x4*", "1 2 3", "the array has 3 elements; it must have a multiple of 2 and at most 8."),
        ("int", "*", "1 x 3", "'x' is no value of the data type int."),
        ("char", "3", "abcd", "the text has 4 characters, and the arraysize 3 has room for 3."),
        ("char", "", "ab", "the text has 2 characters, and the arraysize 1 has room for 1."),
    ],
)
def test_cells(datatype: str, arraysize: str, cell: str, message: str) -> None:
    good = {"double": "1", "boolean": "T", "char": "x"}.get(datatype, "1")
    if arraysize[:1] in ("2", "3") and datatype == "double":
        good = "1 2 3" if arraysize == "3" else "1 2"
    data = document(field("int") + field(datatype, arraysize), tabledata(("1", good), ("2", good), ("3", cell)))
    assert refusal(data) == f"row 3, column a: {message}"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("<TR><TD>1</TD></TR>", "row 2: it has 1 cells, and the table has 2 columns."),
        ("<TR><TD>1</TD><TD>2</TD><TD>3</TD></TR>", "row 2: it has 3 cells, and the table has 2 columns."),
        ("<TR/>", "row 2: it has 0 cells, and the table has 2 columns."),
        ("<TD>1</TD>", "row 2: a TD element cannot stand here; TABLEDATA has TR elements, and TR has TD."),
        ("<TR><TD><TD>1</TD></TD></TR>", "row 2: a TD element cannot stand here;"),
        ("<TR><TR></TR></TR>", "row 2: a TR element cannot stand here;"),
        ("<TR><x/></TR>", "row 2: a x element cannot stand here;"),
        ("<TR>text</TR>", "row 2: the text 'text' stands outside of any TD element."),
    ],
)
def test_rows(rows: str, message: str) -> None:
    data = f"<TABLEDATA><TR><TD>1</TD><TD>2</TD></TR>{rows}</TABLEDATA>"
    assert refusal(document(field("int") * 2, data)).startswith(message)


@pytest.mark.parametrize(
    ("datatype", "arraysize", "packed", "message"),
    [
        ("boolean", "", b"x", "row 2, column a: b'x' is no boolean; it must be T, F or ?."),
        ("char", "*", counted(b"\xff"), "row 2, column a: the bytes b'\\xff' are no text in UTF-8."),
        ("unicodeChar", "1", b"\xd8\x00", "row 2, column a: the bytes b'\\xd8\\x00' are no text in UTF-16."),
        ("char", "3*", counted(b"abcd"), "row 2, column a: the value has 4 elements, and the arraysize 3* has no room"),
        ("int", "2x*", struct.pack(">4i", 3, 1, 2, 3), "row 2, column a: the value has 3 elements,"),
        ("int", "*", struct.pack(">i", -1), "row 2, column a: the value has -1 elements, and at most"),
        ("int", "*", struct.pack(">i", 2**31 - 1), "row 2, column a: the value has 2147483647 elements, and at most"),
        ("bit", "*", struct.pack(">i", -5), "row 2, column a: the value has -5 elements,"),
        ("int", "*", struct.pack(">2i", 2, 1), "row 2: the rows end in the middle of this one: 8 bytes are left over."),
        ("int", "", b"\0", "row 2: the rows end in the middle of this one: 1 bytes are left over."),
    ],
)
@pytest.mark.parametrize("masked", [False, True])
def test_packed_values(datatype: str, arraysize: str, packed: bytes, message: str, masked: bool) -> None:
    good = {"boolean": b"T", "unicodeChar": b"\0x", "int": struct.pack(">i", 0), "bit": bytes(4)}.get(
        datatype, bytes(4)
    )
    mask = b"\0" if masked else b""
    data = (binary2 if masked else binary)(mask + good + mask + packed)
    found = refusal(document(field(datatype, arraysize), data))
    assert found.startswith(message.replace("1 bytes", "2 bytes").replace("8 bytes", "9 bytes") if masked else message)


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ("AAAA!AAA", "its STREAM is no base64 ("),
        ("AAAAA", "its STREAM ends in the middle of its base64."),
        ("AAA=AAAA", "its STREAM is no base64 ("),
        ("ÄAAA", "its STREAM has characters that are not base64."),
    ],
)
def test_streams(stream: str, message: str) -> None:
    data = f'<BINARY><STREAM encoding="base64">{stream}</STREAM></BINARY>'
    assert refusal(document(field("short"), data)).startswith(message)


def test_base64_does_not_go_on_after_its_end() -> None:
    text = base64.b64encode(bytes(2**17)).decode()
    data = f'<BINARY><STREAM encoding="base64">{text}{text}</STREAM></BINARY>'
    assert refusal(document(field("unsignedByte"), data)).startswith("its STREAM ")


@pytest.mark.parametrize("nrows", [1, 3])
@pytest.mark.parametrize("data", [tabledata(("1",), ("2",)), binary(bytes(8))])
def test_another_number_of_rows_than_was_said(nrows: int, data: str) -> None:
    message = refusal(document(field("int"), data, table=f' nrows="{nrows}"'))
    assert message == f"the table says that it has {nrows} rows (nrows), and 2 came."


@pytest.mark.parametrize("part", range(1, 20))
def test_a_document_that_breaks_off(part: int) -> None:
    fields = field("int") + field("char", "*")
    for data in (tabledata(("1", "x")), binary(struct.pack(">i", 1) + counted(b"x"))):
        whole = document(fields, data)
        refusal(whole[: len(whole) * part // 20])


class TestLimits:
    rows = tabledata(*((str(number),) for number in range(100)))

    def test_rows(self) -> None:
        message = "the table has more than the 99 rows that are allowed."
        for data in (self.rows, binary(bytes(400))):
            assert refusal(document(field("int"), data), Limits(rows=99)) == message
            assert len(read(document(field("int"), data), limits=Limits(rows=100))) == 100

    def test_bytes(self) -> None:
        data = document(field("int"), self.rows)
        assert len(read(data, limits=Limits(size=len(data)))) == 100
        message = f"the document is larger than the {len(data) - 1:,} bytes that are allowed."
        assert refusal(data, Limits(size=len(data) - 1)) == message

    def test_cells(self) -> None:
        data = document(field("int") + field("char", "*"), tabledata(("1", "x" * 1001)))
        message = "row 1, column a: a text is longer than the 1,000 characters that are allowed."
        assert refusal(data, Limits(cell=1000)) == message
        data = document(field("char", "1001"), binary(bytes(1001)))
        message = "column a: each value has 1,001 bytes; at most 1,000 are allowed."
        assert refusal(data, Limits(cell=1000)) == message

    def test_depth(self) -> None:
        data = b"<VOTABLE>" + b"<RESOURCE>" * 100_000
        assert refusal(data) == "line 1: elements are nested deeper than 64 levels."

    @pytest.mark.parametrize(
        "long",
        [
            '<INFO name="{}"/>',
            "<!--{}-->",
            "<?pi {}?>",
            "<INFO {}/>",
        ],
    )
    def test_a_tag_without_end(self, long: str) -> None:
        data = document(field("int"), self.rows, before=long.format("x" * 10_000_000))
        assert refusal(data) == "line 2: a tag or comment is longer than 1,048,576 bytes."

    def test_the_rest_is_not_read(self) -> None:
        class Endless(io.RawIOBase):
            given = 0

            def read(self, size: int = -1) -> bytes:
                start = (
                    b""
                    if self.given
                    else b'<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><DATA><TABLEDATA>'
                )
                self.given += size
                return start + b"<TR><TD>1</TD></TR>" * (size // 20)

        source = Endless()
        with pytest.raises(UsageError, match="more than the 1,000 rows"):
            list(open_votable(source, limits=Limits(rows=1000)))
        assert source.given < 2**21
