"""Sky regions in the sky pixels of event lists."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.definition import Parameter
from jobdefs.tasks.regions import check_overlap, plane_shapes, selection
from jobdefs.tasks.reporting import TaskError
from jobdefs.tasks.selectlib import check_syntax, compile_selection
from jobdefs.tasks.skyplane import SkyAxis, SkyPlane
from jobdefs.values import check_value
from vo.errors import ParameterError
from vo.skyregions import parse_region

STEP = 0.05 / 3600
PLANE = SkyPlane(SkyAxis("RA---TAN", 25921, 150.1, -STEP), SkyAxis("DEC--TAN", 25921, 2.2, STEP))


def _wcs() -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crpix, wcs.wcs.crval, wcs.wcs.cdelt = [25921, 25921], [150.1, 2.2], [-STEP, STEP]
    return wcs


def _inside(condition: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    compiled = compile_selection(condition, header={}, columns=["X", "Y"], open_table=None)
    return np.asarray(compiled.evaluate({"X": x, "Y": y}))


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("CIRCLE 150.1 2.2 0.0140545", "((X,Y) IN CIRCLE(25921,25921,1011.924))"),  # the figure of the log: 1011.9
        ("Circle(24120.00,23560,600)", "((X,Y) IN CIRCLE(24120,23560,600))"),
        ("physical; box(24120,23560,600,400,10)", "((X,Y) IN BOX(24120,23560,300,200,10))"),
        (
            'CIRCLE 150.1 2.2 30"; NOT circle(150.1,2.2,5")',
            "((X,Y) IN CIRCLE(25921,25921,600)) && !((X,Y) IN CIRCLE(25921,25921,100))",
        ),
        (
            "physical; circle(1000,2000,30); annulus(3000,3000,1,2)",
            "(((X,Y) IN CIRCLE(1000,2000,30)) || ((X,Y) IN ANNULUS(3000,3000,1,2)))",
        ),
    ],
)
def test_regions_become_conditions_in_sky_pixels(written: str, condition: str) -> None:
    found = selection(parse_region(written), PLANE)
    assert found == condition
    check_syntax(found)


@given(
    east=st.floats(-0.2, 0.2), north=st.floats(-0.2, 0.2), angle=st.floats(0, 180),
    half=st.tuples(st.floats(0.002, 0.02), st.floats(0.002, 0.02)), kind=st.sampled_from(["ellipse", "box", "circle"]),
)  # fmt: skip
def test_shapes_on_the_sky_hold_what_they_hold_in_the_plane(
    east: float, north: float, angle: float, half: tuple[float, float], kind: str
) -> None:
    ra, dec = 150.1 + east, 2.2 + north
    numbers = {"circle": (half[0],), "ellipse": (*half, angle), "box": (2 * half[0], 2 * half[1], angle)}[kind]
    condition = selection(parse_region(f"{kind}({','.join(map(repr, (ra, dec, *numbers)))})"), PLANE)
    rng = np.random.default_rng(1)
    west, up = rng.uniform(-0.025, 0.025, (2, 2000))
    x, y = _wcs().all_world2pix(ra - west / np.cos(np.radians(dec)), dec + up, 1)
    turn = np.radians(angle if kind != "circle" else 0)
    u, v = west * np.cos(turn) + up * np.sin(turn), up * np.cos(turn) - west * np.sin(turn)
    a, b = half if kind != "circle" else (half[0], half[0])
    reach = np.maximum(np.abs(u) / a, np.abs(v) / b) if kind == "box" else np.hypot(u / a, v / b)
    found = _inside(condition, x, y)
    clear = np.abs(reach - 1) > 5e-3
    np.testing.assert_array_equal(found[clear], (reach <= 1)[clear])


@given(ra=st.floats(0, 360, exclude_max=True), dec=st.floats(-89.5, 89.5), x=st.floats(1, 51840), y=st.floats(1, 51840))
def test_a_position_is_where_its_pixel_is(ra: float, dec: float, x: float, y: float) -> None:
    plane = SkyPlane(SkyAxis("RA---TAN", 25921, ra, -STEP), SkyAxis("DEC--TAN", 25921, dec, STEP))
    assert plane.pixel(*plane.position(x, y)) == pytest.approx((x, y), abs=1e-4)


def test_polygons_keep_their_corners() -> None:
    (shape,) = plane_shapes(parse_region("POLYGON 150.1 2.2 150.2 2.2 150.2 2.3"), PLANE)
    x, y = _wcs().all_world2pix([150.1, 150.2, 150.2], [2.2, 2.2, 2.3], 1)
    assert shape.numbers == pytest.approx(np.column_stack([x, y]).ravel(), abs=1e-3)


def test_a_region_elsewhere_is_refused_and_the_field_is_told() -> None:
    shapes = plane_shapes(parse_region("CIRCLE 151.1 2.2 0.01"), PLANE)
    with pytest.raises(
        TaskError, match=r"source lies outside the field of a\.fits.*60\.. arcmin.*ra 150\.1000"
    ) as found:
        check_overlap(shapes, (7000, 44842, 7000, 44842), parameter="source", file="a.fits", plane=PLANE)
    assert found.value.code == "RegionOutside"
    near = plane_shapes(parse_region("CIRCLE 150.37 2.2 0.01"), PLANE)
    check_overlap(near, (7000, 44842, 7000, 44842), parameter="source", file="a.fits", plane=PLANE)


def test_the_other_side_of_the_sky_is_refused() -> None:
    with pytest.raises(TaskError, match="90 degrees or more"):
        selection(parse_region("CIRCLE 330.1 -2.2 0.01"), PLANE)


def test_a_parameter_of_this_type_has_the_canonical_text() -> None:
    parameter = Parameter("source", "region", "Where.")
    assert check_value(parameter, 'fk5\ncircle(10:00:24,+02:12:00,36")\r\n') == "CIRCLE 150.1 2.2 0.01"
    with pytest.raises(ParameterError, match=r"source: .*circel is not known.*Did you mean circle\?"):
        check_value(parameter, "circel(1,2,3)")
