"""What the detector makes of photons: good times, pixels, patterns, flags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obstap.demo.cameras import Camera
from obstap.demo.sky import Observation

__all__ = ["REFERENCE_PIXEL", "BadPixels", "Photons", "bad_pixels", "event_columns", "good_times"]

REFERENCE_PIXEL = 25_921
"""X and Y of the optical axis (REFXCRPX, REFYCRPX)."""

BadPixels = dict[int, NDArray[np.int16]]
"""Bad pixels by chip: RAWX and RAWY, shape (n, 2)."""


@dataclass
class Photons:
    """Photons or particles before they meet the chips: camera coordinates, keV, seconds."""

    detx: NDArray
    dety: NDArray
    energy: NDArray
    time: NDArray

    @classmethod
    def joined(cls, parts: list[Photons]) -> Photons:
        """All of several lots."""
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("detx", "dety", "energy", "time"))
        )


def good_times(
    observation: Observation, camera: Camera, span: tuple[float, float], rng: np.random.Generator
) -> dict[int, NDArray]:
    """Chips start and stop a little apart from each other, as in real exposures."""
    gtis = {}
    for ccd in camera.ccds:
        begin, end = span[0] + rng.uniform(0, 6), span[1] - rng.uniform(0, 6)
        if observation.gap:
            middle = (span[0] + span[1]) / 2
            gtis[ccd.number] = np.array([(begin, middle - observation.gap / 2), (middle + observation.gap / 2, end)])
        else:
            gtis[ccd.number] = np.array([(begin, end)])
    return gtis


def bad_pixels(camera: Camera, rng: np.random.Generator) -> BadPixels:
    """A few dead pixels on each chip."""
    columns, rows = camera.shape
    return {
        ccd.number: np.column_stack([rng.integers(1, columns + 1, 6), rng.integers(1, rows + 1, 6)]).astype(np.int16)
        for ccd in camera.ccds
    }


def event_columns(
    photons: Photons,
    observation: Observation,
    camera: Camera,
    *,
    gtis: dict[int, NDArray],
    bad: BadPixels,
    rng: np.random.Generator,
) -> dict[str, NDArray]:
    """Rows of the event list: what fell on a chip, in its good times, within the range of energies."""
    detx, dety = np.round(photons.detx), np.round(photons.dety)
    place = camera.locate(photons.detx, photons.dety)
    pi = np.round(photons.energy * 1000)
    kept = (place.ccd > 0) & (pi >= 150) & (pi <= min(camera.pi_max, 15_000))
    for number, intervals in gtis.items():
        inside = np.zeros(len(pi), bool)
        for begin, end in intervals:
            inside |= (photons.time >= begin) & (photons.time <= end)
        kept &= (place.ccd != number) | inside
    order = np.flatnonzero(kept)
    order = order[np.argsort(photons.time[order], kind="stable")]
    detx, dety, pi, energy = detx[order], dety[order], pi[order], photons.energy[order]
    ccd, rawx, rawy = place.ccd[order], place.rawx[order], place.rawy[order]

    sine, cosine = np.sin(np.radians(observation.position_angle)), np.cos(np.radians(observation.position_angle))
    gain = 1 + 0.01 * np.sin(ccd.astype(float))
    pattern = _patterns(camera, energy, rng)
    events = {
        "TIME": photons.time[order],
        "RAWX": rawx,
        "RAWY": rawy,
        "DETX": detx.astype(np.int16),
        "DETY": dety.astype(np.int16),
        "X": np.round(REFERENCE_PIXEL + detx * cosine - dety * sine).astype(np.int32),
        "Y": np.round(REFERENCE_PIXEL + detx * sine + dety * cosine).astype(np.int32),
        "PHA": np.clip(np.round(pi * gain / camera.adu), 0, 4095).astype(np.int16),
        "PI": pi.astype(np.int16),
        "FLAG": _flags(camera, detx, dety, place=(ccd, rawx, rawy), pattern=pattern, bad=bad, rng=rng),
        "PATTERN": pattern,
    }
    if camera.is_pn:
        split = (pattern > 0).astype(np.int16)
        events["PAT_ID"] = split
        events["PAT_SEQ"] = split.astype(np.uint8)
        events["OFFSETX"] = np.zeros(len(order), np.int16)
    events["CCDNR"] = ccd
    return events


def _patterns(camera: Camera, energy: NDArray, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Singles, doubles (1-4), triples (5-8), quadruples (9-12), others; splits are commoner at high energies."""
    split = np.clip((0.16 if camera.is_pn else 0.12) + 0.035 * energy, 0, 0.55)
    chance = rng.random(len(energy))
    which = rng.integers(1, 5, len(energy))
    groups = np.select(
        [chance >= split, chance >= 0.16 * split, chance >= 0.07 * split, chance >= 0.02 * split],
        [0, which, which + 4, which + 8],
        default=which + 12,
    )
    return groups.astype(np.uint8)


def _flags(
    camera: Camera,
    detx: NDArray,
    dety: NDArray,
    *,
    place: tuple[NDArray, NDArray, NDArray],
    pattern: NDArray,
    bad: BadPixels,
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """The bits of FLAG that depend on place and pattern, and a sprinkling of those that depend on the frame."""
    ccd, rawx, rawy = place
    columns, rows = camera.shape
    flag = np.zeros(len(ccd), np.int32)
    flag[pattern > 12] |= 1 << 0
    flag[(rawx == 1) | (rawx == columns) | (rawy == 1) | (rawy == rows)] |= 1 << 2
    for number, pixels in bad.items():
        here = np.flatnonzero(ccd == number)
        for x, y in pixels:
            distance = np.maximum(np.abs(rawx[here] - x), np.abs(rawy[here] - y))
            flag[here[distance == 0]] |= 1 << 21
            flag[here[distance == 1]] |= 1 << 5
    flag[~camera.in_field(detx, dety)] |= 1 << 16
    for bit, share in ((11, 0.004), (17, 0.001), (19, 0.002), (22, 0.001), (23, 0.001)):
        flag[rng.random(len(flag)) < share] |= 1 << bit
    return flag
