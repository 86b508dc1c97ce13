"""The sky coordinates of a pair of columns: REFX/REFY keywords of XMM-Newton, else TCTYPn, TCRPXn, TCRVLn, TCDLTn."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .fitscards import Header
from .fitsio import Column
from .reporting import TaskError

__all__ = ["SkyAxis", "SkyPlane", "sky_plane"]


@dataclass(frozen=True, slots=True)
class SkyAxis:
    """The celestial coordinate along a column.

    Parameters
    ----------
    kind
        `RA---TAN`, ….
    reference, value, step
        Value of the column at the reference point; longitude or latitude there; degrees per unit of the column.
    """

    kind: str
    reference: float
    value: float
    step: float
    unit: str = "deg"


@dataclass(frozen=True, slots=True)
class SkyPlane:
    """The celestial coordinates of two columns."""

    x: SkyAxis
    y: SkyAxis

    def pixel(self, ra: float, dec: float) -> tuple[float, float]:
        """Values of the two columns at a position (gnomonic projection, FITS WCS paper II, 5.1.3).

        Parameters
        ----------
        ra, dec
            Degrees, in the frame of the columns.

        Raises
        ------
        TaskError
            The projection is no tangent plane, or the position is not on this side of the sphere.
        """
        self._require_tangent_plane()
        longitude = math.radians(ra - self.x.value)
        latitude, pole = math.radians(dec), math.radians(self.y.value)
        depth = math.sin(latitude) * math.sin(pole) + math.cos(latitude) * math.cos(pole) * math.cos(longitude)
        if depth <= 1e-6:
            raise TaskError(
                "WcsTransform", f"position {ra:g}, {dec:g} lies 90 degrees or more from the field's centre."
            )
        east = math.cos(latitude) * math.sin(longitude) / depth
        north = math.sin(latitude) * math.cos(pole) - math.cos(latitude) * math.sin(pole) * math.cos(longitude)
        return (
            self.x.reference + math.degrees(east) / self.x.step,
            self.y.reference + math.degrees(north / depth) / self.y.step,
        )

    def position(self, x: float, y: float) -> tuple[float, float]:
        """The position (degrees) at which the columns have these values: `pixel` the other way round.

        Raises
        ------
        TaskError
            The projection is no tangent plane.
        """
        self._require_tangent_plane()
        east = math.radians((x - self.x.reference) * self.x.step)
        north = math.radians((y - self.y.reference) * self.y.step)
        pole = math.radians(self.y.value)
        depth = math.cos(pole) - north * math.sin(pole)
        longitude = self.x.value + math.degrees(math.atan2(east, depth))
        latitude = math.atan2(math.sin(pole) + north * math.cos(pole), math.hypot(east, depth))
        return longitude % 360, math.degrees(latitude)

    def _require_tangent_plane(self) -> None:
        if not self.x.kind.endswith("-TAN") or not self.y.kind.endswith("-TAN"):
            raise TaskError("WcsTransform", f"positions in projection {self.x.kind}, {self.y.kind} can't be computed.")


def sky_plane(header: Header, x: Column, y: Column) -> SkyPlane | None:
    """The sky coordinates of two columns; None where the header gives none."""
    axes = [_reference(header, x) or _table(header, x), _reference(header, y) or _table(header, y)]
    if axes[0] is None or axes[1] is None or not axes[0].step or not axes[1].step:
        return None
    return SkyPlane(axes[0], axes[1])


def _reference(header: Header, column: Column) -> SkyAxis | None:
    name = column.name.upper()
    if name not in {"X", "Y"}:
        return None
    return _axis(header, [f"REF{name}{part}" for part in ("CTYP", "CUNI", "CRPX", "CRVL", "CDLT")])


def _table(header: Header, column: Column) -> SkyAxis | None:
    return _axis(header, [f"TC{part}{column.number}" for part in ("TYP", "UNI", "RPX", "RVL", "DLT")])


def _axis(header: Header, keywords: list[str]) -> SkyAxis | None:
    kind, unit = (header.text(keyword) for keyword in keywords[:2])
    numbers = [header.number(keyword) for keyword in keywords[2:]]
    if not kind or None in numbers:
        return None
    return SkyAxis(kind, *(float(number) for number in numbers), unit or "deg")
