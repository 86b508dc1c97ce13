"""The headers of a FITS file, read without its data, and the proof that the data are all there.

FITS standard 4.0: §3.1 (blocks of 2880 bytes), §4.4.1 (sizes of data units). Files may be gzip streams; those
are read to their end, where their checksum stands.
"""

from __future__ import annotations

import gzip
import math
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from astropy.io import fits

from obstap.ingest.outcomes import NotAProduct, Refused
from obstap.ingest.words import Words

__all__ = ["FitsFile", "Hdu", "read_headers"]

BLOCK = 2880
CARD = 80
MAX_HEADER = 10_000
"""Blocks (28.8 MB) after which a header without END is taken for garbage."""

MOST = 999
"""Largest NAXIS and TFIELDS (FITS 4.0 §4.4.1.1, §7.3.1)."""

_PIECE = 1 << 20


@dataclass(frozen=True)
class Hdu:
    """One header-data unit: its raw header and the keywords that say what and how large it is."""

    index: int
    raw: bytes
    structure: dict[str, str]

    @property
    def name(self) -> str:
        """EXTNAME in capitals, empty when there is none."""
        return self.structure.get("EXTNAME", "").strip("' ").upper()

    @property
    def place(self) -> str:
        """How messages call it."""
        return f"HDU {self.index}" + (f" ({self.name})" if self.name else "")

    @cached_property
    def header(self) -> fits.Header:
        """The parsed header."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd cards are judged when their values are needed
            return fits.Header.fromstring(self.raw)

    @property
    def axes(self) -> tuple[int, ...]:
        """NAXIS1, NAXIS2, …"""
        return tuple(self._integer(f"NAXIS{axis}") for axis in range(1, self._integer("NAXIS", most=MOST) + 1))

    @property
    def data_size(self) -> int:
        """Bytes of data without padding.

        Raises
        ------
        Refused
            When a structural keyword is missing or no number.
        """
        axes = self.axes
        if not axes:
            return 0
        if axes[0] == 0 and self.structure.get("GROUPS") == "T":
            axes = axes[1:]
        cells = self._integer("GCOUNT", 1) * (self._integer("PCOUNT", 0) + math.prod(axes))
        return abs(self._integer("BITPIX")) // 8 * cells

    @property
    def is_table(self) -> bool:
        """Whether it is a binary or ASCII table."""
        kind = self.structure.get("XTENSION", "").strip("' ")
        return kind in ("BINTABLE", "TABLE", "A3DTABLE") and len(self.axes) == 2

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns in capitals, in their order."""
        words = Words(self.header)
        count = self._integer("TFIELDS", 0, most=MOST)
        return tuple(words.text(f"TTYPE{number}").upper() for number in range(1, count + 1))

    def _integer(self, keyword: str, default: int | None = None, *, most: int | None = None) -> int:
        text = self.structure.get(keyword)
        if text is None and default is not None:
            return default
        try:
            value = int(text or "")
        except ValueError:
            raise Refused(f"{self.place}: {keyword} is {text or 'missing'}; it must be a whole number.") from None
        if value < 0 and keyword != "BITPIX":
            raise Refused(f"{self.place}: {keyword} is {value}; it cannot be negative.")
        if most is not None and value > most:
            raise Refused(f"{self.place}: {keyword} is {value}; it can be {most} at most.")
        return value


@dataclass(frozen=True)
class FitsFile:
    """A complete FITS file."""

    path: Path
    hdus: tuple[Hdu, ...]

    @property
    def primary(self) -> Hdu:
        """The first HDU."""
        return self.hdus[0]

    def find(self, *names: str) -> Hdu | None:
        """The first table whose EXTNAME is one of `names` (capitals), in the order of `names`."""
        return next((hdu for name in names for hdu in self.hdus if hdu.name == name and hdu.is_table), None)

    def tables(self) -> Iterator[Hdu]:
        """The table HDUs."""
        return (hdu for hdu in self.hdus if hdu.is_table)


def read_headers(path: Path) -> FitsFile:
    """Read all headers of a FITS file and check that every data unit is complete.

    Raises
    ------
    NotAProduct
        When the file is no FITS file.
    Refused
        When it is one but truncated or malformed; the message names the HDU.
    """
    try:
        with path.open("rb") as stream:
            if stream.peek(2)[:2] == b"\x1f\x8b":
                with gzip.open(stream) as unpacked:
                    return FitsFile(path, _read(unpacked, None))
            return FitsFile(path, _read(stream, path.stat().st_size))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Refused(f"The gzip stream is broken or truncated: {error}.") from error
    except OSError as error:
        raise Refused(f"It cannot be read: {error.strerror or error}.") from error


def _read(stream: BinaryIO, size: int | None) -> tuple[Hdu, ...]:
    """All HDUs; `size` is the file's, or None for a compressed stream, which is read to its end."""
    block = stream.read(BLOCK)
    if not block.startswith(b"SIMPLE  ="):
        raise NotAProduct("It is no FITS file.")
    hdus: list[Hdu] = []
    position = 0
    while block.startswith((b"SIMPLE  =", b"XTENSION")) or not hdus:
        raw = _header(stream, block, len(hdus))
        hdu = Hdu(len(hdus), raw, _structure(raw))
        hdus.append(hdu)
        position += len(raw)
        _skip(stream, hdu, size, position)
        position += -(-hdu.data_size // BLOCK) * BLOCK
        block = stream.read(BLOCK)
    while size is None and stream.read(_PIECE):
        """The checksum of a gzip stream is compared at its end."""
    return tuple(hdus)


def _header(stream: BinaryIO, block: bytes, index: int) -> bytes:
    """The header that begins with `block`, through its END card."""
    blocks = [block]
    while not _ends(blocks[-1]):
        if len(blocks) > MAX_HEADER:
            raise Refused(f"HDU {index}: its header has no END card.")
        blocks.append(stream.read(BLOCK))
        if len(blocks[-1]) < BLOCK:
            raise Refused(f"HDU {index}: the file ends in the middle of its header.")
    return b"".join(blocks)


def _ends(block: bytes) -> bool:
    place = block.find(b"END     ")
    while place >= 0 and place % CARD:
        place = block.find(b"END     ", place + 1)
    return place >= 0


_STRUCTURAL = {b"XTENSION", b"BITPIX  ", b"PCOUNT  ", b"GCOUNT  ", b"GROUPS  ", b"EXTNAME ", b"NAXIS   ", b"TFIELDS "}


def _structure(raw: bytes) -> dict[str, str]:
    """The few keywords that say how large the data are, without parsing the rest."""
    found: dict[str, str] = {}
    for start in range(0, len(raw), CARD):
        keyword = raw[start : start + 8]
        if keyword in _STRUCTURAL or keyword.startswith(b"NAXIS"):
            value = raw[start + 10 : start + CARD].decode("ascii", "replace")
            name = keyword.decode("ascii", "replace").strip()
            text = value[: value.rfind("'") + 1] if value.lstrip().startswith("'") else value.partition("/")[0]
            found.setdefault(name, text.strip())
    return found


def _skip(stream: BinaryIO, hdu: Hdu, size: int | None, position: int) -> None:
    """Pass over the data and their padding; the padding may be missing at the end of the file."""
    wanted = hdu.data_size
    present = _pass_over(stream, wanted) if size is None else size - position
    if present < wanted:
        raise Refused(f"{hdu.place}: truncated, {max(present, 0)} of its {wanted} bytes of data are there.")
    if size is None:
        _pass_over(stream, -wanted % BLOCK)
    else:
        stream.seek(position + -(-wanted // BLOCK) * BLOCK)


def _pass_over(stream: BinaryIO, count: int) -> int:
    passed = 0
    while passed < count and (piece := stream.read(min(_PIECE, count - passed))):
        passed += len(piece)
    return passed
