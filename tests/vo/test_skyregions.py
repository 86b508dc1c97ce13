"""Sky regions as users write them."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from vo.errors import UsageError
from vo.skyregions import MAX_SHAPES, Region, parse_region
from vo.sphere import distance

CIRCLE = "CIRCLE 150.1 2.2 0.01"

DS9_FILE = """\
# Region file format: DS9 version 4.1
global color=green dashlist=8 3 width=1 font="helvetica 10 normal roman" select=1 highlite=1 dash=0 fixed=0
fk5
circle(10:00:24.000,+2:12:00.00,36.000") # color=red text={the source; bright}
-circle(150.105,2.2,5")
"""


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("CIRCLE 150.1 2.2 0.01", CIRCLE),
        ("Circle ICRS 150.1 2.2 0.01", CIRCLE),
        ("CIRCLE ICRS GEOCENTER 150.1 2.2 0.01 unit deg", CIRCLE),
        ("150.1 2.2 0.01", CIRCLE),
        ("150.1, +2.2, 0.01", CIRCLE),
        ("circle(150.1,2.2,0.01)", CIRCLE),
        ("fk5;circle(150.1,2.2,0.01)", CIRCLE),
        ('fk5; circle(10:00:24, +02:12:00, 36")', CIRCLE),
        ("icrs; circle(10h00m24s, +02d12m00s, 0.6')", CIRCLE),
        ("j2000 circle 150.1d 2.2d 36arcsec", CIRCLE),
        ("+circle(150.1, 2.2, 0.01d)", CIRCLE),
        ("(RA,DEC) in CIRCLE(150.1,2.2,0.01)", CIRCLE),
        ("((RA, DEC) IN circle(150.1, 2.2, 0.01))", CIRCLE),
        (DS9_FILE, f"{CIRCLE}; NOT CIRCLE 150.105 2.2 0.0013888889"),
        ('CIRCLE 150.1 2.2 0.01\n!annulus(150.1,2.2,0,5")', f"{CIRCLE}; NOT ANNULUS 150.1 2.2 0 0.0013888889"),
        ("NOT CIRCLE 1 2 0.1; CIRCLE 1 2 0.2", "NOT CIRCLE 1 2 0.1; CIRCLE 1 2 0.2"),
        ("ellipse(10,20,0.1,0.2,200)", "ELLIPSE 10 20 0.1 0.2 20"),
        ("ELLIPSE 10 20 0.1 0.2", "ELLIPSE 10 20 0.1 0.2 0"),
        ("BOX 10 20 1 0.5", "BOX 10 20 1 0.5 0"),
        ("fk5; box(10,20,60',30',-10)", "BOX 10 20 1 0.5 170"),
        ("(RA,DEC) in BOX(10,20,0.5,0.25,0)", "BOX 10 20 1 0.5 0"),
        ("POLYGON 10 20 10.1 20 10.1 20.1", "POLYGON 10 20 10.1 20 10.1 20.1"),
        ("polygon(0:40:00,20:00:00,10.1,20,10.1,20.1)", "POLYGON 10 20 10.1 20 10.1 20.1"),
        ("CIRCLE 360 0 1", "CIRCLE 0 0 1"),
        ("Circle(24120.00,23560,600)", "PHYSICAL CIRCLE 24120 23560 600"),
        ("physical; circle(24120,23560,600)", "PHYSICAL CIRCLE 24120 23560 600"),
        ("(X,Y) in CIRCLE(24120,23560,600)", "PHYSICAL CIRCLE 24120 23560 600"),
        ("circle(27671.939,24896.105,1011.9646,X,Y)", "PHYSICAL CIRCLE 27671.939 24896.105 1011.9646"),
        ("((X,Y) IN BOX(24000,24000,100,200,0))", "PHYSICAL BOX 24000 24000 200 400 0"),
        ("PHYSICAL CIRCLE 100 80 5", "PHYSICAL CIRCLE 100 80 5"),
        ("physical\ncircle(1,2,3)\nicrs\ncircle(1,2,3)", "PHYSICAL CIRCLE 1 2 3; CIRCLE 1 2 3"),
    ],
)
def test_what_users_write_has_one_canonical_form(written: str, canonical: str) -> None:
    assert parse_region(written).text == canonical
    assert parse_region(canonical).text == canonical


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "empty"),
        ("# only a comment", "empty"),
        ("fk5", "empty"),
        ("circel(1,2,3)", "Did you mean circle?"),
        ("circle(1,2", "a parenthesis is missing"),
        ("circle(1,2,3,4)", "4 numbers make no circle: it takes ra, dec, radius"),
        ("10 20", "2 numbers make no circle"),
        ("point(10,20)", "has no area"),
        ("-circle(1,2,0.1)", "Every shape of the region is excluded"),
        ("circle(400,95,0.1)", "400 lies outside 0 to 360 degrees"),
        ("circle(10,95,0.1)", "95 lies outside -90 to +90 degrees"),
        ("circle(10,20,-1)", "'-1' is no size"),
        ("circle(10,20,3i)", "'3i' is no size"),
        ("circle(10,20,0)", "must be greater than 0"),
        ("circle(10,20,1e-12)", "smaller than a microarcsecond"),
        ("circle(10,20,61)", "reaches 61 degrees"),
        ("circle(10:61:00,20,1)", "less than 60"),
        ("annulus(1,2,0.2,0.1)", "inner radius"),
        ("annulus(1,2,0.1,0.2,0.3)", "5 numbers make no annulus"),
        ("polygon(1,2,1,3)", "4 numbers make no polygon"),
        ("polygon(1,2,1,3,1,4)", "lie on one line"),
        ("physical; polygon(1,2,1,3,1,4)", "lie on one line"),
        ("physical; circle(1,2,30\")", "no number of sky pixels"),
        ("circle(1,2,3) circle(3,4,5)", "more than one shape"),
        ("image; circle(3,4,5)", "The frame image is not supported: it depends on one image"),
        ("fk4; circle(1,2,3)", "The frame fk4 is not supported"),
        ("CIRCLE FK4 1 2 3", "The frame fk4 is not supported"),
        ("CIRCLE GEO_C 1 2 3", "The frame GEO_C is not supported"),
        ("(DETX,DETY) in CIRCLE(1,2,3)", "regions are in X,Y or RA,DEC"),
        ("circle(1,2,3); circle(nan,2,3)", "'circle(nan,2,3)' is no region"),
        ("box(1,2,3,4,up)", "'up' is no angle"),
        ("CIRCLE 1 2 1;" * (MAX_SHAPES + 1), f"more than {MAX_SHAPES} shapes"),
    ],
)  # fmt: skip
def test_what_is_no_region_is_told(written: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_region(written)
    assert said in str(caught.value)


positions = st.tuples(st.floats(0, 359.999), st.floats(-89, 89))
sizes = st.floats(1e-4, 2.0)
angles = st.floats(-720, 720)


@st.composite
def shape_texts(draw: st.DrawFn) -> str:
    ra, dec = draw(positions)
    kind = draw(st.sampled_from(["circle", "annulus", "ellipse", "box", "polygon"]))
    frame = draw(st.sampled_from(["", "icrs ", "galactic ", "ecliptic ", "physical "]))
    numbers = [ra, dec]
    if kind == "circle":
        numbers.append(draw(sizes))
    elif kind == "annulus":
        inner = draw(sizes)
        numbers += [inner, inner + draw(sizes)]
    elif kind in ("ellipse", "box"):
        numbers += [draw(sizes), draw(sizes), draw(angles)]
    else:
        turn = draw(st.floats(0, 2 * math.pi))
        radius = draw(st.floats(0.01, 0.9))
        numbers = [
            number
            for step in (0, 2.1, 4.2)
            for number in (
                (ra + radius * math.cos(turn + step) / math.cos(math.radians(abs(dec) + 0.9 if abs(dec) < 89 else 0)))
                % 360,
                max(-90.0, min(90.0, dec + radius * math.sin(turn + step))),
            )
        ]
    return f"{frame}{kind}({','.join(map(repr, numbers))})"


@given(st.lists(shape_texts(), min_size=1, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_canonical_text_is_its_own_canonical_text(texts: list[str], excluded: list[bool]) -> None:
    signs = ["", *("-" if out else "+" for out in excluded)]
    region = parse_region("\n".join(sign + text for sign, text in zip(signs, texts, strict=False)))
    assert parse_region(region.text).text == region.text
    assert parse_region(region.text) == region


@given(st.lists(st.tuples(positions, sizes), min_size=1, max_size=5))
def test_the_bounding_circle_holds_all_shapes(circles: list[tuple[tuple[float, float], float]]) -> None:
    region = parse_region("; ".join(f"CIRCLE {ra!r} {dec!r} {radius!r}" for (ra, dec), radius in circles))
    ra, dec, radius = region.bounding_circle()
    for shape in region.shapes:
        lon, lat, size = shape.numbers
        assert radius >= 180 or float(distance(ra, dec, lon, lat)) + size <= radius + 1e-6


def test_the_bounding_circle_of_two_is_the_smallest() -> None:
    assert parse_region("CIRCLE 10 0 1; CIRCLE 14 0 1").bounding_circle() == pytest.approx((12, 0, 3))
    assert parse_region("CIRCLE 10 0 5; CIRCLE 11 0 1").bounding_circle() == pytest.approx((10, 0, 5))
    assert parse_region("CIRCLE 10 0 1; NOT CIRCLE 30 0 5").bounding_circle() == (10, 0, 1)
    assert parse_region("BOX 10 0 2 2").bounding_circle() == pytest.approx((10, 0, math.sqrt(2)), rel=1e-3)


def test_sky_pixels_have_no_bounding_circle() -> None:
    region = parse_region("physical; circle(24120,23560,600)")
    assert region.is_physical
    with pytest.raises(UsageError, match="without an event list"):
        region.bounding_circle()


@pytest.mark.parametrize(("frame", "name"), [("galactic", "galactic"), ("ecliptic", "barycentricmeanecliptic")])
def test_other_frames_become_icrs(frame: str, name: str) -> None:
    region = parse_region(f"{frame}; ellipse(120.5, -30.25, 0.02, 0.01, 25)")
    centre = SkyCoord(120.5 * units.deg, -30.25 * units.deg, frame=name)
    ra, dec, *axes, angle = region.shapes[0].numbers
    expected = centre.icrs
    assert (ra, dec) == pytest.approx((expected.ra.deg, expected.dec.deg), abs=2e-5)
    assert axes == [0.02, 0.01]
    # The first axis of an ellipse stands 90 degrees less than its angle east of north.
    tip = centre.directional_offset_by((25 - 90) * units.deg, 0.02 * units.deg).icrs
    assert expected.position_angle(tip).to_value("deg") == pytest.approx((angle - 90) % 360, abs=0.1) or np.isclose(
        (expected.position_angle(tip).to_value("deg") - angle + 90) % 180, 0, atol=0.1
    )


def test_fk5_is_taken_as_icrs() -> None:
    assert parse_region("fk5; circle(1,2,3)") == parse_region("icrs; circle(1,2,3)")


@pytest.mark.parametrize(
    "text",
    ["(" * 32_000 + ")" * 32_000, "icrs " * 13_000, "circle " + "1" * 65_000 + " 2 3", "a" * 65_000, "not " * 16_000],
)
def test_long_nonsense_is_refused_at_once_and_in_few_words(text: str) -> None:
    start = time.process_time()
    with pytest.raises(UsageError) as raised:
        parse_region(text)
    assert len(str(raised.value)) < 500
    assert time.process_time() - start < 3


def test_a_region_is_a_value() -> None:
    region = parse_region(CIRCLE)
    assert isinstance(region, Region)
    assert {region, parse_region('150.1 2.2 36"')} == {region}
