"""All that FITS tables can hold (FITS standard 4.0 §7)."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from tests.obstap.publish import samples
from tests.obstap.publish.conftest import published, rows

STILTS = Path("/usr/bin/stilts")


def write(path: Path, *columns: fits.Column, **cards: object) -> Path:
    hdu = fits.BinTableHDU.from_columns(columns, name="DATA")
    hdu.header.update(cards)
    hdu.writeto(path)
    return path


def ragged(*values: object) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = [np.array(value) if isinstance(value, list) else value for value in values]
    return array


KINDS = {
    "L": (fits.Column("v", "L", array=np.array([True, False])), ("boolean", ""), [True, False]),
    "X": (fits.Column("v", "X", array=np.array([[True], [False]])), ("boolean", ""), [True, False]),
    "11X": (
        fits.Column("v", "11X", array=np.eye(2, 11, 9, dtype=bool)), ("boolean", "11"),
        [[False] * 9 + [True, False], [False] * 10 + [True]],
    ),
    "B": (fits.Column("v", "B", array=np.array([0, 255], "u1")), ("short", ""), [0, 255]),
    "signed byte": (fits.Column("v", "B", bzero=-128, array=np.array([-128, 127], "i1")), ("short", ""), [-128, 127]),
    "I": (fits.Column("v", "I", array=np.array([-(2**15), 2**15 - 1])), ("short", ""), [-(2**15), 2**15 - 1]),
    "unsigned I": (fits.Column("v", "I", bzero=2**15, array=np.array([0, 65535], "u2")), ("int", ""), [0, 65535]),
    "J": (fits.Column("v", "J", null=-1, array=np.array([-1, 2**31 - 1])), ("int", ""), [None, 2**31 - 1]),
    "unsigned J": (
        fits.Column("v", "J", bzero=2**31, array=np.array([0, 2**32 - 1], "u4")), ("long", ""), [0, 2**32 - 1],
    ),
    "K": (fits.Column("v", "K", array=np.array([-(2**63), 2**63 - 1])), ("long", ""), [-(2**63), 2**63 - 1]),
    "unsigned K": (
        fits.Column("v", "K", bzero=2**63, array=np.array([0, 2**63 - 1], "u8")), ("long", ""), [0, 2**63 - 1],
    ),
    "E": (fits.Column("v", "E", array=np.array([1.5, np.nan])), ("float", ""), [1.5, None]),
    "D": (fits.Column("v", "D", array=np.array([1e300, np.nan])), ("double", ""), [1e300, None]),
    "C": (fits.Column("v", "C", array=np.array([1 + 2j, 3 - 4j])), ("float", "2"), [[1, 2], [3, -4]]),
    "2M": (
        fits.Column("v", "2M", array=np.array([[1 + 2j, 3], [0, 1j]])), ("double", "2x2"), [[1, 2, 3, 0], [0, 0, 0, 1]],
    ),
    "A": (fits.Column("v", "A", array=np.array(["x", ""])), ("char", "*"), ["x", None]),
    "5A": (fits.Column("v", "5A", array=np.array(["ab ", "abcde"])), ("char", "*"), ["ab", "abcde"]),
    "3D": (fits.Column("v", "3D", array=np.array([[1, 2, np.nan], [4, 5, 6]])), ("double", "3"), None),
    "6J": (
        fits.Column("v", "6J", dim="(2,3)", array=np.arange(12).reshape(2, 3, 2)), ("int", "2x3"),
        [list(range(6)), list(range(6, 12))],
    ),
    "PJ": (fits.Column("v", "PJ()", array=ragged([1, 2, 3], [])), ("int", "*"), [[1, 2, 3], []]),
    "QD": (fits.Column("v", "QD()", array=ragged([1.5], [2.5, 3.5])), ("double", "*"), [[1.5], [2.5, 3.5]]),
    "PA": (fits.Column("v", "PA()", array=ragged("abc", "d")), ("char", "*"), ["abc", "d"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_type(kind, publish, archive, tmp_path):
    column, (datatype, arraysize), expected = KINDS[kind]
    publish(write(tmp_path / "x.fits", fits.Column("n", "J", array=np.arange(2)), column))
    found = published(archive).column("v")
    assert (found.datatype, found.arraysize) == (datatype, arraysize)
    values = [value for (value,) in rows("SELECT v FROM trial.sources ORDER BY n")]
    if expected is None:
        assert values[1] == [4, 5, 6]
        assert values[0][:2] == [1, 2]
        assert np.isnan(values[0][2])
    else:
        assert values == expected


def test_scaled_numbers(publish, archive, tmp_path):
    path = write(tmp_path / "x.fits", fits.Column("v", "I", null=-1, array=np.array([5, 10, -1])))
    with fits.open(path, mode="update") as file:
        file[1].header["TSCAL1"], file[1].header["TZERO1"] = 0.5, 10
    publish(path)
    assert published(archive).column("v").datatype == "double"
    assert sorted(rows("SELECT v FROM trial.sources"), key=str) == [(12.5,), (15.0,), (None,)]


def test_a_whole_number_that_no_column_holds(publish, archive, tmp_path):
    column = fits.Column("v", "K", bzero=2**63, array=np.array([1, 2**63], "u8"))
    with pytest.raises(Exception, match="Column v: 9223372036854775808 exceeds the largest whole number"):
        publish(write(tmp_path / "x.fits", column))


def test_many_rows_of_many_pieces(publish, archive, tmp_path):
    count = 150_000
    numbers = np.arange(count)
    lists = ragged(*([[n] * (n % 4) for n in range(1000)] * 150))
    path = write(
        tmp_path / "x.fits",
        fits.Column("n", "K", array=numbers),
        fits.Column("t", "12A", array=np.char.mod("row %d", numbers)),
        fits.Column("v", "PK()", array=lists),
    )
    publish(path)
    assert rows("SELECT COUNT(*), MIN(n), MAX(n), SUM(n) FROM trial.sources") == [
        (count, 0, count - 1, count * (count - 1) // 2)
    ]
    assert rows("SELECT t, v FROM trial.sources WHERE n = 120003") == [("row 120003", [3, 3, 3])]


def test_an_ascii_table(publish, archive, tmp_path):
    hdu = fits.TableHDU.from_columns(
        [
            fits.Column("name", "A8", array=np.array(["one", "two", ""])),
            fits.Column("i", "I6", array=np.array([1, -2, 3])),
            fits.Column("e", "E15.7", array=np.array([1.5, 2.5e4, -3.5]), unit="Jy"),
            fits.Column("d", "D25.17", array=np.array([1.25, 2.25, 1e100])),
        ]
    )
    hdu.writeto(tmp_path / "x.fits")
    publish(tmp_path / "x.fits")
    assert [(column.name, column.datatype, column.arraysize, column.unit) for column in published(archive).columns] == [
        ("name", "char", "*", ""),
        ("i", "int", "", ""),
        ("e", "float", "", "Jy"),
        ("d", "double", "", ""),
    ]
    assert rows("SELECT * FROM trial.sources ORDER BY d") == [
        ("one", 1, 1.5, 1.25),
        ("two", -2, 2.5e4, 2.25),
        (None, 3, -3.5, 1e100),
    ]


def test_one_of_several_tables(publish, archive, tmp_path):
    tables = [
        fits.BinTableHDU.from_columns([fits.Column(name, "J", array=np.array([1]))], name=name.upper())
        for name in ("first", "second")
    ]
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(tmp_path / "x.fits")
    for hdu, name in ((), "first"), (("--hdu", "2"), "second"), (("--hdu", "second"), "second"):
        publish(tmp_path / "x.fits", *hdu, "--replace")
        assert [column.name for column in published(archive).columns] == [name]
    with pytest.raises(Exception, match=r"no table 'third'; its tables are HDU 1 \(FIRST\), HDU 2 \(SECOND\)\."):
        publish(tmp_path / "x.fits", "--hdu", "third", "--replace")


def test_descriptions_of_columns(publish, archive, tmp_path):
    path = write(
        tmp_path / "x.fits", *(fits.Column(name, "J", array=np.array([1])) for name in "abc"), TCOMM1="By TCOMM"
    )
    with fits.open(path, mode="update") as file:
        file[1].header.comments["TTYPE2"] = "By the comment"
        file[1].header.comments["TTYPE3"] = "label for field   3"
    publish(path)
    assert [column.description for column in published(archive).columns] == ["By TCOMM", "By the comment", ""]


@pytest.mark.parametrize(
    ("cards", "told"),
    [
        ({}, "position: RA, DEC (by their names)"),
        ({"RADESYS": "ICRS"}, "position: RA, DEC (by their names)"),
        ({"RADESYS": "FK5", "EQUINOX": 2000.0}, "position: RA, DEC (by their names)"),
        ({"RADESYS": "FK5", "EQUINOX": 1950.0}, "position: none"),
        ({"RADESYS": "FK4"}, "position: none"),
    ],
)
def test_only_icrs_is_indexed(cards, told, publish, tmp_path):
    columns = [fits.Column(name, "D", unit="deg", array=np.array([10.0])) for name in ("RA", "DEC")]
    out, _ = publish(write(tmp_path / "x.fits", *columns, **cards))
    assert told in out


@pytest.mark.skipif(not STILTS.exists(), reason="STILTS is not installed (apt-get install stilts)")
def test_a_file_of_topcat_keeps_what_its_votable_says(publish, archive, tmp_path):
    source, path = samples.write_votable(tmp_path / "c.vot"), tmp_path / "plus.fits"
    subprocess.run(
        [STILTS, "-batch", "tpipe", f"in={source}", f"out={path}", "ofmt=fits-plus", "cmd=colmeta -utype a:b.c flux"],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    publish(path)
    found = published(archive)
    assert found.description == samples.DESCRIPTION
    assert found.column("flux").utype == "a:b.c"
    assert {column.name: (column.unit, column.ucd, column.description) for column in found.columns} == {
        name: told[2:] for name, told in samples.COLUMNS.items()
    }
    assert rows("SELECT seen FROM trial.sources WHERE srcid = 1") == [
        (datetime.fromisoformat("2001-02-03T04:05:06.5"),)
    ]
