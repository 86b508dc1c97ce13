"""Where two FITS files differ: HDU by HDU, keyword by keyword, and in how many pixels or rows.

Files are read in pieces, whatever their size. FITS standard 4.0: §3.3 (HDUs and their padding), §4.4.2 (keywords).
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from obstap.ingest.fitsfile import BLOCK, CARD, Hdu, read_headers
from obstap.ingest.outcomes import NotAProduct, Refused
from provenance.rerun.outcomes import FileComparison, Outcome

__all__ = ["VOLATILE", "compare_fits", "is_fits"]

VOLATILE = frozenset({"DATE", "CHECKSUM", "DATASUM", "ZHECKSUM", "ZDATASUM"})
"""Keywords that tell when a file was made, and sums over it (FITS 4.0 §4.4.2.1, §4.4.2.7): no two runs share them."""

_COMMENTARY = frozenset({"HISTORY", "COMMENT"})
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?")

_PIECE = 1 << 20
_LARGEST_UNIT = 1 << 24
"""Bytes of a row above which bytes are counted, not rows."""

_LARGEST_GZIP = 1 << 28
"""Bytes of a gzip stream above which it is no FITS file for us: small ones can hold a thousand times as much."""

_MOST = 12
"""Keywords and HDUs that a message names at most."""

Card = tuple[str, bytes]


@dataclass(slots=True)
class _Found:
    volatile: dict[str, None] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)

    def verdict(self) -> FileComparison:
        if self.places:
            more = f"; and {len(self.places) - _MOST} places more" if len(self.places) > _MOST else ""
            return FileComparison(Outcome.DIFFERENT, "; ".join(self.places[:_MOST]) + more)
        return FileComparison(Outcome.DATES, f"They differ in {_listed(list(self.volatile))} only.")


def is_fits(path: Path) -> bool:
    """Whether a file begins as a FITS file; gzip streams of moderate size are looked into.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    try:
        with _opened(path) as stream:
            if isinstance(stream, gzip.GzipFile) and path.stat().st_size > _LARGEST_GZIP:
                return False
            return stream.read(9) == b"SIMPLE  ="
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False


def compare_fits(original: Path, repetition: Path) -> FileComparison:
    """Compare two FITS files that are not the same bytes.

    Keywords that tell when a file was made are no difference, nor are times within HISTORY and COMMENT. A damaged file
    differs from every other.

    Raises
    ------
    OSError
        When one of them cannot be read.
    """
    hdus = []
    for name, path in (("original", original), ("repetition", repetition)):
        try:
            hdus.append(read_headers(path).hdus)
            for hdu in hdus[-1]:
                _ = hdu.data_size
        except (NotAProduct, Refused) as error:
            return FileComparison(Outcome.DIFFERENT, f"The file of the {name} is no sound FITS file: {error}")
    found = _Found()
    if len(hdus[0]) != len(hdus[1]):
        found.places.append(f"{len(hdus[0])} HDUs in the original, {len(hdus[1])} in the repetition")
    try:
        with _opened(original) as first, _opened(repetition) as second:
            complete = all(_compare_hdu(a, b, first, second, found) for a, b in zip(*hdus, strict=False))
            if complete and len(hdus[0]) == len(hdus[1]) and _differing(first, second, None, 1):
                found.places.append("the bytes after the last HDU")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return FileComparison(Outcome.DIFFERENT, f"A gzip stream is broken: {error}")
    if not found.places and not found.volatile:
        # The same FITS in other bytes: the header of a gzip stream has a time and a name.
        return FileComparison(Outcome.DATES, "They differ in the compression only.")
    return found.verdict()


def _opened(path: Path) -> BinaryIO:
    stream = path.open("rb")
    if stream.peek(2)[:2] != b"\x1f\x8b":
        return stream
    stream.close()
    return gzip.open(path)  # type: ignore[return-value]


def _compare_hdu(a: Hdu, b: Hdu, first: BinaryIO, second: BinaryIO, found: _Found) -> bool:
    """Compare two HDUs at whose beginnings the streams stand; whether these stand at the next ones then."""
    place = a.place
    first.seek(len(a.raw), 1)
    second.seek(len(b.raw), 1)
    if a.raw != b.raw:
        _compare_headers(a, b, place, found)
    if a.data_size != b.data_size:
        found.places.append(f"{place}: {_extent(a)} in the original, {_extent(b)} in the repetition")
        _pass_over(first, a.data_size + -a.data_size % BLOCK)
        _pass_over(second, b.data_size + -b.data_size % BLOCK)
        return True
    for name, size, unit in _parts(a):
        count = _differing(first, second, size, unit)
        if count:
            noun = name if unit > 1 or name == "pixels" else "bytes"
            found.places.append(f"{place}: {count:,} of {size // max(unit, 1):,} {noun} differ")
    if _differing(first, second, -a.data_size % BLOCK, 1):
        found.places.append(f"{place}: the padding of its data")
    return True


def _parts(hdu: Hdu) -> Iterator[tuple[str, int, int]]:
    """What the data consist of: a name, their size in bytes and that of one of them."""
    size = hdu.data_size
    if not hdu.is_table:
        unit = max(abs(int(hdu.structure.get("BITPIX", "8"))) // 8, 1)
        yield "pixels", size, unit
        return
    width, rows = hdu.axes
    table = min(width * rows, size)
    yield "rows", table, width if 0 < width <= _LARGEST_UNIT else 1
    yield "bytes of the heap", size - table, 1


def _extent(hdu: Hdu) -> str:
    axes = hdu.axes
    if hdu.is_table:
        return f"{axes[1]:,} rows of {axes[0]:,} bytes"
    return f"{' x '.join(map(str, axes)) or 'no'} pixels"


def _differing(first: BinaryIO, second: BinaryIO, size: int | None, unit: int) -> int:
    """How many units of the next `size` bytes (None: of all) are not the same in both."""
    import numpy as np  # noqa: PLC0415 - few requests compare files

    count, left = 0, size
    step = unit * max(_PIECE // unit, 1)
    while left is None or left > 0:
        wanted = step if left is None else min(step, left)
        one, two = first.read(wanted), second.read(wanted)
        if one != two:
            length = min(len(one), len(two))
            whole = length // unit * unit
            unlike = np.frombuffer(one, np.uint8, whole) != np.frombuffer(two, np.uint8, whole)
            count += int(unlike.reshape(-1, unit).any(axis=1).sum())
            if len(one) != len(two) or one[whole:length] != two[whole:length]:
                count += 1
        if not one and not two:
            break
        left = None if left is None else left - wanted
    return count


def _pass_over(stream: BinaryIO, size: int) -> None:
    stream.seek(size, 1)


def _compare_headers(a: Hdu, b: Hdu, place: str, found: _Found) -> None:
    first, second = list(_cards(a.raw)), list(_cards(b.raw))
    if first == second:
        found.places.append(f"{place}: the blanks after END")
        return
    found.volatile.update(dict.fromkeys(name for name in _unlike(first, second) if name in VOLATILE))
    first, second = _lasting(first), _lasting(second)
    if first == second:
        return
    dateless = [[_without_moments(card) for card in cards] for cards in (first, second)]
    if dateless[0] == dateless[1]:
        found.volatile.update(dict.fromkeys(_unlike(first, second)))
        return
    differing = [name or "blank" for name in _unlike(*dateless)]
    found.places.append(f"{place}: {_listed(differing) if differing else 'the order of the keywords'}")


def _cards(raw: bytes) -> Iterator[Card]:
    """Keyword and text of each card, continuations with what they continue; from END on all but blanks as one."""
    name, begin = "", 0
    for start in range(0, len(raw), CARD):
        keyword = raw[start : start + 8].decode("ascii", "replace").rstrip()
        if start and (keyword == "CONTINUE" or name == "END"):
            continue
        if start:
            yield name, raw[begin:start]
        if keyword == "HIERARCH":
            keyword = raw[start : start + CARD].partition(b"=")[0].decode("ascii", "replace").rstrip()
        name, begin = keyword, start
    yield name, raw[begin:].rstrip(b" ")


def _lasting(cards: list[Card]) -> list[Card]:
    return [card for card in cards if card[0] not in VOLATILE]


def _unlike(first: list[Card], second: list[Card]) -> list[str]:
    """The keywords whose cards are not the same, in the order in which they come."""
    grouped: list[dict[str, list[bytes]]] = [{}, {}]
    for group, cards in zip(grouped, (first, second), strict=True):
        for keyword, text in cards:
            group.setdefault(keyword, []).append(text)
    return [name for name in dict.fromkeys((*grouped[0], *grouped[1])) if grouped[0].get(name) != grouped[1].get(name)]


def _without_moments(card: Card) -> Card:
    """A commentary card whose dates and times are blanks."""
    keyword, text = card
    if keyword not in _COMMENTARY:
        return card
    return keyword, _MOMENT.sub(lambda match: b" " * len(match[0]), text)


def _listed(names: list[str]) -> str:
    shown = names[:_MOST]
    more = f" and {len(names) - _MOST} keywords more" if len(names) > _MOST else ""
    return ", ".join(shown) + more
