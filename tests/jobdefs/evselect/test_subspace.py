"""The data subspace: what filters amount to, component by component."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.tasks.evselect.subspace import ANYTHING, Dimension, Entry, GoodTimes, Subspace
from jobdefs.tasks.intervals import contains, format_ranges, intersect, parse_ranges, union
from jobdefs.tasks.reporting import TaskError
from jobdefs.tasks.selectlib import Constraint
from vo.errors import QueryError

from .events import START

TIMES = GoodTimes(np.array([[0.0, 100.0], [200.0, 300.0]]))
CCDS = Subspace(
    (Dimension("CCDNR"), Dimension("TIME", "s")),
    ((Entry("1"), Entry("TABLE", TIMES)), (Entry("4"), Entry("TABLE", TIMES))),
)

PAIRS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10)), max_size=8).map(
    lambda pairs: np.array([(low, low + extent) for low, extent in pairs], dtype=float).reshape(-1, 2)
)


@given(PAIRS, PAIRS)
def test_intersections_hold_what_both_hold(one, other):
    probe = np.arange(0, 61, 0.5)
    expected = contains(union(one), probe) & contains(union(other), probe)
    assert np.array_equal(contains(intersect(union(one), union(other)), probe), expected)


@given(PAIRS)
def test_unions_are_sorted_and_disjoint(pairs):
    found = union(pairs)
    assert (found[1:, 0] > found[:-1, 1]).all()
    probe = np.arange(0, 61, 0.5)
    assert np.array_equal(
        contains(found, probe), np.any([(probe >= low) & (probe <= high) for low, high in pairs] or [probe < 0], axis=0)
    )


@pytest.mark.parametrize(
    ("text", "again"), [("0:0,2:4", "0,2:4"), (":4", ":4"), ("7", "7"), ("200:", "200:"), ("(0.5:1.5]", "0.5:1.5")]
)
def test_ranges_as_keywords_write_them(text, again):
    assert format_ranges(parse_ranges(text)) == again


def test_what_is_no_range():
    assert parse_ranges("b00xx") is None
    assert parse_ranges("TABLE") is None


def restricted(subspace: Subspace, axis: str, kind: str, value: str) -> list[list[str]]:
    found = subspace.restricted([Constraint(axis, kind, value, form="X" if kind == "bits" else "")], {})
    return [[entry.value for entry in component] for component in found.components]


@pytest.mark.parametrize(
    ("axis", "kind", "value", "expected"),
    [
        ("PI", "range", "300:10000", [["1", "300:10000", "TABLE"], ["4", "300:10000", "TABLE"]]),
        ("CCDNR", "range", "4", [["4", "TABLE"]]),
        ("CCDNR", "range", "1:3", [["1", "TABLE"]]),
        ("CCDNR", "range", "9", [["1", "TABLE"], ["4", "TABLE"]]),  # nothing is left to describe
        ("FLAG", "bits", "b0x", [["1", "b0x", "TABLE"], ["4", "b0x", "TABLE"]]),
    ],
)
def test_filters_restrict_components(axis, kind, value, expected):
    assert restricted(CCDS, axis, kind, value) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("PI", "range", "200:"), ("PI", "range", ":5000"), ["200:5000"]),
        (("PI", "range", "1:3,5:9"), ("PI", "range", "2:6"), ["2:3,5:6"]),
        (("FLAG", "bits", "b0xx0"), ("FLAG", "bits", "bx0x"), ["b0x00"]),
        (("FLAG", "bits", "b00x0"), ("FLAG", "range", "0"), ["0"]),
        (("FLAG", "range", "2"), ("FLAG", "bits", "b00x0"), ["2"]),
        (("FLAG", "range", "0:5"), ("FLAG", "bits", "b0xx"), ["0:5", "b0xx"]),
        (("PI", "range", "5"), ("PI", "range", "5"), ["5"]),
    ],
)
def test_filters_of_one_column_add_up(old, new, expected):
    subspace = Subspace().restricted([Constraint(*old)], {})
    found = subspace.restricted([Constraint(*new)], {})
    assert [entry.value for entry in found.components[0]] == expected


def test_times_cut_the_tables_of_each_component():
    found = CCDS.restricted([Constraint("TIME", "range", "50:250")], {})
    for component in found.components:
        assert component[1].table.changed
        assert component[1].table.intervals.tolist() == [[50, 100], [200, 250]]
    same = CCDS.restricted([Constraint("TIME", "range", "0:1000")], {})
    assert not any(component[1].table.changed for component in same.components)


def test_simplified_subspaces_say_the_same_shorter():
    subspace = Subspace(
        (Dimension("PI"), Dimension("CCDNR")), ((ANYTHING, Entry("1")), (ANYTHING, Entry("1")), (ANYTHING, Entry("2")))
    )
    found = subspace.simplified()
    assert [dimension.name for dimension in found.dimensions] == ["CCDNR"]
    assert [component[0].value for component in found.components] == ["1", "2"]


def test_a_ccd_filter_leaves_its_component_only(events, evselect):
    out = evselect(expression="CCDNR==4 && PI>300", filteredset="list.fits", imageset="image.fits")
    for name, block in (("list.fits", "EVENTS"), ("image.fits", 0)):
        with fits.open(out / name) as hdus:
            header = hdus[block].header
            assert (header["DSVAL1"], header["DSREF3"]) == ("4", ":STDGTI04")
            assert "2DSVAL1" not in header
            assert [hdu.name for hdu in hdus if "GTI" in hdu.name] == ["STDGTI04"]
            assert hdus["STDGTI04"].header["CCDID"] == 4


def test_good_times_of_a_file(events, evselect, folder):
    good = np.array([[10.0, 50.0], [450.0, 600.0]]) + START
    columns = [fits.Column("START", "D", array=good[:, 0]), fits.Column("STOP", "D", array=good[:, 1])]
    fits.BinTableHDU.from_columns(columns, name="STDGTI").writeto(folder / "good.fits")
    out = evselect(expression="gti(good.fits,TIME)", filteredset="list.fits")
    keep = ((events["TIME"][:, None] >= good[:, 0]) & (events["TIME"][:, None] <= good[:, 1])).any(axis=1)
    with fits.open(out / "list.fits", checksum=True) as hdus:
        assert np.array_equal(hdus["EVENTS"].data["TIME"], events["TIME"][keep])
        names = [hdu.name for hdu in hdus]
        assert names[-3:] == ["GTI00002", "GTI00102", "GTI00202"]
        assert not any(name.startswith("STDGTI") for name in names)
        assert (hdus["GTI00002"].data["START"] - START).tolist() == [10, 500]
        assert (hdus["GTI00002"].data["STOP"] - START).tolist() == [50, 600]
    again = evselect(table="list.fits", expression="TIME<=100000040", filteredset="again.fits")
    with fits.open(again / "again.fits") as hdus:
        assert hdus["EVENTS"].header["DSREF2"] == ":GTI00003"


def test_no_subspace_when_none_is_wanted(events, evselect):
    out = evselect(expression="TIME<=100000500", imageset="image.fits", filteredset="list.fits", writedss="no")
    with fits.open(out / "image.fits") as hdus:
        assert len(hdus) == 1
        assert "DSTYP1" not in hdus[0].header
    with fits.open(out / "list.fits") as hdus:
        assert "DSTYP1" not in hdus["EVENTS"].header
        assert hdus["GTI00102"].data["STOP"].tolist() == [START + 500]  # tables of good times stay true


def test_a_list_without_keywords_takes_its_tables_of_good_times(events, evselect, folder):
    with fits.open("events.fits") as hdus:
        for key in list(hdus["EVENTS"].header):
            if "DSTYP" in key or "DSVAL" in key or "DSREF" in key or "DSUNI" in key:
                del hdus["EVENTS"].header[key]
        hdus.writeto(folder / "plain.fits")
    out = evselect(table="plain.fits", expression="PI>300", imageset="image.fits")
    with fits.open(out / "image.fits") as hdus:
        header = hdus[0].header
        assert [header[key] for key in ("DSTYP1", "DSVAL1", "2DSVAL1", "3DSVAL1")] == ["CCDNR", "1", "4", "5"]
        assert header["3DSREF3"] == ":STDGTI05"


def test_the_subspace_of_a_block_as_the_filter(events, evselect):
    expression = "PI in [300:10000] && (FLAG & 0x10)==0 && TIME<=100000600 && PATTERN in 0:4,8"
    evselect(expression=expression, imageset="image.fits", filteredset="first.fits")
    with fits.open("first.fits") as first, fits.open("events.fits") as hdus:
        hdus.append(fits.ImageHDU(np.zeros((2, 2)), header=None, name="FILTER"))
        for card in first["EVENTS"].header.cards:
            if "DS" in card.keyword and card.keyword[-1].isdigit():
                hdus["FILTER"].header.append(card)
        for hdu in first:
            if hdu.name.startswith("GTI0"):
                hdus.append(hdu)
        hdus.writeto("both.fits")
    out = evselect(table="both.fits", filtertype="dataSubspace", dssblock="FILTER", filteredset="second.fits")
    with fits.open(out / "first.fits") as first, fits.open(out / "second.fits") as second:
        assert len(first["EVENTS"].data) > 100
        assert np.array_equal(first["EVENTS"].data["TIME"], second["EVENTS"].data["TIME"])
        assert "gti(:GTI00102,TIME)" in second["EVENTS"].header["SLCTEXPR"]


def test_conditions_joined_by_or_leave_the_subspace_as_it_was(events, evselect, capsys):
    out = evselect(expression="PI<300 || TIME<=100000500", imageset="image.fits")
    assert "warning (ExpBadTimeComp), the expression joins conditions on TIME by 'or'" in capsys.readouterr().err
    with fits.open(out / "image.fits") as hdus:
        assert hdus[0].header["DSTYP2"] == "TIME"
        assert hdus[0].header["EXPOSURE"] == 998


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1:9 && region(other.fits)", "a data subspace can't name other files"),
        ("bbb", "The table has no column bbb"),
    ],
)
def test_a_subspace_is_no_way_to_other_files_or_out_of_the_grammar(events, evselect, value, message):
    with fits.open("events.fits") as hdus:
        for keyword in [card.keyword for card in hdus["EVENTS"].header.cards if "DS" in card.keyword[:4]]:
            del hdus["EVENTS"].header[keyword]
        hdus["EVENTS"].header["DSTYP1"] = "PI"
        hdus["EVENTS"].header["DSVAL1"] = value
        hdus.writeto("forged.fits")
    with pytest.raises((TaskError, QueryError), match=message):
        evselect(table="forged.fits", filtertype="dataSubspace", filteredset="list.fits")
