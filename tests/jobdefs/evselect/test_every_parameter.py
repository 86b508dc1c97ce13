"""What each of evselect's parameters does: one call without it, one with it, and what differs in the product."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs import registry

from .events import DEC, LIVE, RA, START

Probe = Callable[[Path, str], object]


def key(name: str, *keywords: str, block: int | str = 0) -> Probe:
    def probe(out: Path, _: str) -> object:
        header = fits.getheader(out / name, block)
        return tuple(header.get(keyword) for keyword in keywords) if len(keywords) > 1 else header.get(keywords[0])

    return probe


def length(name: str, block: int | str = 1) -> Probe:
    return lambda out, _: len(fits.getdata(out / name, block))


def column(name: str, column_name: str, function: Callable[[np.ndarray], float], block: int = 1) -> Probe:
    return lambda out, _: pytest.approx(function(fits.getdata(out / name, block)[column_name].astype(float)))


def columns(name: str) -> Probe:
    return lambda out, _: fits.getdata(out / name, 1).columns.names


def files(out: Path, _: str) -> set[str]:
    return {path.name for path in out.iterdir()} - {"events.fits"}


def selected(_: Path, output: str) -> int:
    return int(output.partition("selected ")[2].split()[0])


def told(code: str) -> Probe:
    return lambda _, output: f"warning ({code})" in output


def axes_of_subspace(out: Path, _: str) -> list[str]:
    return [str(value) for keyword, value in fits.getheader(out / "image.fits").items() if keyword.startswith("DSTYP")]


def blocks(out: Path, _: str) -> list[str]:
    with fits.open(out / "image.fits") as hdus:
        return [hdu.name for hdu in hdus]


IMAGE = {"imageset": "image.fits", "imagebinning": "binSize"}
SKY = {**IMAGE, "xcolumn": "X", "ycolumn": "Y", "ximagebinsize": 80, "yimagebinsize": 80}
CENTRED = {**SKY, "withcelestialcenter": "yes", "raimagecenter": RA, "decimagecenter": DEC, "ximagesize": 101,
           "yimagesize": 101}  # fmt: skip
LIST = {"filteredset": "list.fits"}
HARD = {**LIST, "expression": "PI>=1000"}
SPECTRUM = {"spectrumset": "spectrum.fits", "energycolumn": "PI"}
SUMS = {"spectrumset": "spectrum.fits", "energycolumn": "PATTERN", "spectralbinsize": 1, "zcolumn": "PI"}
RATE = {"rateset": "rate.fits", "timebinsize": 10}
HISTOGRAM = {"histogramset": "histo.fits", "histogramcolumn": "PATTERN"}
ROWX = {**IMAGE, "ximagemin": 1, "ximagemax": 64}
ROWY = {**IMAGE, "yimagemin": 1, "yimagemax": 200}


@dataclass(frozen=True)
class Case:
    """Parameters of the first call, what the second has besides, and what is found after each."""

    base: dict[str, object]
    change: object
    probe: Probe
    without: object
    with_it: object


CASES = {
    "table": Case(LIST, "events.fits:EXPOSU01", selected, 5000, 2000),
    "expression": Case(LIST, "PI>=1000", selected, 5000, "hard"),
    "filtertype": Case(
        {**LIST, "dssblock": "FILTER", "expression": "PI<0", "filtertype": "expression"}, "dataSubspace", selected, 0,
            "hard"
    ),
    "dssblock": Case({**LIST, "filtertype": "dataSubspace"}, "FILTER", selected, 5000, "hard"),
    "withfilteredset": Case({}, "yes", files, set(), {"filtered.fits"}),
    "filteredset": Case({"withfilteredset": "yes"}, "other.fits", files, {"filtered.fits"}, {"filtered.fits",
            "other.fits"}),
    "keepfilteroutput": Case({"expression": "PI>=1000"}, "yes", length("events.fits"), 5000, "hard"),
    "destruct": Case(HARD, "no", length("list.fits"), "hard", 5000),
    "flagcolumn": Case({**HARD, "destruct": "no"}, "KEPT", lambda *at: columns("list.fits")(*at)[-1], "EVFLAG", "KEPT"),
    "flagbit": Case({**HARD, "destruct": "no"}, 0, column("list.fits", "EVFLAG", np.max), 128, 1),
    "cleandss": Case(SKY, "yes", axes_of_subspace, ["CCDNR", "PHA", "TIME"], ["CCDNR", "TIME"]),
    "updateexposure": Case(
        {**SKY, "expression": "TIME<=100000500"}, "no", key("image.fits", "EXPOSURE"), 498.0, pytest.approx(998 * LIVE)
    ),
    "filterexposure": Case({**LIST, "expression": "TIME<=100000500"}, "no", length("list.fits", "EXPOSU04"), 996, 2000),
    "writedss": Case(SKY, "no", axes_of_subspace, ["CCDNR", "PHA", "TIME"], []),
    "blockstocopy": Case({**SKY, "writedss": "no"}, "BADPIX04 FILTER", blocks, ["PRIMARY"], ["PRIMARY", "BADPIX04",
            "FILTER"]),
    "attributestocopy": Case(SKY, "XMMEA_EP", key("image.fits", "XMMEA_EP"), None, "(FLAG & 0xcfa0000) == 0"),
    "energycolumn": Case(
        {"spectrumset": "spectrum.fits"}, "PI", key("spectrum.fits", "CHANTYPE", "DETCHANS", block=1), ("PHA", 820),
            ("PI", 4096)
    ),
    "withzcolumn": Case({**SUMS, "withzcolumn": "no"}, "yes", column("spectrum.fits", "COUNTS", np.sum), 5000,
            "sum of PI"),
    "zcolumn": Case(SUMS, "RAWX", column("spectrum.fits", "COUNTS", np.sum), "sum of PI", "sum of RAWX"),
    "withzerrorcolumn": Case(
        {**SUMS, "zerrorcolumn": "RAWX", "withzerrorcolumn": "no"}, "yes",
        column("spectrum.fits", "STAT_ERR", lambda values: (values**2).sum()), "squares of PI", "squares of RAWX",
    ),
    "zerrorcolumn": Case(
        {**SUMS, "zerrorcolumn": "RAWX"}, "RAWY",
        column("spectrum.fits", "STAT_ERR", lambda values: (values**2).sum()), "squares of RAWX", "squares of RAWY",
    ),
    "ignorelegallimits": Case(
        {**SKY, "ximagebinsize": 100, "ximagemin": -99, "ximagemax": 52000}, "yes", key("image.fits", "NAXIS1"), 519,
            521
    ),
    "withimageset": Case({}, "yes", files, set(), {"image.fits"}),
    "imageset": Case({"withimageset": "yes"}, "other.fits", files, {"image.fits"}, {"image.fits", "other.fits"}),
    "xcolumn": Case(IMAGE, "DETX", key("image.fits", "CTYPE1L", "NAXIS1"), ("RAWX", 64), ("DETX", 40001)),
    "ycolumn": Case(IMAGE, "PATTERN", key("image.fits", "CTYPE2L", "NAXIS2"), ("RAWY", 200), ("PATTERN", 32)),
    "ximagebinsize": Case(IMAGE, 4, key("image.fits", "NAXIS1", "CDELT1L"), (64, 1), (16, 4)),
    "yimagebinsize": Case(IMAGE, 4, key("image.fits", "NAXIS2", "CDELT2L"), (200, 1), (50, 4)),
    "squarepixels": Case({**IMAGE, "yimagebinsize": 4}, "yes", key("image.fits", "CDELT1L", "CDELT2L"), (1, 4), (4, 4)),
    "imagebinning": Case({"ximagesize": 32, "ximagebinsize": 4, "imagebinning": "imageSize"}, "binSize",
                         key("image.fits", "NAXIS1"), 32, 16),
    "ximagesize": Case({"imageset": "image.fits"}, 10, key("image.fits", "NAXIS1", "CDELT1L"), (64, 1), (10, 7)),
    "yimagesize": Case({"imageset": "image.fits"}, 30, key("image.fits", "NAXIS2", "CDELT2L"), (200, 1), (29, 7)),
    "withxranges": Case({**ROWX, "ximagemin": 33, "withxranges": "no"}, "yes", key("image.fits", "NAXIS1"), 64, 32),
    "ximagemin": Case(ROWX, 33, key("image.fits", "NAXIS1", "CRVAL1L"), (64, 1), (32, 33)),
    "ximagemax": Case(ROWX, 16, key("image.fits", "NAXIS1", "CRVAL1L"), (64, 1), (16, 1)),
    "withyranges": Case({**ROWY, "yimagemin": 151, "withyranges": "no"}, "yes", key("image.fits", "NAXIS2"), 200, 50),
    "yimagemin": Case(ROWY, 151, key("image.fits", "NAXIS2", "CRVAL2L"), (200, 1), (50, 151)),
    "yimagemax": Case(ROWY, 50, key("image.fits", "NAXIS2", "CRVAL2L"), (200, 1), (50, 1)),
    "withimagedatatype": Case({**SKY, "imagedatatype": "Int16", "withimagedatatype": "no"}, "yes",
                              key("image.fits", "BITPIX"), 32, 16),
    "imagedatatype": Case({**SKY, "withimagedatatype": "yes"}, "Real32", key("image.fits", "BITPIX"), -64, -32),
    "withcelestialcenter": Case({**CENTRED, "withcelestialcenter": "no"}, "yes", key("image.fits", "NAXIS1"), 648, 101),
    "raimagecenter": Case(CENTRED, RA + 0.01, lambda *at: round(key("image.fits", "CRPIX1")(*at)), 51, 60),
    "decimagecenter": Case(CENTRED, DEC + 0.01, lambda *at: round(key("image.fits", "CRPIX2")(*at)), 51, 42),
    "withspectrumset": Case({}, "yes", files, set(), {"spectrum.fits"}),
    "spectrumset": Case({"withspectrumset": "yes"}, "other.fits", files, {"spectrum.fits"}, {"spectrum.fits",
            "other.fits"}),
    "spectralbinsize": Case(SPECTRUM, 10, key("spectrum.fits", "DETCHANS", "SPECDELT", "SPECVAL", block=1),
                            (4096, 5, 2.0), (2048, 10, 4.5)),
    "withspecranges": Case({**SPECTRUM, "specchannelmax": 11999, "withspecranges": "no"}, "yes",
                           length("spectrum.fits"), 4096, 2400),
    "specchannelmin": Case({**SPECTRUM, "withspecranges": "yes"}, 6000, key("spectrum.fits", "DETCHANS", "SPECVAL",
            block=1),
                           (2400, 2.0), (1200, 6002.0)),
    "specchannelmax": Case({**SPECTRUM, "withspecranges": "yes"}, 5999, length("spectrum.fits"), 2400, 1200),
    "nonStandardSpec": Case({**SPECTRUM, "withspecranges": "yes"}, "yes", told("NonStandardSpectrum"), True, False),
    "withrateset": Case({}, "yes", files, set(), {"rate.fits"}),
    "rateset": Case({"withrateset": "yes"}, "other.fits", files, {"rate.fits"}, {"rate.fits", "other.fits"}),
    "timecolumn": Case(RATE, "PI", column("rate.fits", "COUNTS", np.sum), 5000, 0),
    "timebinsize": Case(RATE, 20, key("rate.fits", "NAXIS2", "TIMEDEL", block=1), (100, 10), (50, 20)),
    "withtimeranges": Case({**RATE, "timemin": START, "timemax": START + 500, "withtimeranges": "no"}, "yes",
                           length("rate.fits"), 100, 50),
    "timemin": Case({**RATE, "timemin": START, "timemax": START + 1000}, START + 500,
                    key("rate.fits", "NAXIS2", "TSTART", block=1), (100, START), (50, START + 500)),
    "timemax": Case({**RATE, "timemin": START, "timemax": START + 1000}, START + 500,
                    key("rate.fits", "NAXIS2", "TSTOP", block=1), (100, START + 1000), (50, START + 500)),
    "maketimecolumn": Case(RATE, "yes", columns("rate.fits"), ["COUNTS"], ["COUNTS", "TIME"]),
    "makeratecolumn": Case(RATE, "yes", columns("rate.fits"), ["COUNTS"], ["RATE", "ERROR"]),
    "withhistogramset": Case({}, "yes", files, set(), {"histo.fits"}),
    "histogramset": Case({"withhistogramset": "yes"}, "other.fits", files, {"histo.fits"}, {"histo.fits",
            "other.fits"}),
    "histogramcolumn": Case({"histogramset": "histo.fits"}, "PI", lambda *at: columns("histo.fits")(*at)[0], "TIME",
            "PI"),
    "histogrambinsize": Case(HISTOGRAM, 2, length("histo.fits"), 32, 16),
    "withhistoranges": Case({**HISTOGRAM, "histogrammin": 0, "histogrammax": 15, "withhistoranges": "no"}, "yes",
                            length("histo.fits"), 32, 16),
    "histogrammin": Case({**HISTOGRAM, "histogrammin": 0, "histogrammax": 31}, 16, length("histo.fits"), 32, 16),
    "histogrammax": Case({**HISTOGRAM, "histogrammin": 0, "histogrammax": 31}, 15, length("histo.fits"), 32, 16),
}  # fmt: skip


@pytest.fixture
def own(made_events, folder):
    """A list with a block that carries a filter, and with a dimension in its subspace that demands nothing."""
    shutil.copy(made_events.path, folder / "events.fits")
    with fits.open("events.fits", mode="update") as hdus:
        hdus["EVENTS"].header["DSTYP3"], hdus["EVENTS"].header["DSVAL3"] = "PHA", ":"
        filters = fits.ImageHDU(np.zeros((2, 2)), name="FILTER")
        filters.header["DSTYP1"], filters.header["DSVAL1"] = "PI", "1000:"
        hdus.append(filters)
    return made_events


@pytest.mark.parametrize("name", CASES)
def test_what_it_does(own, evselect, name, capsys):
    case = CASES[name]
    known = {"hard": int((own["PI"] >= 1000).sum())}
    for column_name in ("PI", "RAWX", "RAWY"):
        values = own[column_name].astype(float)
        known[f"sum of {column_name}"], known[f"squares of {column_name}"] = values.sum(), (values**2).sum()
    for extra, expected in (({}, case.without), ({name: case.change}, case.with_it)):
        out = evselect(**{**case.base, **extra})
        text = "".join(capsys.readouterr())
        found = case.probe(out, text)
        assert found == (known.get(expected, expected) if isinstance(expected, str) else expected)


def test_no_parameter_is_left_out():
    assert {parameter.name for parameter in registry.get("evselect").parameters} == set(CASES)
    assert len(CASES) == 66


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2001-03-03T09:46:40", 1e8),
        ("2001-03-03T09:46:40.5", 1e8 + 0.5),
        ("100000000.0", 1e8),
        ("1e8", 1e8),
        ("2001-03-04", 1e8 + 51200),
    ],
)
def test_limits_of_time_as_dates(own, evselect, text, seconds):
    """Dates are TT; 1e8 s after 1998-01-01T00:00:00 is 2001-03-03T09:46:40."""
    out = evselect(**RATE, timemin=text, timemax=1.0001e8 + 51200)
    assert fits.getheader(out / "rate.fits", 1)["TSTART"] == seconds
