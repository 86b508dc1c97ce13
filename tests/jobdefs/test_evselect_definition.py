"""The definition of evselect against SAS's own parameter list."""

from __future__ import annotations

import pytest

from jobdefs import registry
from jobdefs.checking import check
from jobdefs.command import active_outputs, argv
from vo.errors import ParameterErrors

XPROC0 = """
table=PN_clean.fits filteredset=filtered.fits withfilteredset=no keepfilteroutput=no flagcolumn=EVFLAG flagbit=-1
destruct=yes dssblock='' expression=true filtertype=expression cleandss=no updateexposure=yes filterexposure=yes
writedss=yes blockstocopy='' attributestocopy='' energycolumn=PHA zcolumn=WEIGHT zerrorcolumn=EWEIGHT
withzerrorcolumn=no withzcolumn=no ignorelegallimits=no imageset=image.fits xcolumn=RAWX ycolumn=RAWY ximagebinsize=1
yimagebinsize=1 squarepixels=no ximagesize=600 yimagesize=600 imagebinning=imageSize ximagemin=1 ximagemax=640
withxranges=no yimagemin=1 yimagemax=640 withyranges=no imagedatatype=Real64 withimagedatatype=no raimagecenter=0
decimagecenter=0 withcelestialcenter=no withimageset=no spectrumset=spectrum.fits spectralbinsize=5 specchannelmin=0
specchannelmax=11999 withspecranges=no nonStandardSpec=no withspectrumset=no rateset=rate.fits timecolumn=TIME
timebinsize=1 timemin=0 timemax=1000 withtimeranges=no maketimecolumn=no makeratecolumn=no withrateset=no
histogramset=histo.fits histogramcolumn=TIME histogrambinsize=1 histogrammin=0 histogrammax=1000 withhistoranges=no
withhistogramset=no
"""
"""All parameters with SAS's defaults, as a real XPROC0 card has them (evselect-3.64, and nonStandardSpec of 3.71)."""

EVSELECT = registry.get("evselect")
CARD = dict(word.split("=", 1) for word in XPROC0.split())


def test_names_and_defaults_are_those_of_sas() -> None:
    defaults = {parameter.name: parameter.default or "''" for parameter in EVSELECT.parameters}
    assert defaults == {**CARD, "table": "''"}
    assert [parameter.name for parameter in EVSELECT.parameters if parameter.required] == ["table"]


def test_a_recorded_call_can_be_repeated_word_by_word() -> None:
    given = {name: [value.strip("'")] for name, value in CARD.items()} | {"table": ["ivo://a/b?c"]}
    values = check(EVSELECT, given, complete=True)
    assert active_outputs(EVSELECT, values) == {}
    assert "table=ivo://a/b?c" in argv(EVSELECT, values, {})


THREADS = [
    (
        "withimageset=yes imageset=image.fits xcolumn=X ycolumn=Y imagebinning=imageSize ximagesize=600 yimagesize=600",
        {"image": "image.fits"},
    ),
    (
        "withfilteredset=yes filteredset=clean.fits keepfilteroutput=yes destruct=yes updateexposure=yes",
        {"filtered": "clean.fits"},
    ),
    (
        "withspectrumset=yes spectrumset=src.fits energycolumn=PI withspecranges=yes specchannelmax=20479",
        {"spectrum": "src.fits"},
    ),
    (
        "withrateset=Y rateset=rate.fits maketimecolumn=Y timebinsize=100 makeratecolumn=Y",
        {"rate": "rate.fits"},
    ),
    ("histogramcolumn=PI", {"histogram": "histo.fits"}),
    ("xcolumn=RAWX", {"image": "image.fits"}),
    ("spectralbinsize=15 timebinsize=10", {"spectrum": "spectrum.fits", "rate": "rate.fits"}),
    ("keepfilteroutput=yes", {"filtered": "filtered.fits"}),
    ("keepfilteroutput=yes withfilteredset=no", {}),
    ("withxranges=no withyranges=no", {}),
]


@pytest.mark.parametrize(("call", "outputs"), THREADS)
def test_calls_as_the_sas_threads_write_them(call: str, outputs: dict[str, str]) -> None:
    given = {name: [value] for name, value in (word.split("=") for word in call.split())}
    values = check(EVSELECT, {**given, "table": ["ivo://a/b?c"]}, complete=True)
    assert active_outputs(EVSELECT, values) == outputs


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ximagesize", "0"), ("ximagesize", "100000"), ("ximagebinsize", "0"), ("flagbit", "32"), ("flagbit", "-2"),
        ("spectralbinsize", "0"), ("spectralbinsize", "2.5"), ("timebinsize", "0"), ("decimagecenter", "91"),
        ("imagedatatype", "Real16"), ("specchannelmin", "-1"), ("expression", "PI in [200:"),
    ],
)  # fmt: skip
def test_values_out_of_range(name: str, value: str) -> None:
    with pytest.raises(ParameterErrors) as caught:
        check(EVSELECT, {name: [value]}, complete=False)
    assert [error.parameter for error in caught.value.errors] == [name]


def test_every_parameter_is_explained_and_grouped() -> None:
    for parameter in EVSELECT.parameters:
        assert len(parameter.description) > 10
        assert parameter.description.strip().endswith(".")
        assert parameter.group in {"Filter", "Image", "Spectrum", "Rate curve", "Histogram", "Output"}


def test_outputs_say_what_they_are() -> None:
    assert {output.name: (output.media_type, output.product_type) for output in EVSELECT.outputs} == {
        "filtered": ("application/fits", "event"),
        "image": ("image/fits", "image"),
        "spectrum": ("application/fits", "spectrum"),
        "rate": ("application/fits", "timeseries"),
        "histogram": ("application/fits", "measurements"),
    }
