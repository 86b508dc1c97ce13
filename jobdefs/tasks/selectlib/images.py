"""Filters that are images: ``mask(…)`` and ``IMAGE(…)`` select where a pixel is there and is neither 0 nor NaN.

Sources: selectlib manual, mask; evselect manual, Filtering stage. What relates columns to pixels, in this order:

1. celestial keywords (CTYPE RA/DEC, J2000), where the table has sky pixels X and Y with a projection, or RA and DEC;
2. the physical system of images that evselect and others write (LTMi_i, LTVi: pixel = LTM · value + LTV);
3. linear keywords (CRPIXi, CRVALi, CDELTi);
4. for masks alone, the pixel's number, the first one 1.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping

import numpy as np

from vo.errors import UsageError

from .blocks import Block
from .celestial import Projection
from .figures import Inside

__all__ = ["axes_of", "image_inside"]

_Pixels = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Values of two columns → FITS pixel numbers as reals."""

_WORLD = re.compile(r"(?:CTYPE|CRPIX|CRVAL|CDELT|CUNIT|CROTA)\d|(?:CD|PC)\d_\d|PV\d_\d+|LONPOLE|LATPOLE")
_SAME_PLACE = 1e-10  # degrees


def axes_of(block: Block) -> tuple[str, str]:
    """The columns that an image's axes stand for: ``("RA", "DEC")``, or ``("DETX", "DETY")`` and the like.

    Raises
    ------
    vo.errors.UsageError
        When its header does not say so, or it is celestial but not in right ascension and declination of J2000.
    """
    kinds = tuple(str(block.header.get(f"CTYPE{axis}", "")).strip().upper() for axis in (1, 2))
    if _celestial(block):
        return "RA", "DEC"
    if any("-" in kind for kind in kinds):
        raise UsageError(f"{block.name} is an image in {kinds[0]}, {kinds[1]}; RA and DEC are needed.")
    if not all(kinds):
        raise UsageError(
            f"The header of {block.name} does not say what its axes are (CTYPE1, CTYPE2).",
            hint="Use mask(image,0,0,X,Y), which takes pixel numbers.",
        )
    return kinds[0], kinds[1]


def image_inside(
    block: Block,
    columns: tuple[str, str],
    projection: Projection | None,
    *,
    offset: tuple[float, float] = (0.0, 0.0),
    named: bool = False,
) -> Inside:
    """The test of points against an image.

    Parameters
    ----------
    columns
        Names of the two columns that are tested; empty for expressions.
    projection
        Of the table's columns X and Y, if they have one.
    offset
        The mask is shifted by this, in units of the columns.
    named
        Whether the image must say itself how it relates to these columns (``IMAGE``).

    Raises
    ------
    vo.errors.UsageError
        When the block is no image in a plane, or can't be related to the columns.
    """
    image = block.image
    if image is None or image.ndim != 2:
        raise UsageError(f"{block.name} is no image in a plane.")
    good = (image != 0) & ~np.isnan(image) if image.dtype.kind == "f" else image != 0
    height, width = good.shape
    bordered = np.pad(good, 1).ravel()  # what lies outside falls on the border
    pixels = _pixels(block, columns, projection, named)

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        if offset != (0.0, 0.0):
            x, y = x - offset[0], y - offset[1]
        column, row = pixels(x, y)
        place = _whole(row, height)
        place *= width + 2
        place += _whole(column, width)
        return bordered.take(place)

    return inside


def _whole(pixels: np.ndarray, count: int) -> np.ndarray:
    """The numbers of pixels; 0 and `count` + 1 for what lies before and behind, 0 for NaN."""
    whole = np.fmin(np.fmax(pixels + 0.5, 0), count + 1)
    return whole.astype(np.intp)


def _pixels(block: Block, columns: tuple[str, str], projection: Projection | None, named: bool) -> _Pixels:
    header = block.header
    upper = (columns[0].upper(), columns[1].upper())
    if _celestial(block):
        if upper == ("RA", "DEC"):
            return _sky_pixels(block)
        if projection is not None and upper == (projection.x.upper(), projection.y.upper()):
            return _projected(block, projection)
    physical = tuple(str(header.get(f"CTYPE{axis}L", "")).strip().upper() for axis in (1, 2))
    if "LTM1_1" in header and "LTM2_2" in header and (not named or physical == upper):
        return _linear([(_number(header, f"LTM{axis}_{axis}", 1), _number(header, f"LTV{axis}", 0)) for axis in (1, 2)])
    if not _celestial(block) and "CRPIX1" in header and (not named or axes_of(block) == upper):
        if _rotated(header):
            raise UsageError(f"The axes of {block.name} are turned (PC1_2, CROTA2 or the like); they must be straight.")
        return _straight(header)
    if named:
        axes = axes_of(block)
        raise UsageError(
            f"{block.name} is an image of {axes[0]}, {axes[1]}, which {columns[0] or 'the expression'}, "
            f"{columns[1] or 'the expression'} of the table can't be turned into."
        )
    return lambda x, y: (x, y)


def _celestial(block: Block) -> bool:
    kinds = [str(block.header.get(f"CTYPE{axis}", "")).strip().upper() for axis in (1, 2)]
    if not (kinds[0].startswith("RA--") and kinds[1].startswith("DEC-")):
        return False
    system = str(block.header.get("RADESYS") or block.header.get("RADECSYS") or "").strip().upper()
    if system.startswith("FK4") or (not system and float(str(block.header.get("EQUINOX", 2000))) < 1984):
        raise UsageError(f"{block.name} is an image in B1950 (FK4); one in J2000 is needed.")
    return True


def _linear(terms: list[tuple[float, float]]) -> _Pixels:
    (scale_x, zero_x), (scale_y, zero_y) = terms
    return lambda x, y: (x * scale_x + zero_x, y * scale_y + zero_y)


def _straight(header: Mapping[str, object]) -> _Pixels:
    """Linear keywords."""
    terms = []
    for axis in (1, 2):
        step = _step(header, axis)
        terms.append((1 / step, _number(header, f"CRPIX{axis}", 0) - _number(header, f"CRVAL{axis}", 0) / step))
    return _linear(terms)


def _projected(block: Block, projection: Projection) -> _Pixels:
    """Sky pixels of the table to those of the image; by plain arithmetic where both have the same tangent point."""
    header = block.header
    tangent = all(str(header[f"CTYPE{axis}"]).strip().upper().endswith("-TAN") for axis in (1, 2))
    place = [_number(header, f"CRVAL{axis}", 0) for axis in (1, 2)]
    same = all(abs(one - other) <= _SAME_PLACE for one, other in zip(place, projection.value, strict=True))
    if tangent and same and not _rotated(header):
        terms = []
        for axis, (pixel, step) in enumerate(zip(projection.pixel, projection.step, strict=True), start=1):
            scale = step / _step(header, axis)
            terms.append((scale, _number(header, f"CRPIX{axis}", 0) - pixel * scale))
        return _linear(terms)
    to_image = _sky_pixels(block)
    return lambda x, y: to_image(*projection.to_sky(x, y))


def _rotated(header: Mapping[str, object]) -> bool:
    """Whether the axes of a tangent plane are turned, or its pole is not where it usually is."""
    turned = ("CD1_2", "CD2_1", "PC1_2", "PC2_1", "CROTA1", "CROTA2")
    pole = _number(header, "LONPOLE", 180) != 180
    return pole or any(key.startswith("PV") for key in header) or any(_number(header, key, 0) for key in turned)


def _step(header: Mapping[str, object], axis: int) -> float:
    """The size of a pixel: CDi_i, else CDELTi with PCi_i."""
    matrix = f"{axis}_{axis}"
    plain = _number(header, f"CDELT{axis}", 1) * _number(header, f"PC{matrix}", 1)
    return _number(header, f"CD{matrix}", plain) or 1.0


def _sky_pixels(block: Block) -> _Pixels:
    """Right ascension and declination to pixels, by any projection that FITS knows."""
    from astropy.wcs import WCS  # noqa: PLC0415 (half a second that few runs need)

    cards = {key: value for key, value in block.header.items() if _WORLD.fullmatch(key)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wcs = WCS(cards, naxis=2)
            wcs.wcs_world2pix([[wcs.wcs.crval[0], wcs.wcs.crval[1]]], 1)
        except Exception as error:
            text = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UsageError(f"The celestial coordinates of {block.name} can't be used: {text}") from error
    return lambda x, y: tuple(wcs.wcs_world2pix(x, y, 1))


def _number(header: Mapping[str, object], key: str, default: float) -> float:
    value = header.get(key, default)
    return float(value) if isinstance(value, int | float) else default
