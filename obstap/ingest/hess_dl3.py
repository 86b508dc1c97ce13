"""DL3 files of imaging Cherenkov telescopes (H.E.S.S., CTAO and others): events with their response functions.

Data formats for gamma-ray astronomy 0.2 (GADF). Where the store's index files are at hand, pointing, times,
observed target and safe energy range come from them; the EVENTS header must agree.
"""

from __future__ import annotations

from collections.abc import Mapping

from obstap.ingest.dl3_index import Dl3Indices
from obstap.ingest.fitsfile import FitsFile, Hdu
from obstap.ingest.instruments import instrument_of
from obstap.ingest.outcomes import Refused
from obstap.ingest.product import Product, basic, icrs, set_band, set_region, title
from obstap.ingest.words import Words
from vo import regions

__all__ = ["recognise"]

TEV = 1e12
"""Electronvolts in one TeV, the unit of energies in DL3 files."""

POINTING_TOLERANCE = 0.01
"""Degrees by which index and header may differ; the index holds single precision."""

TIME_TOLERANCE = 1.0
"""Seconds."""

PHOTON = "22"
"""Monte Carlo number of the photon (Particle Data Group)."""


def recognise(file: FitsFile, indices: Dl3Indices) -> Product | None:
    """The product in a DL3 file, None when the file is none.

    Raises
    ------
    Refused
        When the index contradicts the file.
    """
    events = file.find("EVENTS")
    if events is None or not {"TIME", "RA", "DEC", "ENERGY"} <= set(events.columns):
        return None
    if Words(events.header).text("HDUCLASS").upper() not in ("GADF", "VODF"):
        return None
    product, words = basic(file, events, kind="event")
    row = indices.covering(file.path)
    if row is not None:
        _check(row, words, events)
    centre = _pointing(row, words)
    radius = instrument_of(words).field_radius
    set_region(product, (*centre, radius) if centre and radius else None, centre=centre)
    set_band(product, _safe_energies(row, file) or instrument_of(words).band)
    bundle = any(Words(hdu.header).text("HDUCLAS1").upper() == "RESPONSE" for hdu in file.tables())
    product.obs["dataproduct_subtype"] = "event-bundle" if bundle else "event-list"
    what = "events with response functions" if bundle else "event list"
    product.obs["obs_title"] = title(product, f"DL3 {what}", f"run {product.obs['obs_id']}")
    product.obs["t_resolution"] = None
    product.hea |= {
        "ev_xel": events.axes[1],
        "event_type": words.text("EV_CLASS") or None,
        "pointing_mode": "parallel" if words.number("CONV_DEP") == 0 else None,
        "messenger_pdgid": PHOTON,
    }
    return product


def _pointing(row: Mapping[str, object] | None, words: Words) -> tuple[float, float] | None:
    if row is not None:
        return icrs(words, float(row["RA_PNT"]), float(row["DEC_PNT"]))
    return icrs(words, words.number("RA_PNT"), words.number("DEC_PNT"))


def _safe_energies(row: Mapping[str, object] | None, file: FitsFile) -> tuple[float, float] | None:
    """Range in eV in which the response is trusted: from the index, else from the effective area's header."""
    area = file.find("AEFF", "EFFECTIVE AREA")
    words = Words(area.header) if area else Words()
    low, high = words.number("LO_THRES"), words.number("HI_THRES")
    if row is not None and "SAFE_ENERGY_LO" in row:
        low, high = float(row["SAFE_ENERGY_LO"]), float(row["SAFE_ENERGY_HI"])
    return (low * TEV, high * TEV) if low and high and low < high else None


def _check(row: Mapping[str, object], words: Words, events: Hdu) -> None:
    """Compare what index and file say of the same observation."""
    obs_id = words.text("OBS_ID")
    if obs_id != str(row["OBS_ID"]):
        raise Refused(f"The index calls it observation {row['OBS_ID']}, the header (EVENTS) {obs_id or 'nothing'}.")
    ra, dec = words.number("RA_PNT"), words.number("DEC_PNT")
    if ra is not None and dec is not None:
        apart = float(regions.distance(ra, dec, float(row["RA_PNT"]), float(row["DEC_PNT"])))
        if apart > POINTING_TOLERANCE:
            raise Refused(f"The pointings in the index and in the header (EVENTS) are {apart:.3f} degrees apart.")
    for keyword in ("TSTART", "TSTOP"):
        value = words.number(keyword)
        if keyword in row and value is not None and abs(float(row[keyword]) - value) > TIME_TOLERANCE:
            raise Refused(f"{keyword} is {row[keyword]} in the index but {value} in the header (EVENTS).")
    count = row.get("EVENT_COUNT")
    if count is not None and int(count) != events.axes[1]:
        raise Refused(f"The index counts {count} events, the table EVENTS has {events.axes[1]}.")
