"""Lists of other missions: a real Chandra list, and tables with odd columns."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from jobdefs.tasks.reporting import TaskError

EXPRESSION = "energy in [500:7000] && (x,y) in CIRCLE(4450,3834,60)"
ALL = {
    "filteredset": "list.fits", "imageset": "image.fits", "xcolumn": "x", "ycolumn": "y", "imagebinning": "binSize",
    "ximagebinsize": 4, "yimagebinsize": 4, "spectrumset": "spectrum.fits", "energycolumn": "pi", "spectralbinsize": 1,
    "rateset": "rate.fits", "timebinsize": 50,
}  # fmt: skip


@pytest.fixture
def chandra(shared):
    path = shared / "data" / "chandra" / "chandra_test.fits"
    if not path.exists():
        pytest.skip("no Chandra event list among the shared data")
    with fits.open(path) as hdus:
        yield path, hdus[1].data, hdus[1].header, hdus["GTI"].data


def test_products_of_a_chandra_list(chandra, evselect, capsys):
    path, rows, header, good = chandra
    keep = (rows["energy"] >= 500) & (rows["energy"] <= 7000)
    keep &= np.hypot(rows["x"] - 4450.0, rows["y"] - 3834.0) <= 60
    out = evselect(table=path, expression=EXPRESSION, **ALL)
    assert "warning (NotXMM), the table is from CHANDRA" in capsys.readouterr().err
    ontime = (good["STOP"] - good["START"]).sum()
    livetime = ontime * header["LIVETIME"] / header["ONTIME"]
    with fits.open(out / "list.fits", checksum=True) as hdus:
        assert np.array_equal(hdus["EVENTS"].data["time"], rows["time"][keep])
        assert keep.sum() > 1000
        for keyword, value in (("ONTIME", ontime), ("LIVETIME", livetime), ("EXPOSURE", livetime)):
            assert hdus["EVENTS"].header[keyword] == pytest.approx(value)
        assert hdus["GTI"].data["START"].tolist() == good["START"].tolist()
    with fits.open(out / "image.fits") as hdus:
        expected = np.zeros((2048, 2048), dtype=int)
        place = [((rows[axis][keep].astype(float) - 0.5) // 4).astype(int) for axis in ("y", "x")]
        np.add.at(expected, tuple(place), 1)
        assert np.array_equal(hdus[0].data, expected)
        assert hdus[0].header["EXPOSURE"] == pytest.approx(livetime)
    with fits.open(out / "spectrum.fits") as hdus:
        assert np.array_equal(hdus["SPECTRUM"].data["COUNTS"], np.bincount(rows["pi"][keep] - 1, minlength=1024))
        assert hdus["SPECTRUM"].header["EXPOSURE"] == pytest.approx(livetime)
        assert hdus["SPECTRUM"].header["SPECVAL"] == 1
    with fits.open(out / "rate.fits") as hdus:
        numbers = ((rows["time"][keep] - good["START"][0]) // 50).astype(int)
        assert np.array_equal(hdus["RATE"].data["COUNTS"], np.bincount(numbers, minlength=19))


@pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")
def test_sky_coordinates_of_a_chandra_image(chandra, evselect):
    path, _, header, _ = chandra
    out = evselect(table=path, **{**ALL, "ximagemin": 3500, "ximagemax": 4800})
    pixels = WCS(naxis=2)
    pixels.wcs.ctype = [header["TCTYP3"], header["TCTYP4"]]
    pixels.wcs.crpix = [header["TCRPX3"], header["TCRPX4"]]
    pixels.wcs.crval = [header["TCRVL3"], header["TCRVL4"]]
    pixels.wcs.cdelt = [header["TCDLT3"], header["TCDLT4"]]
    with fits.open(out / "image.fits") as hdus:
        found = WCS(hdus[0].header).world_to_pixel_values(149.1, 69.72)
        x, y = pixels.wcs_world2pix([[149.1, 69.72]], 1)[0]
        assert np.allclose(found, ((x - 3500) / 4 - 0.5, (y - 0.5) / 4 - 0.5), atol=1e-6)


def test_times_within_chandras_good_times(chandra, evselect):
    path, rows, header, good = chandra
    start = good["START"][0]
    middle = float(start + 400)
    out = evselect(table=path, expression=f"time<={middle!r}", filteredset="list.fits")
    with fits.open(out / "list.fits") as hdus:
        assert len(hdus["EVENTS"].data) == (rows["time"] <= middle).sum()
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "EVENTS", "GTI"]
        assert hdus["GTI"].header["HDUNAME"] == "GTI7"
        assert hdus["GTI"].data["STOP"][-1] == middle
        assert [hdus["EVENTS"].header[key] for key in ("DSTYP4", "DSVAL4", "DSREF4")] == ["time", "TABLE", ":GTI7"]
        assert hdus["EVENTS"].header["LIVETIME"] == pytest.approx(400 * header["LIVETIME"] / header["ONTIME"])


def test_tables_of_any_kind(folder, evselect):
    """Unsigned columns, lists of varying length, texts; no keywords of a mission; compressed by gzip."""
    rng = np.random.default_rng(2)
    number = rng.integers(30_000, 36_000, 500).astype(np.uint16)
    lists = np.array([np.arange(index % 5, dtype=np.int32) for index in range(500)], dtype=object)
    columns = [
        fits.Column("N", "I", bzero=2**15, array=number),
        fits.Column("LISTS", "PJ()", array=lists),
        fits.Column("NAME", "6A", array=np.array(["odd" if value % 2 else "even" for value in number])),
    ]
    fits.BinTableHDU.from_columns(columns, name="ROWS").writeto("table.fits")
    (folder / "table.fits.gz").write_bytes(gzip.compress((folder / "table.fits").read_bytes()))
    keep = (number >= 32_000) & (number % 2 == 1)
    products = {"filteredset": "list.fits", "histogramset": "histo.fits", "histogramcolumn": "N"}
    for name in ("table.fits", "table.fits.gz"):
        for chunk_rows in (7, 0):
            out = evselect(table=name, expression="N>=32000 && NAME=='odd'", chunk_rows=chunk_rows, **products)
            with fits.open(out / "list.fits", checksum=True) as hdus:
                rows = hdus["ROWS"].data
                assert np.array_equal(rows["N"], number[keep])
                assert [row.tolist() for row in rows["LISTS"]] == [row.tolist() for row in lists[keep]]
            with fits.open(out / "histo.fits") as hdus:
                assert hdus["HISTO"].data["COUNTS"].sum() == keep.sum()


def test_rows_without_a_value_are_not_binned(folder, evselect):
    fits.BinTableHDU.from_columns([fits.Column("N", "J", null=-99, array=[1, -99, 3, 3])]).writeto("table.fits")
    out = evselect(table="table.fits", histogramset="histo.fits", histogramcolumn="N")
    with fits.open(out / "histo.fits") as hdus:
        assert hdus["HISTO"].data["N"].tolist() == [1, 2, 3]
        assert hdus["HISTO"].data["COUNTS"].tolist() == [1, 0, 2]


def test_an_empty_table(folder, evselect, capsys):
    column = fits.Column("N", "J", array=np.array([], dtype=np.int32))
    fits.BinTableHDU.from_columns([column]).writeto("table.fits")
    out = evselect(table="table.fits", expression="N>1", filteredset="list.fits")
    assert "warning (NoInputEvents)" in capsys.readouterr().err
    with fits.open(out / "list.fits", checksum=True) as hdus:
        assert len(hdus[1].data) == 0


def test_nothing_asked_for(events, evselect, capsys):
    evselect(expression="PI>300")
    output = capsys.readouterr()
    assert "warning (NoOutput), no product is asked for" in output.err
    assert "rows from the input table." in output.out


def test_regions_name_the_columns_that_they_are_about(folder, evselect):
    """A gamma-ray list has RA and DEC columns, no sky pixels."""
    columns = [
        fits.Column("RA", "E", unit="deg", array=[83.6, 83.7, 85.0]),
        fits.Column("DEC", "E", unit="deg", array=[22.0, 22.0, 22.0]),
    ]
    fits.BinTableHDU.from_columns(columns, name="EVENTS").writeto("table.fits")
    out = evselect(table="table.fits", expression="(RA,DEC) in CIRCLE(83.63,22,0.3)", filteredset="list.fits")
    with fits.open(out / "list.fits") as hdus:
        assert len(hdus["EVENTS"].data) == 2
        assert hdus["EVENTS"].header["DSTYP1"] == "POS(RA,DEC)"
        assert hdus["REG00002"].header["MFORM1"] == "RA,DEC"


def test_a_table_that_is_too_large_to_be_one_of_good_times(events, evselect, monkeypatch):
    monkeypatch.setattr("jobdefs.tasks.evselect.blocks._LARGEST", 1000)
    with pytest.raises(TaskError, match=r"Block EVENTS of events\.fits has 0 MiB; tables of good times"):
        evselect(expression="gti(events.fits,TIME)", filteredset="list.fits")
