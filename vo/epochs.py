"""Positions of stars at other epochs.

The rigorous treatment of The Hipparcos and Tycho Catalogues (ESA SP-1200, 1997), vol. 1, §1.5.5: star and Sun move
uniformly on straight lines; light takes no time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vo.sphere import lonlat

__all__ = ["ASTRONOMICAL_UNIT", "MILLIARCSECOND", "propagated"]

ASTRONOMICAL_UNIT = 4.740470446
"""The astronomical unit in kilometres per second times Julian years."""

MILLIARCSECOND = np.pi / 648_000_000
"""Radians."""


def propagated(stars: ArrayLike, years: ArrayLike) -> NDArray[np.float64]:
    """The six parameters of stars at another epoch.

    Parameters
    ----------
    stars
        Of shape (..., 6): longitude and latitude in degrees; parallax in milliarcseconds, NaN where it is unknown and
        the star taken to be infinitely far away; proper motion in longitude (times the cosine of the latitude) and
        latitude in milliarcseconds a year, NaN standing for 0; radial velocity in kilometres per second, NaN for 0.
    years
        Julian years from the epoch of the parameters to the other.

    Returns
    -------
    numpy.ndarray
        Of the same shape, order and units. What was NaN stays NaN; where one part of the proper motion was,
        both are. Without a parallax the radial velocity stays as it was. All are NaN where the position or the years
        are not finite or the latitude lies outside -90 to 90.
    """
    lon, lat, parallax, pm_lon, pm_lat, velocity, years = np.broadcast_arrays(
        *np.moveaxis(np.asarray(stars, dtype=float), -1, 0), np.asarray(years, dtype=float)
    )
    good = np.isfinite(lon) & (np.abs(lat) <= 90) & np.isfinite(years)
    east, north = np.radians(np.where(good, lon, 0.0)), np.radians(np.where(good, lat, 0.0))
    zero = np.zeros(lon.shape)
    p = np.stack([-np.sin(east), np.cos(east), zero], axis=-1)
    q = np.stack([-np.sin(north) * np.cos(east), -np.sin(north) * np.sin(east), np.cos(north)], axis=-1)
    r = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)
    plx, mu_lon, mu_lat, speed = (np.nan_to_num(value) for value in (parallax, pm_lon, pm_lat, velocity))
    motion = MILLIARCSECOND * (mu_lon[..., None] * p + mu_lat[..., None] * q)
    receding = MILLIARCSECOND * speed * plx / ASTRONOMICAL_UNIT
    time = np.where(good, years, 0.0)
    square = MILLIARCSECOND**2 * (mu_lon**2 + mu_lat**2)
    along = 1 + receding * time
    nearer = 1 / np.sqrt(1 + 2 * receding * time + (square + receding**2) * time**2)
    u = (along[..., None] * r + time[..., None] * motion) * nearer[..., None]
    new_lon, new_lat = lonlat(u)
    new_motion = (along[..., None] * motion - (square * time)[..., None] * r) * (nearer**3)[..., None] / MILLIARCSECOND
    new_p = np.stack([-np.sin(np.radians(new_lon)), np.cos(np.radians(new_lon)), zero], axis=-1)
    new_q = np.cross(u, new_p)
    known = np.where(np.isnan(pm_lon) | np.isnan(pm_lat), np.nan, 1.0)
    new_receding = (receding + (square + receding**2) * time) * nearer**2 / MILLIARCSECOND
    distant = np.isnan(parallax) | (plx == 0)
    new_velocity = np.where(
        distant, velocity, ASTRONOMICAL_UNIT * new_receding / np.where(distant, 1.0, plx * nearer) + 0 * velocity
    )
    result = np.stack(
        [
            new_lon,
            new_lat,
            parallax * nearer,
            known * np.einsum("...i,...i->...", new_motion, new_p),
            known * np.einsum("...i,...i->...", new_motion, new_q),
            new_velocity,
        ],
        axis=-1,
    )
    return np.where(good[..., None], result, np.nan)
