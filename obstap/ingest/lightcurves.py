"""Light curves in the OGIP form (OGIP/93-003), XMM-Newton's flare background curves among them."""

from __future__ import annotations

from obstap.ingest import pps, subspace
from obstap.ingest.fitsfile import FitsFile, Hdu
from obstap.ingest.instruments import instrument_of
from obstap.ingest.product import Product, basic, filter_detail, icrs, set_band, set_region, title
from obstap.ingest.words import Words

__all__ = ["recognise"]


def recognise(file: FitsFile) -> Product | None:
    """The product in a light-curve file, None when the file holds no light curve."""
    hdu = next((hdu for hdu in file.tables() if _is_curve(hdu)), None)
    if hdu is None:
        return None
    product, words = basic(file, hdu, kind="timeseries")
    circle = subspace.sky_circle(words)
    target = icrs(words, words.number("SRC_RA", "RA_OBJ", "RA_PNT"), words.number("SRC_DEC", "DEC_OBJ", "DEC_PNT"))
    set_region(product, circle, centre=circle[:2] if circle else target)
    set_band(product, subspace.energy_band(words) or instrument_of(words).band)
    name = pps.parse(file.path)
    kind = name.subtype if name else None
    if "RATE" in hdu.columns:
        product.obs["o_ucd"] = "arith.rate;phot.count"
    product.obs |= {
        "t_xel": hdu.axes[1],
        "t_resolution": words.number("TIMEDEL"),
        "dataproduct_subtype": kind,
        "obs_title": title(product, f"light curve of {kind}" if kind else "light curve", filter_detail(words)),
    }
    return product


def _is_curve(hdu: Hdu) -> bool:
    if not {"RATE", "COUNTS"} & set(hdu.columns):
        return False
    return hdu.name == "RATE" or Words(hdu.header).text("HDUCLAS1").upper() == "LIGHTCURVE"
