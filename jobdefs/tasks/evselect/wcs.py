"""The WCS keywords of images."""

from __future__ import annotations

from ..fitscards import Header
from ..skyplane import SkyPlane
from .axes import Axis

__all__ = ["image_wcs"]


def image_wcs(header: Header, axes: tuple[Axis, Axis], plane: SkyPlane | None) -> None:
    """Add an image's WCS keywords: celestial where there is a sky plane, and the physical system L of the columns."""
    for number, axis in enumerate(axes, start=1):
        sky = None if plane is None else (plane.x, plane.y)[number - 1]
        first, step = axis.first, float(axis.bin)
        if sky is not None:
            header.append(f"CTYPE{number}", sky.kind, f"Coord. type: {_words(sky.kind)}")
            header.append(f"CRPIX{number}", (sky.reference - first) / step + 1, "WCS reference pixel")
            header.append(f"CRVAL{number}", float(sky.value), f"[deg] coord. at {'XY'[number - 1]} axis ref. pixel")
            header.append(f"CUNIT{number}", sky.unit, f"Physical units of {'XY'[number - 1]} axis")
            header.append(f"CDELT{number}", sky.step * step, "WCS pixel size")
        else:
            header.append(f"CTYPE{number}", axis.column.name, "WCS coordinate name")
            header.append(f"CRPIX{number}", 1.0, "WCS reference pixel")
            header.append(f"CRVAL{number}", first, "WCS reference pixel value")
            header.append(f"CDELT{number}", step, "WCS pixel size")
        header.append(f"CTYPE{number}L", axis.column.name, "WCS coordinate name")
        header.append(f"CRPIX{number}L", 1, "WCS reference pixel")
        header.append(f"CRVAL{number}L", first, "WCS reference pixel value")
        header.append(f"CDELT{number}L", step, "WCS pixel size")
        header.append(f"LTV{number}", 1 - first / step)
        header.append(f"LTM{number}_{number}", 1 / step)
    header.append("WCSNAMEL", "PHYSICAL", "WCS L name")
    header.append("WCSAXESL", 2, "No. of axes for WCS L")
    header.append("LTM1_2", 0)
    header.append("LTM2_1", 0)


def _words(kind: str) -> str:
    name, _, projection = kind.partition("-")
    return f"{name} {'tangent plane' if projection.endswith('TAN') else projection.strip('-')} projection"
