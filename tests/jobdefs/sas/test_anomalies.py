"""Logs of emanom: which CCDs are in which state, and which are kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.sas.anomalies import ACCEPTED, STATES, accepted_ccds, read_anomalies
from vo.errors import UsageError

LOG = """
 emanom: mos1S001
 CCD: 2 Hardness:  4.12 +-  0.55 Status: G
 CCD: 3 Hardness:  3.90 +-  0.51 Status: I
 CCD: 4 Hardness:  2.41 +-  0.33 Status: B
 CCD: 5 Hardness:  2.55 +-  0.40 Status: U
 CCD: 6 Hardness:  0.00 +-  0.00 Status: O
 CCD: 7 Hardness:  4.00 +-  0.50 Status: G
"""
READ = {2: "G", 3: "I", 4: "B", 5: "U", 6: "O", 7: "G"}


def test_a_log():
    assert read_anomalies(LOG) == READ


@pytest.mark.parametrize(
    ("accepted", "ccds"),
    [
        (ACCEPTED, [1, 2, 3, 5, 7]),
        ("G", [1, 2, 7]),
        ("GIBOU", [1, 2, 3, 4, 5, 6, 7]),
        ("B", [1, 4]),
        ("", [1]),
    ],
)
def test_what_is_kept_depends_on_what_is_accepted(accepted, ccds):
    assert accepted_ccds(READ, accepted) == ccds


def test_ccds_of_which_nothing_is_said():
    assert accepted_ccds({4: "B"}, "GU") == [1, 2, 3, 5, 6, 7]
    assert accepted_ccds({4: "B"}, "G") == [1]
    assert accepted_ccds({1: "B"}, "GIU") == [2, 3, 4, 5, 6, 7], "a judged centre is judged"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.log: it has no line 'CCD: … Status: …'; it is no log of emanom."),
        ("CCD: 9 Hardness: 1 Status: G", "x.log: line 1: EPIC-MOS has no CCD 9; it has 1 to 7."),
        (
            "\nCCD: 2 Hardness: 1 Status: Q",
            (
                "x.log: line 2: CCD 2: 'Q' is no state; they are G (good at all energies), I (intermediate below "
                "1 keV), B (bad below 1 keV), O (off), U (undetermined)."
            ),
        ),
        (
            "CCD: 2 Hardness: 1 Status: G\nCCD: 2 Hardness: 1 Status: B",
            "x.log: line 2: CCD 2 is in two states, G and B.",
        ),
    ],
)
def test_logs_that_are_none(text, message):
    with pytest.raises(UsageError) as caught:
        read_anomalies(text, source="x.log")
    assert str(caught.value) == message


def test_states_that_are_none():
    with pytest.raises(UsageError, match="'X' is no state of a CCD; they are G, I, B, O, U"):
        accepted_ccds(READ, "GX")


@given(st.dictionaries(st.integers(2, 7), st.sampled_from([*STATES]), min_size=1), st.sets(st.sampled_from([*STATES])))
def test_any_log(states, accepted):
    text = "\n".join(f"m CCD: {ccd} Hardness: {ccd}.5 +- 0.1 Status: {state}" for ccd, state in states.items())
    read = read_anomalies(text)
    assert read == states
    kept = accepted_ccds(read, accepted)
    assert kept == sorted(kept)
    for ccd, state in itertools.product(states, STATES):
        if states[ccd] == state:
            assert (ccd in kept) == (state in accepted)


@given(st.text(alphabet=st.sampled_from("CDHardStu: 0123456789GIB\n\r\x0c+-."), max_size=200) | st.text())
def test_anything_is_read_or_refused(text):
    try:
        states = read_anomalies(text)
    except UsageError:
        return
    assert set(states.values()) <= set(STATES)
