"""The groups that each option makes, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from jobdefs.tasks.specgroup.task import run

from ..conftest import call
from .spectra import flags, response, signs, spectrum

FLAT = [5] * 10
"""Ten channels of five counts."""

Case = tuple[list[int], dict[str, object], str, str]
"""Counts, options, GROUPING and QUALITY."""

CASES: dict[str, Case] = {
    "minimum of counts": (FLAT, {"mincounts": 10}, "+-+-+-+-+-", "0000000000"),
    "what is left joins the last group": (FLAT, {"mincounts": 20}, "+---+-----", "0000000000"),
    "what is left is bad": (FLAT, {"mincounts": 20, "lastbin": "setbad"}, "+---+---..", "0000000011"),
    "what is left is a group": (FLAT, {"mincounts": 20, "lastbin": "owngroup"}, "+---+---+-", "0000000000"),
    "too few counts in all": (FLAT, {"mincounts": 1000}, "+---------", "0000000000"),
    "every channel suffices": (FLAT, {"mincounts": 5}, "++++++++++", "0000000000"),
    "from the top": (FLAT, {"mincounts": 20, "hightolow": "yes"}, "+-----+---", "0000000000"),
    "from the top, bad rest": (
        FLAT, {"mincounts": 20, "hightolow": "yes", "lastbin": "setbad"}, "..+---+---", "1100000000"),
    "bad channels stand aside": (FLAT, {"mincounts": 10, "setbad": "0-1,5:5"}, "..+--.+-+-", "5500050000"),
    "ranges": (FLAT, {"ranges": "1-3,4:6"}, ".+--+--...", "0000000000"),
    "ranges and what is left": (FLAT, {"ranges": "2-3", "mincounts": 10}, "+-+-+-+-+-", "0000000000"),
    "ranges make bad channels good": (FLAT, {"ranges": "2-3", "setbad": "0-2"}, "..+-......", "5500000000"),
    "ranges, the rest bad": (FLAT, {"ranges": "2-8", "lastbin": "setbad"}, "..+------.", "1100000001"),
    "ranges, the rest beside": (FLAT, {"ranges": "2-8", "lastbin": "addtogroup"}, "+---------", "0000000000"),
    "ranges, the rest alone": (FLAT, {"ranges": "2-8", "lastbin": "owngroup"}, "+-+------+", "0000000000"),
    "regular": (FLAT, {"regbinwid": 4}, "+---+---+-", "0000000000"),
    "regular, from one to one": (
        FLAT, {"regbinstart": 2, "regbinend": 8, "regbinwid": 3}, ".+--+--+..", "0000000000"),
    "regular beside ranges": (FLAT, {"regbinwid": 4, "ranges": "2-3"}, "+-+-+---+-", "0000000000"),
    "regular, then counts": (
        FLAT, {"regbinstart": 1, "regbinend": 3, "regbinwid": 3, "mincounts": 10}, "+--+-+-+--", "0000000000"),
    "signal to noise": ([4] * 9, {"minSN": 4}, "+---+----", "000000000"),
    "empty channels have no signal": ([0, 0, 9, 0, 0], {"minSN": 3}, "+----", "00000"),
    "nothing asked": (FLAT, {}, "..........", "0000000000"),
}  # fmt: skip


@pytest.mark.parametrize(("counts", "options", "groups", "quality"), CASES.values(), ids=CASES)
def test_options(folder, counts, options, groups, quality):
    call("specgroup", run, spectrumset=spectrum(folder / "src.ds", counts), **options)
    assert (signs("SpecGrp.ds"), flags("SpecGrp.ds")) == (groups, quality)


def test_channels_may_begin_at_one(folder):
    call("specgroup", run, spectrumset=spectrum(folder / "src.ds", FLAT, first=1), ranges="1-2", setbad="9-10")
    assert (signs("SpecGrp.ds"), flags("SpecGrp.ds")) == ("+-........", "0000000055")


def test_bad_channels_of_the_input_stay_bad_and_dubious_ones_are_grouped(folder):
    name = spectrum(folder / "src.ds", FLAT, quality=[1, 5, 2, 0, 0, 0, 0, 0, 0, 1])
    call("specgroup", run, spectrumset=name, mincounts=10)
    assert (signs("SpecGrp.ds"), flags("SpecGrp.ds")) == ("..+-+-+--.", "1500000001")


@pytest.mark.parametrize(
    ("scale", "groups"),
    [
        ({}, "+--+--+---"),  # (3·9 − 3·4) / sqrt(27 + 12) = 2.40; two channels give 1.96
        (
            {"BACKSCAL": 4.0},
            "+-+-+-+-+-",
        ),  # a = 1/4: (18 − 2) / sqrt(18 + 0.5) = 3.72; one channel gives 2.60 … see minSN
        ({"EXPOSURE": 400.0}, "+-+-+-+-+-"),
        ({"AREASCAL": 4.0}, "+-+-+-+-+-"),
    ],
)
def test_the_background_is_scaled_and_subtracted(folder, scale, groups):
    source = spectrum(folder / "src.ds", [9] * 10)
    background = spectrum(folder / "bkg.ds", [4] * 10, **scale)
    least = 2.2 if not scale else 3.0
    call("specgroup", run, spectrumset=source, backgndset=background, minSN=least)
    assert signs("SpecGrp.ds") == groups


def test_ratio_above_the_background(folder):
    source = spectrum(folder / "src.ds", [2, 4, 8, 3, 2, 9])
    background = spectrum(folder / "bkg.ds", [4, 4, 4, 0, 4, 4], BACKSCAL=2.0)
    call("specgroup", run, spectrumset=source, backgndset=background, ratioabovebgnd=1)
    # Background scaled: 2 2 2 0 2 2. Sums: 2/2, 6/4, 14/6 -> 1.33; 3/0; 2/2, 11/4 -> 1.75.
    assert signs("SpecGrp.ds") == "+--++-"


def test_groups_are_as_wide_as_the_resolution_asks(folder):
    source = spectrum(folder / "src.ds", [100] * 100)
    matrix = response(folder / "m.rmf", width=0.2)  # FWHM 0.471 keV: 9.42 channels of 0.05 keV
    call("specgroup", run, spectrumset=source, rmfset=matrix, mincounts=25, oversample=3)
    groups = signs("SpecGrp.ds")
    lengths = {len(group) + 1 for group in groups.split("+")[4:-4]}
    assert lengths == {4}
    call("specgroup", run, spectrumset=source, rmfset=matrix, oversample=1)
    assert {len(group) + 1 for group in signs("SpecGrp.ds").split("+")[3:-3]} == {10}
    call("specgroup", run, spectrumset=source, rmfset=matrix, mincounts=1500, oversample=1)
    assert {len(group) + 1 for group in signs("SpecGrp.ds").split("+")[2:-2]} == {15}


def test_ranges_in_energies(folder):
    source = spectrum(folder / "src.ds", [1] * 100)
    matrix = response(folder / "m.rmf")
    call("specgroup", run, spectrumset=source, rmfset=matrix, units="KEV", ranges="0.5-1.0,1:1.5", setbad="0:0.2")
    groups = signs("SpecGrp.ds")
    assert groups == "." * 10 + "+" + "-" * 9 + "+" + "-" * 9 + "." * 70
    assert flags("SpecGrp.ds") == "5555" + "0" * 96


def test_groups_of_a_template(folder):
    spectrum(folder / "one.ds", FLAT)
    call("specgroup", run, spectrumset="one.ds", mincounts=20, setbad="0", lastbin="setbad", groupedset="template.ds")
    call("specgroup", run, spectrumset=spectrum(folder / "two.ds", [0] * 10), grouptemplate="template.ds")
    assert (signs("SpecGrp.ds"), flags("SpecGrp.ds")) == (signs("template.ds"), flags("template.ds"))


def test_4096_channels_are_grouped_in_milliseconds(folder):
    import time

    rng = np.random.default_rng(1)
    name = spectrum(folder / "src.ds", rng.poisson(3, 4096))
    begin = time.perf_counter()
    call("specgroup", run, spectrumset=name, mincounts=25)
    assert time.perf_counter() - begin < 0.5
    assert fits.getdata("SpecGrp.ds", "SPECTRUM")["GROUPING"][0] == 1
