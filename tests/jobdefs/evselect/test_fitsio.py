"""Reading and writing FITS files, against astropy."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pytest
from astropy.io import fits

from jobdefs.tasks.fitscards import Header
from jobdefs.tasks.fitsio import open_fits
from jobdefs.tasks.fitsout import Field, Outputs, table_block
from jobdefs.tasks.goodtimes import read_good_times
from vo.errors import AthanorError, NotFoundError, UsageError

from .events import make_events


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    return make_events(tmp_path_factory.mktemp("events") / "events.fits", rows=1000)


@pytest.fixture
def odd_table(tmp_path):
    """Every type that a column may have, scaled and not."""
    rng = np.random.default_rng(3)
    columns = [
        fits.Column("flag", "L", array=rng.random(20) < 0.5),
        fits.Column("bits", "11X", array=rng.random((20, 11)) < 0.5),
        fits.Column("name", "7A", array=[f"n{i}" for i in range(20)]),
        fits.Column("u16", "I", bzero=2**15, array=rng.integers(0, 2**16, 20).astype(np.uint16)),
        fits.Column("u32", "J", bzero=2**31, array=rng.integers(0, 2**32, 20).astype(np.uint32)),
        fits.Column("i64", "K", array=rng.integers(-(2**60), 2**60, 20)),
        fits.Column("pair", "2E", array=rng.random((20, 2)).astype(np.float32)),
        fits.Column("scaled", "I", array=np.arange(20)),
        fits.Column("list", "PJ()", array=np.array([np.arange(i % 4) for i in range(20)], dtype=object)),
        fits.Column("real", "D", array=rng.random(20)),
    ]
    path = tmp_path / "odd.fits"
    fits.BinTableHDU.from_columns(columns, name="ODD").writeto(path)
    scaled = b"TTYPE8  = 'scaled  '".ljust(80)
    content = path.read_bytes()
    end = content.index(b"END".ljust(80), content.index(scaled))
    cards = b"TSCAL8  =                  0.5".ljust(80) + b"TZERO8  =                 10.0".ljust(80)
    assert content[end + 80 : end + 240].strip() == b""
    path.write_bytes(content[:end] + cards + content[end : end + 80] + content[end + 240 :])
    return path


@pytest.mark.parametrize("rows", [1, 7, 0])
def test_columns_equal_astropys(odd_table, rows):
    with fits.open(odd_table) as expected, open_fits(str(odd_table)) as file:
        table = file.table(file.find("odd"))
        for name in ("flag", "u16", "u32", "i64", "pair", "scaled", "real", "name"):
            values = np.concatenate([chunk[name] for chunk in table.chunks(rows)])
            assert values.dtype.isnative
            assert np.array_equal(values, np.asarray(expected["ODD"].data[name])), name


def test_unsigned_columns_stay_unsigned(odd_table):
    with open_fits(str(odd_table)) as file:
        rows = file.table(file.find()).all()
        assert rows["U16"].dtype == np.uint16
        assert rows["u32"].dtype == np.uint32


def test_a_list_of_events_is_found_without_its_name(events):
    with open_fits(str(events.path)) as file:
        assert file.find().name == "EVENTS"
        assert file.find("stdgti04").name == "STDGTI04"
        assert file.find("1").name == "EVENTS"
        with pytest.raises(NotFoundError, match=r"no block 'NOPE' in .*its blocks are: PRIMARY, EVENTS, EXPOSU01"):
            file.find("NOPE")
        with pytest.raises(UsageError, match="is an image; a binary table is needed"):
            file.table(file.find("PRIMARY"))


def test_compressed_files_read_alike(events, tmp_path):
    packed = tmp_path / "events.FTZ"
    packed.write_bytes(gzip.compress(events.path.read_bytes()))
    with open_fits(str(packed)) as file:
        assert np.array_equal(file.table(file.find()).all()["TIME"], events["TIME"])
    packed.write_bytes(packed.read_bytes()[:-200])
    with pytest.raises(UsageError, match="cut short or damaged: gzip can't unpack it"):
        open_fits(str(packed))


@pytest.mark.parametrize("size", [2879, 2880, 5000, 20000, 30000])
def test_truncated_files_are_refused(events, tmp_path, size):
    path = tmp_path / "short.fits"
    path.write_bytes(events.path.read_bytes()[:size])
    with pytest.raises(AthanorError, match=r"cut short|no FITS file|no table"):
        open_fits(str(path)).find()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no FITS file"),
        (b"not fits" * 1000, "is no FITS file"),
        (b"SIMPLE  =                    T".ljust(2880), "the header of block 0 has no end"),
        (
            b"".join(c.ljust(80) for c in (b"SIMPLE  =                    T", b"NAXIS   = 'two'", b"END")).ljust(2880),
            "NAXIS of block 0 is 'two', not a count",
        ),
    ],
)
def test_damaged_files_are_refused(tmp_path, content, message):
    path = tmp_path / "damaged.fits"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        open_fits(str(path))


def test_a_width_that_does_not_fit_the_columns_is_refused(events, tmp_path):
    path = tmp_path / "width.fits"
    path.write_bytes(events.path.read_bytes().replace(b"TFORM1  = 'D", b"TFORM1  = 'J", 1))
    with open_fits(str(path)) as file, pytest.raises(UsageError, match="the columns of block EVENTS take 30 bytes"):
        file.table(file.find())


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("TFIELDS", "1E999", "TFIELDS of block 1 is inf, not a count"),
        ("TFIELDS", "NAN", "TFIELDS of block 1 is nan, not a count"),
        ("TFIELDS", "999999999999", "TFIELDS of block 1 is above 999"),
        ("NAXIS", "33", "NAXIS of block 1 is above 32"),
        ("NAXIS1", "9" * 60, "cut short"),
    ],
)
def test_counts_that_cannot_be_are_refused(events, tmp_path, keyword, value, message):
    content = bytearray(events.path.read_bytes())
    start = content.index(f"{keyword:8}=".encode(), content.index(b"XTENSION"))
    content[start + 8 : start + 80] = f"= {value}".ljust(72).encode()
    path = tmp_path / "damaged.fits"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        open_fits(str(path))


def test_rows_of_no_bytes_are_refused(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("NOTHING", "0J")], name="EVENTS")
    table.header["NAXIS1"], table.header["NAXIS2"] = 0, 999_999_999_999_999
    path = tmp_path / "endless.fits"
    path.write_bytes(fits.PrimaryHDU().header.tostring().encode() + table.header.tostring().encode())
    with open_fits(str(path)) as file, pytest.raises(UsageError, match="has no columns"):
        file.table(file.find())


@pytest.mark.parametrize("value", ["NAN", "1E999", "-INF", "T", "'5'"])
def test_what_is_no_finite_number_counts_as_absent(value):
    assert Header.parse(f"KEY     = {value}".ljust(80)).number("KEY") is None


def test_good_times_that_are_no_numbers_are_refused(tmp_path):
    columns = [fits.Column("START", "8A", array=["now"]), fits.Column("STOP", "D", array=[2.0])]
    fits.BinTableHDU.from_columns(columns, name="STDGTI").writeto(tmp_path / "gti.fits")
    with open_fits(str(tmp_path / "gti.fits")) as file, pytest.raises(UsageError, match=r"START .* holds no times"):
        read_good_times(file, file.hdus[1])


def test_absent_files_and_directories(tmp_path):
    with pytest.raises(NotFoundError, match="There is no file"):
        open_fits(str(tmp_path / "absent.fits"))
    with pytest.raises(UsageError, match="is a directory"):
        open_fits(str(tmp_path))


def test_copies_carry_checksums_that_astropy_confirms(events, odd_table, tmp_path):
    for number, source in enumerate((events.path, odd_table)):
        copy = tmp_path / f"copy{number}.fits"
        with open_fits(str(source)) as file, Outputs() as outputs:
            writer = outputs.open(str(copy))
            for hdu in file.hdus:
                writer.copy(file, hdu)
        with fits.open(copy, checksum=True) as copied, fits.open(source) as original:
            for new, old in zip(copied, original, strict=True):
                assert all(new.header[key] == old.header[key] for key in old.header if key)
                assert old.data is None or new.data.tobytes() == old.data.tobytes()


@pytest.mark.parametrize("pieces", [[1], [3, 5, 2], [4, 4], [2879, 1, 2]])
def test_streams_in_any_pieces_have_the_right_checksum(tmp_path, pieces):
    path = tmp_path / "image.fits"
    data = os.urandom(sum(pieces))
    with Outputs() as outputs:
        header = Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 1), ("NAXIS1", len(data))])
        stream = outputs.open(str(path)).stream(header)
        start = 0
        for size in pieces:
            stream.write(data[start : start + size])
            start += size
        stream.finish()
    with fits.open(path, checksum=True) as hdus:
        assert hdus[0].data.tobytes() == data


def test_written_tables_are_read_by_astropy(tmp_path):
    path = tmp_path / "table.fits"
    fields = [
        Field("SHAPE", np.array(["CIRCLE", "!BOX"], dtype="S16")),
        Field("R", np.array([[1, 2], [3, 4]], dtype=np.float32), unit="pixel"),
        Field("N", np.array([1, 2], dtype=np.int16), limits=(0, 5)),
    ]
    with Outputs() as outputs:
        writer = outputs.open(str(path))
        writer.write(Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)]))
        writer.write(*table_block("REGION", fields))
    with fits.open(path, checksum=True) as hdus:
        table = hdus["REGION"]
        assert table.data["SHAPE"].tolist() == ["CIRCLE", "!BOX"]
        assert table.data["R"].tolist() == [[1, 2], [3, 4]]
        assert [table.header[key] for key in ("TFORM1", "TFORM2", "TUNIT2", "TLMAX3")] == ["16A", "2E", "pixel", 5]


def test_nothing_is_left_after_a_failure(tmp_path):
    (tmp_path / "old.fits").write_bytes(b"old")
    outputs = Outputs()
    outputs.open(str(tmp_path / "new.fits"))
    outputs.open(str(tmp_path / "old.fits"))
    outputs.__exit__(RuntimeError, RuntimeError(), None)
    assert [path.name for path in tmp_path.iterdir()] == ["old.fits"]
    assert (tmp_path / "old.fits").read_bytes() == b"old"


def test_files_are_not_overwritten_when_they_must_not_be(tmp_path):
    (tmp_path / "old.fits").write_bytes(b"old")
    with pytest.raises(UsageError, match="may not be overwritten"), Outputs(clobber=False) as outputs:
        outputs.open(str(tmp_path / "old.fits"))
    with pytest.raises(UsageError, match="can't be written"), Outputs() as outputs:
        outputs.open(str(tmp_path / "nowhere" / "new.fits"))
