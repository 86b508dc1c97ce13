"""From VOTables to tables of a query."""

from __future__ import annotations

import io
import struct
from datetime import datetime

import pytest

from obstap.metadata import Column, Position
from obstap.stores import TableContent
from obstap.uploads.reading import read_uploads
from obstap.uploads.request import Upload
from tests.vo.votable.documents import binary, document, tabledata
from tests.vo.votable.test_reading import field
from vo.errors import NotFoundError, ParameterError
from vo.healpix import cells


def read(*documents: bytes) -> list[TableContent]:
    files = {f"part{number}": data for number, data in enumerate(documents)}
    uploads = [Upload(f"t{number}", f"param:{name}") for number, name in enumerate(files)]
    return list(read_uploads(uploads, lambda name: io.BytesIO(files[name]), user=None))


def rows(content: TableContent) -> list[dict[str, object]]:
    return [row for batch in content.batches for row in batch.to_pylist()]


def refusal(*documents: bytes) -> str:
    with pytest.raises(ParameterError) as caught:
        read(*documents)
    assert caught.value.parameter == "UPLOAD"
    return str(caught.value)


@pytest.mark.parametrize(
    ("datatype", "arraysize", "cell", "column", "value"),
    [
        ("boolean", "", "T", ("boolean", ""), True),
        ("bit", "", "1", ("boolean", ""), True),
        ("bit", "3", "101", ("boolean", "3"), [True, False, True]),
        ("unsignedByte", "", "255", ("short", ""), 255),
        ("unsignedByte", "*", "0 255", ("short", "*"), [0, 255]),
        ("short", "1", "-5", ("short", ""), -5),
        ("int", "2x3", "1 2 3 4 5 6", ("int", "2x3"), [1, 2, 3, 4, 5, 6]),
        ("long", "4*", "1 2", ("long", "4*"), [1, 2]),
        ("float", "", "1.5", ("float", ""), 1.5),
        ("double", "*", "", ("double", "*"), None),
        ("floatComplex", "", "1 2", ("float", "2"), [1.0, 2.0]),
        ("doubleComplex", "2", "1 2 3 4", ("double", "2x2"), [1.0, 2.0, 3.0, 4.0]),
        ("doubleComplex", "*", "1 2", ("double", "2x*"), [1.0, 2.0]),
        ("char", "", "x", ("char", ""), "x"),
        ("char", "1", "x", ("char", ""), "x"),
        ("char", "8", "fur", ("char", "8"), "fur"),
        ("char", "8", "für", ("char", "*"), "für"),
        ("char", "8*", "für", ("char", "*"), "für"),
        ("char", "", "ü", ("char", "*"), "ü"),
        ("boolean", "3", "T ? F", ("boolean", "3"), [True, None, False]),
        ("unicodeChar", "16*", "α", ("unicodeChar", "16*"), "α"),
        ("char", "2x2", "abcd", ("char", "2x2"), "abcd"),
        ("char", "5000", "x", ("char", "5000*"), "x"),
        ("double", "40x40", "", ("double", "40x40*"), None),
        ("double", "1x1", "2.5", ("double", "1x1"), [2.5]),
        ("float", " 1 x 2 ", "1 2", ("float", "1x2"), [1.0, 2.0]),
    ],
)
def test_data_types(datatype: str, arraysize: str, cell: str, column: tuple[str, str], value: object) -> None:
    (content,) = read(document(field(datatype, arraysize), tabledata((cell,))))
    (found,) = content.table.columns
    assert (found.datatype, found.arraysize) == column
    assert rows(content) == [{"a": value}]


def test_what_is_told_of_columns() -> None:
    fields = (
        "<DESCRIPTION>Sources</DESCRIPTION>"
        '<FIELD name="flux 1" datatype="double" unit="mJy" ucd="phot.flux" utype="a:b" xtype="x">'
        "<DESCRIPTION>How bright</DESCRIPTION></FIELD>"
    )
    (content,) = read(document(fields, tabledata(("1",))))
    assert (content.table.name, content.table.description) == ("TAP_UPLOAD.t0", "Sources")
    assert content.table.columns == (
        Column("flux 1", "double", "", "x", unit="mJy", ucd="phot.flux", utype="a:b", description="How bright"),
    )


def test_names_that_are_equal_in_any_case_get_numbers() -> None:
    names = ["a", "A", "a_2", "select", "a", "b"]
    fields = "".join(f'<FIELD name="{name}" datatype="int"/>' for name in names)
    (content,) = read(document(fields, tabledata(tuple("123456"))))
    assert [column.name for column in content.table.columns] == ["a", "A_2", "a_2_2", "select", "a_3", "b"]


def test_a_name_that_is_too_long() -> None:
    name = "x" * 129
    message = refusal(document(f'<FIELD name="{name}" datatype="int"/>', tabledata()))
    assert message == f"UPLOAD: table t0: the name of column {'x' * 40}… has 129 characters; 128 are allowed."


class TestTimes:
    @staticmethod
    def document(*cells: str, arraysize: str = "*", xtype: str = "timestamp") -> bytes:
        fields = f'<FIELD name="t" datatype="char" arraysize="{arraysize}" xtype="{xtype}"/>'
        return document(fields, tabledata(*((cell,) for cell in cells)))

    @pytest.mark.parametrize(
        ("cell", "time"),
        [
            ("2024-02-29", datetime(2024, 2, 29)),  # noqa: DTZ001 - times of tables have no zone
            ("2024-12-31T23:59", datetime(2024, 12, 31, 23, 59)),  # noqa: DTZ001
            (" 2024-12-31T23:59:59Z ", datetime(2024, 12, 31, 23, 59, 59)),  # noqa: DTZ001
            ("2024-12-31 23:59:59.5", datetime(2024, 12, 31, 23, 59, 59, 500000)),  # noqa: DTZ001
            ("2024-12-31T23:59:59.123456789", datetime(2024, 12, 31, 23, 59, 59, 123456)),  # noqa: DTZ001
            ("", None),
        ],
    )
    @pytest.mark.parametrize("xtype", ["timestamp", "adql:TIMESTAMP"])
    def test_they_are_times(self, cell: str, time: datetime | None, xtype: str) -> None:
        (content,) = read(self.document(cell, xtype=xtype))
        assert content.table.columns[0].xtype == "timestamp"
        assert rows(content) == [{"t": time}]

    @pytest.mark.parametrize(("given", "told"), [("*", "*"), ("10", "*"), ("19*", "*"), ("30", "30"), ("26*", "26*")])
    def test_their_size_is_that_of_a_whole_time(self, given: str, told: str) -> None:
        (content,) = read(self.document("2024-02-29", arraysize=given))
        assert content.table.columns[0].arraysize == told

    @pytest.mark.parametrize(
        "cell", ["2024-02-30", "today", "2024-01-01T25:00:00", "2024-01-01T00:00:00+01:00", "24-1-1"]
    )
    def test_what_is_none(self, cell: str) -> None:
        message = refusal(self.document("2024-01-01", cell))
        assert message == (
            f"UPLOAD: table t0: row 2, column t: {cell!r} is no timestamp; write it as 2024-12-31T23:59:59.5, in UTC."
        )


class TestPositions:
    @staticmethod
    def columns(*columns: tuple[str, str, str, str]) -> bytes:
        fields = "".join(
            f'<FIELD name="{name}" datatype="{datatype}" unit="{unit}" ucd="{ucd}"/>'
            for name, datatype, unit, ucd in columns
        )
        return document(fields, tabledata(tuple("10" for _ in columns)))

    @pytest.mark.parametrize(
        ("columns", "pair"),
        [
            ([("ra", "double", "deg", ""), ("dec", "double", "deg", "")], ("ra", "dec")),
            ([("RA", "float", "", ""), ("Dec", "float", "", "")], ("RA", "Dec")),
            ([("x", "double", "", "pos.eq.ra"), ("y", "double", "", "pos.eq.dec")], ("x", "y")),
            (
                [
                    ("ra", "double", "", "pos.eq.ra"),
                    ("dec", "double", "", "pos.eq.dec"),
                    ("b", "double", "deg", "pos.eq.ra;meta.main"),
                    ("c", "double", "deg", "pos.eq.dec;meta.main"),
                ],
                ("b", "c"),
            ),
            ([("ra", "double", "rad", ""), ("dec", "double", "rad", "")], None),
            ([("ra", "char", "", ""), ("dec", "char", "", "")], None),
            ([("ra", "double", "", ""), ("other", "double", "", "")], None),
        ],
    )
    def test_they_are_found(self, columns: list[tuple[str, str, str, str]], pair: tuple[str, str] | None) -> None:
        data = self.columns(*columns)
        if columns[0][1] == "char":
            data = data.replace(b'datatype="char"', b'datatype="char" arraysize="*"')
        (content,) = read(data)
        expected = () if pair is None else (Position(*pair, "_hpx"),)
        assert content.table.positions == expected
        assert dict(content.table.hidden) == ({} if pair is None else {"_hpx": "BIGINT"})

    def test_their_cells(self) -> None:
        fields = "".join(f'<FIELD name="{name}" datatype="double"/>' for name in ("ra", "dec", "_hpx"))
        given = [("10.5", "-20", "1"), ("-10", "5", "2"), ("", "5", "3"), ("10", "NaN", "4"), ("10", "91", "5")]
        (content,) = read(document(fields, tabledata(*given)))
        expected = [*cells([10.5, 350.0], [-20.0, 5.0]).tolist(), None, None, None]
        assert [row["__hpx"] for row in rows(content)] == expected

    def test_texts_that_show_regions(self) -> None:
        fields = '<FIELD name="s_region" datatype="char" arraysize="*" xtype="adql:REGION"/>'
        (content,) = read(document(fields, tabledata(("Circle ICRS 10 20 0.5",), ("nonsense",), ("",))))
        (region,) = content.table.regions
        found = rows(content)
        assert [row["s_region"] for row in found] == ["Circle ICRS 10 20 0.5", "nonsense", None]
        assert [row[region.shape] for row in found] == [[10.0, 20.0, 0.5], None, None]
        assert found[0][region.radius] == pytest.approx(0.5)


class TestRefusals:
    def test_the_place_is_told(self) -> None:
        good, bad = (document(field("int"), tabledata(("1",), (cell,))) for cell in ("2", "x"))
        assert refusal(good, bad) == "UPLOAD: table t1: row 2, column a: 'x' is no value of the data type int."

    @pytest.mark.parametrize("uri", ["vos://space/t.vot", "file:///etc/passwd", "ftp://x/y", "/etc/passwd", "data:,x"])
    def test_other_schemes(self, uri: str) -> None:
        with pytest.raises(ParameterError) as caught:
            read_uploads([Upload("t", uri)], lambda name: io.BytesIO(), user=None)
        assert str(caught.value) == (
            f"UPLOAD: table t: {uri!r} cannot be read here. Send the table as a part of the request, param:t."
        )

    def test_a_part_that_did_not_come(self) -> None:
        def missing(name: str) -> io.BytesIO:
            raise NotFoundError("x")

        with pytest.raises(ParameterError, match="table t: no file named 'part' came with the request"):
            read_uploads([Upload("t", "param:part")], missing, user=None)

    def test_rows(self, settings) -> None:
        settings.ATHANOR_UPLOAD_ROWS = 2
        data = document(field("int"), binary(struct.pack(">3i", 1, 2, 3)))
        assert refusal(data) == "UPLOAD: table t0: the table has more than the 2 rows that are allowed."

    def test_bytes_of_all_tables_together(self, settings) -> None:
        data = document(field("int"), tabledata(("1",)))
        settings.ATHANOR_UPLOAD_BYTES = 2 * len(data)
        assert len(read(data, data)) == 2
        settings.ATHANOR_UPLOAD_BYTES -= 1
        assert refusal(data, data).startswith("UPLOAD: table t1: the document is larger than the")

    def test_columns(self) -> None:
        data = document(field("int") * 1001, tabledata())
        assert refusal(data) == "UPLOAD: table t0: the table has more than the 1,000 columns that are allowed."


def test_a_thousand_rows_in_blocks_are_one_table() -> None:
    numbers = range(40_000)
    (content,) = read(document(field("int"), tabledata(*((str(number),) for number in numbers))))
    assert len(content.batches) > 1
    assert [row["a"] for row in rows(content)] == [*numbers]
