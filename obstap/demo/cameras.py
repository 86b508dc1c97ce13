"""Geometry and response of the three EPIC cameras, simple but self-consistent.

DETX and DETY are camera coordinates in steps of 0.05 arcsec whose origin is the optical axis. The sky
coordinates X, Y are theirs turned by the position angle of the spacecraft; the sense of that turn was checked
on a real EPIC-pn image, whose detector outline it reproduces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from obstap.footprints import DET_STEP, FIELDS_OF_VIEW

__all__ = ["CAMERAS", "Camera", "Ccd", "Located"]

ARCMIN = 60 / DET_STEP
"""Steps of DETX per arc minute."""


@dataclass(frozen=True)
class Ccd:
    """One chip: its box in DETX, DETY and how its pixels lie in it.

    `turned` chips have RAWX and RAWY running against DETX and DETY.
    """

    number: int
    x: float
    y: float
    turned: bool


@dataclass(frozen=True)
class Located:
    """Where positions fall on the chips; `ccd` is 0 (and the pixel meaningless) for those in gaps and outside."""

    ccd: NDArray[np.uint8]
    rawx: NDArray[np.int16]
    rawy: NDArray[np.int16]


@dataclass(frozen=True)
class Camera:
    """A camera.

    Parameters
    ----------
    pixel
        Side of a pixel in steps of DETX.
    shape
        Pixels of a chip along RAWX and RAWY.
    frame_time
        Seconds.
    area
        Effective area on axis: pairs of keV and cm².
    king
        Core radius in arcsec and slope of the King profile of a point source.
    particle_rate, sky_rate
        Counts per second of the particle background on the whole detector and of the sky background in the field.
    lines
        Instrumental lines: pairs of keV and share of the particle background.
    """

    instrument: str
    pps: str
    exposure: str
    pixel: float
    shape: tuple[int, int]
    ccds: tuple[Ccd, ...]
    frame_time: float
    live_fraction: float
    submode: str
    pi_max: int
    adu: float
    area: tuple[tuple[float, float], ...]
    king: tuple[float, float]
    particle_rate: float
    sky_rate: float
    lines: tuple[tuple[float, float], ...]

    @property
    def is_pn(self) -> bool:
        """Whether this is the pn camera, whose tables have three columns more."""
        return self.instrument == "EPN"

    @cached_property
    def outline(self) -> tuple[float, float, float, float]:
        """Smallest and largest DETX, smallest and largest DETY of all chips."""
        width, height = self.shape[0] * self.pixel, self.shape[1] * self.pixel
        xs, ys = [ccd.x for ccd in self.ccds], [ccd.y for ccd in self.ccds]
        return min(xs), max(xs) + width, min(ys), max(ys) + height

    def locate(self, detx: NDArray, dety: NDArray) -> Located:
        """The chip and pixel under each position."""
        columns, rows = self.shape
        chip = np.zeros(len(detx), np.uint8)
        rawx, rawy = np.zeros(len(detx), np.int16), np.zeros(len(detx), np.int16)
        for ccd in self.ccds:
            i = np.floor((detx - ccd.x) / self.pixel).astype(np.int64)
            j = np.floor((dety - ccd.y) / self.pixel).astype(np.int64)
            on = (i >= 0) & (i < columns) & (j >= 0) & (j < rows)
            chip[on] = ccd.number
            rawx[on] = columns - i[on] if ccd.turned else i[on] + 1
            rawy[on] = rows - j[on] if ccd.turned else j[on] + 1
        return Located(chip, rawx, rawy)

    def in_field(self, detx: NDArray, dety: NDArray) -> NDArray[np.bool_]:
        """Whether X-rays from the mirrors reach a position."""
        field = FIELDS_OF_VIEW[self.instrument]
        return np.hypot(detx - field.x, dety - field.y) <= field.radius

    def effective_area(self, energy: NDArray) -> NDArray:
        """Effective area on axis in cm² at energies in keV."""
        keys, values = np.array(self.area).T
        return np.exp(np.interp(np.log(energy), np.log(keys), np.log(values)))


def vignetting(detx: NDArray, dety: NDArray, energy: NDArray) -> NDArray:
    """Share of the on-axis effective area that is left off axis; harder photons (keV) lose more."""
    half = (12.5 - 0.35 * np.clip(energy, 0.2, 12.0)) * ARCMIN
    return 1 / (1 + (np.hypot(detx, dety) / half) ** 2)


def _pn_ccds() -> tuple[Ccd, ...]:
    """Two rows of six chips that are read outwards: 3 2 1 4 5 6 above, 12 11 10 7 8 9 below."""
    width, height, gap = 64 * 82.0, 200 * 82.0, 30.0
    field = FIELDS_OF_VIEW["EPN"]
    west, east, south, north = field.chips[0]
    x, y = field.x + (west + east) / 2, field.y + (south + north) / 2
    left = [x + gap / 2 + place * (width + gap) for place in range(-3, 3)]
    above, below = y + gap / 2, y - gap / 2 - height
    upper = (Ccd(number, start, above, turned=True) for number, start in zip((3, 2, 1, 4, 5, 6), left, strict=True))
    lower = (Ccd(number, start, below, turned=False) for number, start in zip((12, 11, 10, 7, 8, 9), left, strict=True))
    return tuple(sorted((*upper, *lower), key=lambda ccd: ccd.number))


def _mos_ccds(instrument: str) -> tuple[Ccd, ...]:
    """A chip in the middle and six around it; MOS2 is MOS1 turned by a quarter."""
    side, gap = 600 * 22.0, 100.0
    pitch = side + gap
    places = [(0, 0), (0.5, -1), (1, 0), (0.5, 1), (-0.5, 1), (-1, 0), (-0.5, -1)]
    centre = FIELDS_OF_VIEW[instrument]
    if instrument == "EMOS2":
        places = [(-y, x) for x, y in places]
    return tuple(
        Ccd(number, centre.x + x * pitch - side / 2, centre.y + y * pitch - side / 2, turned=number > 4)
        for number, (x, y) in enumerate(places, start=1)
    )


_PN_AREA = (
    (0.1, 30), (0.15, 90), (0.3, 500), (0.5, 850), (0.55, 760), (1.0, 1150), (1.5, 1250), (2.0, 950), (2.3, 720),
    (4.0, 850), (6.0, 800), (7.0, 700), (8.0, 600), (10.0, 250), (12.0, 80), (15.0, 20),
)  # fmt: skip
_MOS_AREA = (
    (0.1, 8), (0.15, 20), (0.3, 150), (0.5, 250), (0.55, 220), (1.0, 500), (1.5, 620), (2.0, 450), (2.3, 320),
    (4.0, 380), (6.0, 300), (8.0, 130), (10.0, 50), (12.0, 10), (15.0, 1),
)  # fmt: skip


def _mos(instrument: str, pps: str, exposure: str) -> Camera:
    return Camera(
        instrument, pps, exposure, pixel=22.0, shape=(600, 600), ccds=_mos_ccds(instrument), frame_time=2.6,
        live_fraction=0.98, submode="PrimeFullWindow", pi_max=11_999, adu=3.4, area=_MOS_AREA, king=(5.0, 1.6),
        particle_rate=0.9, sky_rate=0.7, lines=((1.487, 0.12), (1.740, 0.07)),
    )  # fmt: skip


CAMERAS: dict[str, Camera] = {
    "EPN": Camera(
        "EPN", "PN", "S003", pixel=82.0, shape=(64, 200), ccds=_pn_ccds(), frame_time=0.0734, live_fraction=0.94,
        submode="PrimeFullWindow", pi_max=20_479, adu=5.0, area=_PN_AREA, king=(5.5, 1.6),
        particle_rate=2.4, sky_rate=2.0, lines=((1.487, 0.10), (8.047, 0.10), (8.639, 0.02), (7.470, 0.02)),
    ),
    "EMOS1": _mos("EMOS1", "M1", "S001"),
    "EMOS2": _mos("EMOS2", "M2", "S002"),
}  # fmt: skip
"""The cameras by the value of INSTRUME."""
