"""XMM-Newton event lists of EPIC and RGS."""

from __future__ import annotations

from obstap.footprints import FIELDS_OF_VIEW, epic_region
from obstap.ingest import subspace
from obstap.ingest.fitsfile import FitsFile
from obstap.ingest.instruments import instrument_of, telescope_of
from obstap.ingest.product import Product, basic, filter_detail, icrs, set_band, set_region, title
from obstap.ingest.words import Words

__all__ = ["pointed_region", "recognise"]


def recognise(file: FitsFile) -> Product | None:
    """The product in an XMM-Newton event list, None when the file is none."""
    events = file.find("EVENTS")
    if events is None or "TIME" not in events.columns:
        return None
    if telescope_of(Words(events.header, file.primary.header)) != "XMM":
        return None
    product, words = basic(file, events, kind="event")
    centre = pointing(words)
    set_region(product, pointed_region(words), centre=centre)
    set_band(product, subspace.energy_band(words) or instrument_of(words).band)
    mode = words.text("DATAMODE").lower()
    product.obs["dataproduct_subtype"] = "event-list"
    product.obs["obs_title"] = title(product, f"{mode} event list".strip(), filter_detail(words))
    product.hea["ev_xel"] = events.axes[1]
    product.hea["analysis_mode"] = words.text("DATAMODE") or None
    return product


def pointing(words: Words) -> tuple[float, float] | None:
    """Direction of the optical axis, degrees, ICRS; None for slews, which have none."""
    if words.text("OBS_MODE").upper() == "SLEW":
        return None
    return icrs(words, words.number("RA_PNT"), words.number("DEC_PNT"))


def pointed_region(words: Words) -> tuple[float, ...] | None:
    """What an instrument sees of the sky: the outline of EPIC's detectors, a circle for others.

    None when the headers give no pointing.
    """
    centre = pointing(words)
    if centre is None:
        return None
    angle, name = words.number("PA_PNT"), words.text("INSTRUME").upper()
    if name in FIELDS_OF_VIEW and angle is not None:
        return epic_region(name, ra=centre[0], dec=centre[1], position_angle=angle, submode=words.text("SUBMODE"))
    radius = instrument_of(words).field_radius
    return None if radius is None else (*centre, radius)
