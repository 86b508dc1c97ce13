"""What was put into the simulated sky is found in the events again."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from obstap.demo import spectra
from obstap.demo.cameras import CAMERAS, vignetting
from obstap.demo.exposure import Exposure, plane_from_sky, simulate
from obstap.demo.sky import OBSERVATIONS, Observation, Source, sources
from obstap.footprints import sky_from_plane
from vo import regions

DEEP, EQUINOX, STARS, BLAZAR, PULSAR, FLARE = OBSERVATIONS[:6]
RADIUS = 30.0
"""Arc seconds."""

PIXELS_PER_ARCSEC = 20


@lru_cache(maxsize=8)
def exposed(observation: Observation, instrument: str = "EPN", seed: int = 3) -> Exposure:
    return simulate(observation, instrument, start=250_000_000.0, seed=seed)


def place(source: Source, exposure: Exposure) -> tuple[float, float]:
    """X and Y of a source, by the tangent plane about the optical axis."""
    east, north = plane_from_sky(source.ra, source.dec, ra=exposure.ra, dec=exposure.dec)
    return 25921 - east * 3600 * PIXELS_PER_ARCSEC, 25921 + north * 3600 * PIXELS_PER_ARCSEC


def near(exposure: Exposure, x: float, y: float, inner: float, outer: float) -> np.ndarray:
    distance = np.hypot(exposure.events["X"] - x, exposure.events["Y"] - y) / PIXELS_PER_ARCSEC
    return (distance >= inner) & (distance < outer)


def expected_counts(source: Source, exposure: Exposure) -> float:
    """Counts within RADIUS: rate, vignetting, share of the point spread function, live time."""
    camera, x_y = exposure.camera, place(source, exposure)
    away = np.hypot(x_y[0] - 25921, x_y[1] - 25921)
    seen = source.spectrum(spectra.GRID) * camera.effective_area(spectra.GRID)
    reference = (source.spectrum(spectra.GRID) * CAMERAS["EPN"].effective_area(spectra.GRID)).sum()
    bright = (seen * vignetting(away, 0.0, spectra.GRID)).sum() / reference
    core, slope = camera.king
    core *= 1 + 0.6 * (away / PIXELS_PER_ARCSEC / 600) ** 2
    share = 1 - (1 + (RADIUS / core) ** 2) ** (1 - slope)
    live = (exposure.stop - exposure.start) * camera.live_fraction
    return source.rate * bright * share * live


@pytest.mark.parametrize("instrument", CAMERAS)
@pytest.mark.parametrize(("observation", "number"), [(EQUINOX, 0), (BLAZAR, 0), (DEEP, 0)])
def test_counts_at_a_source(observation: Observation, number: int, instrument: str) -> None:
    exposure = exposed(observation, instrument)
    source = observation.field.bright[number]
    x, y = place(source, exposure)
    background = near(exposure, x, y, 100, 160).sum() * RADIUS**2 / (160**2 - 100**2)
    excess = near(exposure, x, y, 0, RADIUS).sum() - background
    expected = expected_counts(source, exposure)
    assert expected > 500
    # Gaps between chips may take a part, other sources in the ring too.
    assert 0.8 < excess / expected < 1.08
    assert excess > 20 * np.sqrt(background)


@pytest.mark.parametrize("observation", [EQUINOX, BLAZAR], ids=["right ascension 0", "blazar"])
@pytest.mark.parametrize("instrument", CAMERAS)
def test_the_brightest_source_is_found_where_it_was_put(observation: Observation, instrument: str) -> None:
    exposure = exposed(observation, instrument)
    counts, x_edges, y_edges = np.histogram2d(exposure.events["X"], exposure.events["Y"], bins=np.arange(1, 51842, 80))
    i, j = np.unravel_index(counts.argmax(), counts.shape)
    x, y = x_edges[i] + 40, y_edges[j] + 40
    for _ in range(3):
        here = near(exposure, x, y, 0, 12)
        x, y = exposure.events["X"][here].mean(), exposure.events["Y"][here].mean()
    lon, lat = sky_from_plane((25921 - x) / 72000, (y - 25921) / 72000, ra=exposure.ra, dec=exposure.dec)
    source = max(sources(observation.field), key=lambda source: source.rate)
    assert regions.distance(lon, lat, source.ra, source.dec) * 3600 < 1.0


def test_the_pulsar_pulses() -> None:
    exposure = exposed(PULSAR)
    source = PULSAR.field.bright[0]
    times = exposure.events["TIME"][near(exposure, *place(source, exposure), 0, RADIUS)]

    def power(period: float) -> float:
        """Rayleigh statistic: 2 in the mean for no signal."""
        return 2 * abs(np.exp(2j * np.pi * times / period).sum()) ** 2 / len(times)

    assert power(325.0) > 500
    assert max(power(period) for period in (150.0, 211.0, 290.0, 400.0)) < 30


def test_the_flaring_star_flares_and_its_neighbour_does_not() -> None:
    exposure = exposed(STARS)
    star, neighbour = STARS.field.bright[:2]
    curves = [
        np.histogram(
            exposure.events["TIME"][near(exposure, *place(source, exposure), 0, RADIUS)],
            bins=np.linspace(exposure.start + 10, exposure.stop - 10, 41),
        )[0]
        for source in (star, neighbour)
    ]
    assert curves[0].max() > 4 * np.median(curves[0])
    assert curves[1].max() < 1.5 * np.median(curves[1])


@pytest.mark.parametrize("instrument", CAMERAS)
def test_soft_protons_come_in_the_flare_observation_only(instrument: str) -> None:
    ratios = []
    for observation in (DEEP, FLARE):
        exposure = exposed(observation, instrument)
        hard = exposure.events["TIME"][exposure.events["PI"] > 2000]
        rate = np.histogram(hard, bins=np.linspace(exposure.start + 10, exposure.stop - 10, 31))[0]
        ratios.append(rate.max() / np.median(rate))
    assert ratios[0] < 1.6
    assert ratios[1] > 3


def test_instrumental_lines_stand_out_of_the_field() -> None:
    for instrument, lines, absent in (("EPN", (1487, 8047), 1740), ("EMOS1", (1487, 1740), 8047)):
        exposure = exposed(DEEP, instrument)
        pi = exposure.events["PI"][(exposure.events["FLAG"] & 0x10000) != 0]

        def at(energy: int, pi: np.ndarray = pi) -> float:
            """Counts at an energy over those beside it."""
            line = (np.abs(pi - energy) < 80).sum()
            beside = ((np.abs(pi - energy) >= 150) & (np.abs(pi - energy) < 230)).sum()
            return line / max(beside, 1)

        assert min(at(line) for line in lines) > 2.0
        assert at(absent) < 2.0


def test_sources_have_the_colours_of_their_spectra() -> None:
    exposure = exposed(DEEP)
    quasar, absorbed, group = DEEP.field.bright

    def hardness(source: Source) -> float:
        pi = exposure.events["PI"][near(exposure, *place(source, exposure), 0, RADIUS)]
        hard, soft = (pi > 2000).sum(), (pi < 2000).sum()
        return (hard - soft) / (hard + soft)

    assert hardness(group) < hardness(quasar) < 0
    assert hardness(absorbed) > 0.5


def test_the_group_of_galaxies_is_extended() -> None:
    exposure = exposed(DEEP)
    quasar, _, group = DEEP.field.bright

    def concentration(source: Source) -> float:
        x, y = place(source, exposure)
        return near(exposure, x, y, 0, 10).sum() / near(exposure, x, y, 0, 40).sum()

    assert concentration(group) < 0.5 * concentration(quasar)


def test_hard_photons_are_vignetted_more() -> None:
    """Twelve arcmin off axis less than 60 % is left at 1 keV, and less still at 10 keV."""
    soft, hard = vignetting(14_400.0, 0.0, np.array([1.0, 10.0]))
    assert vignetting(0.0, 0.0, np.array([1.0]))[0] == 1
    assert 0.25 < hard < soft < 0.6


def test_faint_sources_are_the_same_for_every_seed() -> None:
    names = [[(source.ra, source.rate) for source in sources(DEEP.field)] for _ in range(2)]
    assert names[0] == names[1]
    assert len(names[0]) == 3 + DEEP.field.faint
