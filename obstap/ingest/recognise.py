"""From a file to a product: the recognisers in their order."""

from __future__ import annotations

from collections.abc import Callable

from obstap.ingest import hess_dl3, images, lightcurves, ogip_events, spectra, xmm_events
from obstap.ingest.dl3_index import Dl3Indices
from obstap.ingest.fitsfile import FitsFile
from obstap.ingest.outcomes import NotAProduct
from obstap.ingest.product import Product
from obstap.ingest.words import Words

__all__ = ["recognise"]

RECOGNISERS: tuple[Callable[[FitsFile], Product | None], ...] = (
    xmm_events.recognise,
    ogip_events.recognise,
    spectra.recognise,
    lightcurves.recognise,
    images.recognise,
)
"""Asked after the DL3 recogniser; the first that knows the file describes it."""

REASONS = {
    "INDEX": "It is an index of a DL3 store; it is read with the files that it lists.",
    "RESPONSE": "It is an instrument response (ARF or RMF), no observation.",
    "GTI": "It holds good time intervals only.",
    "REGION": "It holds regions only.",
}
"""By HDUCLAS1: what is no product."""


def recognise(file: FitsFile, indices: Dl3Indices) -> Product:
    """The product that a complete FITS file holds.

    Raises
    ------
    NotAProduct
        When it holds none; the message says what it is.
    Refused
        When it should hold one but its headers are wrong.
    """
    product = hess_dl3.recognise(file, indices)
    for recogniser in RECOGNISERS:
        product = product or recogniser(file)
    if product is None:
        raise NotAProduct(_reason(file))
    return product


def _reason(file: FitsFile) -> str:
    if file.find("CALINDEX"):
        return "It is an index of calibration files (CIF), no observation."
    for hdu in file.tables():
        reason = REASONS.get(Words(hdu.header).text("HDUCLAS1").upper())
        if reason:
            return reason
    names = ", ".join(hdu.name for hdu in file.hdus if hdu.name)
    return "It holds no event list, spectrum, light curve or sky image" + (f" (HDUs: {names})." if names else ".")
