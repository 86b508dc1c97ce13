"""Every figure in right ascension and declination, against plain arithmetic; at the pole and across RA 0 too."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS

from jobdefs.tasks.selectlib import Block, compile_selection

CENTRES = [(195.36, 27.9), (0.02, -30.1), (359.99, 5.0), (120.0, 89.9), (45.0, -89.95), (200.0, 89.99999)]
STEP = 0.05 / 3600
COUNT = 4000

FIGURES = {
    # constants after the centre, in degrees → where u (west) and v (north), in degrees from the centre, are inside
    "CIRCLE": ("0.05", lambda u, v: np.hypot(u, v) <= 0.05),
    "ANNULUS": ("0.05,0.1", lambda u, v: (np.hypot(u, v) >= 0.05) & (np.hypot(u, v) <= 0.1)),
    "ELLIPSE": ("0.1,0.04,0", lambda u, v: (u / 0.1) ** 2 + (v / 0.04) ** 2 <= 1),
    "ELLIPSE turned": ("0.1,0.04,90", lambda u, v: (u / 0.04) ** 2 + (v / 0.1) ** 2 <= 1),
    "BOX": ("0.1,0.04,0", lambda u, v: (np.abs(u) <= 0.1) & (np.abs(v) <= 0.04)),
    "BOX turned": ("0.1,0.02,45", lambda u, v: (np.abs(u + v) <= 0.1 * 2**0.5) & (np.abs(v - u) <= 0.02 * 2**0.5)),
    "RHOMBUS": ("0.1,0.04,0", lambda u, v: np.abs(u) / 0.1 + np.abs(v) / 0.04 <= 1),
    "SECTOR": ("0,90", lambda u, v: (u >= 0) & (v >= 0)),
    "ELLIPTANNULUS": (
        "0.04,0.02,0.1,0.05,0,0",
        lambda u, v: ((u / 0.04) ** 2 + (v / 0.02) ** 2 >= 1) & ((u / 0.1) ** 2 + (v / 0.05) ** 2 <= 1),
    ),
}  # fmt: skip


def header(ra: float, dec: float) -> dict[str, object]:
    return {
        "REFXCTYP": "RA---TAN", "REFXCRPX": 25921, "REFXCRVL": ra, "REFXCDLT": -STEP,
        "REFYCTYP": "DEC--TAN", "REFYCRPX": 25921, "REFYCRVL": dec, "REFYCDLT": STEP,
    }  # fmt: skip


def wcs_of(ra: float, dec: float) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [ra, dec], [25921, 25921]
    wcs.wcs.cdelt = [-STEP, STEP]
    return wcs


def scattered(seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(15000, 37000, COUNT) for name in ("X", "Y")}


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("centre", CENTRES)
def test_figures_on_sky_pixels(centre, figure):
    """The figure's centre is not the field's: sizes are those of the tangent plane of the columns."""
    numbers, expected = FIGURES[figure]
    ra, dec = wcs_of(*centre).wcs_pix2world([[27000.0, 24500.0]], 1)[0].tolist()
    data = scattered(1)
    text = f"(RA,DEC) in {figure.split()[0]}({ra!r},{dec!r},{numbers})"
    found = compile_selection(text, header=header(*centre), columns=["X", "Y"]).evaluate(data)
    u, v = (data["X"] - 27000) * STEP, (data["Y"] - 24500) * STEP
    assert 10 < found.sum() < COUNT
    assert np.array_equal(found, expected(u, v))


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("centre", CENTRES)
def test_figures_on_columns_in_degrees(centre, figure):
    """West and north of the centre along great circles, by astropy; sizes are small against the sphere."""
    numbers, expected = FIGURES[figure]
    data = scattered(2)
    ra, dec = wcs_of(*centre).wcs_pix2world(data["X"], data["Y"], 1)
    text = f"(RA,DEC) in {figure.split()[0]}({centre[0]!r},{centre[1]!r},{numbers})"
    found = compile_selection(text, header={}, columns=["RA", "DEC"]).evaluate({"RA": ra, "DEC": dec})
    u, v = (data["X"] - 25921) * STEP, (data["Y"] - 25921) * STEP
    if figure in {"CIRCLE", "ANNULUS"}:
        distance = SkyCoord(ra, dec, unit="deg").separation(SkyCoord(*centre, unit="deg")).to_value(units.deg)
        u, v = distance, np.zeros_like(distance)
    assert 10 < found.sum() < COUNT
    assert np.array_equal(found, expected(u, v))


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("columns", [("X", "Y"), ("RA", "DEC")])
def test_polygons_and_rectangles_go_through_their_corners(centre, columns):
    wcs = wcs_of(*centre)
    corners = np.array([[24000.0, 24000], [29000, 25000], [28000, 29000], [25000, 28000]])
    sky = ",".join(repr(value) for value in wcs.wcs_pix2world(corners, 1).ravel().tolist())
    data = scattered(3)
    shown = (
        data if columns == ("X", "Y") else dict(zip(columns, wcs.wcs_pix2world(data["X"], data["Y"], 1), strict=True))
    )
    plane = header(*centre) if columns == ("X", "Y") else {}
    found = compile_selection(f"(RA,DEC) in POLYGON({sky})", header=plane, columns=list(shown)).evaluate(shown)
    flat = ",".join(repr(value) for value in corners.ravel().tolist())
    expected = compile_selection(f"(X,Y) in POLYGON({flat})", header={}, columns=["X", "Y"]).evaluate(data)
    assert 10 < expected.sum() < COUNT
    assert np.array_equal(found, expected)


def test_a_rectangle_lies_between_its_corners_whichever_way_the_columns_run():
    plane = header(195.36, 27.9)
    data = {"X": np.array([25921, 25921, 33000, 25921]), "Y": np.array([25921, 33000, 25921, 18000])}
    text = "(RA,DEC) in RECTANGLE(195.3,27.85,195.42,27.95)"
    assert compile_selection(text, header=plane, columns=["X", "Y"]).evaluate(data).tolist() == [True, *[False] * 3]
    degrees = {"RA": np.array([195.31, 195.5, 555.4]), "DEC": np.array([27.9, 27.9, 27.94])}
    assert compile_selection(text, header={}, columns=["RA", "DEC"]).evaluate(degrees).tolist() == [True, False, True]


def test_a_point_of_the_sky():
    data = {"RA": np.array([359.5, 359.5, -0.5]), "DEC": np.array([10.0, 11.0, 10.0])}
    found = compile_selection("(RA,DEC) in POINT(359.5,10)", header={}, columns=["RA", "DEC"]).evaluate(data)
    assert found.tolist() == [True, False, True]


def test_a_region_table_of_columns_in_degrees_lies_on_the_sphere():
    columns = {"SHAPE": np.array(["CIRCLE", "!BOX"]), "X": [[120.0], [120.0]], "Y": [[80.0], [80.0]],
               "R": [[2.0, 0.0], [0.5, 0.5]], "COMPONENT": [1, 1]}  # fmt: skip
    block = Block("REG", columns={name: np.array(values) for name, values in columns.items()})
    data = {"RA": np.array([120.0, 128.0, 120.0, 135.0]), "DEC": np.array([80.0, 80.0, 81.9, 80.0])}
    selection = compile_selection("region(r,RA,DEC)", header={}, columns=["RA", "DEC"], open_table=lambda _: block)
    assert selection.evaluate(data).tolist() == [False, True, True, False]
