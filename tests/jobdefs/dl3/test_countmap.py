"""Count maps of gamma-ray event lists."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

from jobdefs.tasks.reporting import TaskError
from vo.errors import ParameterError


def brute_force(paths, header, emin, emax):
    """The same image by astropy's projection and numpy's histogram."""
    counts = np.zeros((header["NAXIS2"], header["NAXIS1"]))
    for path in paths:
        events = fits.getdata(path, "EVENTS")
        kept = events[(events["ENERGY"] >= emin) & (events["ENERGY"] < emax)]
        x, y = WCS(header).wcs_world2pix(kept["RA"].astype(float), kept["DEC"].astype(float), 0)
        edges = [np.arange(size + 1) - 0.5 for size in counts.shape]
        counts += np.histogram2d(y, x, bins=edges)[0]
    return counts


@pytest.mark.parametrize("pointing", [(83.0, 22.0), (359.9, -71.0)])
def test_the_counts_are_those_of_the_projection(folder, make_run, task, pointing):
    paths = [make_run(f"{seed}.fits", seed=seed, pointing=pointing) for seed in (1, 2)]
    task("dl3-countmap", *paths, emin=0.7, emax=20, binsize=0.05, size=3)
    with fits.open("countmap.fits") as file:
        header, counts = file[0].header, file[0].data
    assert counts.shape == (60, 60)
    assert counts.dtype == ">i4"
    np.testing.assert_array_equal(counts, brute_force(paths, header, 0.7, 20))
    assert header["CRVAL1"] == pytest.approx(pointing[0])
    assert (header["EXPOSURE"], header["NRUNS"], header["E_MIN"], header["BUNIT"]) == (3000, 2, 0.7, "count")
    assert (header["OBJECT"], "OBS_ID" in header) == ("Made", False)
    assert list(header["HISTORY"])[1:] == ["Events of 1.fits", "Events of 2.fits"]


def test_the_image_is_valid_and_the_same_every_time(folder, make_run, task):
    path = make_run()
    made = set()
    for _ in range(2):
        task("dl3-countmap", path, ra=83.2, dec=21.5, size=1)
        made.add((Path("countmap.fits").read_bytes(), Path("countmap.png").read_bytes()))
    assert len(made) == 1
    done = subprocess.run(["fitsverify", "-q", "countmap.fits"], capture_output=True, text=True, check=False)
    assert "verification OK" in done.stdout
    assert str(folder).encode() not in Path("countmap.fits").read_bytes()


def test_energies_in_another_unit(folder, make_run, task):
    task("dl3-countmap", make_run("tev.fits"), emin=1, imageset="a.fits")
    task("dl3-countmap", make_run("gev.fits", unit="GeV"), emin=1, imageset="b.fits")
    np.testing.assert_array_equal(fits.getdata("a.fits"), fits.getdata("b.fits"))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"ra": 83}, "both ra and dec"),
        ({"emin": 5, "emax": 2}, "must be above emin"),
        ({"size": 60, "binsize": 0.001}, "too many"),
    ],
)
def test_refusals(folder, make_run, task, parameters, words):
    with pytest.raises(ParameterError, match=words):
        task("dl3-countmap", make_run(), **parameters)
    assert not Path("countmap.fits").exists()


def test_other_files_are_refused(folder, task):
    table = fits.BinTableHDU.from_columns([fits.Column("TIME", "D", array=[1.0])], name="EVENTS")
    fits.HDUList([fits.PrimaryHDU(), table]).writeto("inputs/x.fits")
    with pytest.raises(TaskError, match="no column RA, DEC, ENERGY"):
        task("dl3-countmap", "inputs/x.fits")


def test_the_crab_is_where_it_is(crab, task):
    task("dl3-countmap", *crab, binsize=0.05)
    with fits.open("countmap.fits") as file:
        row, column = np.unravel_index(file[0].data.argmax(), file[0].data.shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FITSFixedWarning)  # of the way in which H.E.S.S. counts time
            wcs = WCS(file[0].header)
        ra, dec = wcs.wcs_pix2world(column, row, 0)
    assert (float(ra), float(dec)) == pytest.approx((83.633, 22.014), abs=0.06)
