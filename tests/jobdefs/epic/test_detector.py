"""Areas of regions, measured on the chips as the event list shows them."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from jobdefs.tasks.apertures import aperture, read_event_list
from jobdefs.tasks.detector import find_detector
from jobdefs.tasks.fitsio import open_fits
from jobdefs.tasks.regions import PlaneShape
from jobdefs.tasks.reporting import Reporter, TaskError
from obstap.demo.cameras import CAMERAS
from obstap.demo.detector import REFERENCE_PIXEL
from vo.skyregions import parse_region

from .sky import OBSERVATION, STEADY, circle


def _circle(x: float, y: float, radius: float) -> list[PlaneShape]:
    return [PlaneShape("circle", (x, y, radius))]


def _from_camera(detx: float, dety: float) -> tuple[float, float]:
    """X and Y of a place in camera coordinates."""
    turn = np.radians(OBSERVATION.position_angle)
    return (
        REFERENCE_PIXEL + detx * np.cos(turn) - dety * np.sin(turn),
        REFERENCE_PIXEL + detx * np.sin(turn) + dety * np.cos(turn),
    )


def _true_area(instrument: str, shapes: list[PlaneShape]) -> float:
    """The area of a circle that lies on chips and in the field of view, from the simulation's own geometry."""
    x, y, radius = shapes[0].numbers
    grid = np.linspace(-radius, radius, 401)
    dx, dy = (axis.ravel() for axis in np.meshgrid(grid, grid))
    inside = np.hypot(dx, dy) <= radius
    turn = np.radians(OBSERVATION.position_angle)
    dx, dy = x + dx[inside] - REFERENCE_PIXEL, y + dy[inside] - REFERENCE_PIXEL
    detx, dety = dx * np.cos(turn) + dy * np.sin(turn), -dx * np.sin(turn) + dy * np.cos(turn)
    camera = CAMERAS[instrument]
    seen = (camera.locate(detx, dety).ccd > 0) & camera.in_field(detx, dety)
    return float(seen.mean() * np.pi * radius**2)


@pytest.fixture(params=["EPN", "EMOS1"])
def camera(request, lists):
    """The name of a camera, and its detector with every event good."""
    with open_fits(str(lists[request.param])) as file:
        return request.param, find_detector(file.table(file.find()), request.param, clean=False)


def test_a_circle_on_one_chip_has_the_area_of_backscale(lists) -> None:
    with open_fits(str(lists["EMOS1"])) as file:
        detector = find_detector(file.table(file.find()), "EMOS1", clean=False)
    area, whole = detector.area(_circle(*_from_camera(1500.0, 1500.0), 600))
    assert whole == pytest.approx(np.pi * 600**2, rel=1e-3)
    assert area == pytest.approx(1.136e6, rel=0.006)  # what SAS wrote for a circle of this size


def test_circles_over_gaps_and_borders_are_measured(camera) -> None:
    instrument, detector = camera
    rng = np.random.default_rng(5)
    for _ in range(6):
        x, y = _from_camera(*rng.uniform(-15_000, 15_000, 2))
        shapes = _circle(x, y, float(rng.uniform(600, 3000)))
        area, whole = detector.area(shapes)
        assert whole == pytest.approx(np.pi * shapes[0].numbers[2] ** 2, rel=2e-3)
        # A few pixels are bad, and a chip is placed to a tenth of a pixel.
        assert area == pytest.approx(_true_area(instrument, shapes), abs=0.02 * whole)


def test_the_whole_field_is_measured(camera) -> None:
    instrument, detector = camera
    shapes = _circle(REFERENCE_PIXEL, REFERENCE_PIXEL, 21_000)
    assert detector.area(shapes)[0] == pytest.approx(_true_area(instrument, shapes), rel=0.01)
    assert sorted(detector.chips) == [ccd.number for ccd in CAMERAS[instrument].ccds]


def test_regions_far_larger_than_the_field_are_measured_no_worse(camera) -> None:
    _, detector = camera
    field = detector.area(_circle(REFERENCE_PIXEL, REFERENCE_PIXEL, 21_000))[0]
    area, whole = detector.area(_circle(REFERENCE_PIXEL, REFERENCE_PIXEL, 2_000_000))
    assert area == pytest.approx(field, rel=1e-3)
    assert whole == pytest.approx(np.pi * 2_000_000**2, rel=1e-3)


def test_areas_by_chip_sum_up(camera) -> None:
    _, detector = camera
    shapes = _circle(REFERENCE_PIXEL, REFERENCE_PIXEL, 9000)
    assert sum(detector.areas_by_chip(shapes).values()) == pytest.approx(detector.area(shapes)[0], rel=1e-6)


def test_clean_events_have_less_area(lists) -> None:
    with open_fits(str(lists["EPN"])) as file:
        table = file.table(file.find())
        every, clean = (find_detector(table, "EPN", clean=clean) for clean in (False, True))
    assert every.chips[1].window == (1, 64, 1, 200)
    assert clean.chips[1].window == (2, 63, 2, 199)
    shapes = _circle(REFERENCE_PIXEL, REFERENCE_PIXEL, 9000)
    assert 0.9 < clean.area(shapes)[0] / every.area(shapes)[0] < 0.97


def test_bad_pixels_are_no_area(lists, tmp_path) -> None:
    with fits.open(lists["EPN"]) as file:
        bad = file["BADPIX05"]
        bad.data["RAWX"][0], bad.data["RAWY"][0], bad.data["YEXTENT"][0] = 30, 1, 200
        file.writeto(tmp_path / "column.fits")
    areas = []
    for path in (lists["EPN"], tmp_path / "column.fits"):
        with open_fits(str(path)) as file:
            detector = find_detector(file.table(file.find()), "EPN", clean=False)
            areas.append(detector.areas_by_chip(_circle(REFERENCE_PIXEL, REFERENCE_PIXEL, 21_000))[5])
    assert 0.9 < (areas[0] - areas[1]) / (200 * 82**2) <= 1.01


def test_a_list_without_chips_has_geometric_areas(lists, tmp_path, capfd) -> None:
    with fits.open(lists["EPN"]) as file:
        file["EVENTS"].columns.change_name("RAWX", "U")
        file["EVENTS"].header["TTYPE2"] = "U"
        file.writeto(tmp_path / "plain.fits")
    events = read_event_list(str(tmp_path / "plain.fits"), clean=True)
    found = aperture(events, parse_region(circle(STEADY, 30)), parameter="source", reporter=Reporter("t", "1"))
    assert found.area == found.whole_area == pytest.approx(np.pi * 600**2, rel=1e-3)
    assert "warning (GeometricArea)" in capfd.readouterr().err


def test_lists_of_other_modes_and_instruments_are_refused(lists, tmp_path) -> None:
    with fits.open(lists["EPN"]) as file:
        file[0].header["INSTRUME"] = "RGS1"
        file["EVENTS"].header["INSTRUME"] = "RGS1"
        file.writeto(tmp_path / "rgs.fits")
    with pytest.raises(TaskError, match="RGS1"):
        read_event_list(str(tmp_path / "rgs.fits"), clean=True)
    with fits.open(lists["EPN"]) as file:
        file["EVENTS"].columns.change_name("X", "U")
        file["EVENTS"].header["TTYPE6"] = "U"
        file.writeto(tmp_path / "timing.fits")
    with pytest.raises(TaskError, match="an event list of an imaging mode is needed"):
        read_event_list(str(tmp_path / "timing.fits"), clean=True)
