"""Headers are read without data, and nothing incomplete passes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from obstap.ingest.fitsfile import read_headers
from obstap.ingest.outcomes import NotAProduct, Refused
from tests.obstap.ingest.builders import CHANDRA, X_RAY_COLUMNS, event_list, table, write

ROWS = 1000
"""Rows of the table in these files: 18,000 bytes of data."""


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return event_list(tmp_path / "whole.fits", CHANDRA, rows=ROWS)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return event_list(tmp_path / "packed.fits.gz", CHANDRA, rows=ROWS)


@pytest.mark.parametrize("kind", ["whole", "packed"])
def test_structure_and_values_are_read(kind: str, request: pytest.FixtureRequest) -> None:
    file = read_headers(request.getfixturevalue(kind))
    assert [hdu.name for hdu in file.hdus] == ["", "EVENTS"]
    events = file.find("EVENTS")
    assert (events.axes, events.data_size, events.is_table) == ((18, ROWS), 18 * ROWS, True)
    assert events.columns == ("TIME", "X", "Y", "PI")
    assert events.header["OBJECT"] == "M82"


def test_all_hdus_are_found_with_long_strings_and_heaps(tmp_path: Path) -> None:
    lists = np.array([np.arange(3), np.arange(5)], dtype=object)
    heap = fits.BinTableHDU.from_columns([fits.Column(name="LIST", format="PJ()", array=lists)], name="HEAP")
    path = write(
        tmp_path / "many.fits",
        table("EVENTS", X_RAY_COLUMNS, {"TITLE": "x" * 300}),
        *(table(f"STDGTI{number:02d}", {"START": "D", "STOP": "D"}, rows=1) for number in range(1, 13)),
        heap,
        primary={"LONG": "y" * 200},
    )
    file = read_headers(path)
    assert len(file.hdus) == 15
    assert file.find("EVENTS").header["TITLE"] == "x" * 300
    assert file.find("STDGTI12").index == 13
    assert file.find("HEAP").data_size == 2 * 8 + 8 * 4


@pytest.mark.parametrize("kept", [2880 + 17, 8640 - 1, 8640, 8640 + 18 * ROWS - 1])
def test_a_truncated_file_is_refused_and_the_hdu_named(whole: Path, kept: int) -> None:
    whole.write_bytes(whole.read_bytes()[:kept])
    with pytest.raises(Refused, match=r"HDU 1"):
        read_headers(whole)


def test_the_message_of_truncated_data_counts_bytes(whole: Path) -> None:
    content = whole.read_bytes()
    start = len(content) - 20160  # 18,000 bytes of data fill seven blocks
    whole.write_bytes(content[: start + 500])
    with pytest.raises(Refused) as caught:
        read_headers(whole)
    assert str(caught.value) == "HDU 1 (EVENTS): truncated, 500 of its 18000 bytes of data are there."


def test_sizes_beyond_any_file_are_truncations(whole: Path) -> None:
    rows = b"NAXIS2  =                 1000"
    damaged = whole.read_bytes().replace(rows, b"NAXIS2  =  9999999999999999999")
    assert damaged != whole.read_bytes()
    whole.write_bytes(damaged)
    with pytest.raises(Refused, match="of its 179999999999999999982 bytes of data are there"):
        read_headers(whole)


def test_only_the_padding_may_be_missing(whole: Path) -> None:
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) - 20160 + 18 * ROWS])
    assert len(read_headers(whole).hdus) == 2


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_gzip_stream_is_refused(packed: Path, share: float) -> None:
    content = packed.read_bytes()
    packed.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Refused, match="gzip stream is broken or truncated"):
        read_headers(packed)


def test_a_damaged_gzip_stream_is_refused(packed: Path) -> None:
    content = bytearray(packed.read_bytes())
    content[-6] ^= 0xFF  # in the checksum
    packed.write_bytes(content)
    with pytest.raises(Refused, match="CRC check failed"):
        read_headers(packed)


def test_a_complete_gzip_stream_of_a_truncated_file_is_refused(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.fits.gz"
    path.write_bytes(gzip.compress(whole.read_bytes()[:-10_000]))
    with pytest.raises(Refused, match=r"HDU 1 \(EVENTS\): truncated"):
        read_headers(path)


@pytest.mark.parametrize("content", [b"", b"# a text\n", b"\x1f\x8b", gzip.compress(b"packed text")])
def test_other_files_are_no_products(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises((NotAProduct, Refused)):
        read_headers(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"NAXIS2  =                 1000", b"NAXIS2  =                many  ", "NAXIS2 is many"),
        (b"NAXIS2  =                 1000", b"NAXIS2  =                -1000", "NAXIS2 is -1000"),
        (b"NAXIS2  =                 1000", b"NAXIS2X =                 1000", "NAXIS2 is missing"),
        (b"NAXIS2  =                 1000", b"NAXIS2  =              1000000", "truncated"),
    ],
)
def test_a_header_that_tells_no_size_is_refused(whole: Path, old: bytes, new: bytes, message: str) -> None:
    content = whole.read_bytes()
    assert old in content
    whole.write_bytes(content.replace(old, new[: len(old)]))
    with pytest.raises(Refused, match=message):
        read_headers(whole)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        read_headers(tmp_path / "nowhere.fits")
