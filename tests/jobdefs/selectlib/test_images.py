"""Images as filters: IMAGE by the image's own coordinates, mask by its keywords or by pixel numbers."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from jobdefs.tasks.selectlib import Block, compile_selection, file_references
from vo.errors import QueryError

STEP = 0.05 / 3600
TABLE = {
    "REFXCTYP": "RA---TAN", "REFXCRPX": 25921, "REFXCRVL": 150.25, "REFXCDLT": -STEP,
    "REFYCTYP": "DEC--TAN", "REFYCRPX": 25921, "REFYCRVL": 2.5, "REFYCDLT": STEP,
}  # fmt: skip
COLUMNS = ["X", "Y", "DETX", "DETY"]


def world(kind: str, ra: float, dec: float, *, pixels: int = 60, size: float = 0.01, angle: float = 0.0) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [f"RA---{kind}", f"DEC--{kind}"]
    wcs.wcs.crval, wcs.wcs.crpix = [ra, dec], [pixels / 2 + 0.5] * 2
    wcs.wcs.cdelt = [-size, size]
    if angle:
        cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        wcs.wcs.pc = [[cosine, -sine], [sine, cosine]]
    return wcs


def checkers(wcs: WCS, pixels: int = 60, **extra: object) -> Block:
    image = (np.add.outer(np.arange(pixels) // 7, np.arange(pixels) // 5) % 2).astype(np.int16)
    return Block("SKY", header={**dict(wcs.to_header()), **extra}, image=image)


def by_hand(block: Block, wcs: WCS, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    column, row = (np.floor(value + 0.5).astype(int) - 1 for value in wcs.wcs_world2pix(ra, dec, 1))
    height, width = block.image.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return inside & (block.image[row.clip(0, height - 1), column.clip(0, width - 1)] != 0)


def select(text: str, block: Block, data: dict, header: dict = TABLE) -> np.ndarray:
    return compile_selection(text, header=header, columns=list(data), open_table=lambda _: block).evaluate(data)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["TAN", "SIN", "CAR", "ARC"]),
    st.floats(149.9, 150.6),
    st.floats(2.2, 2.8),
    st.sampled_from([0.0, 30.0, 137.5]),
    st.integers(0, 99),
)
def test_any_celestial_image_selects_sky_pixels(kind: str, ra: float, dec: float, angle: float, seed: int) -> None:
    wcs = world(kind, ra, dec, angle=angle)
    block = checkers(wcs)
    generator = np.random.default_rng(seed)
    data = {name: generator.integers(1, 51840, 500).astype(np.int32) for name in ("X", "Y")}
    table = WCS(naxis=2)
    table.wcs.ctype, table.wcs.crval, table.wcs.crpix = ["RA---TAN", "DEC--TAN"], [150.25, 2.5], [25921, 25921]
    table.wcs.cdelt = [-STEP, STEP]
    expected = by_hand(block, wcs, *table.wcs_pix2world(data["X"], data["Y"], 1))
    for text in ("(X,Y) in IMAGE(i.fits)", "IMAGE(i.fits)", "(RA,DEC) in image(i.fits)", "mask(i.fits,0,0,X,Y)"):
        assert np.array_equal(select(text, block, data), expected), text


@pytest.mark.parametrize("matrix", [False, True])
def test_an_image_of_the_same_field_is_compared_by_plain_arithmetic(matrix: bool) -> None:
    """Pixels of 80 units from 0.5 on, as evselect makes them: their edges are exact."""
    wcs = world("TAN", 150.25, 2.5, pixels=648, size=80 * STEP)
    wcs.wcs.crpix = [324.50625, 324.50625]
    block = checkers(wcs, pixels=648)
    if matrix:
        sizes = {"CD1_1": -80 * STEP, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 80 * STEP}
        kept = {key: value for key, value in block.header.items() if not key.startswith("CDELT")}
        block = Block("SKY", header={**kept, **sizes}, image=block.image)
    data = {"X": np.arange(1, 51841, dtype=np.int32), "Y": np.full(51840, 1, dtype=np.int32)}
    assert np.array_equal(select("(X,Y) in IMAGE(i)", block, data), block.image[0, (data["X"] - 1) // 80] != 0)


def test_columns_in_degrees_are_looked_up_themselves() -> None:
    wcs = world("TAN", 0.0, 89.5)
    block = checkers(wcs)
    generator = np.random.default_rng(3)
    data = {"RA": generator.uniform(0, 360, 1000), "DEC": generator.uniform(89, 90, 1000)}
    found = select("(RA,DEC) in IMAGE(i)", block, data, {})
    assert found.any()
    assert np.array_equal(found, by_hand(block, wcs, data["RA"], data["DEC"]))


DETECTOR = {
    "CTYPE1": "DETX", "CRPIX1": 1.0, "CRVAL1": -90.0, "CDELT1": 20.0,
    "CTYPE2": "DETY", "CRPIX2": 1.0, "CRVAL2": 0.0, "CDELT2": 10.0,
}  # fmt: skip
IMAGE = np.array([[0, 1, 0], [0, 0, 2]], dtype=np.int16)


@pytest.mark.parametrize("text", ["(DETX,DETY) in IMAGE(i)", "IMAGE(i)", "IMAGE(i,DETX,DETY)", "mask(i,0,0,DETX,DETY)"])
@pytest.mark.parametrize("image", [IMAGE, IMAGE != 0, np.where(IMAGE == 0, np.nan, IMAGE).astype(float)])
def test_images_of_detector_coordinates(text: str, image: np.ndarray) -> None:
    data = {"DETX": np.array([-90, -80, -79, -61, -60, -59, -50]), "DETY": np.array([0, 0, 4, 4, 4, 5, 14])}
    block = Block("DET", header=DETECTOR, image=image)
    assert select(text, block, data).tolist() == [False, True, True, True, False, True, True]


def test_masks_are_shifted_in_units_of_the_columns() -> None:
    block = Block("DET", header=DETECTOR, image=IMAGE)
    data = {"DETX": np.array([-75, -70 + 200]), "DETY": np.array([0, -50])}
    assert select("mask(i,200,-50,DETX,DETY)", block, data).tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "header", "columns", "message"),
    [
        ("IMAGE(i)", {}, COLUMNS, "The header of I does not say what its axes are (CTYPE1, CTYPE2)."),
        ("(X,Y) in IMAGE(i)", {}, COLUMNS, "The header of I does not say what its axes are"),
        (
            "(X,Y) in IMAGE(i)",
            DETECTOR,
            COLUMNS,
            "I is an image of DETX, DETY, which X, Y of the table can't be turned",
        ),
        ("IMAGE(i,DETX+1,DETY)", DETECTOR, COLUMNS, "I is an image of DETX, DETY, which the expression, DETY of the"),
        ("mask(i,0,0,DETX,DETY)", {**DETECTOR, "PC1_2": 0.5}, COLUMNS, "The axes of I are turned (PC1_2, CROTA2"),
        ("IMAGE(i)", {"CTYPE1": "TX", "CTYPE2": "TY", "CRPIX1": 1}, COLUMNS, "The table has no column TX."),
        (
            "IMAGE(i)",
            {"CTYPE1": "GLON-CAR", "CTYPE2": "GLAT-CAR"},
            COLUMNS,
            "I is an image in GLON-CAR, GLAT-CAR; RA and DEC are needed.",
        ),
        (
            "IMAGE(i)",
            {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "RADECSYS": "FK4"},
            COLUMNS,
            "I is an image in B1950 (FK4); one in J2000 is needed.",
        ),
        (
            "IMAGE(i)",
            {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "EQUINOX": 1950.0},
            COLUMNS,
            "I is an image in B1950 (FK4); one in J2000 is needed.",
        ),
        (
            "IMAGE(i)",
            {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": 0.0, "CDELT2": 0.0},
            COLUMNS,
            "The celestial coordinates of I can't be used: ",
        ),
        (
            "IMAGE(i)",
            {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"},
            ["PI"],
            "The table has neither columns RA and DEC nor sky pixels",
        ),
    ],
)
def test_images_that_can_not_be_related_to_the_table(text: str, header: dict, columns: list, message: str) -> None:
    block = Block("I", header=header, image=IMAGE)
    with pytest.raises(QueryError) as caught:
        compile_selection(text, header=TABLE, columns=columns, open_table=lambda _: block)
    assert caught.value.message.startswith(message)


def test_a_table_is_no_image() -> None:
    with pytest.raises(QueryError, match="T is no image in a plane"):
        compile_selection(
            "(DETX,DETY) in IMAGE(t)", header=TABLE, columns=COLUMNS, open_table=lambda _: Block("T", header=DETECTOR)
        )


def test_the_image_is_among_the_files_that_an_expression_names() -> None:
    found = file_references("(X,Y) in IMAGE(job:a/image:MASK) && image(ivo://a/b?c.fits) && gti(b,TIME)")
    assert [reference.text for reference in found] == ["job:a/image", "ivo://a/b?c.fits", "b"]
