"""What is warned of under SAS's codes, when it applies and only then; lists of the RGS; attributes that are missing."""

from __future__ import annotations

import re
import shutil

import pytest
from astropy.io import fits

from jobdefs.tasks.reporting import TaskError

from .events import LIVE, START

IMAGE = {"imageset": "image.fits", "xcolumn": "X", "ycolumn": "Y"}
RATE = {"rateset": "rate.fits", "timebinsize": 10}
SHORT_BINS = {**RATE, "timebinsize": 0.05, "timemin": START, "timemax": START + 9}
SPECTRUM = {"spectrumset": "spectrum.fits", "energycolumn": "PI"}
LIST = {"filteredset": "list.fits"}


def edited(events, keywords: dict[str, object], *, without: str = "") -> None:
    """A copy of the list with other keywords, and without blocks and keywords of these names."""
    shutil.copy(events.path, "own.fits")
    with fits.open("own.fits", mode="update") as hdus:
        for name in [hdu.name for hdu in hdus if without and re.match(without, hdu.name)]:
            del hdus[name]
        header = hdus["EVENTS"].header
        for keyword in [word for word in header if without and re.match(without, word)]:
            del header[keyword]
        header.update(keywords)


def codes(capsys) -> list[str]:
    return re.findall(r"evselect: warning \((\w+)\)", capsys.readouterr().err)


@pytest.mark.parametrize(
    "case",
    [
        ({"FRMTIME": 73}, "", SHORT_BINS, ["BinVsFrameTime"]),
        ({"FRMTIME": 73}, "", RATE, []),
        ({}, "", RATE, ["NoFrameTimeKeywordFound"]),
        ({}, "", {**SPECTRUM, **IMAGE, **LIST}, []),
        ({}, "DS|[0-9]DS|STDGTI", IMAGE, ["ExpNoDss"]),
        ({}, "DS|[0-9]DS|STDGTI", {**IMAGE, "updateexposure": "no"}, []),
        ({}, "DS|[0-9]DS|STDGTI", {"histogramset": "histo.fits", "histogramcolumn": "PI"}, []),
        ({}, "ONTIME$", LIST, ["NoTargetOntime"]),
        ({}, "LIVETIME$", LIST, ["NoTargetLivetime"]),
        ({}, "LIVETIME$", SPECTRUM, []),
        ({}, "", {**SPECTRUM, "expression": "PI<0"}, ["NoFilteredEvents", "NoExpEmpty"]),
        ({}, "", {**IMAGE, "expression": "PI<0"}, ["NoFilteredEvents"]),
        ({"TCROT6": 1.0}, "", IMAGE, ["WcsTransform"]),
        ({"TELESCOP": "Chandra"}, "", IMAGE, ["NotXMM"]),
        ({}, "EXPOSU", {**SPECTRUM, "expression": "TIME<=100000500"}, ["ExpBadCcdComp"] * 3),
        ({}, "", {**IMAGE, "attributestocopy": "NOSUCH"}, ["NoAttrib"]),
        ({}, "", {**IMAGE, "ximagemin": 0, "ximagemax": 52000}, ["MinParamRange", "MaxParamRange"]),
    ],
)  # fmt: skip
def test_warnings(events, evselect, capsys, case):
    keywords, without, parameters, expected = case
    edited(events, keywords, without=without)
    capsys.readouterr()
    evselect(table="own.fits", **parameters)
    assert codes(capsys) == expected


def test_exposures_of_the_rgs_are_handed_on(events, evselect, capsys):
    edited(events, {"INSTRUME": "RGS1", "EXPOSURE": 555.5})
    out = evselect(table="own.fits", expression="TIME<=100000500 && PI>=100", **SPECTRUM, **LIST)
    assert codes(capsys) == ["RgsTimeFilter"]
    assert fits.getheader(out / "spectrum.fits", 1)["EXPOSURE"] == 555.5
    assert fits.getheader(out / "list.fits", 1)["ONTIME"] == 998.0
    evselect(table="own.fits", expression="PI>=100", **SPECTRUM)
    assert codes(capsys) == []


def test_an_rgs_list_without_an_exposure(events, evselect, capsys):
    edited(events, {"INSTRUME": "RGS2"}, without="EXPOSURE$")
    out = evselect(table="own.fits", **SPECTRUM)
    assert codes(capsys) == ["NoRGSExposure"]
    assert "EXPOSURE" not in fits.getheader(out / "spectrum.fits", 1)


def test_histograms_carry_no_exposure(events, evselect):
    out = evselect(histogramset="histo.fits", histogramcolumn="PI", spectrumset="spectrum.fits", energycolumn="PI")
    assert "EXPOSURE" not in fits.getheader(out / "histo.fits", 1)
    assert fits.getheader(out / "spectrum.fits", 1)["EXPOSURE"] <= 998 * LIVE


@pytest.mark.parametrize(("camera", "own", "other"), [("EPN", "EP", "EM"), ("EMOS1", "EM", "EP")])
def test_the_flag_filter_of_another_camera_is_no_attribute(events, evselect, camera, own, other):
    edited(events, {"INSTRUME": camera}, without="XMMEA_EP")
    fits.setval("own.fits", f"XMMEA_{own}", value="(FLAG & 0x10) == 0", ext=1)
    evselect(table="own.fits", expression=f"#XMMEA_{own}", **LIST)
    message = f"The table has no attribute #XMMEA_{other}. Did you mean #XMMEA_{own}"
    with pytest.raises(TaskError, match=message) as refusal:
        evselect(table="own.fits", expression=f"#XMMEA_{other}", **LIST)
    assert refusal.value.code == "DssException"


def test_attributes_are_replaced_to_the_end_and_must_be_expressions(events, evselect):
    edited(events, {"MINE": "#BEST && PI in [#LOW:2000]", "BEST": "#XMMEA_EP", "LOW": 500, "WORDS": "a good list"})
    out = evselect(table="own.fits", expression="#MINE", **LIST)
    keep = ((events["FLAG"] & 0xCFA0000) == 0) & (events["PI"] >= 500) & (events["PI"] <= 2000)
    assert len(fits.getdata(out / "list.fits", 1)) == keep.sum()
    assert fits.getheader(out / "list.fits", 1)["SLCTEXPR"] == "(FLAG & 0xcfa0000) == 0 && PI in [500:2000]"
    with pytest.raises(TaskError, match="In the value of #WORDS: The table has no column a"):
        evselect(table="own.fits", expression="#WORDS", **LIST)
