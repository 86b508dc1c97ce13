"""What the products of a chain are called: ``obsid0201903501-instPN-subexpS003-en0.5_2keV-cleanevents.fits``.

Names are DAXA's. A product of which no energies were selected is one of ``en``, alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vo.wording import plain

from ..camera import CAMERAS, instrument_of_file
from ..fitsio import open_fits
from ..reporting import TaskError

__all__ = ["ALL", "EVERY_ENERGY", "SubExposure", "energy_band", "product", "read_sub_exposure"]

ALL = "ALL"
"""In place of an exposure: all of an instrument."""

EVERY_ENERGY = "en"
"""In place of an energy band: none was selected."""


@dataclass(frozen=True, slots=True)
class SubExposure:
    """Which sub-exposure an event list is of.

    Parameters
    ----------
    obsid
        Ten digits.
    instrument
        PN, M1 or M2.
    exposure
        `S003`, `U002`.
    """

    obsid: str
    instrument: str
    exposure: str

    @property
    def esas(self) -> str:
        """As the tasks of the extended-source analysis name their files: `pnS003`, `mos1S001`."""
        return self.instrument.replace("PN", "pn").replace("M", "mos") + self.exposure


def read_sub_exposure(path: str) -> SubExposure:
    """The sub-exposure that the header of an event list names (OBS_ID, INSTRUME, EXPIDSTR).

    Raises
    ------
    jobdefs.tasks.reporting.TaskError
        When it names none of EPIC.
    vo.errors.AthanorError
        When it is no FITS file.
    """
    with open_fits(path) as file:
        instrument = CAMERAS[instrument_of_file(file)].short
        headers = (file.find().header, file.hdus[0].header)
        obsid, exposure = (
            next((text for header in headers if (text := header.text(keyword).strip())), "")
            for keyword in ("OBS_ID", "EXPIDSTR")
        )
    for keyword, value, form in (("OBS_ID", obsid, r"[0-9]{10}"), ("EXPIDSTR", exposure, r"[SU][0-9]{3}")):
        if not re.fullmatch(form, value):
            raise TaskError("NoExposure", f"{path} does not tell which exposure it is of: {keyword} is {value[:40]!r}.")
    return SubExposure(obsid, instrument, exposure)


def product(of: SubExposure, ending: str, *, exposure: str = "", band: str = "") -> str:
    """The name of a product.

    Parameters
    ----------
    ending
        `events.fits`.
    exposure
        In place of that of the sub-exposure.
    band
        As `energy_band` writes it, or nothing.
    """
    parts = [f"obsid{of.obsid}", f"inst{of.instrument}", f"subexp{exposure or of.exposure}", *([band] if band else [])]
    return "-".join([*parts, ending])


def energy_band(low: float, high: float) -> str:
    """Energies (eV) as names have them, in keV: ``en0.5_2keV``."""
    return f"en{plain(low / 1000)}_{plain(high / 1000)}keV"
