"""Good time intervals, region tables and masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobdefs.tasks.selectlib import Block, split_blockspec
from vo.errors import QueryError

from .tables import compiled


def _gti(*intervals: tuple[float, float]) -> Block:
    pairs = np.array(intervals, dtype=float).reshape(-1, 2)
    return Block("STDGTI", columns={"START": pairs[:, 0], "STOP": pairs[:, 1]})


def _select(text: str, block: Block, **columns: object) -> list[bool]:
    data = {name: np.asarray(values) for name, values in columns.items()}
    return compiled(text, data=data, open_table=lambda _: block).evaluate(data).tolist()


@pytest.mark.parametrize("text", ["gti(good.fits,TIME)", "TIME in gti(good.fits)", "TIME in GTI(good.fits:STDGTI)"])
def test_start_and_stop_are_good_times(text: str) -> None:
    times = [9.0, 10.0, 15.0, 20.0, 20.5, 30.0, 40.0, 41.0, np.nan]
    expected = [False, True, True, True, False, True, True, False, False]
    assert _select(text, _gti((30, 40), (10, 20)), TIME=times) == expected


def test_overlapping_empty_and_reversed_intervals() -> None:
    block = _gti((0, 5), (3, 8), (8, 9), (20, 10), (30, 30), (np.nan, 40))
    assert _select("gti(g,TIME)", block, TIME=[4.0, 8.5, 9.5, 15.0, 30.0, 35.0]) == [1, 1, 0, 0, 1, 0]
    assert _select("gti(g,TIME)", _gti(), TIME=[4.0, np.nan]) == [0, 0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 30)), max_size=40),
    st.lists(st.integers(-5, 340), min_size=1, max_size=200),
    st.booleans(),
)
def test_many_intervals_agree_with_a_plain_search(pairs: list, times: list, in_order: bool) -> None:
    intervals = [(start, start + length) for start, length in pairs]
    values = np.array(sorted(times) if in_order else times, dtype=float)
    values = np.repeat(values, 300 if in_order else 1)
    found = _select("gti(g,TIME)", _gti(*intervals), TIME=values)
    assert found == [any(start <= time <= stop for start, stop in intervals) for time in values]


def test_integer_times_and_expressions_of_times() -> None:
    assert _select("gti(g,TIME)", _gti((10, 20)), TIME=np.array([9, 10, 20, 21])) == [0, 1, 1, 0]
    assert _select("gti(g,TIME-5)", _gti((10, 20)), TIME=[15.0, 25.0, 26.0]) == [1, 1, 0]


REGION = {
    "SHAPE": np.array(["!CIRCLE", "CIRCLE", "BOX"]),
    "X": np.array([[0.0, 0], [0, 0], [100, 0]]),
    "Y": np.array([[0.0, 0], [0, 0], [100, 0]]),
    "R": np.array([[5.0, 0], [10, 0], [20, 10]]),
    "ROTANG": np.zeros((3, 2)),
}
POINTS = {"X": [0.0, 5, 5.1, 10, 11, 110, 110, 111], "Y": [0.0, 0, 0, 0, 0, 105, 106, 100]}


def test_components_are_alternatives_and_their_shapes_must_all_hold() -> None:
    block = Block("REGION", columns={**REGION, "COMPONENT": np.array([1, 1, 2])})
    assert _select("region(r.fits:REGION,X,Y)", block, **POINTS) == [0, 0, 1, 1, 0, 1, 0, 0]
    assert _select("(X,Y) in region(r.fits)", block, **POINTS) == [0, 0, 1, 1, 0, 1, 0, 0]


def test_without_components_one_shape_must_hold() -> None:
    block = Block("REGION", columns={name: values[1:] for name, values in REGION.items()})
    assert _select("region(r,X,Y)", block, **POINTS) == [1, 1, 1, 1, 0, 1, 0, 0]


def test_excluded_shapes_alone_leave_the_rest_of_the_plane() -> None:
    block = Block("REGION", columns={"SHAPE": np.array(["!CIRCLE "]), "X": [3.0], "Y": [0.0], "R": [2.0]})
    assert _select("region(r,X,Y)", block, X=[0, 1, 3, 5, 6], Y=[0, 0, 0, 0, 0]) == [1, 0, 0, 0, 1]


def test_the_table_names_the_columns() -> None:
    columns = {"SHAPE": np.array([b"POINT"]), "X": [1], "Y": [2]}
    block = Block("REGION", header={"MFORM1": "DETX,DETY"}, columns=columns)
    data = {"DETX": np.array([1, 2]), "DETY": np.array([2, 2])}
    selection = compiled("region(r)", data=data, open_table=lambda _: block)
    assert selection.columns == ("DETX", "DETY")
    assert selection.evaluate(data).tolist() == [True, False]
    with pytest.raises(QueryError, match="MFORM1"):
        _select("region(r)", Block("REGION", columns=columns), X=[1], Y=[2])


@pytest.mark.parametrize(
    ("columns", "inside", "outside"),
    [
        ({"SHAPE": ["ELLIPSE"], "X": [[0]], "Y": [[0]], "R": [[10, 5]], "ROTANG": [[90]]}, (0, 10), (10, 0)),
        ({"SHAPE": ["ROTBOX"], "X": [[0]], "Y": [[0]], "R": [[20, 10]], "ROTANG": [[90]]}, (5, 10), (10, 5)),
        ({"SHAPE": ["RECTANGLE"], "X": [[0, 10]], "Y": [[0, 5]]}, (10, 5), (10, 6)),
        ({"SHAPE": ["ANNULUS"], "X": [[0]], "Y": [[0]], "R": [[5, 13]]}, (3, 4), (0, 0)),
        ({"SHAPE": ["SECTOR"], "X": [[0]], "Y": [[0]], "ROTANG": [[0, 90]]}, (0, 1), (-1, 0)),
        ({"SHAPE": ["PIE"], "X": [[0]], "Y": [[0]], "R": [[5, 10]], "ROTANG": [[0, 90]]}, (0, 5), (0, 4)),
        ({"SHAPE": ["DIAMOND"], "X": [[0]], "Y": [[0]], "R": [[20, 10]], "ROTANG": [[0]]}, (10, 0), (6, 3)),
        ({"SHAPE": ["LINE"], "X": [[0, 10]], "Y": [[0, 0]]}, (5, 0), (5, 1)),
        ({"SHAPE": ["POLYGON"], "X": [[0, 10, 10, 0, 0]], "Y": [[0, 0, 10, 0, 0]]}, (9, 5), (5, 9)),
        ({"SHAPE": ["polygon"], "X": [[0, 10, 10, np.nan]], "Y": [[0, 0, 10, np.nan]]}, (9, 5), (5, 9)),
        (
            {"SHAPE": ["ELLIPTANNULUS"], "X": [[0]], "Y": [[0]], "R": [[6, 3, 10, 5]], "ROTANG": [[0, 0]]},
            (6, 0),
            (5, 0),
        ),
    ],
)
def test_shapes_of_region_tables(columns: dict, inside: tuple, outside: tuple) -> None:
    block = Block("REGION", columns={name: np.array(values) for name, values in columns.items()})
    px, py = zip(inside, outside, strict=True)
    assert _select("region(r,X,Y)", block, X=px, Y=py) == [True, False]


def test_an_empty_region_table_selects_nothing() -> None:
    block = Block("REGION", columns={"SHAPE": np.array([], dtype=str), "X": np.zeros(0), "Y": np.zeros(0)})
    assert _select("region(r,X,Y)", block, X=[0.0], Y=[0.0]) == [False]


MASK = np.array([[0, 1, 0], [0, 0, 2]], dtype=np.int16)


def test_a_mask_selects_where_its_pixels_are_not_zero() -> None:
    x, y = [1, 2, 3, 3, 0, 4, 2], [1, 1, 1, 2, 1, 2, 0]
    assert _select("mask(m.fits,0,0,X,Y)", Block("MASK", image=MASK), X=x, Y=y) == [0, 1, 0, 1, 0, 0, 0]
    assert _select("(X,Y) in mask(m.fits,10,-1)", Block("MASK", image=MASK), X=[12, 13, 2], Y=[0, 1, 1]) == [1, 1, 0]


def test_a_mask_knows_its_physical_coordinates() -> None:
    header = {"LTM1_1": 0.0125, "LTV1": 0.49375, "LTM2_2": 0.0125, "LTV2": 0.49375}
    block = Block("MASK", header=header, image=MASK)
    assert _select("mask(m,0,0,X,Y)", block, X=[80, 81, 160, 161], Y=[80, 80, 80, 80]) == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("text", "block", "message"),
    [
        ("TIME in gti(g)", Block("EVENTS", columns={"TIME": np.zeros(3)}), "EVENTS is no GTI table"),
        ("region(r,TIME,TIME)", Block("G", columns={"START": np.zeros(3)}), "G is no region table"),
        (
            "region(r,TIME,TIME)",
            Block("R", columns={"SHAPE": np.array(["STAR"]), "X": np.zeros(1), "Y": np.zeros(1)}),
            "The region table has a shape 'STAR'",
        ),
        (
            "region(r,TIME,TIME)",
            Block("R", columns={"SHAPE": np.array(["CIRCLE"]), "X": np.zeros(1), "Y": np.zeros(1)}),
            "The region table lacks numbers for its shape 'CIRCLE'.",
        ),
        ("mask(m,0,0,TIME,TIME)", Block("G"), "G is no image in a plane."),
    ],
)
def test_wrong_blocks_are_refused_before_the_first_row(text: str, block: Block, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        compiled(text, data={"TIME": np.zeros(1)}, open_table=lambda _: block)
    assert caught.value.message.startswith(message)
    assert caught.value.column == 1


def test_each_block_is_opened_once() -> None:
    opened = []

    def open_table(spec: str) -> Block:
        opened.append(spec)
        return _gti((0, 1))

    compiled("gti(a,TIME) || gti(a,TIME) || gti(b:X,TIME)", data={"TIME": np.zeros(1)}, open_table=open_table)
    assert opened == ["a", "b:X"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gti.fits", ("gti.fits", "")),
        ("gti.fits:STDGTI01", ("gti.fits", "STDGTI01")),
        ("gti.fits[GTI0]", ("gti.fits", "GTI0")),
        ("gti.fits+2", ("gti.fits", "2")),
        ("a/b.fits:3", ("a/b.fits", "3")),
        (":STDGTI", ("", "STDGTI")),
        ("job:abc/gti", ("job:abc/gti", "")),
        ("job:abc/gti:STDGTI", ("job:abc/gti", "STDGTI")),
        ("ivo://a.b/xmm?id", ("ivo://a.b/xmm?id", "")),
        ("ivo://a.b/xmm?id+2", ("ivo://a.b/xmm?id+2", "")),
        ("ivo://a.b/xmm?id+2:GTI", ("ivo://a.b/xmm?id+2", "GTI")),
        ("http://localhost:8000/files/x.fits:GTI", ("http://localhost:8000/files/x.fits", "GTI")),
    ],
)
def test_block_specifiers(text: str, expected: tuple[str, str]) -> None:
    assert split_blockspec(text) == expected
