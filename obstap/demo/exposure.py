"""One exposure of one camera: photons and particles become rows of an event list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obstap.demo import spectra
from obstap.demo.cameras import CAMERAS, Camera, vignetting
from obstap.demo.detector import BadPixels, Photons, bad_pixels, event_columns, good_times
from obstap.demo.sky import Observation, Source, sources
from obstap.footprints import DET_STEP, FIELDS_OF_VIEW

__all__ = ["Exposure", "plane_from_sky", "pointing", "simulate"]

MAX_PSF = 300.0
"""Radius in arcsec at which the point spread function is cut."""


@dataclass(frozen=True)
class Exposure:
    """What one camera recorded.

    Parameters
    ----------
    gtis
        Good time intervals, shape (n, 2), seconds of mission time, one array for each chip.
    events
        Columns of the event list by their names, sorted by time.
    """

    observation: Observation
    camera: Camera
    ra: float
    dec: float
    start: float
    stop: float
    gtis: dict[int, NDArray[np.float64]]
    bad_pixels: BadPixels
    events: dict[str, NDArray]


def simulate(observation: Observation, instrument: str, *, start: float, seed: int) -> Exposure:
    """Simulate one exposure.

    Parameters
    ----------
    start
        Mission time in seconds at which the observation begins.
    seed
        Seed of the archive; the same gives the same events.
    """
    camera = CAMERAS[instrument]
    rng = np.random.default_rng([seed, int(observation.obs_id), list(CAMERAS).index(instrument)])
    ra, dec = pointing(observation)
    stop = start + observation.duration
    span = (start, stop)
    lots = [
        _source(source, observation, camera, pointing=(ra, dec), span=span, rng=rng)
        for source in sources(observation.field)
    ]
    lots += _background(observation, camera, span, rng)
    photons = Photons.joined(lots)
    gtis = good_times(observation, camera, span, rng)
    bad = bad_pixels(camera, rng)
    events = event_columns(photons, observation, camera, gtis=gtis, bad=bad, rng=rng)
    return Exposure(observation, camera, ra, dec, start, stop, gtis, bad, events)


def pointing(observation: Observation) -> tuple[float, float]:
    """Right ascension and declination, in degrees, of the optical axis."""
    east, north = observation.offset
    field = observation.field
    return (field.ra + east / np.cos(np.radians(field.dec))) % 360, field.dec + north


def plane_from_sky(lon: float, lat: float, *, ra: float, dec: float) -> tuple[float, float]:
    """Standard coordinates (east, north, degrees) of a sky position about a tangent point (gnomonic projection)."""
    away = np.radians(lon - ra)
    lat, dec = np.radians(lat), np.radians(dec)
    depth = np.sin(dec) * np.sin(lat) + np.cos(dec) * np.cos(lat) * np.cos(away)
    east = np.cos(lat) * np.sin(away) / depth
    north = (np.cos(dec) * np.sin(lat) - np.sin(dec) * np.cos(lat) * np.cos(away)) / depth
    return float(np.degrees(east)), float(np.degrees(north))


def _source(
    source: Source,
    observation: Observation,
    camera: Camera,
    *,
    pointing: tuple[float, float],
    span: tuple[float, float],
    rng: np.random.Generator,
) -> Photons:
    east, north = plane_from_sky(source.ra, source.dec, ra=pointing[0], dec=pointing[1])
    x, y = -east * 3600 / DET_STEP, north * 3600 / DET_STEP
    sine, cosine = np.sin(np.radians(observation.position_angle)), np.cos(np.radians(observation.position_angle))
    detx, dety = x * cosine + y * sine, -x * sine + y * cosine

    shape = source.spectrum(spectra.GRID)
    seen = shape * camera.effective_area(spectra.GRID)
    scale = seen.sum() / (shape * CAMERAS["EPN"].effective_area(spectra.GRID)).sum()
    dimming = vignetting(np.array(detx), np.array(dety), spectra.GRID)
    scale *= (seen * dimming).sum() / seen.sum()

    times = _arrivals(source, source.rate * scale * camera.live_fraction, span, rng)
    radius = _radii(source.extent, camera, np.hypot(detx, dety), len(times), rng) / DET_STEP
    angle = rng.uniform(0, 2 * np.pi, len(times))
    photons = Photons(
        detx + radius * np.cos(angle),
        dety + radius * np.sin(angle),
        spectra.smear(spectra.draw(seen * dimming, len(times), rng), rng),
        times,
    )
    inside = camera.in_field(photons.detx, photons.dety)
    return Photons(photons.detx[inside], photons.dety[inside], photons.energy[inside], photons.time[inside])


def _arrivals(source: Source, rate: float, span: tuple[float, float], rng: np.random.Generator) -> NDArray:
    """Arrival times by thinning a constant rate."""
    pulse = source.pulse
    peak = 1.0 if pulse is None else pulse.peak
    times = rng.uniform(*span, rng.poisson(rate * peak * (span[1] - span[0])))
    if pulse is None:
        return times
    phase = ((times - span[0]) / pulse.period) % 1.0
    if pulse.decay:
        level = 1 + pulse.fraction * np.exp(-((phase - 0.4) % 1.0) * pulse.period / pulse.decay)
    else:
        level = 1 + pulse.fraction * np.sin(2 * np.pi * phase)
    return times[rng.random(len(times)) * peak < level]


def _radii(extent: float, camera: Camera, off_axis: float, count: int, rng: np.random.Generator) -> NDArray:
    """Distances in arcsec from the source's centre: King profile, wider off axis, plus the source's own extent."""
    core, slope = camera.king
    core *= 1 + 0.6 * (off_axis * DET_STEP / 600) ** 2
    blur = _king(core, slope, count, rng)
    if not extent:
        return blur
    return np.hypot(blur, _king(extent, 1.5, count, rng))


def _king(core: float, slope: float, count: int, rng: np.random.Generator) -> NDArray:
    whole = 1 - (1 + (MAX_PSF / core) ** 2) ** (1 - slope)
    return core * np.sqrt((1 - whole * rng.random(count)) ** (1 / (1 - slope)) - 1)


def _background(
    observation: Observation, camera: Camera, span: tuple[float, float], rng: np.random.Generator
) -> list[Photons]:
    """Particles on the whole detector, X-rays of the sky in the field, and protons of a flare."""
    seconds = (span[1] - span[0]) * camera.live_fraction
    line_share = sum(share for _, share in camera.lines)
    particles = rng.poisson(camera.particle_rate * (1 - line_share) * seconds)
    fluorescence = rng.poisson(camera.particle_rate * line_share * seconds)
    lots = [
        _over_chips(camera, spectra.draw(spectra.background(spectra.GRID), particles, rng), span, rng),
        _over_chips(
            camera,
            spectra.smear(spectra.draw(spectra.lines(camera.lines)(spectra.GRID), fluorescence, rng), rng),
            span,
            rng,
        ),
    ]
    cosmic = (spectra.power_law(1.45)(spectra.GRID) + 4 * spectra.plasma(0.2)(spectra.GRID)) * camera.effective_area(
        spectra.GRID
    )
    lots.append(_through_mirrors(camera, cosmic, rng.poisson(camera.sky_rate * seconds), span, rng))
    if observation.flare:
        lots.append(_flare(observation, camera, span, rng))
    return lots


def _flare(observation: Observation, camera: Camera, span: tuple[float, float], rng: np.random.Generator) -> Photons:
    """Soft protons: three spikes in the last third of the observation."""
    length = span[1] - span[0]
    peak = observation.flare * camera.sky_rate / CAMERAS["EPN"].sky_rate
    lot = _through_mirrors(
        camera, spectra.solar_flare_protons(spectra.GRID), rng.poisson(peak * length * camera.live_fraction), span, rng
    )
    phase = (lot.time - span[0]) / length
    level = sum(
        height * np.exp(-(((phase - centre) / width) ** 2))
        for centre, width, height in ((0.70, 0.03, 0.6), (0.82, 0.04, 1.0), (0.95, 0.02, 0.8))
    )
    kept = rng.random(len(phase)) < level
    return Photons(lot.detx[kept], lot.dety[kept], lot.energy[kept], lot.time[kept])


def _over_chips(camera: Camera, energy: NDArray, span: tuple[float, float], rng: np.random.Generator) -> Photons:
    left, right, low, high = camera.outline
    count = len(energy)
    return Photons(rng.uniform(left, right, count), rng.uniform(low, high, count), energy, rng.uniform(*span, count))


def _through_mirrors(
    camera: Camera, spectrum: NDArray, count: int, span: tuple[float, float], rng: np.random.Generator
) -> Photons:
    """Photons from all over the field, fewer off axis."""
    field = FIELDS_OF_VIEW[camera.instrument]
    radius = field.radius * np.sqrt(rng.random(count))
    angle = rng.uniform(0, 2 * np.pi, count)
    detx, dety = field.x + radius * np.cos(angle), field.y + radius * np.sin(angle)
    energy = spectra.draw(spectrum, count, rng)
    kept = rng.random(count) < vignetting(detx, dety, energy)
    return Photons(detx[kept], dety[kept], spectra.smear(energy[kept], rng), rng.uniform(*span, int(kept.sum())))
