"""Event lists of other X-ray missions in the OGIP form: Chandra, NuSTAR, Swift and their like (OGIP/94-003)."""

from __future__ import annotations

from obstap.ingest import subspace
from obstap.ingest.fitsfile import FitsFile, Hdu
from obstap.ingest.instruments import instrument_of
from obstap.ingest.product import Product, basic, icrs, set_band, set_region, title
from obstap.ingest.words import Words

__all__ = ["recognise"]


def recognise(file: FitsFile) -> Product | None:
    """The product in an OGIP event list, None when the file is none.

    The region is the circle of the field of view about the pointing; it is left out for unknown instruments.
    """
    events = file.find("EVENTS", "STDEVT") or _by_class(file)
    if events is None or "TIME" not in events.columns:
        return None
    product, words = basic(file, events, kind="event")
    centre = icrs(words, words.number("RA_PNT", "RA_NOM"), words.number("DEC_PNT", "DEC_NOM"))
    known = instrument_of(words)
    shape = (*centre, known.field_radius) if centre and known.field_radius else None
    if words.text("OBS_MODE").upper() == "SLEW":
        shape = centre = None
    set_region(product, shape, centre=centre)
    set_band(product, subspace.energy_band(words) or known.band)
    product.obs["dataproduct_subtype"] = "event-list"
    product.obs["obs_title"] = title(product, "event list", words.text("DETNAM"))
    product.hea["ev_xel"] = events.axes[1]
    product.hea["analysis_mode"] = words.text("DATAMODE") or None
    return product


def _by_class(file: FitsFile) -> Hdu | None:
    return next((hdu for hdu in file.tables() if Words(hdu.header).text("HDUCLAS1").upper() == "EVENTS"), None)
