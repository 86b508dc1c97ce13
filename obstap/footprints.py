"""What the EPIC cameras see: detector outlines in camera coordinates, and their place on the sky.

DETX and DETY are in steps of 0.05 arcsec about the optical axis. The outlines are a field of
view of about 15 arcmin radius, as the XMM-ESAS task suite uses it, and inside it the chips; those of pn were fitted to
the counts of a real image. A position angle PA turns DETX,
DETY into the sky axes X (west), Y (north): X = DETX cos PA - DETY sin PA, Y = DETX sin PA + DETY cos PA.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vo.epicfields import DET_STEP, FIELDS_OF_VIEW, Box, FieldOfView

__all__ = ["DET_STEP", "FIELDS_OF_VIEW", "FieldOfView", "epic_outline", "epic_region", "sky_from_plane"]

WINDOWS: dict[tuple[str, str], Box] = {
    ("EPN", "PrimeSmallWindow"): (-425.0, 4_925.0, -125.0, 5_175.0),
    ("EPN", "PrimeLargeWindow"): (-16_260.0, 15_410.0, -8_325.0, 8_075.0),
    ("EPN", "FastTiming"): (-425.0, 4_925.0, -125.0, 16_295.0),
    ("EPN", "FastBurst"): (-425.0, 4_925.0, -125.0, 16_295.0),
}
"""Modes that read a part of the pn chips, as boxes about the centre of the field (UHB §3.3.2)."""

STEP = np.radians(15.0)
"""Angle between the corners with which a circle is drawn."""


def epic_outline(instrument: str, submode: str = "") -> NDArray[np.float64]:
    """Outline of what a camera sees, in steps of 0.05 arcsec from the optical axis.

    Parameters
    ----------
    instrument
        EPN, EMOS1 or EMOS2.
    submode
        The keyword SUBMODE; the windowed modes of pn see less.

    Returns
    -------
    numpy.ndarray
        Corners (DETX, DETY), shape (n, 2). The outline contains the field; arcs are drawn by tangents.
    """
    field = FIELDS_OF_VIEW[instrument]
    window = WINDOWS.get((instrument, submode))
    if window is not None:
        left, right, low, high = window
        corners = np.array([(left, low), (right, low), (right, high), (left, high)])
        return corners + np.array((field.x, field.y))
    angles = np.unique(np.concatenate([np.round(np.arange(0, 2 * np.pi, STEP), 9), _corner_angles(field)]))
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    chips = np.max([_exit(directions, box) for box in field.chips], axis=0)
    reach = np.minimum(chips, _drawn_radius(field))
    return directions * reach[:, None] + (field.x, field.y)


def epic_region(
    instrument: str, *, ra: float, dec: float, position_angle: float, submode: str = ""
) -> tuple[float, ...]:
    """What a camera sees on the sky.

    Parameters
    ----------
    ra, dec
        Direction of the optical axis (RA_PNT, DEC_PNT), degrees, ICRS.
    position_angle
        PA_PNT in degrees.

    Returns
    -------
    tuple of float
        A polygon: longitude and latitude of each corner, degrees, ICRS.
    """
    detx, dety = epic_outline(instrument, submode).T
    sine, cosine = np.sin(np.radians(position_angle)), np.cos(np.radians(position_angle))
    x, y = detx * cosine - dety * sine, detx * sine + dety * cosine
    lon, lat = sky_from_plane(-x * DET_STEP / 3600, y * DET_STEP / 3600, ra=ra, dec=dec)
    return tuple(np.column_stack([lon, lat]).ravel().tolist())


def sky_from_plane(
    east: NDArray[np.float64] | float, north: NDArray[np.float64] | float, *, ra: float, dec: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gnomonic projection turned back (FITS WCS paper II §5.1.3): sky coordinates of points of the tangent plane.

    Parameters
    ----------
    east, north
        Standard coordinates in degrees.
    ra, dec
        Tangent point, degrees.

    Returns
    -------
    tuple of numpy.ndarray
        Longitude in [0, 360) and latitude, degrees, in the frame of the tangent point.
    """
    xi, eta = np.radians(east), np.radians(north)
    sine, cosine = np.sin(np.radians(dec)), np.cos(np.radians(dec))
    lon = np.radians(ra) + np.arctan2(xi, cosine - eta * sine)
    lat = np.arctan2(sine + eta * cosine, np.hypot(xi, cosine - eta * sine))
    return np.degrees(lon) % 360.0, np.degrees(lat)


def _drawn_radius(field: FieldOfView) -> float:
    """Distance of corners, `STEP` apart, between which the edges touch the circle from outside."""
    return field.radius / float(np.cos(STEP / 2))


def _corner_angles(field: FieldOfView) -> NDArray[np.float64]:
    """Directions, as seen from the centre, in which the outline has corners.

    These are the boxes' corners, the places where two boxes' sides cross, and where sides meet the circle.
    """
    sides_x = sorted({abs(side) for left, right, _, _ in field.chips for side in (left, right)})
    sides_y = sorted({abs(side) for _, _, low, high in field.chips for side in (low, high)})
    radius = _drawn_radius(field)
    points = [(x, y) for x in sides_x for y in sides_y]
    points += [(x, np.sqrt(radius**2 - x**2)) for x in sides_x if x < radius]
    points += [(np.sqrt(radius**2 - y**2), y) for y in sides_y if y < radius]
    first = np.array([np.arctan2(y, x) for x, y in points])
    angles = np.concatenate([first, np.pi - first, np.pi + first, 2 * np.pi - first]) % (2 * np.pi)
    return np.round(angles, 9)


def _exit(directions: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """How far one can go from the origin in each direction before leaving a box that contains it."""
    left, right, low, high = box
    with np.errstate(divide="ignore"):
        along_x = np.where(directions[:, 0] > 0, right, left) / directions[:, 0]
        along_y = np.where(directions[:, 1] > 0, high, low) / directions[:, 1]
    return np.minimum(np.abs(along_x), np.abs(along_y))
