"""Joining sets of good times."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from jobdefs.tasks.gtimerge import run
from jobdefs.tasks.reporting import TaskError
from tests.jobdefs.evselect.events import GOOD_TIMES, START, make_events

from .conftest import call, made


def times(path, rows, *, name="STDGTI", **keywords) -> str:
    """Write a table of good times."""
    rows = np.array(rows, dtype=float).reshape(-1, 2)
    columns = [
        fits.Column("START", "D", unit="s", array=rows[:, 0]), fits.Column("STOP", "D", unit="s", array=rows[:, 1])
    ]  # fmt: skip
    table = fits.BinTableHDU.from_columns(columns, name=name)
    table.header.update(keywords)
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return str(path)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("and", [(25, 30), (60, 70)]),
        ("or", [(0, 80)]),
        ("minus", [(0, 20), (40, 50)]),
    ],
)
def test_modes(folder, fitsverify, mode, expected):
    tables = [times("a.fits", [[0, 50], [60, 70]]), times("b.fits", [[20, 30], [30, 40], [55, 80]]),
              times("c.fits", [[25, 30], [50, 70]])]  # fmt: skip
    call("gtimerge", run, tables=" ".join(tables), mergemode=mode)
    assert made() == expected
    fitsverify(folder / "gti.ds")
    header = fits.getheader("gti.ds", 1)
    assert header["ONTIME"] == sum(stop - start for start, stop in expected)
    assert header["HDUCLAS1"] == "GTI"


@pytest.mark.parametrize("mode", ["or", "and"])
def test_the_ccds_of_an_event_list(folder, mode):
    make_events(folder / "events.fits", rows=50)
    call("gtimerge", run, tables="events.fits", ccdmode=mode)
    grid = np.arange(0.25, 1000, 0.5)
    inside = [
        np.any([(grid > low) & (grid < high) for low, high in intervals], axis=0) for intervals in GOOD_TIMES.values()
    ]
    expected = np.any(inside, axis=0) if mode == "or" else np.all(inside, axis=0)
    found = np.array(made()) - START
    assert np.array_equal(np.any([(grid > low) & (grid < high) for low, high in found], axis=0), expected)


def test_one_ccd_by_its_table_and_a_file_of_several(folder):
    make_events(folder / "events.fits", rows=50)
    call("gtimerge", run, tables="events.fits:STDGTI04", gtitable="one.fits:CCD4")
    assert made("one.fits") == [tuple(row) for row in np.array(GOOD_TIMES[4], dtype=float) + START]
    assert fits.getheader("one.fits", 1)["EXTNAME"] == "CCD4"
    with fits.open(times("two.fits", [[0, 10]])) as file, fits.open(times("x.fits", [[20, 30]])) as other:
        file.append(other[1])
        file.writeto("both.fits")
    call("gtimerge", run, tables="both.fits", gtitable="all.fits")
    assert made("all.fits") == [(0, 10), (20, 30)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"tables": "a.fits none.fits"}, "no file none.fits"),
        ({"tables": "a.fits:NOPE"}, "no block 'NOPE'"),
        ({"tables": "a.fits", "gtitable": "a.fits"}, "gtitable=a.fits is the file of a.fits"),
        ({"tables": "plain.fits"}, "plain.fits has no good times"),
        ({"tables": "a.fits late.fits"}, "a.fits counts its times from MJD 50814, late.fits from MJD 51544.5"),
    ],
)
def test_what_can_not_be_joined_is_told(folder, asked, message):
    times("a.fits", [[0, 10]], MJDREF=50814.0)
    times("late.fits", [[0, 10]], MJDREFI=51544, MJDREFF=0.5)
    Table({"X": [1, 2]}).write("plain.fits")
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(TaskError, match=message):
        call("gtimerge", run, **asked)
    assert {path.name for path in folder.iterdir()} == before
