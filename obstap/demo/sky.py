"""The simulated sky: a few fields with bright sources, and the observations of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obstap.demo.spectra import Spectrum, plasma, power_law

__all__ = ["OBSERVATIONS", "Field", "Observation", "Pulse", "Source", "sources"]


@dataclass(frozen=True)
class Pulse:
    """A rate that varies as 1 + fraction · sin(2π t / period), or flares that begin every `period`.

    Parameters
    ----------
    period
        Seconds.
    fraction
        Amplitude of the sine in units of the mean; a flare's peak in units of the quiet rate.
    decay
        Time in seconds in which a flare fades by e; 0 for a sine.
    """

    period: float
    fraction: float
    decay: float = 0.0

    @property
    def peak(self) -> float:
        """Largest rate in units of the quiet (flares) or mean (sine) rate."""
        return 1 + self.fraction


@dataclass(frozen=True)
class Source:
    """A source.

    Parameters
    ----------
    ra, dec
        Degrees, ICRS.
    rate
        Counts per second that the pn camera would see on axis from 0.2 to 12 keV, when quiet.
    extent
        Core radius in arcsec of a beta model (beta 2/3); 0 for a point.
    """

    name: str
    ra: float
    dec: float
    rate: float
    spectrum: Spectrum
    extent: float = 0.0
    pulse: Pulse | None = None


@dataclass(frozen=True)
class Field:
    """A place on the sky with its bright sources; faint ones are scattered by `sources`."""

    name: str
    ra: float
    dec: float
    bright: tuple[Source, ...]
    faint: int = 40


@dataclass(frozen=True)
class Observation:
    """A pointing.

    Parameters
    ----------
    offset
        Degrees east and north from the field's centre to the optical axis.
    position_angle
        Degrees, north through east.
    start
        UTC.
    duration
        Seconds.
    gap
        Seconds without telemetry in the middle.
    flare
        Peak count rate of soft protons in pn.
    """

    obs_id: str
    revolution: int
    field: Field
    position_angle: float
    start: str
    duration: float
    filter: str = "Medium"
    offset: tuple[float, float] = (0.0, 0.0)
    gap: float = 0.0
    flare: float = 0.0


DEEP = Field(
    "SIMULATED DEEP FIELD", 150.10, 2.20,
    (
        Source("quasar", 150.1213, 2.2381, 0.90, power_law(1.9)),
        Source("absorbed nucleus", 150.0421, 2.1507, 0.25, power_law(1.7, column=8.0)),
        Source("group of galaxies", 150.1964, 2.1289, 0.35, plasma(1.1, column=0.03), extent=25.0),
    ),
    faint=60,
)  # fmt: skip
EQUINOX = Field(
    "SIMULATED FIELD AT RA 0", 0.03, -30.10,
    (
        Source("active galaxy", 359.9652, -30.0893, 1.20, power_law(2.1)),
        Source("corona", 0.1121, -30.1722, 0.30, plasma(0.7, column=0.005)),
    ),
)  # fmt: skip
POLE = Field(
    "SIMULATED CLUSTER NEAR THE POLE", 212.50, 81.30,
    (
        Source("cluster", 212.5300, 81.3050, 2.50, plasma(5.0, column=0.02), extent=55.0),
        Source("quasar behind", 211.7000, 81.4150, 0.30, power_law(1.8)),
    ),
)  # fmt: skip
STARS = Field(
    "SIMULATED YOUNG STARS", 83.90, -5.40,
    (
        Source("flaring star", 83.8873, -5.3862, 0.40, plasma(2.2, 0.05), pulse=Pulse(9_000.0, 12.0, decay=1_500.0)),
        Source("hot star", 83.9510, -5.4535, 0.80, plasma(0.6, column=0.03)),
        Source("embedded star", 83.8312, -5.4650, 0.15, plasma(3.5, column=2.5)),
    ),
)  # fmt: skip
PLANE = Field(
    "SIMULATED PULSAR IN THE PLANE", 266.40, -29.00,
    (
        Source("pulsar", 266.4125, -28.9913, 1.60, power_law(1.1, column=3.0), pulse=Pulse(325.0, 0.5)),
        Source("foreground star", 266.3310, -29.0741, 0.20, plasma(0.8, column=0.01)),
    ),
)  # fmt: skip
BLAZAR = Field(
    "SIMULATED BLAZAR",
    329.72,
    -30.23,
    (Source("blazar", 329.7169, -30.2256, 4.00, power_law(2.5, column=0.015)),),
)

OBSERVATIONS: tuple[Observation, ...] = (
    Observation("0999000101", 901, DEEP, 110.0, "2005-05-11T03:12:00", 22_000.0, filter="Thin1"),
    Observation("0999000201", 905, EQUINOX, 65.0, "2005-05-26T18:40:00", 15_000.0),
    Observation("0999000301", 912, STARS, 272.0, "2005-09-08T11:05:00", 20_000.0, filter="Thick"),
    Observation("0999000401", 951, BLAZAR, 71.0, "2005-11-06T22:30:00", 9_000.0),
    Observation("0999000501", 1004, PLANE, 90.0, "2006-03-02T07:55:00", 16_000.0),
    Observation("0999000601", 1077, DEEP, 290.0, "2006-12-03T00:20:00", 18_000.0, flare=60.0, filter="Thin1"),
    Observation("0999000701", 1130, POLE, 200.0, "2007-03-18T14:10:00", 12_000.0),
    Observation("0999000801", 1165, EQUINOX, 245.0, "2007-05-27T05:00:00", 10_000.0, offset=(0.08, -0.05)),
    Observation("0999000901", 1221, DEEP, 112.0, "2007-11-14T20:45:00", 14_000.0, offset=(0.15, 0.10), gap=900.0),
    Observation("0999001001", 1303, STARS, 90.0, "2008-03-04T09:35:00", 12_000.0),
)
"""The observations in the order in which they are made."""


def sources(field: Field) -> tuple[Source, ...]:
    """Bright and faint sources of a field; they are the same whatever the seed of the archive."""
    rng = np.random.default_rng(int(field.ra * 1000) + 7)
    east = rng.uniform(-0.27, 0.27, field.faint)
    north = rng.uniform(-0.27, 0.27, field.faint)
    rates = np.minimum(0.002 * (1 - rng.random(field.faint)) ** (-1 / 1.2), 0.08)
    indices = rng.normal(1.9, 0.25, field.faint)
    faint = (
        Source(
            f"faint {number}",
            float((field.ra + e / np.cos(np.radians(field.dec))) % 360),
            float(field.dec + n),
            float(rate),
            power_law(float(index)),
        )
        for number, (e, n, rate, index) in enumerate(zip(east, north, rates, indices, strict=True), start=1)
    )
    return (*field.bright, *faint)
