"""On time, live time and exposure after a selection (evselect manual, exposure update).

On time is the sum of the good times of a CCD. Live time follows from the table EXPOSUnn of the CCD (TIME, FRACEXP):
the sum of exposed fractions within the new good times against that within the old; without that table, from the ratio
of the on times. Chandra's and other missions' lists have no EXPOSUnn and one or more tables of good times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..fitscards import Card, Header
from ..fitsio import FitsFile, Hdu, Table
from ..intervals import elapsed
from .subspace import CCD_COLUMNS, Subspace, good_times_of

__all__ = ["CcdTime", "Exposure", "exposure_table", "good_times_by_ccd", "measure"]

_KEYWORDS = {"CCDNR": ("ONTIME{:02d}", "LIVETI{:02d}", ""), "CCD_ID": ("ONTIME{}", "LIVTIME{}", "EXPOSUR{}")}


@dataclass(frozen=True, slots=True)
class CcdTime:
    """Times of one CCD, or of the whole camera where its CCDs are not told apart.

    Parameters
    ----------
    times
        Good times after the selection.
    changed
        Whether the selection changed them.
    old_ontime, old_livetime, ontime, livetime
        Seconds, before and after.
    """

    times: np.ndarray
    changed: bool
    old_ontime: float
    old_livetime: float
    ontime: float
    livetime: float


@dataclass(frozen=True, slots=True)
class Exposure:
    """Times of the CCDs that the selection left.

    Parameters
    ----------
    column
        The column that numbers the CCDs, or an empty string.
    ccds
        CCD → times; key 0 alone where CCDs are not told apart.
    """

    column: str
    ccds: Mapping[int, CcdTime]

    @property
    def start(self) -> float | None:
        """The earliest start of good times, over the CCDs."""
        return min((float(ccd.times[0, 0]) for ccd in self.ccds.values() if len(ccd.times)), default=None)

    @property
    def stop(self) -> float | None:
        """The latest end of good times, over the CCDs."""
        return max((float(ccd.times[-1, 1]) for ccd in self.ccds.values() if len(ccd.times)), default=None)

    def weighted(self, counts: Mapping[int, int]) -> float:
        """The mean of the live times weighted by the selected events; without events the largest."""
        total = sum(counts.get(number, 0) for number in self.ccds)
        if not total:
            return max(ccd.livetime for ccd in self.ccds.values())
        return sum(counts.get(number, 0) * ccd.livetime for number, ccd in self.ccds.items()) / total

    def image_cards(self) -> list[Card]:
        """ONTIMEnn of each CCD and EXPOSURE, the largest of them; where there are no CCDs, the live time."""
        if not self.column:
            return [Card("EXPOSURE", self.weighted({}), "[s] Live time")]
        cards = [
            Card(_KEYWORDS[self.column][0].format(number), ccd.ontime, "Sum of GTIs for a particular CCD")
            for number, ccd in self.ccds.items()
        ]
        if self.column == "CCDNR":
            return [*cards, Card("EXPOSURE", max(ccd.ontime for ccd in self.ccds.values()), "max of ONTIMEnn values")]
        return [*cards, Card("EXPOSURE", max(ccd.livetime for ccd in self.ccds.values()), "max of live times")]

    def product_cards(self, counts: Mapping[int, int]) -> list[Card]:
        """EXPOSURE of a spectrum or rate curve."""
        return [Card("EXPOSURE", self.weighted(counts), "Weighted live time of CCDs in the extraction region")]

    def update(self, header: Header) -> None:
        """Set the times in the header of a filtered list; keywords that are not there are not added."""
        reference = self._reference(header)
        for keyword, old, new in (
            ("ONTIME", reference.old_ontime, reference.ontime),
            ("LIVETIME", reference.old_livetime, reference.livetime),
            ("EXPOSURE", reference.old_livetime, reference.livetime),
        ):
            value = header.number(keyword)
            if value is not None and old > 0:
                header.set(keyword, float(value * new / old))
        for number, ccd in self.ccds.items() if self.column else ():
            for template, old, new in zip(
                _KEYWORDS[self.column],
                (ccd.old_ontime, ccd.old_livetime, ccd.old_livetime),
                (ccd.ontime, ccd.livetime, ccd.livetime),
                strict=True,
            ):
                value = header.number(template.format(number)) if template else None
                if value is not None and old > 0:
                    header.set(template.format(number), float(value * new / old))

    def _reference(self, header: Header) -> CcdTime:
        """The CCD whose on time ONTIME holds."""
        wanted = header.number("ONTIME") or 0.0
        return min(self.ccds.values(), key=lambda ccd: abs(ccd.old_ontime - wanted))


def measure(
    table: Table, before: Subspace, after: Subspace, time_column: str, warn: Callable[[str, str], None]
) -> Exposure | None:
    """The times after a selection; None where the table's good times are not known.

    Parameters
    ----------
    before, after
        The table's data subspace, and that of the rows which pass.
    """
    old = good_times_by_ccd(before, time_column)
    column = next((name for name in CCD_COLUMNS if before.find(name) is not None), "")
    ccds: dict[int, CcdTime] = {}
    for number, times in sorted(good_times_by_ccd(after, time_column).items()):
        earlier = old.get(number, times)
        ccds[number] = _ccd_time(table, column, number, (earlier, times), warn)
    return Exposure(column, ccds) if ccds else None


def exposure_table(file: FitsFile, number: int) -> Hdu | None:
    """The table EXPOSUnn of a CCD."""
    name = f"EXPOSU{number:02d}"
    return next((hdu for hdu in file.hdus if hdu.kind == "BINTABLE" and name in hdu.names), None)


def good_times_by_ccd(subspace: Subspace, time_column: str) -> dict[int, np.ndarray]:
    """The good times that a data subspace tells.

    Returns
    -------
    dict
        CCD → intervals of shape (n, 2), seconds; key 0 alone where CCDs are not told apart; nothing where there are
        no good times.
    """
    times: dict[int, np.ndarray] = {}
    for component in subspace.components:
        intervals = good_times_of(subspace, component, time_column)
        if intervals is not None:
            times.update(dict.fromkeys(subspace.ccds(component) or [0], intervals))
    return times


def _ccd_time(
    table: Table, column: str, number: int, times: tuple[np.ndarray, np.ndarray], warn: Callable[[str, str], None]
) -> CcdTime:
    earlier, later = times
    before, ontime = _length(earlier), _length(later)
    changed = not np.array_equal(earlier, later)
    templates = _KEYWORDS.get(column, ("ONTIME", "LIVETIME", ""))
    old_ontime = table.header.number(templates[0].format(number)) or before
    old_livetime = table.header.number(templates[1].format(number))
    if old_livetime is None:
        old_livetime = old_ontime * _live_fraction(table.header)
    ratio = _exposed_ratio(table.file, number, times, warn) if changed and column == "CCDNR" else None
    if ratio is None:
        ratio = ontime / old_ontime if old_ontime else 0.0
    return CcdTime(later, changed, float(old_ontime), float(old_livetime), ontime, float(old_livetime * ratio))


def _live_fraction(header: Header) -> float:
    ontime, livetime = header.number("ONTIME"), header.number("LIVETIME")
    if ontime and livetime:
        return livetime / ontime
    return float(header.number("DTCOR") or header.number("DEADC") or 1.0)


def _length(intervals: np.ndarray) -> float:
    return float(np.diff(intervals, axis=1).sum())


def _exposed_ratio(
    file: FitsFile, number: int, times: tuple[np.ndarray, np.ndarray], warn: Callable[[str, str], None]
) -> float | None:
    """Exposed time within the new good times against that within the old; None where no table tells."""
    hdu = exposure_table(file, number)
    rows = file.table(hdu).all() if hdu is not None else None
    if rows is None or not {"TIME", "FRACEXP"} <= set(rows):
        warn("ExpBadCcdComp", f"CCD {number} has no table EXPOSU{number:02d}; its live time follows its on time.")
        return None
    if len(rows["TIME"]) < 2:
        return None
    frame = rows["TIMEDEL"] if "TIMEDEL" in rows else float(np.median(np.diff(rows["TIME"])))
    first, last = rows["TIME"] - frame / 2, rows["TIME"] + frame / 2
    before, after = (float((rows["FRACEXP"] * (elapsed(good, last) - elapsed(good, first))).sum()) for good in times)
    return after / before if before else None
