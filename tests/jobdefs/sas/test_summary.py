"""Summaries of observation data files: read whole, or refused with line, instrument and observation."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.sas.exposures import INSTRUMENTS, imaging_ccds, scientific
from jobdefs.sas.summary import Exposure, read_summary
from tests.jobdefs.sas.summaries import exposure, summary
from vo.errors import UsageError

REAL = Path("../shared/data/xmm/0184_0124710801_SCX00000SUM.ASC")

FOUR = {f"ccd{number}": "IMAGING" for number in (1, 2, 3)} | {"ccd4": "TIMING"}
INSTRUMENTS_OF = {
    "PN": [exposure("S003", **FOUR), exposure("U002", ccd1="IMAGING"), exposure("S009", kind="CALIBRATION")],
    "M1": [exposure("S001", filter_="CalClosed"), exposure("S004", filter_="Thin1")],
    "R1": [exposure("S005", mode="HighEventRateWithSES", filter_="")],
    "OM": [["EXPOSURE", "006 / Exposure identifier [also S006]", "CONFIGURATION OM"]],
}
TEXT = summary(instruments=INSTRUMENTS_OF, inactive=["R2"])


def padded(text: str) -> str:
    """The layout of a ``…SUM.ASC``."""
    return "".join(f"{line:<80}\n" for line in text.splitlines() if not line.startswith("//"))


@pytest.mark.parametrize("text", [TEXT, padded(TEXT), TEXT.replace("\n", "\r\n")])
def test_a_summary(text):
    read = read_summary(text)
    assert (read.obsid, read.revolution, read.start, read.stop) == (
        "0201903501",
        807,
        "2004-05-06T07:08:09",
        "2004-05-06T17:08:09",
    )
    assert {name: (item.active, len(item.exposures)) for name, item in read.instruments.items()} == {
        "PN": (True, 3),
        "M1": (True, 2),
        "R1": (True, 1),
        "OM": (True, 1),
        "R2": (False, 0),
    }
    modes = {1: "IMAGING", 2: "IMAGING", 3: "IMAGING", 4: "TIMING"}
    first = read.instruments["PN"].exposures[0]
    assert first == Exposure("S003", "SCIENCE", "PrimeFullWindow", "Medium", modes)
    assert (first.scheduled, imaging_ccds(first)) == (True, [1, 2, 3])
    assert not read.instruments["PN"].exposures[1].scheduled
    assert read.instruments["R1"].exposures[0].filter == ""


@pytest.mark.parametrize(
    ("more", "chosen"),
    [
        ({}, ["PNS003", "PNU002", "M1S004", "R1S005"]),
        ({"unscheduled": False}, ["PNS003", "M1S004", "R1S005"]),
        ({"instruments": ["M1", "M2", "R2"]}, ["M1S004"]),
    ],
)
def test_exposures_of_science(more, chosen):
    assert [name + item.id for name, item in scientific(read_summary(TEXT), **more)] == chosen


@pytest.mark.parametrize("mode", ["Diagnostic3x3", "Noise", "OffsetVariance", "FlatFieldLow"])
def test_modes_without_sky(mode):
    text = summary(instruments={"M2": [exposure("S001", mode=mode), exposure("S002")]})
    assert [item.id for _, item in scientific(read_summary(text))] == ["S002"]


@pytest.mark.parametrize("name", ["", "None", "CalClosed", "Closed", "Blocked", "Unknown"])
def test_filters_without_sky(name):
    text = summary(instruments={"PN": [exposure("S001", filter_=name)], "R1": [exposure("S002", filter_=name)]})
    assert [item.id for _, item in scientific(read_summary(text))] == ["S002"]


@pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is not here")
def test_a_real_summary_of_an_odf():
    """It stops short of the instruments, as those of early observations do."""
    read = read_summary(REAL.read_text(encoding="latin-1"), source=REAL.name)
    assert (read.obsid, read.revolution, read.start) == ("0124710801", 184, "2000-12-10T20:04:10")
    assert read.instruments == {}


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x: it has no record OBSERVATION; it is no summary of an ODF."),
        ("SIMPLE  =  T", "x: it has no record OBSERVATION; it is no summary of an ODF."),
        (changed("0201903501 / Obs", "20190 / Obs"), "x: line 4: '20190' is no ObsID; it has ten digits."),
        (
            changed("3 / Number of exp", "4 / Number of exp"),
            "x: line 19: PN of observation 0201903501: 4 exposures are announced, and 3 are there.",
        ),
        (
            changed("3 / Number of exp", "many / Number of exp"),
            "x: line 19: PN of observation 0201903501: 'many' is no number of exposures.",
        ),
        (
            changed("Y / Instrument was", "perhaps / Instrument was"),
            "x: line 17: PN of observation 0201903501: 'PERHAPS' does not say whether it was active (Y or N).",
        ),
        (
            changed("INSTRUMENT\nPN", "INSTRUMENT\nEPIC-pn"),
            (
                "x: line 16: observation 0201903501: INSTRUMENT is followed by 'EPIC-pn', which is no instrument "
                "(PN, M1, …)."
            ),
        ),
        (
            changed("003 / Exposure identifier [also S003]", "003 / Exposure identifier"),
            (
                "x: line 23: PN of observation 0201903501: EXPOSURE is followed by '003 / Exposure identifier', which "
                "names none, such as S003."
            ),
        ),
        (
            changed("[also U002]", "[also S003]"),
            "x: line 35: PN of observation 0201903501: exposure S003 has two records.",
        ),
        (
            changed("SCIENCE / Exposure Type (SCIENCE, CALIBRATION)\n", ""),
            "x: line 23: PN of observation 0201903501: exposure S003 has no type.",
        ),
        (
            changed("MODE = PrimeFullWindow / Instrument configuration\n", ""),
            "x: line 23: PN of observation 0201903501: exposure S003 has no mode.",
        ),
        (
            changed("INSTRUMENT\nM1", "INSTRUMENT\nPN"),
            "PN of observation 0201903501: it has two records.",
        ),
    ],
)
def test_summaries_that_are_none(text, message):
    with pytest.raises(UsageError) as caught:
        read_summary(text, source="x")
    assert message in str(caught.value)


lines = st.lists(st.sampled_from([*TEXT.splitlines(), "", "EXPOSURE", "INSTRUMENT", "PROPOSAL", "FILES", "0 / no"]))


@given(lines.map("\n".join) | st.text(), st.integers(0, len(TEXT)))
def test_anything_is_read_or_refused(text, cut):
    for given_ in (text, TEXT[:cut], TEXT[:cut] + text, "OBSERVATION\n0201903501 / x\n" + text):
        try:
            read = read_summary(given_, source="x")
        except UsageError:
            continue
        assert len(read.obsid) == 10
        assert {name for name, _ in scientific(read)} <= set(INSTRUMENTS)


names = st.sampled_from([kind + f"{number:03d}" for kind in "SU" for number in range(4)])


@given(
    st.dictionaries(
        st.sampled_from(INSTRUMENTS),
        st.lists(
            st.tuples(names, st.sampled_from(["SCIENCE", "CALIBRATION"]), st.sampled_from(["Thin1", "Closed"])),
            unique_by=lambda item: item[0],
        ),
    ),
    st.booleans(),
)
def test_any_summary(instruments, unscheduled):
    """What is chosen is what a plain reading of the rules gives."""
    made = {
        name: [exposure(identifier, kind=kind, filter_=filter_) for identifier, kind, filter_ in rows]
        for name, rows in instruments.items()
    }
    expected = [
        (name, identifier)
        for name in INSTRUMENTS
        for identifier, kind, filter_ in instruments.get(name, [])
        if kind == "SCIENCE" and (filter_ == "Thin1" or name in {"R1", "R2"}) and (identifier[0] == "S" or unscheduled)
    ]
    found = scientific(read_summary(summary(instruments=made)), unscheduled=unscheduled)
    assert [(name, item.id) for name, item in found] == expected
