"""What is known of the instruments beside what their files say.

Angular resolutions are FWHM on axis, fields of view radii of the circle that holds the detector, bands those in
which the instrument is used. Sources: XMM-Newton Users' Handbook §3; Chandra Proposers' Observatory Guide ch. 4,
6, 7; NuSTAR Observatory Guide §2; Swift Technical Handbook §6; H.E.S.S. DL3 DR1 description, §3.
"""

from __future__ import annotations

from dataclasses import dataclass

from obstap.ingest.words import Words

__all__ = ["HC", "Instrument", "collection_of", "facility_of", "instrument_of", "wavelengths"]

HC = 1.239841984332002e-06
"""Planck constant times speed of light in eV m (CODATA 2018): wavelength = HC / energy."""


@dataclass(frozen=True)
class Instrument:
    """Facts of an instrument; None where they are not known.

    Parameters
    ----------
    resolution
        FWHM in arcsec.
    field_radius
        Degrees.
    band
        Lowest and highest energy in eV.
    """

    resolution: float | None = None
    field_radius: float | None = None
    band: tuple[float, float] | None = None


UNKNOWN = Instrument()

INSTRUMENTS = {
    ("XMM", "EPN"): Instrument(6.0, 0.25, (150.0, 15_000.0)),
    ("XMM", "EMOS1"): Instrument(5.0, 0.25, (150.0, 12_000.0)),
    ("XMM", "EMOS2"): Instrument(5.0, 0.25, (150.0, 12_000.0)),
    ("XMM", "RGS1"): Instrument(5.0, 2.5 / 60, (330.0, 2_500.0)),
    ("XMM", "RGS2"): Instrument(5.0, 2.5 / 60, (330.0, 2_500.0)),
    ("XMM", "OM"): Instrument(1.7, 12.0 / 60, (2.1, 6.9)),
    ("CHANDRA", "ACIS"): Instrument(0.5, 0.2, (100.0, 10_000.0)),
    ("CHANDRA", "HRC"): Instrument(0.4, 22.0 / 60, (80.0, 10_000.0)),
    ("NUSTAR", "FPMA"): Instrument(18.0, 8.7 / 60, (3_000.0, 79_000.0)),
    ("NUSTAR", "FPMB"): Instrument(18.0, 8.7 / 60, (3_000.0, 79_000.0)),
    ("SWIFT", "XRT"): Instrument(9.0, 16.7 / 60, (200.0, 10_000.0)),
    ("HESS", ""): Instrument(560.0, 2.5, (1.0e11, 1.0e14)),
}
"""By TELESCOP and INSTRUME in capitals; an empty INSTRUME stands for all of that telescope."""

FACILITIES = {
    "XMM": "XMM-Newton", "CHANDRA": "Chandra", "NUSTAR": "NuSTAR", "SWIFT": "Swift", "HESS": "H.E.S.S.",
}  # fmt: skip

SIMULATION = "Athanor simulation"
"""ORIGIN of the demonstration archive."""

HESS_DR1 = "hess/pages/dl3-dr1"
"""Part of the address that the comments of H.E.S.S. DL3 DR1 give."""


def telescope_of(words: Words) -> str:
    """TELESCOP in capitals without punctuation; AXAF is Chandra."""
    name = words.text("TELESCOP", "MISSION").upper().replace(".", "").replace("-", "").replace("XMMNEWTON", "XMM")
    return "CHANDRA" if name == "AXAF" else name


def instrument_of(words: Words) -> Instrument:
    """What is known of the instrument that the headers name."""
    telescope = telescope_of(words)
    found = INSTRUMENTS.get((telescope, words.text("INSTRUME").upper()))
    return found or INSTRUMENTS.get((telescope, ""), UNKNOWN)


def facility_of(words: Words) -> str | None:
    """Name of the observatory, None when the headers name none."""
    return FACILITIES.get(telescope_of(words)) or words.text("TELESCOP", "MISSION") or None


def collection_of(words: Words, comments: str = "") -> str:
    """The collection to which a file belongs by its headers: the mission in lower case.

    Parameters
    ----------
    comments
        Text of the COMMENT cards of the primary header.
    """
    if words.text("ORIGIN") == SIMULATION:
        return "xmm-sim"
    if HESS_DR1 in comments.lower():
        return "hess-dl3-dr1"
    name = "".join(sign if sign.isalnum() else "-" for sign in telescope_of(words).lower()).strip("-")
    return name or "other"


def wavelengths(low: float, high: float) -> tuple[float, float]:
    """Wavelengths in metres of a band of energies in eV; the shortest belongs to the highest energy."""
    return HC / high, HC / low
