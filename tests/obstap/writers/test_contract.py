"""What holds for every format: other people's readers get back the table that went in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from obstap.metadata import Column
from obstap.writers import WRITERS, Info, get_writer
from tests.obstap.writers.readers import FORMATS, canonical
from tests.obstap.writers.samples import COLUMNS, ROWS, batches
from vo.errors import AthanorError, TimeLimitError

pytestmark = pytest.mark.parametrize("fmt", FORMATS)

TOLD_AT_THE_END = ("votable/td", "votable/b", "votable/b2", "json", "html", "text")
"""Formats that can tell of an error after the rows; the others break off."""


def written(fmt: str, batches, columns, **options: object) -> bytes:
    return b"".join(get_writer(fmt).stream(batches, columns, **options))


def check(fmt: str, document: bytes, columns, rows) -> None:
    form = FORMATS[fmt]
    found = form.read(document, columns)
    assert [_canonical(row, columns, form) for row in found] == [_canonical(row, columns, form) for row in rows]


def _canonical(row, columns, form) -> tuple:
    return tuple(canonical(value, column, form) for value, column in zip(row, columns, strict=True))


def test_every_format_is_checked(fmt):
    assert {type(get_writer(name)) for name in FORMATS} == set(WRITERS)


@pytest.mark.parametrize("size", [1, 2, 10])
def test_the_table_comes_back(fmt, size):
    check(fmt, written(fmt, batches(size=size), COLUMNS), COLUMNS, ROWS)


def test_slices_come_back(fmt):
    whole = batches(ROWS * 3, size=9)[0]
    document = written(fmt, [whole.slice(4, 2), whole.slice(8, 1), whole.slice(0, 1)], COLUMNS)
    check(fmt, document, COLUMNS, [ROWS[1], ROWS[2], ROWS[2], ROWS[0]])


def test_wide_batches_come_back_in_pieces(fmt, monkeypatch):
    for module in ("base", "parquet", "fits"):
        monkeypatch.setattr(f"obstap.writers.{module}.PIECE_BYTES", 500)
    check(fmt, written(fmt, batches(ROWS * 5, size=15), COLUMNS), COLUMNS, ROWS * 5)


def test_extremes_of_integers_come_back_beside_missing_ones(fmt):
    columns = [Column("s", "short"), Column("i", "int"), Column("l", "long"), Column("a", "short", "2")]
    ends = [(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (16, 32, 64)]
    rows = [(*(low for low, _ in ends), [-(2**15), 2**15 - 1]), (*(high for _, high in ends), [0, 1]), (None,) * 4]
    kinds = [pa.int16(), pa.int32(), pa.int64(), pa.list_(pa.int16())]
    arrays = [pa.array([row[number] for row in rows], kind) for number, kind in enumerate(kinds)]
    document = written(fmt, [pa.record_batch(arrays, names=list("sila"))], columns)
    if fmt == "fits":  # a missing array is one of missing elements, which have the number of TNULL
        rows[2] = (None, None, None, [-(2**15) + 2] * 2)
    check(fmt, document, columns, rows)


def test_numbers_come_back_exactly(fmt):
    columns = [Column("d", "double"), Column("f", "float")]
    doubles = [0.1, -1e-300, 1.7976931348623157e308, 5e-324, 1 / 3, 2.0**53 + 2, -0.0, float("inf"), None]
    floats = [0.1, 1e-45, 3.4028235e38, -1 / 3, 16777216.0, 1.5, 0.0, float("-inf"), None]
    batch = pa.record_batch([pa.array(doubles), pa.array(floats, pa.float32())], names=["d", "f"])
    check(fmt, written(fmt, [batch], columns), columns, list(zip(doubles, floats, strict=True)))


def test_engine_types_are_brought_to_the_declared_ones(fmt):
    batch = pa.record_batch(
        [
            pa.array([1, None], pa.uint8()),
            pa.array([Decimal("1.5"), None], pa.decimal128(10, 2)),
            pa.array(["a", None]).dictionary_encode(),
            pa.array([[1.0, 2.0], None], pa.list_(pa.float64(), 2)),
            pa.array([date(2020, 1, 1), None], pa.date32()),
            pa.nulls(2),
            pa.array([date(2020, 1, 1), None], pa.date32()),
        ],
        names=list("abcdefg"),
    )
    columns = [
        Column("a", "long"),
        Column("b", "double"),
        Column("c", "char", "*"),
        Column("d", "double", "2"),
        Column("e", "char", "*"),
        Column("f", "float"),
        Column("g", "char", "*", xtype="timestamp"),
    ]
    day = datetime.fromisoformat("2020-01-01") if fmt == "arrow" else "2020-01-01"
    first = (1, 1.5, "a", [1.0, 2.0], "2020-01-01", None, day)
    check(fmt, written(fmt, [batch], columns), columns, [first, (None,) * 7])


def test_no_rows(fmt):
    assert FORMATS[fmt].read(written(fmt, [], COLUMNS, maxrec=0), COLUMNS) == []
    assert FORMATS[fmt].read(written(fmt, [batches()[0].slice(0, 0)], COLUMNS), COLUMNS) == []


@pytest.mark.parametrize("maxrec", [0, 1, 2, 3, 4])
def test_rows_are_cut(fmt, maxrec):
    document = written(fmt, batches(), COLUMNS, maxrec=maxrec)
    check(fmt, document, COLUMNS, ROWS[:maxrec])
    if fmt not in ("csv", "tsv"):
        told = _told(fmt, document)
        assert ("OVERFLOW" in told) == (maxrec < len(ROWS))


def _told(fmt: str, document: bytes) -> str:
    """What a document says of its completeness: all of it, or what only a reader sees."""
    if fmt == "parquet":
        import pyarrow.parquet as pq

        metadata = pq.read_metadata(pa.BufferReader(document)).metadata
        return metadata[b"IVOA.VOTable-Parquet.content"].decode()
    return document.decode("latin-1")


def test_all_is_told_of_names_that_are_the_same(fmt):
    columns = [Column("flux", "int"), Column("FLUX", "int"), Column("flux", "int"), Column('a "b"<c>', "int")]
    batch = pa.record_batch([pa.array([n], pa.int32()) for n in range(4)], names=[column.name for column in columns])
    if fmt == "text":  # its reader wants unique names
        columns[2] = Column("flux ", "int")
    check(fmt, written(fmt, [batch], columns), columns, [(0, 1, 2, 3)])


def _failing() -> Iterator[pa.RecordBatch]:
    yield batches(size=1)[0]
    raise TimeLimitError("The query took longer than 60 s <and was stopped>.")


def test_a_late_error_is_told_or_raised(fmt):
    if fmt not in TOLD_AT_THE_END:
        with pytest.raises(TimeLimitError):
            written(fmt, _failing(), COLUMNS)
        return
    document = written(fmt, _failing(), COLUMNS)
    check(fmt, document, COLUMNS, ROWS[:1])
    end = document.decode()[-400:]
    assert "ERROR" in end
    assert "took longer than 60 s" in end


def test_a_late_error_can_be_raised_instead(fmt):
    with pytest.raises(TimeLimitError):
        written(fmt, _failing(), COLUMNS, tell_errors=False)


def test_a_value_that_does_not_fit_its_type_is_named(fmt):
    batch = pa.record_batch([pa.array([2**40])], names=["n"])
    with pytest.raises(AthanorError, match="column n does not fit its type int"):
        written(fmt, [batch], [Column("n", "int")], tell_errors=False)


def test_facts_are_carried_where_there_is_a_place(fmt):
    document = written(fmt, batches(), COLUMNS, infos=[Info("QUERY", "SELECT täglich FROM t", "x")])
    told = _told(fmt, document) if fmt == "parquet" else document.decode("utf-8", "replace")
    assert ("SELECT täglich FROM t" in told) == (fmt not in ("csv", "tsv", "text"))


def test_a_stream_that_is_closed_early_leaves_nothing_open(fmt):
    chunks = get_writer(fmt).stream(batches(size=1), COLUMNS)
    next(chunks)
    chunks.close()
    assert list(chunks) == []
