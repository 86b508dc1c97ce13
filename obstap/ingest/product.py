"""What a recogniser finds out about a file: a row of ObsCore and a row of its high-energy extension."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from obstap.ingest import pps, times
from obstap.ingest.fitsfile import FitsFile, Hdu
from obstap.ingest.instruments import collection_of, facility_of, instrument_of, telescope_of, wavelengths
from obstap.ingest.outcomes import Refused
from obstap.ingest.words import Words
from vo import regions
from vo.errors import UsageError

__all__ = ["Product", "basic", "icrs", "set_band", "set_region"]

CALIBRATED = 2
"""ObsCore §4.2 level of data whose instrumental signature is known and removed or described."""


@dataclass
class Product:
    """A data product.

    Parameters
    ----------
    collection
        The collection to which it belongs by its headers.
    obs, hea
        Values of columns of ``ivoa.obscore`` and ``ivoa.obscore_hea``, but those that say where the file lies.
    """

    collection: str
    obs: dict[str, object]
    hea: dict[str, object] = field(default_factory=dict)


def basic(file: FitsFile, hdu: Hdu, *, kind: str) -> tuple[Product, Words]:
    """What all products have in common, from the headers of `hdu` and of the primary HDU.

    Parameters
    ----------
    kind
        ``dataproduct_type``: event, image, spectrum or timeseries.
    """
    words = Words(hdu.header, file.primary.header)
    start, stop = times.coverage(words)
    name = pps.parse(file.path)
    obs_id = words.text("OBS_ID", "OBSID") or (name.obs_id if name else "") or _stem(file)
    obs: dict[str, object] = {
        "dataproduct_type": kind,
        "calib_level": CALIBRATED,
        "obs_id": obs_id,
        "target_name": words.text("OBJECT") or None,
        "facility_name": facility_of(words),
        "instrument_name": words.text("INSTRUME") or None,
        "t_min": start,
        "t_max": stop,
        "t_exptime": exposure(words, start, stop),
        "t_resolution": resolution(words),
        "s_resolution": instrument_of(words).resolution,
        "o_ucd": "phot.count",
        "pol_xel": 0,
        "obs_creation_date": words.moment("DATE"),
        "obs_creator_name": words.text("ORIGIN") or None,
        "data_rights": "public",
        "proposal_id": obs_id[:6] if telescope_of(words) == "XMM" and len(obs_id) == 10 else None,
        "access_format": "application/fits",
    }
    hea: dict[str, object] = {"obs_mode": words.text("OBS_MODE") or None, "messenger_name": "photon"}
    comments = " ".join(str(comment) for comment in file.primary.header.get("COMMENT", ""))
    return Product(collection_of(words, comments), obs, hea), words


def exposure(words: Words, start: float | None, stop: float | None) -> float | None:
    """Live time in seconds; on time, then elapsed time, where the headers tell no better."""
    value = (
        words.number("EXPOSURE", "LIVETIME")
        or words.largest("LIVETI")
        or words.number("ONTIME")
        or words.largest("ONTIME")
    )
    if value is None and start is not None and stop is not None:
        return round((stop - start) * times.DAY, 3)
    return value


def resolution(words: Words) -> float | None:
    """Time resolution in seconds: TIMEDEL, or the frame time, which XMM-Newton gives in milliseconds."""
    if telescope_of(words) == "XMM" and (frame := words.number("FRMTIME")):
        return frame / 1000
    return words.number("TIMEDEL") or None


def set_region(product: Product, shape: tuple[float, ...] | None, *, centre: tuple[float, float] | None) -> None:
    """Fill the columns of the spatial coverage from a shape (degrees, ICRS) and its centre.

    Raises
    ------
    Refused
        When the numbers make no region of the sky.
    """
    if centre is not None:
        product.obs["s_ra"], product.obs["s_dec"] = centre
    if shape is not None:
        try:
            product.obs["s_region"] = regions.checked(shape)
        except UsageError as error:
            raise Refused(f"The keywords of its sky coordinates give no region: {error}") from error
        product.obs["s_fov"] = 2 * float(np.squeeze(regions.bounding_cone(shape)[3]))


def set_band(product: Product, band: tuple[float, float] | None) -> None:
    """Fill the columns of the spectral coverage from lowest and highest energy in eV."""
    if band is None:
        return
    product.obs["em_min"], product.obs["em_max"] = wavelengths(*band)
    product.hea["energy_min"], product.hea["energy_max"] = band


def title(product: Product, what: str, *details: str) -> str:
    """A title such as ``XMM-Newton EPN event list of M 31 (Medium filter)``."""
    obs = product.obs
    facility, instrument = str(obs["facility_name"] or ""), str(obs["instrument_name"] or "")
    parts = [instrument, what] if instrument.startswith(facility) else [facility, instrument, what]
    words = " ".join(part for part in parts if part)
    target = f" of {obs['target_name']}" if obs["target_name"] else ""
    extra = ", ".join(detail for detail in details if detail)
    return f"{words}{target}" + (f" ({extra})" if extra else "")


def filter_detail(words: Words) -> str:
    """The filter for a title, empty when there is none."""
    name = words.text("FILTER")
    return f"{name} filter" if name and name.upper() not in ("UNKNOWN", "NONE") else ""


def icrs(words: Words, ra: float | None, dec: float | None) -> tuple[float, float] | None:
    """A position of the header as ICRS degrees, None when either coordinate is missing or out of range.

    FK5 of J2000 is taken as ICRS, from which it differs by less than 0.03 arcsec; other equinoxes and FK4 are
    transformed.
    """
    if ra is None or dec is None or not (-360 <= ra <= 360 and -90 <= dec <= 90):
        return None
    frame = words.text("RADESYS", "RADECSYS").upper()
    equinox = words.number("EQUINOX") or 2000.0
    if frame == "ICRS" or (equinox == 2000.0 and not frame.startswith("FK4")):
        return ra % 360.0, dec
    from astropy.coordinates import FK4, FK5, SkyCoord  # noqa: PLC0415 - old files only
    from astropy.time import Time  # noqa: PLC0415

    fk4 = frame.startswith("FK4") or (not frame and equinox < 1984)
    system = FK4(equinox=Time(equinox, format="byear")) if fk4 else FK5(equinox=Time(equinox, format="jyear"))
    position = SkyCoord(ra, dec, unit="deg", frame=system).icrs
    return float(position.ra.deg), float(position.dec.deg)


def _stem(file: FitsFile) -> str:
    """The file's name without its endings, which identifies data that name no observation."""
    return file.path.name.partition(".")[0]
