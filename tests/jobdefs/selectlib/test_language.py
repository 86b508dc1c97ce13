"""Every operator and interval form, against the rows that it must select."""

from __future__ import annotations

import numpy as np
import pytest

from .tables import EVENTS, HEADER, compiled, rows

ALL = [0, 1, 2, 3, 4, 5]

OPERATORS = [
    ("true", ALL),
    ("false", []),
    (".TRUE.", ALL),
    ("GOODEV", [0, 2, 4]),
    ("!GOODEV", [1, 3, 5]),
    ("PI == 500", [1]),
    ("PI .eq. 500", [1]),
    ("PI.eq.500", [1]),
    ("500 == PI", [1]),
    ("PI != 500", [0, 2, 3, 4, 5]),
    ("PI .NE. 500", [0, 2, 3, 4, 5]),
    ("PI < 500", [0]),
    ("PI.lt.500", [0]),
    ("PI <= 500", [0, 1]),
    ("PI .Le. 500", [0, 1]),
    ("PI > 2000", [3, 4, 5]),
    ("PI.GT.2000", [3, 4, 5]),
    ("PI >= 2000", [2, 3, 4, 5]),
    ("PI.ge.2000", [2, 3, 4, 5]),
    ("2000 <= PI", [2, 3, 4, 5]),
    ("PI > 1999.5", [2, 3, 4, 5]),
    ("PI == 499.5", []),
    ("PI != 499.5", ALL),
    ("PI > 100000", []),
    ("PI < 100000", ALL),
    ("PATTERN<=4 && PI>0", [1, 2]),
    ("PATTERN.le.4.and.PI.gt.0", [1, 2]),
    ("PATTERN<=4 .and. FLAG == 0 || CCDNR == 12", [0, 5]),
    ("PI == 0 .or. PI == 500", [0, 1]),
    ("PI == 0 || PI == 500 && CCDNR == 1", [0]),
    ("!(PI == 0)", [1, 2, 3, 4, 5]),
    (".not. PI == 0", [1, 2, 3, 4, 5]),
    ("! PI == 0", [1, 2, 3, 4, 5]),
    ("!!(PI == 0)", [0]),
    ("(PI == 0) == (CCDNR == 1)", ALL),
    ("PI > 0 == PATTERN > 0", ALL),
    ("true == !false", ALL),
    ("pi == 500", [1]),
    ("PI + 1 == 501", [1]),
    ("PI - PATTERN == 499", [1]),
    ("PI * 2 == 4000", [2]),
    ("PI * 2 == 65534", [5]),
    ("PI * PI == 1073676289", [5]),
    ("X * X + Y * Y == 25", [1, 2]),
    ("X * X + Y * Y == 5374771200", [5]),
    ("PI / 3 == 666", [2]),
    ("PI / 3 == 667", [3]),
    ("-PI / 3 == -166", [1]),
    ("PI % 1000 == 500", [1]),
    ("-PI % 1000 == -500", [1]),
    ("PI / X > 0", [1, 2, 3]),
    ("PI / X < 0", [4]),
    ("RATE / 0 > 0", [0, 1, 2, 4]),
    ("1 / (PI - 500) == 0", [0, 2, 3, 4, 5]),
    ("X ** 2 == 25", [2, 4]),
    ("-X ** 2 == -25", [2, 4]),
    ("2 ** 3 ** 2 == 512", ALL),
    ("2 ** -1 == 0.5", ALL),
    ("PATTERN ** 2 == 144", [4]),
    ("PATTERN ** 8 == 17878103347812890625", [5]),
    ("X == -5", [4]),
    ("X == - 5", [4]),
    ("X == +5", [2]),
    ("FLAG & 6 == 6", [3, 5]),
    ("(FLAG & 6) == 2", []),
    ("FLAG & b110 != 0", [3, 5]),
    ("FLAG & 0x10000 != 0", [1]),
    ("FLAG&0xfffffef==0", [0, 4]),
    ("FLAG & 0x80000000 != 0", [4]),
    ("FLAG & 0xffffffff == 0", [0]),
    ("FLAG | 1 == 7", [3]),
    ("FLAG ^ 6 == 0", [3]),
    ("~FLAG == -1", [0]),
    ("~ FLAG & 1 == 1", [0, 1, 2, 3, 4]),
    ("FLAG >> 16 == 1", [1]),
    ("FLAG >> 31 == -1", [4]),
    ("PATTERN << 4 == 64", [2]),
    ("PATTERN << 28 == 255 * 2 ** 28", [5]),
    ("FLAG == o7777", [5]),
    ("FLAG == hfff", [5]),
    ("FLAG == 0XFFF", [5]),
    ("PATTERN + FLAG & 4 == 4", [2, 4, 5]),
    ("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9", ALL),
    ("7 / 2 == 3 && -7 / 2 == -3 && 7 % -3 == 1 && -7 % 3 == -1", ALL),
    ("7 / 2.0 == 3.5", ALL),
    ("10 - 4 - 3 == 3 && 2 * 6 / 4 == 3 && 1 << 2 << 1 == 8", ALL),
    ("1e2 == 100 && 1.5D1 == 15 && .5 == 0.5 && 5. == 5 && 1.234E-12 < 1", ALL),
    ("#PI > 3.14159 && #PI < 3.1416 && #E > 2.718 && #DEG * #RAD == 1", ALL),
    ("abs(X) == 5", [2, 4]),
    ("sqrt(X*X + Y*Y) <= 5", [0, 1, 2]),
    ("sqrt(X) >= 0", [0, 1, 2, 3, 5]),
    ("floor(RATE * 10) == 4", [1]),
    ("ceil(-0.5) == 0 && round(2.5) == 3 && round(-2.5) == -3 && int(-2.7) == -2", ALL),
    ("max(X, Y) == 200", [3]),
    ("min(PI, PATTERN, CCDNR) == 4", [3]),
    ("atan2(0, -1) == #PI && hypot(3, 4) == 5 && pow(2, 10) == 1024 && log10(100) == 2", ALL),
    ("near(PI, 505, 0.01)", [1]),
    ("near(PI, 506, 0.01)", []),
    ("near(100, X + 1, 0.01)", [3]),
    ("ifthenelse(PI > 500, CCDNR > 3, PATTERN == 0)", [0, 3, 4, 5]),
    ("RATE <= 0.4", [0, 5]),
    ("RATE < 0.45", [0, 1, 5]),
    ("RATE == 0.5", [2]),
    ("RATE == 0.1", []),
    ("RATE != 0.5", [0, 1, 3, 4, 5]),
    ("!(RATE < 0.45)", [2, 3, 4]),
    ("RATE > 1e300", [4]),
    ("NAME == 'b'", [1, 5]),
    ('NAME != "b"', [0, 2, 3, 4]),
    ("NAME > 'a'", [1, 4, 5]),
    ("NAME == ''", [3]),
]


@pytest.mark.parametrize(("text", "expected"), OPERATORS)
def test_operators(text: str, expected: list[int]) -> None:
    assert rows(text) == expected


VALUES = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
INTERVALS = [
    (":", [-1, 0, 1, 2, 3, 4, 5]),
    ("(:)", [-1, 0, 1, 2, 3, 4, 5]),
    ("[:]", [-1, 0, 1, 2, 3, 4, 5]),
    ("(:]", [-1, 0, 1, 2, 3, 4, 5]),
    ("[:)", [-1, 0, 1, 2, 3, 4, 5]),
    ("3", [3]),
    ("[3]", [3]),
    ("-1", [-1]),
    ("3:", [3, 4, 5]),
    ("[3:]", [3, 4, 5]),
    ("[3:)", [3, 4, 5]),
    ("(3:]", [4, 5]),
    ("(3:)", [4, 5]),
    (":3", [-1, 0, 1, 2, 3]),
    ("[:3]", [-1, 0, 1, 2, 3]),
    ("(:3]", [-1, 0, 1, 2, 3]),
    ("[:3)", [-1, 0, 1, 2]),
    ("(:3)", [-1, 0, 1, 2]),
    ("1:3", [1, 2, 3]),
    ("[1:3]", [1, 2, 3]),
    ("(1:3]", [2, 3]),
    ("[1:3)", [1, 2]),
    ("(1:3)", [2]),
    ("[3:3]", [3]),
    ("1,2,3", [1, 2, 3]),
    ("1, [3:4), 5", [1, 3, 5]),
    (":-1,(0:1],4.5:", [-1, 1, 5]),
    ("[0:2],[1:3]", [0, 1, 2, 3]),
    ("[0.5:1.5]", [1]),
    ("0:1", [0, 1]),
    ("-1:0", [-1, 0]),
    ("0,1,2,3,4,5,-1", [-1, 0, 1, 2, 3, 4, 5]),
    ("-1,1,3,5,7,9,11,13,15", [-1, 1, 3, 5]),
    ("2*1:6/2", [2, 3]),
    ("0x1:b11", [1, 2, 3]),
]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.float32, np.float64])
@pytest.mark.parametrize(("intervals", "expected"), INTERVALS)
def test_intervals(intervals: str, expected: list[float], dtype: type) -> None:
    data = {"V": VALUES.astype(dtype)}
    selected = compiled(f"V in {intervals}", data=data).evaluate(data)
    assert data["V"][selected].tolist() == expected


def test_the_example_of_the_manual_is_true() -> None:
    assert rows("3.1415 in :-10,[1:3),3.1,[3.14:3.19),[4:]") == ALL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CCDNR in 1,2,3", [0, 1, 2]),
        ("CCDNR in 1,2,3 && PI > 0", [1, 2]),
        ("CCDNR IN 1,2,3||PI in 12000", [0, 1, 2, 4]),
        ("!(CCDNR in 1,2,3)", [3, 4, 5]),
        ("! CCDNR in 1,2,3", [3, 4, 5]),
        ("ifthenelse(CCDNR in 1,2, PI > 0, PI in 2001,12000)", [1, 3, 4]),
        ("PI + 1 in [501:2001]", [1, 2]),
        ("PI in [100000:]", []),
        ("PI in [-100000:100000]", ALL),
        ("RATE in :", ALL),
        ("RATE in [0:]", [0, 1, 2, 4]),
        ("PI in [500:2000] == CCDNR in 2,3", ALL),
    ],
)
def test_intervals_in_company(text: str, expected: list[int]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#XMMEA_EP", [0, 1, 3, 4, 5]),
        ("#XMMEA_EP && (PATTERN<=4)", [0, 1]),
        ("!#XMMEA_EP", [2]),
        ("#XMMEA_16", [1]),
        ("#xmmea_16", [1]),
        ("#NARROW", [1, 3, 4]),
        ("#NARROW && #GOOD", [1, 3, 4]),
        ("PI in [#LOWPI:#MAXPI]", [1, 2, 3, 4]),
    ],
)
def test_attributes(text: str, expected: list[int]) -> None:
    assert rows(text) == expected


def test_the_expanded_expression_holds_the_values_of_attributes() -> None:
    selection = compiled("#NARROW && TIME > #TSTART")
    assert selection.expanded == "((FLAG & 0xcfa0000) == 0) && PI in [300:12000] && TIME > 100.5"
    assert selection.text == "#NARROW && TIME > #TSTART"


def test_a_column_named_like_a_constant_is_a_column() -> None:
    data = {"B1": np.array([5, 6], dtype=np.int16)}
    assert rows("B1 == 5", data=data) == [0]
    assert rows("b101 == 5 && B1 == 6", data=data) == [1]


def test_columns_are_those_that_are_needed_by_the_tables_own_spelling() -> None:
    assert compiled("pi > 3 && (x,Y) in circle(0,0,5) && pattern in 1,2").columns == ("PI", "X", "Y", "PATTERN")
    assert compiled("true").columns == ()


@pytest.mark.parametrize("order", ["<", ">"])
def test_byte_order_and_strides_make_no_difference(order: str) -> None:
    table = np.zeros(6, dtype=[("PI", f"{order}i2"), ("X", f"{order}i4"), ("Y", f"{order}i4"), ("TIME", f"{order}f8")])
    for name in table.dtype.names:
        table[name] = EVENTS[name]
    data = {name: table[name] for name in table.dtype.names}
    assert rows("PI in (0:2001] && (X,Y) in CIRCLE(0,0,300) && TIME <= 30", data=data) == [1, 2]


def test_a_selection_adapts_to_chunks_of_other_types_and_lengths() -> None:
    selection = compiled("PI * 2 in [1000:4000]", data={"PI": EVENTS["PI"]})
    for dtype in (np.int16, np.int32, ">i2", np.float32, np.uint16):
        for length in (0, 1, 6, 200_000):
            values = np.resize(EVENTS["PI"], length).astype(dtype)
            found = selection.evaluate({"PI": values})
            assert found.dtype == bool
            assert found.tolist() == ((values >= 500) & (values <= 2000)).tolist()


def test_columns_are_asked_for_only_when_a_test_comes_to_them() -> None:
    asked: list[str] = []

    class Chunk(dict):
        def __getitem__(self, name: str) -> np.ndarray:
            asked.append(name)
            return super().__getitem__(name)

    data = Chunk(A=np.zeros(1000, dtype=np.int16), B=np.zeros(1000))
    selection = compiled("A > 3 && B > 3", data=dict(data))
    selection.evaluate(data)
    asked.clear()
    assert not selection.evaluate(data).any()
    assert "B" not in asked


def test_long_tables_are_the_same_in_stretches() -> None:
    generator = np.random.default_rng(3)
    count = 400_000
    data = {
        "X": generator.integers(0, 1000, count, dtype=np.int32),
        "PI": generator.integers(0, 20000, count, dtype=np.int16),
        "T": np.sort(generator.uniform(0, 1000, count)),
    }
    data["X"][: count // 2] = 999  # the order of tests that is learnt from the first rows suits the later ones badly
    x, pi, t = (data[name].astype(float) for name in ("X", "PI", "T"))
    found = compiled("X < 50 && PI in 100:200,300:400 && (T < 900 || X == 7)", header=HEADER, data=data).evaluate(data)
    in_pi = ((pi >= 100) & (pi <= 200)) | ((pi >= 300) & (pi <= 400))
    assert np.array_equal(found, (x < 50) & in_pi & ((t < 900) | (x == 7)))
