"""Figures in right ascension and declination."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS

from jobdefs.tasks.selectlib import compile_selection
from vo.errors import QueryError

EPIC = {
    "REFXCTYP": "RA---TAN", "REFXCRPX": 25921, "REFXCRVL": 195.361708333333, "REFXCDLT": -1.38888888888889e-05,
    "REFYCTYP": "DEC--TAN", "REFYCRPX": 25921, "REFYCRVL": 27.9, "REFYCDLT": 1.38888888888889e-05,
}  # fmt: skip
CHANDRA = {
    "TFIELDS": 3, "TTYPE1": "time", "TTYPE2": "x", "TTYPE3": "y",
    "TCTYP2": "RA---TAN", "TCRPX2": 4096.5, "TCRVL2": 83.0, "TCDLT2": -0.0001366,
    "TCTYP3": "DEC--TAN", "TCRPX3": 4096.5, "TCRVL3": -60.0, "TCDLT3": 0.0001366,
}  # fmt: skip


def _wcs(header: dict) -> WCS:
    x, y = ("REFXC{}", "REFYC{}") if "REFXCRPX" in header else ("TC{}2", "TC{}3")
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crpix, wcs.wcs.crval, wcs.wcs.cdelt = (
        [header[x.format(part)], header[y.format(part)]] for part in ("RPX", "RVL", "DLT")
    )
    return wcs


@pytest.mark.parametrize("header", [EPIC, CHANDRA])
def test_positions_agree_with_the_world_coordinates_of_the_table(header: dict) -> None:
    wcs = _wcs(header)
    for pixel in ((20000, 30000), (25921, 25921), (4000.25, 5000.75)):
        ra, dec = wcs.wcs_pix2world([pixel], 1)[0].tolist()
        text = f"(RA,DEC) in CIRCLE({ra!r},{dec!r},0.0125)"
        selection = compile_selection(text, header=header, columns=["x", "Y"])
        row = selection.dss[0].region[0]
        assert (row.x[0], row.y[0]) == pytest.approx(pixel, abs=1e-5)
        assert row.r[0] == pytest.approx(0.0125 / abs(wcs.wcs.cdelt[0]))
        assert selection.columns == ("x", "Y")


def test_a_circle_of_degrees_is_one_of_sky_pixels() -> None:
    selection = compile_selection("(RA,DEC) in CIRCLE(195.361708333333,27.9,0.1)", header=EPIC, columns=["X", "Y"])
    data = {"X": np.array([25921, 33120, 33122], dtype=np.int32), "Y": np.array([25921, 25921, 25921], dtype=np.int32)}
    assert selection.evaluate(data).tolist() == [True, True, False]
    assert selection.dss[0].axis == "POS(X,Y)"


def test_annuli_and_boxes() -> None:
    annulus = compile_selection("(RA,DEC) in ANNULUS(195.361708333333,27.9,0.01,0.1)", header=EPIC, columns=["X", "Y"])
    assert annulus.dss[0].region[0].r == pytest.approx((720.0, 7200.0))
    box = compile_selection("(RA,DEC) in BOX(195.361708333333,27.9,0.02,0.01,0)", header=EPIC, columns=["X", "Y"])
    assert box.dss[0].region[0].r == pytest.approx((2 * 1440.0, 2 * 720.0))


def test_columns_in_degrees_are_tested_on_the_sphere() -> None:
    data = {"RA": np.array([83.63, 83.63, 85.63, 359.9, 0.1]), "DEC": np.array([60.0, 61.0, 60.0, 0.0, 0.0])}

    def select(text: str) -> list[bool]:
        return compile_selection(text, header={}, columns=list(data)).evaluate(data).tolist()

    assert select("(RA,DEC) in CIRCLE(83.63,60,1.01)") == [True, True, True, False, False]
    assert select("(RA,DEC) in ANNULUS(83.63,60,0.5,0.9999)") == [False, False, False, False, False]
    assert select("(RA,DEC) in ANNULUS(83.63,60,0.5,1.0000001)") == [False, True, True, False, False]
    assert select("(RA,DEC) in CIRCLE(0,0,0.2)") == [False, False, False, True, True]
    assert select("(RA,DEC) in BOX(83.63,60,1.01,0.5,0)") == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("text", "header", "columns", "message"),
    [
        ("(RA,DEC) in CIRCLE(1,2,3)", {}, ["X", "Y"], "The table has neither columns RA and DEC nor sky pixels"),
        ("(RA,DEC) in CIRCLE(1,2,3)", EPIC, ["PI"], "The table has neither columns RA and DEC nor sky pixels"),
        ("(RA,DEC) in CIRCLE(15,97,1)", EPIC, ["X", "Y"], "The declination 97 is not between -90 and 90 degrees."),
        ("(RA,DEC) in CIRCLE(15,97,1)", {}, ["RA", "DEC"], "A declination must lie between -90 and 90 degrees."),
        ("(RA,DEC) in LINE(15,9,16,9)", {}, ["RA", "DEC"], "On the sky a line has no width"),
        ("(RA,DEC) in POLYGON(0,0,120,0,240,0)", {}, ["RA", "DEC"], "The corners of the figure are more than 90"),
        ("(RA,DEC) in CIRCLE(15,-27,1)", EPIC, ["X", "Y"], "The position 15, -27 is 90 degrees or more"),
        ("(DEC,RA) in CIRCLE(15,-27,1)", EPIC, ["X", "Y"], "Positions on the sky are given as (RA,DEC)."),
        (
            "(RA,DEC) in CIRCLE(15,-27,1)",
            {**EPIC, "REFXCTYP": "RA---SIN"},
            ["X", "Y"],
            "The sky pixels of the table are in the projection RA---SIN DEC--TAN",
        ),
    ],
)
def test_what_can_not_be_placed_on_the_sky(text: str, header: dict, columns: list[str], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_selection(text, header=header, columns=columns)
    assert caught.value.message.startswith(message)
    assert caught.value.column == 1
