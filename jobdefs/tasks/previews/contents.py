"""What a FITS file holds that can be drawn."""

from __future__ import annotations

from enum import StrEnum

from ..fitscards import Header
from ..fitsio import FitsFile, Hdu
from ..goodtimes import column_names, has_good_times
from ..reporting import TaskError

__all__ = ["Kind", "classify", "details", "name_of"]


class Kind(StrEnum):
    """The kinds of pictures."""

    IMAGE = "image"
    CUBE = "colour image"
    SPECTRUM = "spectrum"
    RATE = "light curve"
    EVENTS = "event list"
    GOOD_TIMES = "good time intervals"


_RATES = {"RATE", "LIGHTCURVE"}


def classify(file: FitsFile, block: str = "") -> tuple[Kind, Hdu]:
    """The kind of picture that fits a file, and the block that it shows.

    Parameters
    ----------
    block
        Name or number of the block to be drawn; without it the product that the file is: the primary image, else a
        spectrum, a light curve, an event list, another image or good time intervals, in this order.

    Raises
    ------
    TaskError
        Nothing in the file, or in that block, can be drawn.
    """
    hdus = [file.find(block)] if block else file.hdus
    found: dict[Kind, Hdu] = {}
    for hdu in hdus:
        kind = _kind(hdu)
        if kind is not None:
            found.setdefault(kind, hdu)
    images = {kind: hdu for kind, hdu in found.items() if kind in (Kind.IMAGE, Kind.CUBE)}
    first = next(((kind, hdu) for kind, hdu in images.items() if hdu.index == 0), None)
    if first:
        return first
    for kind in (Kind.SPECTRUM, Kind.RATE, Kind.EVENTS, Kind.IMAGE, Kind.CUBE, Kind.GOOD_TIMES):
        if kind in found:
            return kind, found[kind]
    there = ", ".join(hdu.name or str(hdu.index) for hdu in hdus)
    raise TaskError(
        "NoPicture", f"{file.name} has no image, spectrum, light curve, event list or good times; it has {there}."
    )


def _kind(hdu: Hdu) -> Kind | None:
    header = hdu.header
    if hdu.kind in ("PRIMARY", "IMAGE"):
        sizes = [int(header.number(f"NAXIS{axis}") or 0) for axis in range(1, int(header.number("NAXIS") or 0) + 1)]
        while len(sizes) > 2 and sizes[-1] == 1:
            sizes.pop()
        if not sizes or not all(sizes):
            return None
        if len(sizes) == 2:
            return Kind.IMAGE if hdu.header.text("EXTNAME").upper() != "MASK" else None
        return Kind.CUBE if len(sizes) == 3 and sizes[2] == 3 else None
    if hdu.kind != "BINTABLE":
        return None
    classes = {hdu.name.upper(), header.text("HDUCLAS1").upper()}
    columns = column_names(hdu)
    if "SPECTRUM" in classes and "CHANNEL" in columns and columns & {"COUNTS", "RATE"}:
        return Kind.SPECTRUM
    if classes & _RATES and columns & {"RATE", "COUNTS"}:
        return Kind.RATE
    if "EVENTS" in classes:
        return Kind.EVENTS
    return Kind.GOOD_TIMES if has_good_times(hdu) else None


def name_of(file: FitsFile, hdu: Hdu, kind: Kind) -> str:
    """The object; without one, what kind of picture it is."""
    return _text(file, hdu, "OBJECT", "TARGET") or kind.capitalize()


def details(file: FitsFile, hdu: Hdu, *more: str) -> str:
    """Observation, instrument, filter, mode and exposure, as far as headers tell, and more, in one line."""
    number = _text(file, hdu, "OBS_ID")
    exposure = _number(file, hdu, "EXPOSURE", "LIVETIME", "ONTIME")
    words = [
        f"obs. {number}" if number else "",
        " ".join(dict.fromkeys(filter(None, (_text(file, hdu, "TELESCOP"), _text(file, hdu, "INSTRUME"))))),
        _filter(_text(file, hdu, "FILTER")),
        _text(file, hdu, "SUBMODE"),
        _text(file, hdu, "DATE-OBS")[:10],
        "" if not exposure or exposure <= 0 else f"{exposure / 1000:.4g} ks",
        *more,
    ]
    return " · ".join(word for word in words if word)


def _filter(name: str) -> str:
    return "" if name.upper() in {"", "NONE", "UNKNOWN"} else name


def _headers(file: FitsFile, hdu: Hdu) -> tuple[Header, Header]:
    return hdu.header, file.hdus[0].header


def _text(file: FitsFile, hdu: Hdu, *keywords: str) -> str:
    found = (header.text(keyword) for keyword in keywords for header in _headers(file, hdu))
    return next((text for text in found if text), "")


def _number(file: FitsFile, hdu: Hdu, *keywords: str) -> float | None:
    found = (header.number(keyword) for keyword in keywords for header in _headers(file, hdu))
    return next((float(number) for number in found if number is not None), None)
