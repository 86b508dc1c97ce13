"""FITS: headers in full, the layout that suits the values, and other people's readers and checkers."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from obstap.metadata import Column
from obstap.writers import Info, get_writer
from tests.obstap.writers.samples import COLUMNS, batches
from vo.errors import AthanorError, TimeLimitError, UnavailableError, UsageError

SHORT_COLUMNS = (
    Column("obs_id", "char", "*", ucd="meta.id", description="Identifier"),
    Column("s_ra", "double", unit="deg", utype="Char.SpatialAxis"),
    Column("calib level", "int"),
    Column("flag", "boolean"),
    Column("outline", "double", "*", xtype="polygon"),
    Column("pair", "float", "2"),
)
SHORT = pa.record_batch(
    [
        pa.array(["<1>", None]),
        pa.array([83.5, None]),
        pa.array([2, None], pa.int32()),
        pa.array([True, None]),
        pa.array([[1.0, 2.0, 3.0], None]),
        pa.array([[1.0, 2.0], None], pa.list_(pa.float32())),
    ],
    names=[column.name for column in SHORT_COLUMNS],
)

CARDS = """XTENSION= 'BINTABLE'           / binary table
BITPIX  =                    8
NAXIS   =                    2
NAXIS1  =                   32 / bytes of a row
NAXIS2  =                    2 / rows
PCOUNT  =                   24 / bytes of the heap
GCOUNT  =                    1
TFIELDS =                    6 / columns
EXTNAME = 'result  '
QSTATUS = 'OK      '           / all rows are here
TTYPE1  = 'obs_id  '
TFORM1  = '3A      '
TUCD1   = 'meta.id '
TCOMM1  = 'Identifier'
TTYPE2  = 's_ra    '
TFORM2  = '1D      '
TUNIT2  = 'deg     '
TDISP2  = 'G25.16  '
TUTYP2  = 'Char.SpatialAxis'
TTYPE3  = 'calib_level'
TFORM3  = '1J      '
TNULL3  =          -2147483648
TDISP3  = 'I11     '
TTYPE4  = 'flag    '
TFORM4  = '1L      '
TTYPE5  = 'outline '
TFORM5  = '1PD(3)  '
TTYPE6  = 'pair    '
TFORM6  = '2E      '
END
"""

DATA = b"".join(
    [
        b"<1>" + bytes.fromhex("4054e00000000000 00000002") + b"T",
        bytes.fromhex("00000003 00000000 3f800000 40000000"),
        b"\0\0\0" + bytes.fromhex("7ff8000000000000 80000000") + b"\0",
        bytes.fromhex("00000000 00000018 7fc00000 7fc00000"),
        bytes.fromhex("3ff0000000000000 4000000000000000 4008000000000000"),
    ]
)


def written(batches, columns, **options: object) -> bytes:
    return b"".join(get_writer("fits").stream(batches, columns, **options))


def one(column: Column, values: list[object], kind: pa.DataType | None = None) -> bytes:
    """A table of one column."""
    return written([pa.record_batch([pa.array(values, kind)], names=[column.name])], [column])


def table(document: bytes) -> fits.BinTableHDU:
    with fits.open(io.BytesIO(document), lazy_load_hdus=False, logical_as_bytes=True) as file:
        file.verify("exception")
        file[1].data  # noqa: B018 - read while the file is open
        return file[1]


def test_in_full(validate):
    document = written([SHORT], SHORT_COLUMNS, infos=[Info("QUERY", "SELECT 1")])
    assert len(document) % 2880 == 0
    start = document.index(b"XTENSION")
    cards = re.findall(".{80}", document[start : start + 2880].decode("ascii"))
    assert "\n".join(card.rstrip() for card in cards).rstrip() + "\n" == CARDS
    assert document[start + 2880 :] == DATA.ljust(2880, b"\0")
    primary = fits.open(io.BytesIO(document))[0]
    assert list(primary.header)[:5] == ["SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "VOTMETA"]
    metadata = primary.data.tobytes()
    assert b'<INFO name="QUERY" value="SELECT 1"/>' in metadata
    assert b'<FIELD ID="calib_level" name="calib level" datatype="int"/>' in metadata
    validate(metadata)


@pytest.mark.parametrize(
    ("taken", "null"),
    [
        ([1], -(2**15)),
        ([-(2**15)], 2**15 - 1),
        ([-(2**15), 2**15 - 1], -(2**15) + 2),
        ([-(2**15), -(2**15) + 2, 2**15 - 1], 2**15 - 3),
    ],
)
@pytest.mark.parametrize("arraysize", ["", "*"])
def test_what_stands_for_missing_integers_does_not_occur_among_them(taken, null, arraysize):
    values = [None, *taken]
    if not arraysize:
        hdu = table(one(Column("n", "short"), values, pa.int16()))
        assert hdu.data["n"].tolist() == [null, *taken]
    else:
        hdu = table(one(Column("n", "short", arraysize), [[value] for value in values], pa.list_(pa.int16())))
        assert [row.tolist() for row in hdu.data["n"]] == [[null], *([value] for value in taken)]
    assert hdu.columns["n"].null == null


def test_nothing_stands_for_missing_integers_where_none_is():
    for column, values in ((Column("n", "short"), [1]), (Column("n", "short", "*"), [[1], None])):
        kind = pa.list_(pa.int16()) if column.arraysize else pa.int16()
        assert "TNULL1" not in table(one(column, values, kind)).header


def test_missing_integers_among_all_others_are_refused():
    with pytest.raises(AthanorError, match="Column n has missing values and no number left"):
        one(Column("n", "short"), [*range(-(2**15), 2**15), None], pa.int16())


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["a", "bc", None], "2A"),
        (["x" * 200, *[None] * 99], "200A"),
        ([None, None], "1A"),
        (["", ""], "1A"),
        (["é"], "6A"),
    ],
)
def test_text_has_the_width_of_the_longest(values, form):
    hdu = table(one(Column("t", "char", "*"), values, pa.string()))
    assert hdu.columns["t"].format == form
    assert list(hdu.data["t"]) == [(value or "").replace("é", "&#233;") for value in values]


def test_text_stands_in_the_heap_where_it_would_be_mostly_padding(monkeypatch):
    monkeypatch.setattr("obstap.writers.fitslayout.MOST_PADDING", 0)
    values = ["x" * 200, "y", None, *["é"] * 96, ""]
    columns = [Column("t", "char", "*"), Column("even", "char", "*"), Column("v", "int", "*")]
    arrays = [pa.array(values), pa.array(["even"] * 100), pa.array([[row] for row in range(100)], pa.list_(pa.int32()))]
    batch = pa.record_batch(arrays, names=["t", "even", "v"])
    hdu = table(written([batch.slice(0, 30), batch.slice(30, 70)], columns))
    assert hdu.columns.formats == ["1PA(200)", "4A", "1PJ(1)"]
    texts = ["".join(value) for value in hdu.data["t"]]
    assert texts == [(value or "").replace("é", "&#233;") for value in values]
    assert [value.tolist() for value in hdu.data["v"]] == [[row] for row in range(100)]


def test_large_heaps_have_wide_descriptors(monkeypatch):
    monkeypatch.setattr("obstap.writers.fitslayout.LARGEST_P", 8)
    hdu = table(one(Column("v", "int", "*"), [[1, 2], None, [3]], pa.list_(pa.int32())))
    assert hdu.columns["v"].format == "1QJ(2)"
    assert [row.tolist() for row in hdu.data["v"]] == [[1, 2], [], [3]]


def test_arrays_of_several_dimensions_have_their_shape():
    hdu = table(one(Column("m", "double", "2x3"), [[1.0, 2, 3, 4, 5, 6]], pa.list_(pa.float64())))
    assert hdu.columns["m"].dim == "(2,3)"
    assert hdu.data["m"][0].tolist() == [[1, 2], [3, 4], [5, 6]]


def test_names_are_those_that_fits_recommends_and_each_its_own():
    names = ["a b", "A_B", "a-b", "é", "", "x" * 100]
    columns = [Column(name, "int") for name in names]
    hdu = table(written([], columns))
    assert hdu.columns.names == ["a_b", "A_B_2", "a_b_3", "_", "__2", "x" * 60]


@given(st.text(max_size=300))
def test_any_description_is_read_back(text):
    column = Column("n", "int", description=text, unit="Å", ucd="a'b''c")
    header = table(written([], [column])).header
    spelled = " ".join(text.split())
    spelled = "".join(c if " " <= c <= "~" else f"&#{ord(c)};" for c in spelled)
    assert header.get("TCOMM1", "") == spelled
    assert header["TUNIT1"] == "&#197;"
    assert header["TUCD1"] == "a'b''c"


def test_a_cut_is_told():
    hdu = table(written([SHORT], SHORT_COLUMNS, maxrec=1))
    assert (hdu.header["QSTATUS"], hdu.header["NAXIS2"]) == ("OVERFLOW", 1)


def test_an_error_comes_before_the_first_byte():
    def failing():
        yield SHORT
        raise TimeLimitError("too long")

    chunks = get_writer("fits").stream(failing(), SHORT_COLUMNS)
    with pytest.raises(TimeLimitError):
        next(chunks)


def test_too_many_columns_are_refused():
    with pytest.raises(UsageError, match="at most 999 columns; the answer has 1000"):
        written([], [Column(f"c{number}", "int") for number in range(1000)])


def test_an_answer_too_large_to_prepare_is_refused(monkeypatch):
    monkeypatch.setattr("obstap.writers.spool.LARGEST", 100)
    with pytest.raises(UsageError, match=r"takes more than 100 bytes.*RESPONSEFORMAT=votable/b2"):
        written([SHORT], SHORT_COLUMNS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_is_told(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **options: open("/dev/full", "w+b", buffering=0))  # noqa: PTH123, SIM115
    with pytest.raises(UnavailableError, match=r"There is no room to prepare the answer.*No space left"):
        written([SHORT], SHORT_COLUMNS)


def test_a_directory_that_takes_no_files_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(UnavailableError, match="There is no room to prepare the answer"):
        written([SHORT], SHORT_COLUMNS)


def test_fitsverify_finds_nothing(tmp_path):
    if shutil.which("fitsverify") is None:
        pytest.skip("fitsverify is not installed (Debian package fitsverify)")
    path = tmp_path / "table.fits"
    path.write_bytes(written(batches(), COLUMNS))
    run = subprocess.run(["fitsverify", "-l", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert "Verification found 0 warning(s) and 0 error(s)" in run.stdout, run.stdout


def test_cfitsio_copies_every_row(tmp_path):
    if shutil.which("fitscopy") is None:
        pytest.skip("fitscopy is not installed (Debian package libcfitsio-bin)")
    (tmp_path / "in.fits").write_bytes(written(batches(), COLUMNS))
    subprocess.run(["fitscopy", "in.fits[1][flag]", "out.fits"], cwd=tmp_path, check=True, timeout=60)
    with fits.open(tmp_path / "out.fits") as file:
        assert file[1].header["NAXIS2"] == 1
        assert np.asarray(file[1].data["numbers"][0]).tolist() == [1, -2]
