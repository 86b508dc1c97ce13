"""What the headers of all products share besides their history: the observation they come from, and what times mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .fitscards import Card, Header
from .history import MADE

__all__ = [
    "FILTERED_KEYS",
    "attribute_cards",
    "combined_expression",
    "exposure_cards",
    "instrument_cards",
    "list_primary",
    "observation_cards",
    "sky_cards",
    "time_cards",
]

_STRUCTURE = re.compile(
    r"SIMPLE|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BSCALE|BZERO|BUNIT|BLANK|EXTNAME|HDUNAME|HDUCLAS\w|HDUVERS\w?"
    r"|XMMSEP|SLCTEXPR|EXPOSURE|(?:ONTIME|LIVETI|LIVTIME|EXPOSUR)\w*|C(?:TYPE|RPIX|RVAL|DELT|UNIT|ROTA)\d.*"
    r"|CD\d_\d.*|PC\d_\d.*|LT[MV]\d.*|WCS.*"
)
_MANDATORY = re.compile(r"SIMPLE|BITPIX|NAXIS\d*|EXTEND")
FILTERED_KEYS = re.compile(r"\d*DS(?:TYP|UNIT?|FORM|VAL|REF)\d+|SLCTEXPR|CHECKSUM|DATASUM")
"""Keywords of a table that a filter writes anew."""

_OBSERVATION = (
    "FILTER", "FRMTIME", "MISSION", "TELESCOP", "INSTRUME", "DETNAM", "GRATING", "OBS_MODE", "OBS_ID", "SEQ_NUM",
    "EXP_ID", "EXPIDSTR", "DATAMODE", "SUBMODE", "READMODE", "OBJECT", "TITLE", "DATE-OBS", "DATE-END", "TIME-OBS",
    "TIME-END", "MJD-OBS", "DATE_OBS", "DATE_END", "DURATION", "TIMESYS", "MJDREF", "MJDREFI", "MJDREFF", "TIMEZERO",
    "TIMEUNIT", "CLOCKAPP", "TIMEREF", "TASSIGN", "OBSERVER", "RA_OBJ", "DEC_OBJ", "RA_TARG", "DEC_TARG", "RA_NOM",
    "DEC_NOM", "ROLL_NOM", "SRCPOS", "EXPSTART", "EXPSTOP", "OBSSTART", "OBSSTOP", "ATT_SRC", "AVRG_PNT", "RA_PNT",
    "DEC_PNT", "PA_PNT", "ROLL_PNT", "REVOLUT", "ORIGIN", "CONTENT",
)  # fmt: skip
_INSTRUMENT = ("TELESCOP", "INSTRUME", "DETNAM", "GRATING", "FILTER", "OBS_ID", "EXP_ID", "OBJECT")
_TIMES = (
    "MJDREF", "MJDREFI", "MJDREFF", "TIMEZERO", "TIMESYS", "TIMEUNIT", "TIMEREF", "TASSIGN", "CLOCKAPP", "DATE-OBS",
    "DATE-END",
)  # fmt: skip
_SKY = re.compile(r"REF[XY](?:CTYP|CRPX|CRVL|CDLT|LMIN|LMAX|DMIN|DMAX|CUNI)|EQUINOX|RADECSYS|RADESYS")


def observation_cards(primary: Header, table: Header) -> list[Card]:
    """The keywords of the input's primary header, and of the table those that tell of the observation."""
    cards = [card for card in primary if not MADE.fullmatch(card.keyword) and not _STRUCTURE.fullmatch(card.keyword)]
    there = {card.keyword for card in cards}
    return cards + [card for key in _OBSERVATION if key not in there and (card := table.card(key)) is not None]


def instrument_cards(primary: Header, table: Header) -> list[Card]:
    """TELESCOP, INSTRUME, FILTER (NONE where it is missing: OGIP demands it) and what else names the source of data."""
    cards = _picked(_INSTRUMENT, table, primary)
    if not any(card.keyword == "FILTER" for card in cards):
        cards.append(Card("FILTER", "NONE", "Filter ID"))
    return cards


def time_cards(primary: Header, table: Header) -> list[Card]:
    """The keywords that say what times mean."""
    return _picked(_TIMES, table, primary)


def sky_cards(table: Header, taken: Iterable[Card]) -> list[Card]:
    """REFX…, REFY…, EQUINOX and RADECSYS for an image of the sky, without those already taken."""
    there = {card.keyword for card in taken}
    return [card for card in table if _SKY.fullmatch(card.keyword) and card.keyword not in there]


def exposure_cards(table: Header, *, with_ccds: bool) -> list[Card]:
    """The exposure keywords as the table has them; ONTIMEnn for images only."""
    pattern = re.compile(r"ONTIME\d+|EXPOSURE" if with_ccds else "EXPOSURE")
    return [card for card in table if pattern.fullmatch(card.keyword)]


def list_primary(primary: Header, creation: Iterable[Card], history: Iterable[Card]) -> Header:
    """The primary header of a filtered list: the input's, with who made it anew."""
    kept = [card for card in primary if not MADE.fullmatch(card.keyword)]
    start = next((place for place, card in enumerate(kept) if not _MANDATORY.fullmatch(card.keyword)), len(kept))
    return Header([*kept[:start], *creation, *kept[start:], *history])


def combined_expression(new: str, old: str) -> str:
    """SLCTEXPR of rows that pass an expression after an older one."""
    if not old or old == "true":
        return new
    return old if new.strip() == "true" else f"({new}) && ({old})"


def attribute_cards(names: Sequence[str], headers: Sequence[Header], warn: Callable[[str, str], None]) -> list[Card]:
    """The cards of these keywords (parameter attributestocopy), from the first header that has them."""
    cards = []
    for name in names:
        card = next((header.card(name) for header in headers if name in header), None)
        if card is None:
            warn("NoAttrib", f"the input has no keyword {name}; it can't be copied.")
        else:
            cards.append(card)
    return cards


def _picked(keywords: Sequence[str], *headers: Header) -> list[Card]:
    cards = ((next((header.card(key) for header in headers if key in header), None)) for key in keywords)
    return [card for card in cards if card is not None]
