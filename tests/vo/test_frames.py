"""Frames of reference, against astropy and the examples of the IVOA's catalogue of functions."""

from __future__ import annotations

import erfa
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import FK5, FK4NoETerms, Galactic, SkyCoord, Supergalactic

from vo.errors import UsageError
from vo.frames import FRAMES, rotated, rotation

ASTROPY = {"FK5": FK5(), "FK4": FK4NoETerms(), "GALACTIC": Galactic(), "SUPER_GALACTIC": Supergalactic()}


@pytest.mark.parametrize("name", FRAMES)
def test_rotations_are_those_of_astropy(name: str) -> None:
    if name == "ECLIPTIC":
        expected = erfa.ecm06(2451545.0, 0.0)
    elif name == "ICRS":
        expected = np.eye(3)
    else:
        axes = SkyCoord([0, 90, 0] * u.deg, [0, 0, 90] * u.deg).transform_to(ASTROPY[name])
        expected = axes.cartesian.xyz.value
    # FK4 and FK5 turn slowly against each other, which a plain rotation leaves out: some 20 milliarcseconds.
    np.testing.assert_allclose(rotation("ICRS", name), expected, rtol=0, atol=1e-7 if name == "FK4" else 1e-10)


@pytest.mark.parametrize("given", FRAMES)
@pytest.mark.parametrize("wanted", FRAMES)
def test_there_and_back(given: str, wanted: str) -> None:
    there, back = rotation(given, wanted), rotation(wanted, given)
    np.testing.assert_allclose(there @ back, np.eye(3), rtol=0, atol=1e-15)
    np.testing.assert_allclose(np.linalg.det(there), 1)


@pytest.mark.parametrize(
    ("given", "wanted", "shape", "expected"),
    [
        ("ICRS", "GALACTIC", (120, -23), (241.121831182, 3.62785788087)),
        ("FK4", "GALACTIC", (189.70303055, 22.96240006, 3), (275.00025405, 84.99996154, 3)),
        (
            "GALACTIC",
            "FK5",
            (5, 3, 4, 4, 4.5, 2),
            (266.44721, -23.107310, 264.95088, -23.434037, 267.09936, -24.051919),
        ),
    ],
)
def test_examples_of_the_catalogue(
    given: str, wanted: str, shape: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    assert rotated(shape, rotation(given, wanted)) == pytest.approx(expected, abs=1e-5)


def test_many_shapes_at_once() -> None:
    matrix = rotation("ICRS", "ECLIPTIC")
    circles = np.array([[10, 20, 3], [400, -80, 0]])
    assert rotated(circles, matrix) == pytest.approx(np.array([rotated(circle, matrix) for circle in circles]))


@pytest.mark.parametrize(
    ("given", "wanted", "message"),
    [
        ("icrs", "FK5", "'icrs' is no frame of reference. Did you mean ICRS?"),
        (
            "ICRS",
            "MARS",
            "'MARS' is no frame of reference. Frames are ICRS, FK5, FK4, GALACTIC, SUPER_GALACTIC, ECLIPTIC.",
        ),
    ],
)
def test_unknown_frames(given: str, wanted: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rotation(given, wanted)
    assert str(caught.value) == message
