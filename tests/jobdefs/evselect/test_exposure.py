"""ONTIME, LIVETIME and EXPOSURE after a selection."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from .events import LIVE, START, make_events

CUT = "TIME in [100000100:100000600]"
ONTIMES = {1: 400.0, 4: 500.0, 5: 500.0}
"""Seconds of good time of each CCD within CUT."""


def test_times_of_a_filtered_list(events, evselect):
    out = evselect(expression=CUT, filteredset="list.fits")
    with fits.open(out / "list.fits") as hdus:
        header = hdus["EVENTS"].header
        for ccd, ontime in ONTIMES.items():
            assert header[f"ONTIME{ccd:02d}"] == pytest.approx(ontime)
            assert header[f"LIVETI{ccd:02d}"] == pytest.approx(ontime * LIVE)
        for keyword, value in (("ONTIME", 500), ("LIVETIME", 500 * LIVE), ("EXPOSURE", 500 * LIVE)):
            assert header[keyword] == pytest.approx(value)
        times = hdus["EXPOSU01"].data["TIME"] - START
        assert len(times) == 800
        assert times.min() > 100
        assert not ((times > 400) & (times < 500)).any()


def test_exposures_of_products(events, evselect):
    products = {"imageset": "image.fits", "spectrumset": "spectrum.fits", "rateset": "rate.fits", "energycolumn": "PI"}
    out = evselect(expression=CUT, **products, timebinsize=10)
    keep = (events["TIME"] >= START + 100) & (events["TIME"] <= START + 600)
    counts = np.bincount(events["CCDNR"][keep], minlength=6)
    weighted = sum(counts[ccd] * ONTIMES[ccd] * LIVE for ccd in ONTIMES) / counts.sum()
    with fits.open(out / "image.fits") as hdus:
        header = hdus[0].header
        assert header["EXPOSURE"] == 500
        assert [header[f"ONTIME{ccd:02d}"] for ccd in ONTIMES] == [400, 500, 500]
    for name in ("spectrum.fits", "rate.fits"):
        with fits.open(out / name) as hdus:
            assert hdus[1].header["EXPOSURE"] == pytest.approx(weighted)


def test_live_time_follows_the_exposed_fractions(folder, evselect):
    """Half of CCD 4's frames before 500 s are lost: its live time there is half."""
    make_events(folder / "made.fits", rows=100)
    with fits.open(folder / "made.fits") as hdus:
        rows = hdus["EXPOSU04"].data
        early = (rows["TIME"] < START + 500) & (np.arange(len(rows)) % 2 == 0)
        rows["FRACEXP"][early] = 0
        hdus["EVENTS"].header["LIVETI04"] = rows["FRACEXP"].sum() * 0.5
        hdus.writeto(folder / "events.fits")
    out = evselect(expression="CCDNR==4 && TIME<=100000402", spectrumset="spectrum.fits", energycolumn="PI")
    with fits.open(out / "spectrum.fits") as hdus:
        assert hdus["SPECTRUM"].header["EXPOSURE"] == pytest.approx(400 * LIVE / 2, rel=2e-3)


def test_live_time_without_tables_follows_the_on_time(folder, evselect, capsys):
    make_events(folder / "made.fits", rows=100)
    with fits.open(folder / "made.fits") as hdus:
        del hdus["EXPOSU04"]
        hdus.writeto(folder / "events.fits")
    out = evselect(expression="CCDNR==4 && TIME<=100000402", spectrumset="spectrum.fits", energycolumn="PI")
    assert "warning (ExpBadCcdComp), CCD 4 has no table EXPOSU04" in capsys.readouterr().err
    with fits.open(out / "spectrum.fits") as hdus:
        assert hdus["SPECTRUM"].header["EXPOSURE"] == pytest.approx(400 * LIVE)


def test_times_are_left_when_that_is_wanted(events, evselect):
    out = evselect(
        expression=CUT, filteredset="list.fits", imageset="image.fits", updateexposure="no", filterexposure="no"
    )
    with fits.open(out / "list.fits") as hdus:
        assert hdus["EVENTS"].header["ONTIME01"] == 890
        assert len(hdus["EXPOSU01"].data) == 2000
    with fits.open(out / "image.fits") as hdus:
        assert hdus[0].header["EXPOSURE"] == pytest.approx(998 * LIVE)


def test_an_empty_selection_has_an_exposure_all_the_same(events, evselect):
    out = evselect(expression="PI<0", spectrumset="spectrum.fits", energycolumn="PI")
    with fits.open(out / "spectrum.fits") as hdus:
        assert hdus["SPECTRUM"].header["EXPOSURE"] == pytest.approx(998 * LIVE)
