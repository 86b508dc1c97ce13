"""The language of gtibuild, and the tables that it makes."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.tasks.gtibuild.grammar import FOREVER, MOST_INTERVALS, parse_times, utc_to_mission
from jobdefs.tasks.gtibuild.task import run
from jobdefs.tasks.reporting import TaskError
from vo.errors import ParameterErrors

from .conftest import call

EVER = FOREVER

GOLDEN = {
    "an interval is good": ("10 20", [[10, 20]]),
    "operators, comments and empty lines": ("# cuts\n\n0 100 + # all\n 20 30 -\n", [[0, 20], [30, 100]]),
    "in any order": ("20 30 -\n0 100", [[0, 20], [30, 100]]),
    "good ones are joined": ("0 10\n5 20\n20 30\n40 50", [[0, 30], [40, 50]]),
    "zero is for ever": ("10 0", [[10, EVER]]),
    "bad for ever": ("0 100\n50 0 -", [[0, 50]]),
    "no good line": ("100 200 -", [[0, 100], [200, EVER]]),
    "an empty text": ("# nothing\n", [[0, EVER]]),
    "nothing is left": ("10 20\n0 0 -", []),
    "good first segments": ("0 30 +g 4 6", [[0, 4], [10, 14], [20, 24]]),
    "good second segments": ("0 30 +b 4 6", [[4, 10], [14, 20], [24, 30]]),
    "bad second segments": ("0 30\n0 30 -g 4 6", [[0, 4], [10, 14], [20, 24]]),
    "bad first segments": ("0 30\n0 30 -b 4 6", [[4, 10], [14, 20], [24, 30]]),
    "bad segments alone": ("0 10 -b 4 6", [[4, EVER]]),
    "the last period is whole": ("0 21 +g 4 6", [[0, 4], [10, 14], [20, 24]]),
    "a stop at the end of a period": ("0.1 0.7 +g 0.1 0.2", [[0.1, 0.2], [0.4, 0.5]]),
    "capitals, exponents, tabs": ("1D1\t2.5e1 +\n30 40 +G 5 5", [[10, 25], [30, 35]]),
    "another origin": ("timeref 1998-01-01T00:00:00\n0 10", [[63.184, 73.184]]),
    "the origin counts for the whole text": ("0 10\ntimeref 1998-01-01T00:00:00.5", [[63.684, 73.684]]),
    "SAS's own origin": ("timeref 1997-12-31T23:58:56.816\n1 2", [[1, 2]]),
}


@pytest.mark.parametrize(("text", "expected"), GOLDEN.values(), ids=GOLDEN)
def test_texts(text, expected):
    assert np.allclose(parse_times(text), np.array(expected, dtype=float).reshape(-1, 2), rtol=0, atol=1e-6)


WRONG = {
    "5": "line 1: after '5' the end of the interval is missing",
    "# x\n\n5 x": "line 3: 'x' is no number; stop is a time in seconds",
    "inf 3": "line 1: 'inf' is no number; start is",
    "-5 3": "line 1: start -5 must lie between 0 and 1e+10",
    "5 3": "line 1: stop 3 must lie after start 5",
    "5 5": "line 1: stop 5 must lie after start 5",
    "1 2 *": "line 1: '*' is no operator; it must be one of + - +g +b -g -b",
    "1 2 + 3 4": "line 1: '3' is too much: lengths follow",
    "1 2 +g": "line 1: +g is followed by two lengths",
    "1 2 +g 1": "line 1: +g is followed by two lengths",
    "1 2 +g 1 1 1": "line 1: +g is followed by two lengths",
    "1 2 -b 0 1": "line 1: both lengths of a period must be above 0",
    "1 0 +g 1 1": "line 1: a periodic interval must have an end",
    "0 1e9 +g 1e-6 1e-6": f"there may be {MOST_INTERVALS:,} in the whole text",
    "timeref": "line 1: timeref is followed by one date",
    "timeref 2001-02-30T00:00:00": "line 1: '2001-02-30T00:00:00' is no date",
    "timeref 2001-02-03T00:00:75": "line 1: '2001-02-03T00:00:75' is no date",
    "timeref 2001-02-03": "line 1: '2001-02-03' is no date of the form",
    "timeref 2001-02-03T00:00:00\ntimeref 2001-02-03T00:00:00": "line 2: timeref was given in line 1 already",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_mistakes_are_told_by_their_line(text, message):
    with pytest.raises(ParameterErrors) as caught:
        parse_times(text)
    assert message in str(caught.value)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ParameterErrors) as caught:
        parse_times("1 2\nx 3\n4 5\n6 5\n")
    assert [str(error).partition(":")[2].split(":")[0] for error in caught.value.errors] == [" line 2", " line 4"]
    with pytest.raises(ParameterErrors) as caught:
        parse_times("x\n" * 1000)
    assert len(caught.value.errors) == 20


@pytest.mark.parametrize(
    "moment", ["1999-01-01T00:00:00", "2001-03-03T09:45:36.25", "2016-12-31T23:59:60", "2024-01-01T00:00:00"]
)
def test_moments_are_those_of_astropy(moment):
    expected = (Time(moment, scale="utc").tt - Time("1998-01-01T00:00:00", scale="tt")).to_value("s")
    assert utc_to_mission(moment) == pytest.approx(expected, abs=1e-6)


lines = st.one_of(
    st.tuples(st.integers(0, 50), st.integers(1, 50), st.sampled_from(["", "+", "-"])),
    st.tuples(
        st.integers(0, 50), st.integers(1, 50), st.sampled_from(["+g", "+b", "-g", "-b"]), st.integers(1, 6),
        st.integers(1, 6),
    ),
)  # fmt: skip


@given(st.lists(lines, max_size=8))
def test_every_moment_is_good_or_bad_as_the_lines_say(rows):
    rows = [(row[0], row[0] + row[1], *row[2:]) for row in rows]
    moments = np.arange(0.5, 120, 1)
    good, bad, has_good = np.zeros(len(moments), bool), np.zeros(len(moments), bool), False
    for start, stop, operator, *lengths in rows:
        chosen = (moments > start) & (moments < stop)
        if lengths:
            first, second = lengths
            end = start
            while end < stop:
                end += first + second
            phase = (moments - start) % (first + second)
            in_first = phase < first
            wanted = in_first if operator in ("+g", "-b") else ~in_first
            chosen = (moments > start) & (moments < end) & wanted
        if operator.startswith("-"):
            bad |= chosen
        else:
            good |= chosen
            has_good = True
    expected = (good if has_good else np.ones(len(moments), bool)) & ~bad
    found = parse_times("\n".join(" ".join(map(str, row)) for row in rows))
    inside = ((moments[:, None] > found[:, 0]) & (moments[:, None] < found[:, 1])).any(axis=1)
    assert np.array_equal(inside, expected)
    assert (found[1:, 0] > found[:-1, 1]).all()


@given(st.one_of(st.text(max_size=60), st.text(alphabet="0123456789 .+-gbeE#\n", max_size=60)))
def test_any_text_is_read_or_refused(text):
    with suppress(ParameterErrors):
        found = parse_times(text)
        assert (found[:, 1] > found[:, 0]).all()


def test_the_table(folder, fitsverify):
    (folder / "times.txt").write_text("9.6e7 9.7e7\n9.6405e7 9.6413e7 -\n")
    call("gtibuild", run, file="times.txt", table="new_gti.fits")
    fitsverify(folder / "new_gti.fits")
    with fits.open("new_gti.fits") as file:
        table = file["STDGTI"]
        assert [tuple(row) for row in table.data] == [(9.6e7, 9.6405e7), (9.6413e7, 9.7e7)]
        assert [table.header[key] for key in ("ONTIME", "TSTART", "TSTOP")] == [992000, 9.6e7, 9.7e7]
        assert [table.header[key] for key in ("HDUCLAS1", "TIMESYS", "TIMEUNIT")] == ["GTI", "TT", "s"]
        assert table.header["MJDREF"] == 50814
        assert "inputs" not in str(file[0].header["CREATOR"])


def test_what_is_no_text_is_refused(folder):
    (folder / "x.fits").write_bytes(b"SIMPLE  =" + b" " * 100)
    for name, message in (("x.fits", "is no text"), ("none.txt", "there is no file none.txt")):
        with pytest.raises(TaskError, match=message):
            call("gtibuild", run, file=name)
    assert [path.name for path in folder.iterdir()] == ["x.fits"]
