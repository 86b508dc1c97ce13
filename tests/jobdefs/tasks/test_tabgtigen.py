"""Good time intervals from the rows of a table."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.tasks.reporting import TaskError
from jobdefs.tasks.tabgtigen import good_intervals, run

from .conftest import call, made


def curve(path, rates, times=None, **keywords) -> str:
    """Write a rate curve of 10 s bins."""
    times = 100.0 + 10 * np.arange(len(rates)) if times is None else np.asarray(times, dtype=float)
    table = fits.BinTableHDU.from_columns(
        [fits.Column("TIME", "D", unit="s", array=times), fits.Column("RATE", "E", array=np.asarray(rates))],
        name="RATE",
    )
    table.header.update({"TELESCOP": "XMM", "INSTRUME": "EPN", "TIMEDEL": 10.0, **keywords})
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return str(path)


@pytest.mark.parametrize(
    ("rates", "asked", "expected"),
    [
        ([1, 9, 1, 1, 9, 1], {}, [(95, 105), (115, 135), (145, 155)]),
        ([1, 1, 1], {}, [(95, 125)]),
        ([9, 1, 9], {"prefraction": 0, "postfraction": 1}, [(110, 120)]),
        ([9, 1, 9], {"prefraction": -0.5, "postfraction": 1}, [(115, 120)]),
        ([9, 1, 9], {"prefraction": -0.5, "postfraction": -0.5}, [(115, 105)][:0]),
        ([1, 9, 1, 1, 9, 1], {"mingtisize": 15}, [(115, 135)]),
        ([1, 9, 1, 1, 9, 1], {"mingtisize": 10}, [(95, 105), (115, 135), (145, 155)]),
        ([1], {}, [(95, 105)]),
        ([9], {}, []),
        ([1, np.nan, 1], {}, [(95, 105), (115, 125)]),
    ],
)
def test_runs_of_good_rows_become_intervals(folder, rates, asked, expected):
    call("tabgtigen", run, table=curve("rate.fits", rates), expression="RATE<=5", **asked)
    assert made() == expected


def test_steps_may_differ(folder):
    call("tabgtigen", run, table=curve("rate.fits", [9, 1, 1, 9], [0, 4, 10, 30]), expression="RATE<=5")
    assert made() == [(2, 20)]


def test_the_product_tells_of_its_making(folder, fitsverify):
    call("tabgtigen", run, table=curve("rate.fits", [1, 9, 1, 1]), expression="RATE<=5", mingtisize=15,
         gtiset="times.fits:ALLGTI")  # fmt: skip
    fitsverify(folder / "times.fits")
    with fits.open("times.fits") as file:
        header = file["ALLGTI"].header
        assert {key: header[key] for key in ("HDUCLASS", "HDUCLAS1", "HDUCLAS2", "TIMESYS", "TIMEREF", "TASSIGN")} == {
            "HDUCLASS": "OGIP", "HDUCLAS1": "GTI", "HDUCLAS2": "STANDARD", "TIMESYS": "TT", "TIMEREF": "LOCAL",
            "TASSIGN": "SATELLITE",
        }  # fmt: skip
        assert [header[key] for key in ("ONTIME", "TSTART", "TSTOP", "MINGTISZ", "SUMSHORT", "MJDREF")] == [
            20, 115, 135, 15, 10, 50814,
        ]  # fmt: skip
        assert [column.unit for column in file["ALLGTI"].columns] == ["s", "s"]
        assert file[0].header["CREATOR"].startswith("tabgtigen (")
        assert file[0].header["INSTRUME"] == "EPN"


def test_equal_inputs_give_equal_bytes(folder):
    table = curve("rate.fits", [1, 9, 1, 1])
    for _ in range(2):
        call("tabgtigen", run, table=table, expression="RATE<=5")
        first = (folder / "gti.ds").read_bytes() if not (folder / "first").exists() else (folder / "first").read_bytes()
        (folder / "first").write_bytes(first)
    assert (folder / "gti.ds").read_bytes() == first


def test_attributes_and_good_times_may_stand_in_the_expression(folder):
    table = curve("rate.fits", [1, 1, 9, 1, 1], CUT=5.0)
    call("tabgtigen", run, table=table, expression="RATE<=#CUT", gtiset="one.ds")
    call("tabgtigen", run, table=table, expression="gti(one.ds,TIME) && (TIME<125)", gtiset="two.ds")
    assert made("one.ds") == [(95, 115), (125, 145)]
    assert made("two.ds") == [(95, 115)]


def test_regions_may_stand_in_the_expression(folder):
    Table({"TIME": [0.0, 10, 20, 30], "X": [1.0, 2, 9, 2], "Y": [1.0, 1, 9, 1]}).write("track.fits")
    call("tabgtigen", run, table="track.fits", expression="((X,Y) IN CIRCLE(1,1,3)) && (TIME<25)")
    assert made() == [(-5, 15)]


@pytest.mark.parametrize(
    ("times", "asked", "message"),
    [
        ([0, 20, 10], {}, "row 3 lies before row 2"),
        ([0, np.nan, 10], {}, "row 2 has no time"),
        ([0, 10, 20], {"timecolumn": "CLOCK"}, "no column CLOCK of times; its columns are: TIME, RATE"),
        ([0, 10, 20], {"expression": "RAT<5"}, "no column RAT"),
        ([0, 10, 20], {"gtiset": "rate.fits:X"}, "the file of the table itself"),
        ([0, 10, 20], {"table": "rate.fits:NOPE"}, "no block 'NOPE'"),
        ([0, 10, 20], {"table": "none.fits"}, "no file none.fits"),
    ],
)
def test_what_can_not_be_done_is_told_and_leaves_nothing(folder, times, asked, message):
    curve("rate.fits", [1, 1, 1], times)
    with pytest.raises(TaskError, match=message):
        call("tabgtigen", run, **{"table": "rate.fits", "expression": "RATE<5"} | asked)
    assert [path.name for path in folder.iterdir()] == ["rate.fits"]


def test_no_good_row_is_warned_of(folder, capsys):
    call("tabgtigen", run, table=curve("rate.fits", [9, 9]), expression="RATE<=5")
    assert made() == []
    assert "warning (EmptyGTI), no row fulfils the expression" in capsys.readouterr().err


@given(
    steps=st.lists(st.integers(1, 8), min_size=1, max_size=30),
    data=st.data(),
    before=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    after=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)
def test_every_moment_belongs_to_the_intervals_of_the_rows_around_it(steps, data, before, after):
    times = np.cumsum([0, *steps]).astype(float)
    good = np.array(data.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times))))
    expected, row = [], 0
    while row < len(times):
        if not good[row]:
            row += 1
            continue
        last = row
        while last + 1 < len(times) and good[last + 1]:
            last += 1
        back = times[row] - times[row - 1] if row else times[1] - times[0]
        on = times[last + 1] - times[last] if last + 1 < len(times) else times[-1] - times[-2]
        expected.append([times[row] - before * back, times[last] + after * on])
        row = last + 1
    found = good_intervals(times, good, before=before, after=after)
    assert found.tolist() == expected
    assert (np.diff(found.ravel()) >= 0).all()


def test_a_real_curve(folder, real, fitsverify):
    path = real("P0124710801PNS001FBKTSR0000.FTZ")
    call("tabgtigen", run, table=f"{path}:RATE", expression="RATE<=#FLCUTTHR")
    fitsverify(folder / "gti.ds")
    rows = fits.getdata(path, "RATE")
    cut = fits.getheader(path, "RATE")["FLCUTTHR"]
    intervals = np.array(made())
    inside = ((rows["TIME"][:, None] >= intervals[:, 0]) & (rows["TIME"][:, None] <= intervals[:, 1])).any(axis=1)
    assert np.array_equal(inside, rows["RATE"] <= cut)
    assert np.isclose(np.diff(intervals).sum(), 10 * inside.sum())
