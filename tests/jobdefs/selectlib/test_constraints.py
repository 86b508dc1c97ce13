"""The data subspace of a selection, in the forms that SAS writes."""

from __future__ import annotations

import numpy as np
import pytest

from jobdefs.tasks.selectlib import Block, Constraint, RegionRow, compile_selection

COLUMNS = ["TIME", "X", "Y", "DETX", "DETY", "RAWX", "RAWY", "PI", "PATTERN", "FLAG", "CCDNR", "RATE", "GOOD"]
FORMS = dict(zip(COLUMNS, ["D", "J", "J", "I", "I", "I", "I", "I", "B", "J", "B", "E", "L"], strict=True))
HEADER: dict[str, object] = {
    "TFIELDS": len(COLUMNS),
    "XMMEA_EP": "(FLAG & 0xcfa0000) == 0",
    "XMMEA_EM": "(FLAG & 0x766ba000) == 0",
}
for _number, _name in enumerate(COLUMNS, start=1):
    HEADER |= {f"TTYPE{_number}": _name, f"TFORM{_number}": FORMS[_name]}

GTI = Block("STDGTI", columns={"START": np.array([1.0]), "STOP": np.array([2.0])})


def _dss(text: str, block: Block = GTI) -> list[Constraint] | None:
    return compile_selection(text, header=HEADER, columns=COLUMNS, open_table=lambda _: block).dss


VALUES = [
    ("PI in [10000:12000]", [("PI", "10000:12000")]),
    ("PI >= 10000 && PI <= 12000", [("PI", "10000:12000")]),
    ("PATTERN <= 4", [("PATTERN", ":4")]),
    ("4 >= PATTERN", [("PATTERN", ":4")]),
    ("PATTERN < 5", [("PATTERN", ":4")]),
    ("PATTERN in (:4]", [("PATTERN", ":4")]),
    ("PATTERN == 0", [("PATTERN", "0")]),
    ("PATTERN in [0:0]", [("PATTERN", "0")]),
    ("FLAG == 0", [("FLAG", "0")]),
    ("CCDNR in 1,2,3", [("CCDNR", "1,2,3")]),
    ("CCDNR == 1 || CCDNR == 4 || CCDNR > 10", [("CCDNR", "1,4,11:")]),
    ("PI in [200:500],[400:1000]", [("PI", "200:1000")]),
    ("PI in (200:500)", [("PI", "201:499")]),
    ("RATE < 0.4", [("RATE", "[:0.4)")]),
    ("RATE in (0.1:0.4]", [("RATE", "(0.1:0.4]")]),
    ("RATE <= 0.4 && RATE >= 0", [("RATE", "0:0.4")]),
    ("TIME in [1e8:1.5e8]", [("TIME", "100000000:150000000")]),
    ("PI > 300 && PATTERN <= 4 && PI <= 2000", [("PI", "301:2000"), ("PATTERN", ":4")]),
    ("(PI > 300 && PATTERN <= 4) && true", [("PI", "301:"), ("PATTERN", ":4")]),
    ("#XMMEA_EP", [("FLAG", "b00xx00000x0xxxxxxxxxxxxxxxxx")]),
    ("#XMMEA_EM", [("FLAG", "b000x00xx00x0x000x0xxxxxxxxxxxxx")]),
    ("FLAG&0xfffffef==0", [("FLAG", "b00000000000000000000000x0000")]),
    ("(FLAG & 0x10000) != 0", [("FLAG", "b1xxxxxxxxxxxxxxxx")]),
    ("(FLAG & 6) == 2", [("FLAG", "b01x")]),
    ("0 == (FLAG & 1)", [("FLAG", "b0")]),
    ("(FLAG & 1) == 0 && (FLAG & 4) != 0", [("FLAG", "b1x0")]),
    ("true", []),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_ranges_and_bits(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(item.axis, item.value) for item in _dss(text)] == expected
    for item in _dss(text):
        assert item.kind == ("bits" if item.value.startswith("b") else "range")
        assert item.form == ("X" if item.kind == "bits" else "")


@pytest.mark.parametrize(
    "text",
    [
        "PI > 300 || PATTERN <= 4",
        "PI != 300",
        "PI * 2 > 300",
        "PI > PATTERN",
        "!(PI > 300)",
        "(FLAG & 6) != 0",
        "(FLAG & 6) == 1",
        "(FLAG & 1) == 0 && (FLAG & 1) == 1",
        "GOOD",
        "false",
        "PI < 3 && PI > 5",
        "near(PI, 3, 1)",
        "sqrt(X*X+Y*Y) < 5",
        "gti(a,TIME+1)",
        "mask(a,1,0,X,Y)",
        "(X,Y) in CIRCLE(1,2,3) || PI > 3",
        "(X,Y) in CIRCLE(1,2,3) || (DETX,DETY) in CIRCLE(1,2,3)",
        "circle(1,2,3,X+1,Y)",
    ],
)
def test_what_the_data_subspace_can_not_say(text: str) -> None:
    block = GTI if "gti" in text else Block("MASK", image=np.ones((3, 3)))
    assert _dss(text, block) is None


def test_open_bounds_stay_open_where_types_are_not_known() -> None:
    selection = compile_selection("PI < 5", header={}, columns=["PI"])
    assert [item.value for item in selection.dss] == ["[:5)"]


def test_file_filters_name_their_tables() -> None:
    assert _dss("TIME in gti(a.fits:STDGTI) && PI > 3")[0] == Constraint(
        axis="TIME", kind="gti", value="TABLE", columns=("TIME",), source="a.fits:STDGTI", table=GTI
    )
    region = Block("REGION", columns={"SHAPE": np.array(["POINT"]), "X": np.zeros(1), "Y": np.zeros(1)})
    assert _dss("region(r.fits:REGION,DETX,DETY)", region) == [
        Constraint(
            axis="DET(DETX,DETY)", kind="region", value="TABLE", columns=("DETX", "DETY"), source="r.fits:REGION",
            table=region,
        )
    ]  # fmt: skip
    mask = Block("MASK", image=np.ones((2, 2)))
    assert _dss("mask(m.fits:MASK,0,0,RAWX,RAWY)", mask) == [
        Constraint(
            axis="RAW(RAWX,RAWY)", kind="mask", value="IMAGE", columns=("RAWX", "RAWY"), source="m.fits:MASK",
            table=mask,
        )
    ]  # fmt: skip


SHAPES = [
    ("CIRCLE(26675,27800,600)", RegionRow("CIRCLE", (26675.0,), (27800.0,), (600.0,))),
    ("POINT(1,2)", RegionRow("POINT", (1.0,), (2.0,))),
    ("LINE(1,2,3,4)", RegionRow("LINE", (1.0, 3.0), (2.0, 4.0))),
    ("ANNULUS(1,2,3,4)", RegionRow("ANNULUS", (1.0,), (2.0,), (3.0, 4.0))),
    ("SECTOR(1,2,30,60)", RegionRow("SECTOR", (1.0,), (2.0,), (), (30.0, 60.0))),
    ("ELLIPSE(1,2,3,4,30)", RegionRow("ELLIPSE", (1.0,), (2.0,), (3.0, 4.0), (30.0,))),
    ("BOX(1,2,3,4,0)", RegionRow("BOX", (1.0,), (2.0,), (6.0, 8.0))),
    ("BOX(1,2,3,4,30)", RegionRow("ROTBOX", (1.0,), (2.0,), (6.0, 8.0), (30.0,))),
    ("RHOMBUS(1,2,3,4,0)", RegionRow("DIAMOND", (1.0,), (2.0,), (6.0, 8.0))),
    ("RECTANGLE(1,2,3,4)", RegionRow("RECTANGLE", (1.0, 3.0), (2.0, 4.0))),
    ("RECTANGLE(1,2,3,4,10)", RegionRow("ROTRECTANGLE", (1.0, 3.0), (2.0, 4.0), (), (10.0,))),
    ("POLYGON(1,2,3,4,5,0)", RegionRow("POLYGON", (1.0, 3.0, 5.0), (2.0, 4.0, 0.0))),
    (
        "ELLIPTANNULUS(1,2,3,4,5,6,7,8)",
        RegionRow("ELLIPTANNULUS", (1.0,), (2.0,), (3.0, 4.0, 5.0, 6.0), (7.0, 8.0)),
    ),
]


@pytest.mark.parametrize(("figure", "row"), SHAPES)
def test_figures_become_rows_of_a_region_table_that_selects_the_same(figure: str, row: RegionRow) -> None:
    selection = compile_selection(f"(X,Y) in {figure}", header=HEADER, columns=COLUMNS)
    assert selection.dss == [
        Constraint(axis="POS(X,Y)", kind="region", value="TABLE", columns=("X", "Y"), region=(row,))
    ]
    grid = np.arange(-15, 16).astype(np.int32)
    data = {"X": np.tile(grid, len(grid)), "Y": np.repeat(grid, len(grid))}
    table = Block("REG", columns=_table(selection.dss[0].region))
    again = compile_selection("region(r,X,Y)", header={}, columns=["X", "Y"], open_table=lambda _: table)
    assert np.array_equal(selection.evaluate(data), again.evaluate(data))


def _table(rows: tuple[RegionRow, ...]) -> dict[str, np.ndarray]:
    columns = {"SHAPE": np.array([row.shape for row in rows]), "COMPONENT": np.array([row.component for row in rows])}
    for name in ("x", "y", "r", "rotang"):
        width = max(len(getattr(row, name)) for row in rows)
        columns[name.upper()] = np.array([[*getattr(row, name), *[0.0] * width][:width] for row in rows])
    return columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!((X,Y) in CIRCLE(1,1,1))", [("!CIRCLE", 1)]),
        ("(X,Y) in CIRCLE(0,0,9) && !((X,Y) in BOX(1,1,1,2))", [("CIRCLE", 1), ("!BOX", 1)]),
        ("(X,Y) in CIRCLE(0,0,3) || (X,Y) in BOX(1,1,7,2)", [("CIRCLE", 1), ("BOX", 2)]),
        ("!((X,Y) in CIRCLE(0,0,3) || (X,Y) in BOX(1,1,7,2))", [("!CIRCLE", 1), ("!BOX", 1)]),
        (
            "((X,Y) in CIRCLE(0,0,5) || (X,Y) in BOX(4,4,4,2)) && !((X,Y) in CIRCLE(1,1,1)) && PI > 0",
            [("CIRCLE", 1), ("!CIRCLE", 1), ("BOX", 2), ("!CIRCLE", 2)],
        ),
    ],
)
def test_combinations_of_figures_become_components(text: str, expected: list[tuple[str, int]]) -> None:
    selection = compile_selection(text, header=HEADER, columns=COLUMNS)
    rows = selection.dss[0].region
    assert [(row.shape, row.component) for row in rows] == expected
    grid = np.arange(-12, 13).astype(np.int32)
    data = {"X": np.tile(grid, len(grid)), "Y": np.repeat(grid, len(grid)), "PI": np.ones(len(grid) ** 2)}
    table = Block("REG", columns=_table(rows))
    again = compile_selection("region(r,X,Y)", header={}, columns=["X", "Y"], open_table=lambda _: table)
    assert np.array_equal(selection.evaluate(data), again.evaluate(data))
