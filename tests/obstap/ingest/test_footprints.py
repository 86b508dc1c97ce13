"""What the EPIC cameras see, in camera coordinates and on the sky."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st

from obstap.footprints import DET_STEP, FIELDS_OF_VIEW, epic_outline, epic_region, sky_from_plane
from vo import regions

CAMERAS = sorted(FIELDS_OF_VIEW)


@given(ra=st.floats(0, 359.999), dec=st.floats(-89.9, 89.9), east=st.floats(-1, 1), north=st.floats(-1, 1))
def test_the_projection_is_that_of_fits(ra: float, dec: float, east: float, north: float) -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.cdelt = ["RA---TAN", "DEC--TAN"], [ra, dec], [-1.0, 1.0]
    lon, lat = wcs.all_pix2world(-east, north, 1)
    assert regions.distance(*sky_from_plane(east, north, ra=ra, dec=dec), float(lon), float(lat)) < 1e-9


@pytest.mark.parametrize("instrument", CAMERAS)
def test_the_outline_holds_the_field_and_little_more(instrument: str) -> None:
    field = FIELDS_OF_VIEW[instrument]
    corners = epic_outline(instrument)
    away = np.hypot(*(corners - (field.x, field.y)).T)
    assert away.max() < 1.02 * field.radius
    assert away.min() > 0.8 * field.radius


@pytest.mark.parametrize("instrument", CAMERAS)
@given(ra=st.floats(0, 359.999), dec=st.floats(-89.5, 89.5), angle=st.floats(0, 360))
def test_the_region_holds_the_pointing_and_has_the_size_of_the_field(
    instrument: str, ra: float, dec: float, angle: float
) -> None:
    shape = epic_region(instrument, ra=ra, dec=dec, position_angle=angle)
    assert regions.contains(shape, ra, dec)
    assert regions.bounding_cone(shape)[3] == pytest.approx(0.25, abs=0.01)
    assert 0.16 < regions.area(shape) < 0.2


def test_the_position_angle_turns_north_through_east() -> None:
    """At PA 90 DETY points east and DETX north: pn's chips, most of which lie at negative DETX, reach further south."""
    shape = np.array(epic_region("EPN", ra=180.0, dec=0.0, position_angle=90.0)).reshape(-1, 2)
    assert np.allclose(shape.min(axis=0) - (180.0, 0.0), np.array((-17_655, -18_460)) * DET_STEP / 3600, atol=1e-4)
    assert np.allclose(shape.max(axis=0) - (180.0, 0.0), np.array((15_185, 13_210)) * DET_STEP / 3600, atol=1e-4)


@pytest.mark.parametrize(
    ("submode", "width", "height"),
    [("PrimeSmallWindow", 4.46, 4.42), ("PrimeLargeWindow", 26.39, 13.67), ("PrimeFullWindow", 26.39, 27.37)],
)
def test_windows_of_pn(submode: str, width: float, height: float) -> None:
    """Sizes in arcmin."""
    corners = epic_outline("EPN", submode)
    assert np.ptp(corners, axis=0) * DET_STEP / 60 == pytest.approx([width, height], abs=0.05)
