"""Every serialisation, data type and kind of missing value."""

from __future__ import annotations

import base64
import io
import math
import struct

import numpy as np
import pytest

from tests.vo.votable.documents import binary, binary2, counted, document, read, tabledata
from vo.votable import Field, open_votable


def field(datatype: str, arraysize: str = "", inner: str = "") -> str:
    size = f' arraysize="{arraysize}"' if arraysize else ""
    return f'<FIELD name="a" datatype="{datatype}"{size}>{inner}</FIELD>'


@pytest.mark.parametrize(
    ("datatype", "arraysize", "cell", "value"),
    [
        ("boolean", "", "T", True),
        ("boolean", "", " true ", True),
        ("boolean", "", "0", False),
        ("boolean", "", "?", None),
        ("boolean", "*", "T F ? 1", [True, False, None, True]),
        ("bit", "", "1", True),
        ("bit", "5", "10011", [True, False, False, True, True]),
        ("bit", "*", "1 0 1", [True, False, True]),
        ("unsignedByte", "", "255", 255),
        ("short", "", "-32768", -32768),
        ("int", "", " +7 ", 7),
        ("int", "", "0x1F", 31),
        ("long", "", "-9223372036854775808", -(2**63)),
        ("float", "", "0.1", struct.unpack(">f", struct.pack(">f", 0.1))[0]),
        ("double", "", "1e-300", 1e-300),
        ("double", "", "+Inf", math.inf),
        ("double", "", "-Inf", -math.inf),
        ("double", "3", "1 2.5\n3", [1.0, 2.5, 3.0]),
        ("double", "*", "", None),
        ("double", "2x2", "1 2 3 4", [1.0, 2.0, 3.0, 4.0]),
        ("int", "2x*", "1 2 3 4", [1, 2, 3, 4]),
        ("int", "4*", "1 2", [1, 2]),
        ("floatComplex", "", "1 -2", [1.0, -2.0]),
        ("doubleComplex", "*", "1 2 3 4", [1.0, 2.0, 3.0, 4.0]),
        ("char", "", "x", "x"),
        ("char", "*", "  a &lt;b&gt; &amp; ü ", "  a <b> & ü "),
        ("char", "*", "<![CDATA[<&>]]>", "<&>"),
        ("char", "8*", "text", "text"),
        ("char", "2x3", "abcdef", "abcdef"),
        ("unicodeChar", "*", "\U0001f31f α", "\U0001f31f α"),
        ("double", "", "", None),
        ("int", "", " ", None),
        ("char", "*", "", None),
    ],
)
def test_cells(datatype: str, arraysize: str, cell: str, value: object) -> None:
    assert read(document(field(datatype, arraysize), tabledata((cell,)))) == [(value,)]


def test_not_a_number_is_a_value() -> None:
    ((value,),) = read(document(field("double"), tabledata(("NaN",))))
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("datatype", "arraysize", "packed", "value"),
    [
        ("boolean", "", b"T", True),
        ("boolean", "", b"0", False),
        ("boolean", "", b"?", None),
        ("boolean", "3", b"1f ", [True, False, None]),
        ("bit", "", b"\x80", True),
        ("bit", "", b"\x08", True),
        ("bit", "", b"\x00", False),
        ("bit", "10", b"\xa0\x40", [True, False, True, False, False, False, False, False, False, True]),
        ("bit", "*", struct.pack(">i", 3) + b"\xa0", [True, False, True]),
        ("unsignedByte", "", b"\xff", 255),
        ("short", "", struct.pack(">h", -2), -2),
        ("int", "", struct.pack(">i", -(2**31)), -(2**31)),
        ("long", "", struct.pack(">q", 2**62), 2**62),
        ("float", "", struct.pack(">f", 1.5), 1.5),
        ("double", "", struct.pack(">d", 0.1), 0.1),
        ("double", "2", struct.pack(">2d", 1, 2), [1.0, 2.0]),
        ("int", "*", struct.pack(">3i", 2, 5, 6), [5, 6]),
        ("int", "2x*", struct.pack(">3i", 2, 5, 6), [5, 6]),
        ("floatComplex", "", struct.pack(">2f", 1, -2), [1.0, -2.0]),
        ("char", "", b"x", "x"),
        ("char", "4", b"ab\0\0", "ab"),
        ("char", "4", b"ab\0z", "ab"),
        ("char", "*", counted("für".encode()), "für"),
        ("char", "2x2", b"a\0b\0", "a b"),
        ("unicodeChar", "3", "αβ\0".encode("utf-16-be"), "αβ"),
        ("unicodeChar", "*", counted("α\U0001f31f".encode("utf-16-be"), 2), "α\U0001f31f"),
    ],
)
@pytest.mark.parametrize("masked", [False, True])
def test_packed_values(datatype: str, arraysize: str, packed: bytes, value: object, masked: bool) -> None:
    data = binary2(b"\x00" + packed) if masked else binary(packed)
    assert read(document(field(datatype, arraysize), data)) == [(value,)]


@pytest.mark.parametrize(
    ("datatype", "arraysize", "packed"),
    [
        ("double", "", struct.pack(">d", math.nan)),
        ("double", "2", struct.pack(">2d", math.nan, math.nan)),
        ("char", "*", counted(b"")),
        ("char", "3", b"\0\0\0"),
        ("int", "*", counted(b"", 4)),
    ],
)
def test_what_is_missing_without_a_mask(datatype: str, arraysize: str, packed: bytes) -> None:
    assert read(document(field(datatype, arraysize), binary(packed))) == [(None,)]


def test_a_mask_tells_the_missing_from_the_empty() -> None:
    fields = field("double") + field("char", "*") + field("long")
    rows = b"".join(
        (
            b"\x00" + struct.pack(">d", math.nan) + counted(b"") + struct.pack(">q", 0),
            b"\xe0" + struct.pack(">d", 1) + counted(b"x") + struct.pack(">q", 7),
        )
    )
    first, second = read(document(fields, binary2(rows)))
    assert math.isnan(first[0])
    assert first[1:] == ("", 0)
    assert second == (None, None, None)


@pytest.mark.parametrize(
    ("datatype", "null", "cells", "values"),
    [
        ("int", "-99", ("1", "-99", ""), (1, None, None)),
        ("short", "0x0A", ("10", "9"), (None, 9)),
        ("double", "-1", ("-1", "2"), (None, 2.0)),
        ("char", "none", ("none", "some"), (None, "some")),
        ("int", "n/a", ("5",), (5,)),
    ],
)
def test_the_null_of_a_field(datatype: str, null: str, cells: tuple[str, ...], values: tuple[object, ...]) -> None:
    fields = field(datatype, "*" if datatype == "char" else "", f'<VALUES null="{null}"/>')
    assert read(document(fields, tabledata(*((cell,) for cell in cells)))) == [(value,) for value in values]


@pytest.mark.parametrize("serialised", [binary, binary2])
def test_the_null_of_a_field_in_binary(serialised) -> None:
    mask = b"\x00" if serialised is binary2 else b""
    data = b"".join(mask + struct.pack(">i", number) for number in (1, -99))
    assert read(document(field("int", inner='<VALUES null="-99"/>'), serialised(data))) == [(1,), (None,)]


def test_rows_of_many_columns_of_both_kinds() -> None:
    fields = field("int") + field("char", "*") + field("double", "2") + field("short", "*") + field("boolean")
    row = (
        struct.pack(">i", 1) + counted(b"one") + struct.pack(">2d", 1, 2) + counted(struct.pack(">2h", 3, 4), 2) + b"T"
    )
    assert read(document(fields, binary(row * 3))) == [(1, "one", [1.0, 2.0], [3, 4], True)] * 3


def test_many_rows_come_in_blocks() -> None:
    count = 40_000
    cells = [(str(number), f"n{number}") for number in range(count)]
    packed = b"".join(struct.pack(">i", number) + counted(b"n%d" % number) for number in range(count))
    expected = [(number, f"n{number}") for number in range(count)]
    fields = field("int") + field("char", "*")
    assert read(document(fields, tabledata(*cells), table=f' nrows="{count}"')) == expected
    found = open_votable(io.BytesIO(document(fields, binary(packed * 4))))
    blocks = list(found)
    assert len(blocks) > 1
    assert sum(block.rows for block in blocks) == 4 * count
    assert np.concatenate([block.columns[0].data for block in blocks]).tolist() == [*range(count)] * 4


def test_base64_may_have_white_space_anywhere() -> None:
    text = base64.b64encode(struct.pack(">2d", 1, 2)).decode()
    spaced = "\n  ".join(text)
    data = f'<BINARY><STREAM encoding="base64">\n {spaced}\t\r\n</STREAM></BINARY>'
    assert read(document(field("double"), data)) == [(1.0,), (2.0,)]


def test_a_fits_file_within() -> None:
    from astropy.io import fits

    columns = [
        fits.Column("n", "J", array=[1, -1], null=-1),
        fits.Column("x", "D", array=[0.5, math.nan]),
        fits.Column("t", "5A", array=["abc", ""]),
        fits.Column("v", "2E", array=[[1, 2], [3, 4]]),
        fits.Column("l", "L", array=[True, False]),
    ]
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(file)
    stream = base64.b64encode(file.getvalue()).decode()
    fields = field("int") + field("double") + field("char", "5") + field("float", "2") + field("boolean")
    data = f'<FITS extnum="1"><STREAM encoding="base64">{stream}</STREAM></FITS>'
    assert read(document(fields, data)) == [(1, 0.5, "abc", [1.0, 2.0], True), (None, None, None, [3.0, 4.0], False)]


@pytest.mark.parametrize(
    "opening",
    [
        "<VOTABLE>",
        '<VOTABLE version="1.0" xmlns="http://vizier.u-strasbg.fr/VOTable">',
        '<VOTABLE version="1.1" xmlns="http://www.ivoa.net/xml/VOTable/v1.1">',
        '<VOTABLE version="1.2" xmlns="http://www.ivoa.net/xml/VOTable/v1.2">',
        '<VOTABLE version="1.5" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
    ],
)
def test_every_version(opening: str) -> None:
    data = document(field("int"), tabledata(("1",)))
    start, end = data.index(b"<VOTABLE"), data.index(b"<RESOURCE>")
    assert read(data[:start] + opening.encode() + data[end:]) == [(1,)]


def test_names_with_a_prefix() -> None:
    data = (
        b'<v:VOTABLE xmlns:v="http://www.ivoa.net/xml/VOTable/v1.3"><v:RESOURCE><v:TABLE>'
        b'<v:FIELD name="a" datatype="int"/><v:DATA><v:TABLEDATA><v:TR><v:TD>1</v:TD></v:TR></v:TABLEDATA>'
        b"</v:DATA></v:TABLE></v:RESOURCE></v:VOTABLE>"
    )
    assert read(data) == [(1,)]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_characters_of_every_coding(coding: str) -> None:
    text = document(field("char", "*"), tabledata(("für",))).decode()
    declared = text.replace('version="1.0"', f'version="1.0" encoding="{coding.removesuffix("-sig")}"', 1)
    assert read(declared.encode(coding)) == [("für",)]


def test_what_a_field_says() -> None:
    fields = (
        '<DESCRIPTION>A &lt;table&gt;</DESCRIPTION><FIELD ID="c1" name="my col" datatype="double" unit="deg"'
        ' ucd="pos.eq.ra;meta.main" utype="x:y" xtype="z" ref="sys" precision="6" width="10">'
        "<DESCRIPTION>Right\n   ascension</DESCRIPTION>"
        '<VALUES null="-1"><MIN value="0"/><OPTION name="o" value="1"><OPTION name="p" value="2"/></OPTION></VALUES>'
        '<LINK href="http://x"/></FIELD>'
        '<PARAM name="p" datatype="int" value="3"><VALUES null="7"/><DESCRIPTION>no field</DESCRIPTION></PARAM>'
        '<GROUP><FIELDref ref="c1"/></GROUP>'
        '<FIELD ID="only_id" datatype="int"/><FIELD datatype="int"/>'
    )
    data = document(
        fields,
        tabledata(("1", "2", "3")),
        table=' name="t"',
        before="<DESCRIPTION>Of all</DESCRIPTION><INFO name='i'/>",
    )
    found = open_votable(io.BytesIO(data))
    assert (found.name, found.description) == ("t", "A <table>")
    assert found.fields == (
        Field("my col", "double", "", "z", "deg", "pos.eq.ra;meta.main", "x:y", "Right ascension", "-1"),
        Field("only_id", "int"),
        Field("col_3", "int"),
    )


@pytest.mark.parametrize(
    ("system", "frame"),
    [
        ('system="ICRS" equinox="J2000"', "ICRS"),
        ('system="eq_FK5" equinox="J2000"', "FK5 J2000"),
        ('system="eq_FK4" equinox="of date"', "FK4"),
        ('system="galactic"', "GALACTIC"),
        ("", ""),
    ],
)
def test_the_frame_of_coordinates(system: str, frame: str) -> None:
    fields = '<FIELD name="lon" datatype="double" ref="sky"/><FIELD name="n" datatype="int"/>'
    before = f'<COOSYS ID="sky" {system}/><COOSYS ID="other" system="ecl_FK5"/>'
    found = open_votable(io.BytesIO(document(fields, tabledata(), table=' utype="a:b"', before=before)))
    assert found.utype == "a:b"
    assert [field.frame for field in found.fields] == [frame, ""]


class TestWhichTable:
    first = '<TABLE ID="id1" name="one"><FIELD name="a" datatype="int"/></TABLE>'
    rows = "<DATA>{}</DATA>"

    def several(self, *numbers: int) -> bytes:
        tables = "".join(
            f'<TABLE ID="id{number}" name="t{number}"><FIELD name="a" datatype="int"/>'
            f"<DATA>{tabledata((str(number),))}</DATA></TABLE>"
            for number in numbers
        )
        return f"<VOTABLE><RESOURCE>{self.first}<RESOURCE>{tables}</RESOURCE></RESOURCE></VOTABLE>".encode()

    def test_the_first_with_rows(self) -> None:
        assert read(self.several(2, 3)) == [(2,)]

    @pytest.mark.parametrize("table", ["2", "id3", "t3"])
    def test_one_that_is_named(self, table: str) -> None:
        assert read(self.several(2, 3), table=table) == [(3,)]

    def test_one_without_rows(self) -> None:
        found = open_votable(io.BytesIO(self.several()))
        assert [item.name for item in found.fields] == ["a"]
        assert list(found) == []

    @pytest.mark.parametrize("data", ["<TABLEDATA/>", "<TABLEDATA></TABLEDATA>", binary(b""), binary2(b"")])
    def test_rows_that_are_none(self, data: str) -> None:
        assert read(document(field("int"), data)) == []
