"""Spectra in the OGIP form (OGIP/92-007), XMM-Newton's RGS spectra among them."""

from __future__ import annotations

from obstap.ingest import pps, subspace
from obstap.ingest.fitsfile import FitsFile, Hdu
from obstap.ingest.instruments import HC, instrument_of
from obstap.ingest.product import Product, basic, filter_detail, icrs, set_band, set_region, title
from obstap.ingest.words import Words

__all__ = ["recognise"]

SUBTYPES = {"TOTAL": "source and background", "NET": "net", "BKG": "background"}
"""HDUCLAS2 in words."""


def recognise(file: FitsFile) -> Product | None:
    """The product in a spectrum file, None when the file holds no spectrum."""
    hdu = next((hdu for hdu in file.tables() if _is_spectrum(hdu)), None)
    if hdu is None:
        return None
    product, words = basic(file, hdu, kind="spectrum")
    circle = subspace.sky_circle(words)
    source = icrs(words, words.number("SRC_RA", "RA_OBJ", "RA_TARG"), words.number("SRC_DEC", "DEC_OBJ", "DEC_TARG"))
    set_region(product, circle, centre=circle[:2] if circle else source)
    set_band(product, _dispersed_band(hdu) or subspace.energy_band(words) or instrument_of(words).band)
    channels = words.number("DETCHANS")
    name = pps.parse(file.path)
    product.obs["em_xel"] = int(channels) if channels else hdu.axes[1]
    product.obs["t_xel"] = 1
    kind = (name.subtype if name else None) or SUBTYPES.get(words.text("HDUCLAS2").upper())
    product.obs["dataproduct_subtype"] = kind
    product.obs["obs_title"] = title(product, f"{kind or ''} spectrum".strip(), filter_detail(words))
    return product


def _is_spectrum(hdu: Hdu) -> bool:
    if not {"CHANNEL"} < set(hdu.columns) or not {"COUNTS", "RATE"} & set(hdu.columns):
        return False
    return hdu.name == "SPECTRUM" or Words(hdu.header).text("HDUCLAS1").upper() == "SPECTRUM"


def _dispersed_band(hdu: Hdu) -> tuple[float, float] | None:
    """Band in eV of a spectrum whose channels are wavelengths (TCUNI1 Angstrom), as RGS has them."""
    words = Words(hdu.header)
    if words.text("TCUNI1").lower() not in ("angstrom", "angstroms"):
        return None
    value, step, pixel = words.number("TCRVL1"), words.number("TCDLT1"), words.number("TCRPX1")
    if value is None or not step or pixel is None:
        return None
    ends = sorted(value + (edge - pixel) * step for edge in (0.5, hdu.axes[1] + 0.5))
    return (HC / (ends[1] * 1e-10), HC / (ends[0] * 1e-10)) if ends[0] > 0 else None
