"""Which sub-exposures of an observation are worth processing: those of science, that looked at the sky."""

from __future__ import annotations

from collections.abc import Collection

from .summary import Exposure, Summary

__all__ = [
    "EPIC",
    "INSTRUMENTS",
    "NO_SKY_FILTERS",
    "NO_SKY_MODES",
    "RGS",
    "imaging_ccds",
    "scientific",
]

EPIC = ("PN", "M1", "M2")
RGS = ("R1", "R2")
INSTRUMENTS = (*EPIC, *RGS)
"""Instruments that chains process, in the order of their products."""

NO_SKY_FILTERS = frozenset({"", "none", "calclosed", "closed", "blocked", "unknown"})
"""Filters of EPIC through which nothing of the sky is seen, in lower case."""

NO_SKY_MODES = frozenset(
    {
        "diagnostic3x3",
        "diagnostic1x1",
        "ccddiagnostic",
        "diagnostic1x1resetperpixel",
        "diagnostic",
        "noise",
        "offset",
        "hightimeresolutionsingleccd",
        "offsetvariance",
        "centroidingconfirmation",
        "centroidingdata",
        "darkhigh",
        "darklow",
        "flatfieldhigh",
        "flatfieldlow",
    }
)
"""Modes of instruments that give no events of the sky, in lower case."""


def scientific(
    summary: Summary, *, instruments: Collection[str] = INSTRUMENTS, unscheduled: bool = True
) -> list[tuple[str, Exposure]]:
    """The sub-exposures of science, each with its instrument: in the order of `INSTRUMENTS`, then of the summary.

    Parameters
    ----------
    instruments
        Those that are wanted.
    unscheduled
        Whether unscheduled ones (``U002``) count.
    """
    return [
        (name, exposure)
        for name in INSTRUMENTS
        if name in instruments and name in summary.instruments and summary.instruments[name].active
        for exposure in summary.instruments[name].exposures
        if _is_scientific(name, exposure) and (exposure.scheduled or unscheduled)
    ]


def imaging_ccds(exposure: Exposure) -> list[int]:
    """The CCDs that made images, in order."""
    return sorted(ccd for ccd, mode in exposure.ccd_modes.items() if mode == "IMAGING")


def _is_scientific(instrument: str, exposure: Exposure) -> bool:
    """Whether an exposure is one of science, in a mode and (EPIC) through a filter in which the sky is seen."""
    sees = instrument in RGS or exposure.filter.lower() not in NO_SKY_FILTERS
    return exposure.type == "SCIENCE" and sees and exposure.mode.lower() not in NO_SKY_MODES
