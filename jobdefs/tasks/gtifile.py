"""Writing a file with one table of good time intervals, as SAS's tasks write it (OGIP 93-003)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from . import headers
from .filespec import file_and_block
from .fitscards import Card, Header
from .fitsout import Outputs, table_block
from .goodtimes import good_time_cards, good_time_fields
from .history import creation_cards, history_cards
from .parameters import Invocation
from .reporting import Reporter

__all__ = ["STDGTI", "new_primary", "write_good_times"]

STDGTI = "STDGTI"
"""Name of the table where none is asked for."""

_MISSION = (
    Card("MJDREF", 50814.0, "[d] 1998-01-01T00:00:00 (TT) expressed in MJD"),
    Card("TIMESYS", "TT", "XMM time is TT (Terrestrial Time)"),
    Card("TIMEUNIT", "s", "All times in s unless specified otherwise"),
    Card("TIMEREF", "LOCAL", "Reference location of photon arrival times"),
    Card("TASSIGN", "SATELLITE", "Location of time assignment"),
    Card("TIMEZERO", 0, "Clock correction (if not zero)"),
    Card("CLOCKAPP", True, "Clock correction applied"),
)
"""How XMM-Newton counts its times."""


def write_good_times(
    outputs: Outputs,
    target: str,
    intervals: np.ndarray,
    *,
    reporter: Reporter,
    call: Invocation,
    primary: Header | None = None,
    table: Header | None = None,
    extra: Iterable[Card] = (),
) -> None:
    """Write a file that holds these intervals.

    Parameters
    ----------
    target
        ``file`` or ``file:BLOCK``; the block is `STDGTI` where none is named.
    intervals
        Shape (n, 2), seconds.
    primary, table
        Headers of what they were made from: the observation and the meaning of times are taken from there.
    extra
        Further cards of the table.
    """
    path, block = file_and_block(target)
    primary, table = primary or Header(), table or Header()
    writer = outputs.open(path)
    writer.write(new_primary(reporter, call, primary, table))
    cards = [
        *headers.instrument_cards(primary, table),
        *(Card(*item) for item in good_time_cards(intervals)),
        *_times(primary, table),
        *extra,
    ]
    writer.write(*table_block(block or STDGTI, good_time_fields(intervals), cards))


def new_primary(reporter: Reporter, call: Invocation, primary: Header, table: Header) -> Header:
    """A primary header without data: who made the file, of which observation, and its history."""
    header = Header(
        [
            ("SIMPLE", True, "file does conform to FITS standard"),
            ("BITPIX", 8, "number of bits per data pixel"),
            ("NAXIS", 0, "number of data axes"),
            ("EXTEND", True, "FITS dataset may contain extensions"),
        ]
    )
    header.extend(creation_cards(reporter, call, primary))
    header.extend(headers.observation_cards(primary, table))
    header.extend(history_cards(reporter, primary))
    return header


def _times(primary: Header, table: Header) -> list[Card]:
    cards = headers.time_cards(primary, table)
    there = {card.keyword for card in cards}
    telescope = table.text("TELESCOP") or primary.text("TELESCOP")
    if telescope.upper() in {"", "XMM"}:
        cards += [
            card
            for card in _MISSION
            if card.keyword not in there and not (card.keyword == "MJDREF" and "MJDREFI" in there)
        ]
    return cards
