"""Sky images and cubes: any FITS array with celestial coordinates (FITS WCS papers I and II)."""

from __future__ import annotations

import warnings

import numpy as np
from astropy.wcs import WCS, FITSFixedWarning
from astropy.wcs.utils import proj_plane_pixel_scales, wcs_to_celestial_frame
from numpy.typing import NDArray

from obstap.footprints import FIELDS_OF_VIEW
from obstap.ingest import pps, subspace
from obstap.ingest.fitsfile import FitsFile, Hdu
from obstap.ingest.instruments import HC, instrument_of, telescope_of
from obstap.ingest.outcomes import Refused
from obstap.ingest.product import Product, basic, filter_detail, set_band, set_region, title
from obstap.ingest.words import Words
from obstap.ingest.xmm_events import pointed_region
from vo import regions

__all__ = ["recognise"]

CELESTIAL = ("RA--", "DEC-", "GLON", "GLAT", "ELON", "ELAT")

EDGE_STEPS = 8
"""Points on each edge of an image whose projection bends great circles."""

LARGEST = 60.0
"""Degrees; the outline of a larger image is not drawn as one polygon."""

OM_FILTERS = {
    "V": (510, 580), "B": (390, 490), "U": (300, 390), "UVW1": (245, 320), "UVM2": (205, 245), "UVW2": (180, 225),
    "WHITE": (180, 590),
}  # fmt: skip
"""Bands of the Optical Monitor in nm (XMM-Newton Users' Handbook §3.5)."""


def recognise(file: FitsFile) -> Product | None:
    """The product in an image or cube, None when the file holds none with celestial coordinates."""
    hdu = next((hdu for hdu in file.hdus if _is_image(hdu)), None)
    if hdu is None:
        return None
    cube = len(hdu.axes) > 2 and hdu.axes[2] > 1
    product, words = basic(file, hdu, kind="cube" if cube else "image")
    wcs, centre, outline = _sky(hdu)
    set_region(product, _exposed(words, outline), centre=centre)
    _describe(product, words, file, hdu)
    width, height = hdu.axes[:2]
    scale = float(np.sqrt(np.prod(proj_plane_pixel_scales(wcs)))) * 3600
    product.obs |= {"s_xel1": width, "s_xel2": height, "s_pixel_scale": scale, "t_xel": 1, "em_xel": 1}
    if cube:
        product.obs["em_xel"] = hdu.axes[2] if words.text("CTYPE3").startswith(("FREQ", "WAVE", "ENER")) else 1
    return product


def _is_image(hdu: Hdu) -> bool:
    if hdu.is_table or len(hdu.axes) < 2 or 0 in hdu.axes:
        return False
    words = Words(hdu.header)
    return all(words.text(f"CTYPE{axis}").startswith(CELESTIAL) for axis in (1, 2))


def _sky(hdu: Hdu) -> tuple[WCS, tuple[float, float] | None, tuple[float, ...] | None]:
    """Celestial coordinates of an image: their system, the centre and the outline (degrees, ICRS)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FITSFixedWarning)
            wcs = WCS(hdu.header, naxis=2)
            width, height = hdu.axes[:2]
            centre = _to_icrs(wcs, np.array([((width + 1) / 2, (height + 1) / 2)]))
            outline = _to_icrs(wcs, _border(width, height, 1 if _keeps_great_circles(hdu) else EDGE_STEPS))
    except Exception as error:
        if type(error).__module__.startswith("astropy") or isinstance(error, (ValueError, TypeError)):
            raise Refused(f"{hdu.place}: its celestial coordinates cannot be understood: {error}.") from error
        raise
    middle = tuple(centre[0].tolist()) if np.isfinite(centre).all() else None
    if middle is None or not np.isfinite(outline).all():
        return wcs, middle, None
    if regions.distance(middle[0], middle[1], outline[:, 0], outline[:, 1]).max() > LARGEST:
        return wcs, middle, None
    return wcs, middle, tuple(outline.ravel().tolist())


def _keeps_great_circles(hdu: Hdu) -> bool:
    return Words(hdu.header).text("CTYPE1").endswith("-TAN")


def _border(width: int, height: int, steps: int) -> NDArray[np.float64]:
    """Outer edges of an image in pixel coordinates that start at 1, counter-clockwise from the first pixel."""
    corners = np.array([(0.5, 0.5), (width + 0.5, 0.5), (width + 0.5, height + 0.5), (0.5, height + 0.5)])
    along = np.arange(steps)[:, None] / steps
    edges = [start + along * (end - start) for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    return np.concatenate(edges)


def _to_icrs(wcs: WCS, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    world = wcs.all_pix2world(pixels, 1)
    frame = wcs_to_celestial_frame(wcs)
    j2000 = frame.name == "fk5" and frame.equinox.jyear == 2000.0
    if frame.name == "icrs" or j2000 or not np.isfinite(world).all():
        return np.column_stack([world[:, 0] % 360.0, world[:, 1]])
    from astropy.coordinates import SkyCoord  # noqa: PLC0415 - few images need it

    turned = SkyCoord(world[:, 0], world[:, 1], unit="deg", frame=frame).icrs
    return np.column_stack([turned.ra.deg, turned.dec.deg])


def _exposed(words: Words, outline: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """What an image shows of the sky: EPIC images are larger than the detectors, whose outline then counts."""
    if outline is None or words.text("INSTRUME").upper() not in FIELDS_OF_VIEW:
        return outline
    seen = pointed_region(words)
    return seen if seen is not None and bool(regions.contains_shape(outline, seen)) else outline


def _describe(product: Product, words: Words, file: FitsFile, hdu: Hdu) -> None:
    name = pps.parse(file.path)
    if telescope_of(words) == "XMM" and words.text("INSTRUME").upper() == "OM":
        low, high = OM_FILTERS.get(words.text("FILTER").upper().replace(" ", ""), OM_FILTERS["WHITE"])
        set_band(product, (HC / (high * 1e-9), HC / (low * 1e-9)))
    else:
        set_band(product, subspace.energy_band(words) or (name.energies if name else None) or instrument_of(words).band)
    kind = (name.subtype if name else None) or ("counts" if abs(int(hdu.structure["BITPIX"])) != 64 else None)
    product.obs["dataproduct_subtype"] = kind
    if kind in ("exposure map", "detector mask", "sensitivity map"):
        product.obs["o_ucd"] = {"exposure map": "time.duration;obs.exposure", "detector mask": "meta.code"}.get(
            kind, "phot.flux.sb;stat.min"
        )
    product.obs["obs_title"] = title(
        product, f"{kind or ''} {product.obs['dataproduct_type']}".strip(), filter_detail(words)
    )
