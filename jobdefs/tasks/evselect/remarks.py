"""What evselect warns of before and after the selection, under the codes of SAS's evselect."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..fitscards import Header
from ..fitsio import Table
from ..parameters import Invocation
from .counting import BinnedCounts
from .exposure import Exposure
from .targets import SWITCHES, keeps_list

__all__ = ["instrument_of", "remark_on_events", "remark_on_exposure", "remark_on_table"]

Warn = Callable[[str, str], None]

_EPIC = ("EPN", "EMOS1", "EMOS2")
_WITH_EXPOSURE = ("withimageset", "withspectrumset", "withrateset")


def instrument_of(table: Table) -> str:
    """INSTRUME of the table, or of its file, in capitals."""
    return (table.header.text("INSTRUME") or table.file.hdus[0].header.text("INSTRUME")).upper()


def remark_on_table(call: Invocation, table: Table, warn: Warn) -> None:
    """Warn of what the table is not, and of a call that asks for nothing."""
    primary = table.file.hdus[0].header
    telescope = table.header.text("TELESCOP") or primary.text("TELESCOP")
    if telescope.upper() != "XMM":
        warn("NotXMM", f"the table is from {telescope or 'an unnamed telescope'}, not from XMM-Newton.")
    if any(re.fullmatch(r"TCROT\d+|TP\d+_\d+[A-Z]?|TPC\d+_\d+", card.keyword) for card in table.header.cards):
        warn("WcsTransform", "the rotation between columns (TCROTn, TPn_k) is ignored in the WCS of images.")
    if table.length == 0:
        warn("NoInputEvents", f"{table.file.name} has no rows in block {table.hdu.name}.")
    if not keeps_list(call) and not any(call.flag(switch) for switch in SWITCHES.values()):
        warn("NoOutput", "no product is asked for: set withfilteredset, withimageset, … to yes.")
    if call.flag("withrateset") and instrument_of(table) in _EPIC:
        _remark_on_frames(call, table, primary, warn)


def _remark_on_frames(call: Invocation, table: Table, primary: Header, warn: Warn) -> None:
    frame = table.header.number("FRMTIME") or primary.number("FRMTIME")
    if frame is None:
        warn("NoFrameTimeKeywordFound", "the table has no FRMTIME; timebinsize can't be compared with the frame time.")
    elif call.real("timebinsize") < frame / 1000:
        warn(
            "BinVsFrameTime",
            f"timebinsize={call.text('timebinsize')} s is shorter than a frame of the CCD, {frame / 1000:g} s.",
        )


def remark_on_exposure(
    call: Invocation, table: Table, exposure: Exposure | None, columns: tuple[str, ...], warn: Warn
) -> None:
    """Warn where exposure times can't be told of the selection; `columns` are those of the expression."""
    wanted = keeps_list(call) or any(call.flag(switch) for switch in _WITH_EXPOSURE)
    if not call.flag("updateexposure") or not wanted:
        return
    instrument = instrument_of(table)
    if instrument.startswith("RGS"):
        if call.text("timecolumn").upper() in {name.upper() for name in columns}:
            warn("RgsTimeFilter", "times are filtered, but the exposure of RGS lists is copied as it stands.")
        if "EXPOSURE" not in table.header:
            warn("NoRGSExposure", "the RGS list has no keyword EXPOSURE that products could take over.")
        return
    if instrument not in _EPIC:
        return
    if exposure is None:
        warn("ExpNoDss", "the table names no good times (data subspace, STDGTInn); exposure times are not updated.")
    elif keeps_list(call):
        for keyword, code in (("ONTIME", "NoTargetOntime"), ("LIVETIME", "NoTargetLivetime")):
            if keyword not in table.header:
                warn(code, f"the table has no keyword {keyword} to be updated.")


def remark_on_events(count: int, binned: Mapping[str, BinnedCounts], exposure: Exposure | None, warn: Warn) -> None:
    """Warn of products without counts."""
    if count == 0:
        warn("NoFilteredEvents", "no event passes the expression; products hold no counts.")
        if exposure is not None and exposure.column and {"spectrumset", "rateset"} & set(binned):
            warn("NoExpEmpty", "without events EXPOSURE is the largest live time, not a weighted mean.")
        return
    for name, product in binned.items():
        if product.inside == 0:
            warn("NoFilteredEvents", f"no selected event lies within the range of {name}.")
