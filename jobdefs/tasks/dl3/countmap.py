"""dl3-countmap: an image of the sky of the events of gamma-ray runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vo.errors import ParameterError

from ..fitscards import Card, Header
from ..fitsout import Outputs
from ..history import creation_cards, history_cards
from ..parameters import Invocation
from ..previews import write_preview
from ..reporting import Reporter
from ..running import running
from ..skyplane import SkyAxis, SkyPlane
from .runs import Run, common_cards, mean_pointing, read_run

__all__ = ["VERSION", "count_map", "energy_band", "run"]

VERSION = "dl3-countmap-1.0"
"""What messages, CREATOR and XPROC0 call this task."""

MOST_PIXELS = 8192
"""Of a side."""


def run(call: Invocation) -> None:
    """Make the image that the parameters ask for, and its picture.

    Raises
    ------
    vo.errors.UsageError
        It can't be made; nothing is left behind then.
    """
    with running(call, VERSION) as reporter:
        emin, emax = energy_band(call)
        width, step = call.real("size"), call.real("binsize")
        pixels = max(round(width / step), 1)
        if pixels > MOST_PIXELS:
            raise ParameterError("binsize", f"{pixels} pixels a side are too many; at most {MOST_PIXELS} are made.")
        runs = []
        names = call.texts("events")
        for number, name in enumerate(names):
            reporter.stage(f"Reading {Path(name).name}")
            runs.append(read_run(name, emin, emax))
            reporter.progress(number + 1, len(names))
        centre = _centre(call, runs)
        plane = _plane(centre, step, pixels)
        counts = count_map(runs, centre, step, pixels)
        reporter.message(f"{int(counts.sum())} events of {len(runs)} runs lie in the image.")
        reporter.stage("Writing the image")
        with Outputs(clobber=call.clobber) as outputs:
            writer = outputs.open(call.text("imageset"))
            header = _header(call, reporter, runs=runs, plane=plane, counts=counts, band=(emin, emax))
            writer.write(header, counts.astype(">i4"))
        write_preview(Path(call.text("imageset")), Path("countmap.png"), smooth=call.real("smooth"))


def energy_band(call: Invocation) -> tuple[float, float]:
    """The parameters `emin` and `emax`, TeV.

    Raises
    ------
    vo.errors.ParameterError
        Nothing lies between them.
    """
    emin, emax = call.real("emin"), call.real("emax")
    if emin >= emax:
        raise ParameterError("emax", f"{emax:g} TeV must be above emin, {emin:g} TeV.")
    return emin, emax


def count_map(runs: Sequence[Run], centre: tuple[float, float], step: float, pixels: int) -> np.ndarray:
    """Events of each pixel of a square image on the plane that touches the sky at `centre`.

    Parameters
    ----------
    step
        Degrees of a pixel.

    Returns
    -------
    numpy.ndarray
        Shape (pixels, pixels), declination upwards, right ascension to the left.
    """
    counts = np.zeros((pixels, pixels), dtype=np.int64)
    pole = np.radians(centre[1])
    for item in runs:
        longitude, latitude = np.radians(item.ra - centre[0]), np.radians(item.dec)
        depth = np.sin(latitude) * np.sin(pole) + np.cos(latitude) * np.cos(pole) * np.cos(longitude)
        near = depth > 1e-6
        longitude, latitude, depth = longitude[near], latitude[near], depth[near]
        east = np.degrees(np.cos(latitude) * np.sin(longitude) / depth)
        north = np.degrees(
            (np.sin(latitude) * np.cos(pole) - np.cos(latitude) * np.sin(pole) * np.cos(longitude)) / depth
        )
        column, row = (np.floor(value / step + pixels / 2).astype(np.int64) for value in (-east, north))
        inside = (column >= 0) & (column < pixels) & (row >= 0) & (row < pixels)
        np.add.at(counts, (row[inside], column[inside]), 1)
    return counts


def _centre(call: Invocation, runs: Sequence[Run]) -> tuple[float, float]:
    given = [bool(call.text(name)) for name in ("ra", "dec")]
    if all(given):
        return call.real("ra") % 360, call.real("dec")
    if any(given):
        raise ParameterError("dec" if given[0] else "ra", "give both ra and dec of the centre, or neither.")
    return mean_pointing(runs)


def _plane(centre: tuple[float, float], step: float, pixels: int) -> SkyPlane:
    middle = (pixels + 1) / 2
    return SkyPlane(SkyAxis("RA---TAN", middle, centre[0], -step), SkyAxis("DEC--TAN", middle, centre[1], step))


def _header(
    call: Invocation,
    reporter: Reporter,
    *,
    runs: Sequence[Run],
    plane: SkyPlane,
    counts: np.ndarray,
    band: tuple[float, float],
) -> Header:
    header = Header(
        [
            ("SIMPLE", True, "file does conform to FITS standard"),
            ("BITPIX", 32, "number of bits per data pixel"),
            ("NAXIS", 2, "number of data axes"),
            ("NAXIS1", counts.shape[1], "length of data axis 1"),
            ("NAXIS2", counts.shape[0], "length of data axis 2"),
            ("EXTEND", True, "FITS dataset may contain extensions"),
        ]
    )
    header.extend(creation_cards(reporter, call, runs[0].primary))
    frame = {"RADECSYS", "RADESYS", "EQUINOX"}
    header.extend(card for card in common_cards(runs) if card.keyword not in frame)
    for number, axis in enumerate((plane.x, plane.y), start=1):
        header.append(f"CTYPE{number}", axis.kind, "tangent plane projection")
        header.append(f"CRPIX{number}", axis.reference, "reference pixel")
        header.append(f"CRVAL{number}", axis.value, "[deg] coordinate at the reference pixel")
        header.append(f"CUNIT{number}", axis.unit, "unit of the coordinate")
        header.append(f"CDELT{number}", axis.step, "[deg] size of a pixel")
    header.extend(
        [
            Card("RADESYS", _frame(runs), "frame of the coordinates"),
            Card("EQUINOX", 2000.0, "equinox of the coordinates"),
            Card("BUNIT", "count", "events in each pixel"),
            Card("HDUCLASS", "OGIP", "format conforms to OGIP standard"),
            Card("HDUCLAS1", "IMAGE", "file contains an image"),
            Card("HDUCLAS2", "TOTAL", "gross image"),
            Card("E_MIN", band[0], "[TeV] lowest energy of the events"),
            Card("E_MAX", band[1], "[TeV] energy below which the events are"),
            Card("EXPOSURE", sum(item.livetime for item in runs), "[s] sum of the live times of the runs"),
            Card("NRUNS", len(runs), "number of runs"),
        ]
    )
    header.extend(history_cards(reporter))
    header.extend(Card("HISTORY", f"Events of {Path(item.name).name}") for item in runs)
    return header


def _frame(runs: Sequence[Run]) -> str:
    named = runs[0].header.text("RADESYS") or runs[0].header.text("RADECSYS")
    return named if named in {"ICRS", "FK5"} else "ICRS"
