"""Programs that users have read the products: fitsverify, astropy's tables, stingray."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from .events import START

SKY = {"imageset": "product.fits", "xcolumn": "X", "ycolumn": "Y"}
SPECTRUM = {"spectrumset": "product.fits", "energycolumn": "PI"}
RATE = {"rateset": "product.fits", "timebinsize": 10}
WEIGHTS = {"zcolumn": "PI", "zerrorcolumn": "RAWX"}
REGION = "#XMMEA_EP && (X,Y) in CIRCLE(25921,25921,6000) && !((X,Y) in ELLIPSE(26000,26000,500,200,30))"
PRODUCTS = {
    "list": {"filteredset": "product.fits"},
    "list of times": {"filteredset": "product.fits", "expression": "TIME in [100000100:100000600] && CCDNR in 1,4"},
    "list of a region": {"filteredset": "product.fits", "expression": REGION},
    "list with a flag": {"filteredset": "product.fits", "expression": REGION, "flagcolumn": "KEPT"},
    "empty list": {"filteredset": "product.fits", "expression": "PI<0"},
    "list in place": {"table": "own.fits", "expression": REGION, "keepfilteroutput": "yes"},
    "image": {**SKY, "expression": REGION},
    "image of a mask": {**SKY, "expression": "(X,Y) in IMAGE(mask.fits)"},
    "image of bytes": {**SKY, "imagedatatype": "Int8"},
    "image of weights": {**SKY, **WEIGHTS},
    "image of the detector": {"imageset": "product.fits", "xcolumn": "DETX", "ycolumn": "DETY"},
    "spectrum": {**SPECTRUM, "expression": REGION},
    "spectrum of weights": {**SPECTRUM, **WEIGHTS, "blockstocopy": "BADPIX04 EXPOSU01"},
    "rate": {**RATE, "expression": REGION},
    "rate with time": {**RATE, "makeratecolumn": "yes", "maketimecolumn": "yes", "energycolumn": "PI"},
    "rate of weights": {**RATE, **WEIGHTS, "maketimecolumn": "yes"},
    "histogram": {"histogramset": "product.fits", "expression": REGION},
    "histogram of weights": {"histogramset": "product.fits", "histogramcolumn": "PI", **WEIGHTS},
}  # fmt: skip


@pytest.fixture(scope="session")
def fitsverify() -> str:
    program = shutil.which("fitsverify")
    if program is None:
        pytest.skip("fitsverify is not installed (Debian package fitsverify)")
    return program


@pytest.mark.parametrize("product", PRODUCTS)
def test_fitsverify_finds_no_error(events, evselect, fitsverify, product):
    parameters = dict(PRODUCTS[product])
    if "mask.fits" in parameters.get("expression", ""):
        evselect(**{**SKY, "imageset": "mask.fits"})
    shutil.copy(events.path, "own.fits")
    evselect(**parameters)
    path = parameters.get("table", "product.fits")
    done = subprocess.run([fitsverify, "-q", path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (
        done.stdout + subprocess.run([fitsverify, path], capture_output=True, text=True, check=False).stdout
    )
    assert "verification OK" in done.stdout


def test_tables_open_in_astropy(events, evselect):
    """Units and columns as they are meant."""
    evselect(**SPECTRUM)
    table = Table.read("product.fits", hdu="SPECTRUM")
    assert (table.colnames, str(table["COUNTS"].unit), table["COUNTS"].sum()) == (["CHANNEL", "COUNTS"], "ct", 5000)
    evselect(**RATE, makeratecolumn="yes", maketimecolumn="yes")
    table = Table.read("product.fits", hdu="RATE")
    assert {name: str(table[name].unit) for name in table.colnames} == {
        "RATE": "ct / s",
        "ERROR": "ct / s",
        "TIME": "s",
    }
    assert (table["RATE"] * 10).sum() == pytest.approx(5000)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("as_rate", ["yes", "no"])
def test_rate_curves_open_in_stingray(events, evselect, as_rate):
    stingray = pytest.importorskip("stingray", reason="stingray is not installed")
    evselect(**RATE, makeratecolumn=as_rate, maketimecolumn="yes")
    curve = stingray.Lightcurve.read("product.fits", fmt="hea")
    rows = fits.getdata("product.fits", "RATE")
    assert curve.dt == 10
    assert np.allclose(np.asarray(curve.time, dtype=float), rows["TIME"])
    assert np.allclose(curve.counts, rows["RATE"] * 10 if as_rate == "yes" else rows["COUNTS"])


@pytest.mark.filterwarnings("ignore")
def test_filtered_lists_open_in_stingray(events, evselect):
    stingray = pytest.importorskip("stingray", reason="stingray is not installed")
    shutil.copy(events.path, "own.fits")
    for keyword, value in (("TSTART", START), ("TSTOP", START + 1000)):
        fits.setval("own.fits", keyword, value=value, ext=1)
    evselect(table="own.fits", filteredset="product.fits", expression="PI>=1000 && CCDNR==4 && TIME<=100000600")
    found = stingray.EventList.read("product.fits", fmt="hea")
    keep = (events["PI"] >= 1000) & (events["CCDNR"] == 4) & (events["TIME"] <= START + 600)
    assert np.allclose(np.asarray(found.time, dtype=float), events["TIME"][keep])
    assert np.array_equal(np.asarray(found.pi), events["PI"][keep])
    assert np.allclose(found.gti, [[START + 2, START + 600]])
