"""What the data-subspace keywords (DSTYPn, DSUNIn, DSVALn) of XMM-Newton and Chandra files tell.

A selection that was made on the data stands there, so that the band and the source region of a product are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from obstap.footprints import sky_from_plane
from obstap.ingest.instruments import telescope_of
from obstap.ingest.words import Words

__all__ = ["energy_band", "sky_circle"]

MAX_AXES = 20

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_CIRCLE = re.compile(rf"(?:circle|annulus)\((?P<numbers>{_NUMBER}(?:,{_NUMBER}){{2,3}})\)", re.IGNORECASE)


@dataclass(frozen=True)
class Axis:
    """A constrained axis: its name, unit and value as written."""

    name: str
    unit: str
    value: str


def _axes(words: Words) -> list[Axis]:
    found = []
    for number in range(1, MAX_AXES + 1):
        name = words.text(f"DSTYP{number}")
        if name:
            unit = words.text(f"DSUNI{number}", f"DSUNIT{number}")
            found.append(Axis(name.upper().replace(" ", ""), unit, words.text(f"DSVAL{number}")))
    return found


def energy_band(words: Words) -> tuple[float, float] | None:
    """Lowest and highest energy in eV to which the data were restricted, None when they were not.

    Only axes in eV or keV count: PI of XMM-Newton (which is in eV also where other tools lost its unit), ENERGY of
    Chandra.
    """
    plain = "ev" if telescope_of(words) == "XMM" else ""
    for axis in _axes(words):
        scale = {"ev": 1.0, "kev": 1000.0}.get(axis.unit.lower() or plain)
        if axis.name in ("PI", "ENERGY") and scale:
            ends = [part.partition(":") for part in axis.value.split(",")]
            try:
                low = min(float(first) for first, _, _ in ends)
                high = max(float(last) for _, _, last in ends)
            except ValueError:
                continue
            if 0 < low < high:
                return low * scale, high * scale
    return None


def sky_circle(words: Words) -> tuple[float, float, float] | None:
    """The circle (lon, lat, radius; degrees) from which the data were selected, None when it was no one circle.

    An annulus gives its outer circle. The X, Y axes must be described by REFX and REFY keywords (tangent plane).
    """
    values = [axis.value for axis in _axes(words) if axis.name.startswith("POS(")]
    shapes = {match["numbers"] for value in values for match in _CIRCLE.finditer(value.replace(" ", ""))}
    if len(shapes) != 1:
        return None
    numbers = [float(number) for number in shapes.pop().split(",")]
    plane = [words.number(f"REF{axis}{word}") for axis in "XY" for word in ("CRPX", "CRVL", "CDLT")]
    if None in plane or words.text("REFXCTYP") not in ("", "RA---TAN"):
        return None
    x0, ra, x_step, y0, dec, y_step = plane
    lon, lat = sky_from_plane((numbers[0] - x0) * x_step, (numbers[1] - y0) * y_step, ra=ra, dec=dec)
    return float(lon), float(lat), numbers[-1] * abs(y_step)
