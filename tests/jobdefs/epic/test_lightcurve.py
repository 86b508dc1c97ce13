"""epic-lightcurve on simulated lists: rates, pulses, gaps, sources that are not there, and what reads the curve."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from jobdefs import registry
from jobdefs.tasks.epic_lightcurve.correcting import Curve, net_curve
from jobdefs.tasks.epic_lightcurve.livetimes import live_times_of
from jobdefs.tasks.evselect.task import run as evselect
from jobdefs.tasks.parameters import parse_arguments
from jobdefs.tasks.reporting import TaskError
from obstap.demo.cameras import CAMERAS

from .sky import EMPTY, PULSING, START, STEADY, circle, run, true_rate

ALL = {"flag": "any", "pattern": 31, "pimin": 500, "pimax": 8000}


def _curve(path: str = "lightcurve.fits") -> tuple[np.ndarray, fits.Header]:
    with fits.open(path) as file:
        return np.array(file["RATE"].data), file["RATE"].header


@pytest.mark.parametrize(("name", "instrument"), [("pn", "EPN"), ("mos1", "EMOS1")])
def test_the_mean_rate_is_that_of_the_source(folder, name, instrument) -> None:
    told = run("epic-lightcurve", table=f"inputs/{name}.fits", source=circle(STEADY, 30), timebinsize=200, **ALL)
    expected = true_rate(STEADY, CAMERAS[instrument], arcsec=30, pimin=500, pimax=8000)
    rows, header = _curve()
    assert rows.dtype.names == ("TIME", "RATE", "ERROR", "FRACEXP", "BACKV", "BACKE")
    exposed = rows["FRACEXP"] > 0
    mean = np.average(rows["RATE"][exposed], weights=rows["FRACEXP"][exposed])
    assert mean == pytest.approx(expected, rel=0.05)
    assert (header["BACKAPP"], header["DEADAPP"], header["VIGNAPP"]) == (True, True, False)
    assert (header["HDUCLAS1"], header["HDUCLAS2"], header["HDUCLAS3"]) == ("LIGHTCURVE", "NET", "RATE")
    curve = told["light_curve"]
    assert curve["bins"] == len(rows) == 30
    # A steady source varies as its counts do.
    assert curve["chi_squared"] / curve["degrees_of_freedom"] < 2


def test_columns_follow_from_the_counts(folder) -> None:
    run("epic-lightcurve", table="inputs/pn.fits", source=circle(STEADY, 30), timebinsize=500)
    rows, _ = _curve()
    source, _ = _curve("source_rate.fits")
    background, _ = _curve("background_rate.fits")
    told = run("epic-lightcurve", table="inputs/pn.fits", source=circle(STEADY, 30), timebinsize=500)
    full = slice(1, -1)
    live = 500 * CAMERAS["EPN"].live_fraction
    counts, other = (np.rint(item["RATE"] * 500)[full] for item in (source, background))
    ratio = told["area_ratio"]
    np.testing.assert_array_equal(rows["TIME"], source["TIME"])
    np.testing.assert_allclose(rows["FRACEXP"][full], CAMERAS["EPN"].live_fraction, rtol=1e-6)
    np.testing.assert_allclose(rows["BACKV"][full], ratio * other / live, rtol=1e-6)
    np.testing.assert_allclose(rows["BACKE"][full], ratio * np.sqrt(other) / live, rtol=1e-6)
    np.testing.assert_allclose(rows["RATE"][full], (counts - ratio * other) / live, rtol=1e-6)
    np.testing.assert_allclose(rows["ERROR"][full], np.sqrt(counts + ratio**2 * other) / live, rtol=1e-6)


def test_the_pulses_of_a_source_are_found(folder) -> None:
    told = run("epic-lightcurve", table="inputs/pn.fits", source=circle(PULSING, 30), timebinsize=50, **ALL)
    rows, _ = _curve()
    good = rows["FRACEXP"] > 0.5
    phase = (rows["TIME"][good] - START) / PULSING.pulse.period * 2 * np.pi
    design = np.column_stack([np.ones(good.sum()), np.sin(phase), np.cos(phase)])
    mean, sine, cosine = np.linalg.lstsq(design, rows["RATE"][good], rcond=None)[0]
    expected = true_rate(PULSING, CAMERAS["EPN"], arcsec=30, pimin=500, pimax=8000)
    assert mean == pytest.approx(expected, rel=0.05)
    assert sine / mean == pytest.approx(PULSING.pulse.fraction, abs=0.05)
    assert abs(cosine / mean) < 0.05
    assert told["light_curve"]["chi_squared"] > 5 * told["light_curve"]["degrees_of_freedom"]


def test_where_no_source_is_the_mean_is_zero(folder) -> None:
    run(
        "epic-lightcurve", table="inputs/pn.fits", source=f'CIRCLE {EMPTY[0]} {EMPTY[1]} 0.012', timebinsize=100,
        innerfactor=1, outerfactor=3, **ALL,
    )  # fmt: skip
    rows, _ = _curve()
    good = rows["FRACEXP"] > 0.5
    error = np.sqrt((rows["ERROR"][good] ** 2).sum()) / good.sum()
    assert rows["BACKV"][good].mean() > 10 * error / 3
    assert abs(rows["RATE"][good].mean()) < 3 * error


@pytest.mark.parametrize("filtered", [False, True], ids=["in one go", "of a list filtered before"])
def test_gaps_in_the_good_times_are_corrected(folder, filtered) -> None:
    fits.BinTableHDU.from_columns(
        [
            fits.Column("START", "D", "s", array=[START + 10, START + 3030]),
            fits.Column("STOP", "D", "s", array=[START + 2000, START + 5000]),
        ],
        name="STDGTI",
    ).writeto("inputs/gti.fits")
    condition, table = "GTI(inputs/gti.fits,TIME)", "inputs/pn.fits"
    if filtered:
        arguments = [f"table={table}", f"expression={condition}", "filteredset=inputs/clean.fits"]
        evselect(parse_arguments(registry.get("evselect"), arguments))
        condition, table = "true", "inputs/clean.fits"
    run(
        "epic-lightcurve", table=table, source=circle(STEADY, 30), timebinsize=100, expression=condition,
        timemin=START, timemax=START + 6000, **ALL,
    )  # fmt: skip
    rows, _ = _curve()
    inside = [(START + 10, START + 2000), (START + 3030, START + 5000)]
    exposed = CAMERAS["EPN"].live_fraction * sum(
        np.clip(np.minimum(rows["TIME"] + 50, stop) - np.maximum(rows["TIME"] - 50, start), 0, 100) / 100
        for start, stop in inside
    )
    np.testing.assert_allclose(rows["FRACEXP"], exposed, atol=0.005)
    dark = rows["FRACEXP"] == 0
    assert dark.sum() > 15
    assert np.isnan(rows["RATE"][dark]).all()
    partly = (rows["FRACEXP"] > 0.3) & (rows["FRACEXP"] < 0.9)
    expected = true_rate(STEADY, CAMERAS["EPN"], arcsec=30, pimin=500, pimax=8000)
    assert partly.any()
    assert (np.abs(rows["RATE"][partly] - expected) < 4 * rows["ERROR"][partly]).all()


def test_the_summary_says_what_was_corrected(folder, capfd) -> None:
    told = run("epic-lightcurve", table="inputs/mos1.fits", source=circle(STEADY, 30))
    assert told["corrections"]["made"] == [
        "background, scaled by the areas of the regions", "dead time", "gaps in the good times",
    ]  # fmt: skip
    assert "vignetting" in told["corrections"]["not_made"]
    assert "need XMM-Newton SAS (epiclccorr)" in told["corrections"]["why"]
    assert "not corrected for vignetting" in capfd.readouterr().out
    alone = run("epic-lightcurve", table="inputs/mos1.fits", source=circle(STEADY, 30), withbackground="no")
    assert alone["corrections"]["made"] == ["dead time", "gaps in the good times"]
    rows, header = _curve()
    assert rows.dtype.names == ("TIME", "RATE", "ERROR", "FRACEXP")
    assert header["BACKAPP"] is False


def test_begin_and_end_may_be_chosen(folder) -> None:
    run(
        "epic-lightcurve", table="inputs/pn.fits", source=circle(STEADY, 30), timemin=START + 1000,
        timemax=START + 1950, timebinsize=100,
    )  # fmt: skip
    rows, header = _curve()
    assert (header["TSTART"], header["TSTOP"], len(rows)) == (START + 1000, START + 2000, 10)
    assert rows["TIME"][0] == START + 1050


@pytest.mark.slow
def test_stingray_reads_curve_and_events(folder) -> None:
    run("epic-lightcurve", table="inputs/pn.fits", source=circle(STEADY, 30), timebinsize=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stingray import EventList, Lightcurve

        curve = Lightcurve.read("lightcurve.fits", fmt="hea")
        events = EventList.read("inputs/pn.fits", fmt="hea")
    rows, _ = _curve()
    assert curve.dt == 100
    np.testing.assert_allclose(curve.time, rows["TIME"][-len(curve.time) :][: len(curve.time)], atol=101)
    # stingray takes rates to be those of the whole bin, and divides them by FRACEXP.
    assert curve.meanrate == pytest.approx(np.nanmean(rows["RATE"] / rows["FRACEXP"]), rel=0.01)
    assert events.ncounts == fits.getheader("inputs/pn.fits", "EVENTS")["NAXIS2"]


def test_equal_inputs_give_equal_bytes_without_errors(job) -> None:
    names = ("lightcurve.fits", "source_rate.fits", "background_rate.fits", "summary.json", "lightcurve.png")
    made = []
    for _ in range(2):
        run("epic-lightcurve", table="inputs/mos1.fits", source=circle(STEADY, 30))
        made.append([Path(name).read_bytes() for name in names])
    assert made[0] == made[1]
    assert str(job).encode() not in b"".join(made[0])
    if shutil.which("fitsverify") is None:
        pytest.skip("fitsverify is not installed (Debian package fitsverify).")
    for name in names[:3]:
        told = subprocess.run(["fitsverify", "-q", name], capture_output=True, text=True, timeout=60, check=False)
        assert "OK" in told.stdout or " and 0 errors" in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"timebinsize": 0.001}, "bins; 2,000,000 are allowed"),
        ({"timemin": START + 10, "timemax": START}, "must be after timemin"),
        ({"outset": "source_rate.fits"}, "is the name of two products"),
        ({"source": "CIRCLE 200 2 0.01"}, "source lies outside the field"),
    ],
)
def test_what_cannot_be_done_is_told(folder, parameters, said) -> None:
    given_parameters = {"table": "inputs/pn.fits", "source": circle(STEADY, 30), **parameters}
    with pytest.raises(TaskError, match=said):
        run("epic-lightcurve", **given_parameters)
    assert not Path("lightcurve.fits").exists()


@given(
    counts=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=30),
    ratio=st.floats(0.001, 10), width=st.floats(0.1, 100), exposed=st.just(0.0) | st.floats(1e-6, 1.0),
)  # fmt: skip
def test_the_error_is_that_of_the_difference(counts, ratio, width, exposed) -> None:
    source, background = (np.array(column, dtype=float) for column in zip(*counts, strict=True))
    live = np.full(len(source), exposed * width)
    curves = [Curve(np.arange(len(source)) * width, width, item, live) for item in (source, background)]
    columns = net_curve(*curves, ratio)
    if not live[0]:
        assert np.isnan(columns["RATE"]).all()
        return
    np.testing.assert_allclose(columns["RATE"] + columns["BACKV"], source / live)
    variance = source / live**2 + ratio**2 * background / live**2
    np.testing.assert_allclose(columns["ERROR"] ** 2, variance, rtol=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=6),
    st.integers(1, 7), st.integers(1, 12),
)  # fmt: skip
def test_good_time_in_bins_is_counted_second_by_second(gaps, width, bins) -> None:
    good, clock = [], 0
    for gap, length in gaps:
        good.append((clock + gap, clock + gap + length))
        clock += gap + length
    edges = np.arange(bins + 1) * float(width)
    seconds = np.zeros(bins * width)
    for start, stop in good:
        seconds[start:stop] = 1
    found = live_times_of(np.array(good, dtype=float).reshape(-1, 2), edges)
    np.testing.assert_allclose(found, seconds.reshape(bins, width).sum(axis=1), atol=1e-9)
