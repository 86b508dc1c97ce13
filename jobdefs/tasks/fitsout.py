"""Writing FITS files as streams: temporary names until all is well, checksums of every block (FITS 4.0, 4.4.2.7, J)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vo.errors import UsageError

from .fitscards import BLOCK, Card, Header
from .fitsio import FitsFile, Hdu

__all__ = ["BlockStream", "Field", "Outputs", "Writer", "table_block"]

_COPY_BYTES = 2**20
_FORMS = {
    "u1": ("B", "BYTE"),
    "i2": ("I", "2-byte INTEGER"),
    "i4": ("J", "4-byte INTEGER"),
    "f4": ("E", "4-byte REAL"),
    "f8": ("D", "8-byte DOUBLE"),
}
_EXCLUDED = (*range(0x3A, 0x41), *range(0x5B, 0x61))


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table that is written.

    Parameters
    ----------
    values
        One entry a row; two dimensions for a vector column, ``S`` for text.
    limits
        TLMIN and TLMAX.
    """

    name: str
    values: np.ndarray
    comment: str = ""
    unit: str = ""
    limits: tuple[int, int] | None = None

    @property
    def stored(self) -> np.ndarray:
        """The values in FITS's byte order."""
        return self.values.astype(self.values.dtype.newbyteorder(">"))

    def cards(self, number: int, values: np.ndarray) -> list[Card]:
        """The keywords that describe the column as the table's `number`-th."""
        if values.dtype.kind == "S":
            form, words = f"{values.dtype.itemsize}A", "ASCII Character"
        else:
            form, words = _FORMS[values.dtype.str[1:]]
            form = f"{values.shape[1]}{form}" if values.ndim > 1 else form
        cards = [
            Card(f"TTYPE{number}", self.name, self.comment),
            Card(f"TFORM{number}", form, f"data format of field: {words}"),
        ]
        if self.unit:
            cards.append(Card(f"TUNIT{number}", self.unit, "physical unit of field"))
        if self.limits:
            cards.append(Card(f"TLMIN{number}", self.limits[0], "minimum legal value"))
            cards.append(Card(f"TLMAX{number}", self.limits[1], "maximum legal value"))
        return cards


class Outputs:
    """The files that a task makes: all appear, under their names, when the context ends well; else none does.

    Parameters
    ----------
    clobber
        Whether files that exist may be replaced.
    """

    def __init__(self, *, clobber: bool = True) -> None:
        self._clobber = clobber
        self._writers: dict[Path, Writer] = {}

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        for writer in self._writers.values():
            writer.file.close()
        try:
            if kind is None:
                for path, writer in self._writers.items():
                    writer.temporary.replace(path)
        finally:
            for writer in self._writers.values():
                writer.temporary.unlink(missing_ok=True)

    def open(self, path: str) -> Writer:
        """A writer of that file.

        Raises
        ------
        UsageError
            The file exists and may not be replaced, or its directory can't be written.
        """
        target = Path(path)
        if not target.name or target.is_dir():
            raise UsageError(f"{path} is a directory; the name of a file is needed.")
        if target.exists() and not self._clobber:
            raise UsageError(f"{path} exists and may not be overwritten (noclobber).")
        temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            writer = Writer(temporary)
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror}.") from error
        self._writers[target] = writer
        return writer


class Writer:
    """Writes one FITS file, block after block."""

    def __init__(self, temporary: Path) -> None:
        self.temporary = temporary
        self.file: BinaryIO = temporary.open("x+b")

    def write(self, header: Header, data: bytes | np.ndarray = b"") -> None:
        """Write a block.

        Parameters
        ----------
        header
            With all mandatory keywords; gets DATASUM and CHECKSUM.
        data
            Bytes in FITS's byte order, without padding.
        """
        stream = self.stream(header)
        stream.write(data)
        stream.finish()

    def stream(self, header: Header) -> BlockStream:
        """Begin a block; its data are written to the stream, which is then finished."""
        return BlockStream(self.file, header)

    def copy(self, source: FitsFile, hdu: Hdu, header: Header | None = None) -> None:
        """Write a block of another file, with its own header or another; cards of checksums are renewed."""
        stream = self.stream(Header(hdu.header if header is None else header))
        stream.copy(source, hdu.offset, hdu.size)
        stream.finish()


class BlockStream:
    """A block whose size is known at its end only."""

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self._file = file
        self._header = header
        self._sum = _Sum()
        self._start = self._file.tell()
        if "LONGSTRN" not in header and any(card.is_long for card in header):
            header.append("LONGSTRN", "OGIP 1.0", "The HEASARC Long String Convention may be used")
        header.set("CHECKSUM", "0" * 16, "HDU checksum")
        header.set("DATASUM", "0", "data unit checksum")
        self._file.write(header.to_bytes())
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview | np.ndarray) -> None:
        """Append data in FITS's byte order."""
        if isinstance(data, np.ndarray):
            data = np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
        view = memoryview(data)
        self._sum.add(view)
        self._file.write(view)
        self.size += len(view)

    def copy(self, source: FitsFile, offset: int, size: int) -> None:
        """Append bytes of another file."""
        for start in range(offset, offset + size, _COPY_BYTES):
            self.write(source.read(start, min(_COPY_BYTES, offset + size - start)))

    def finish(self, padding: bytes = b"\0", **values: int) -> None:
        """Pad the data and write the header again, with these keywords (NAXIS2, …) at their final values."""
        self.write(padding * (-self.size % BLOCK))
        end = self._file.tell()
        for keyword, value in values.items():
            self._header.set(keyword, value)
        self._header.set("DATASUM", str(self._sum.value))
        total = _Sum(self._sum.value)
        total.add(memoryview(self._header.to_bytes()))
        self._header.set("CHECKSUM", _encode(~total.value & 0xFFFFFFFF))
        self._file.seek(self._start)
        self._file.write(self._header.to_bytes())
        self._file.seek(end)


class _Sum:
    """The 32-bit ones'-complement sum of a stream of big-endian words."""

    def __init__(self, value: int = 0) -> None:
        self.value = value
        self._rest = b""

    def add(self, data: memoryview) -> None:
        if self._rest:
            missing = min(4 - len(self._rest), len(data))
            self._rest += bytes(data[:missing])
            data = data[missing:]
            if len(self._rest) < 4:
                return
            self._fold(int.from_bytes(self._rest, "big"))
            self._rest = b""
        whole = len(data) // 4 * 4
        if whole:
            self._fold(int(np.frombuffer(data[:whole], dtype=">u4").sum(dtype=np.uint64)))
        self._rest = bytes(data[whole:])

    def _fold(self, more: int) -> None:
        total = self.value + more
        while total >> 32:
            total = (total & 0xFFFFFFFF) + (total >> 32)
        self.value = total


def _encode(value: int) -> str:
    """The 16 characters that write a 32-bit checksum (FITS 4.0, appendix J.2)."""
    characters = [""] * 16
    for position in range(4):
        byte = (value >> (24 - 8 * position)) & 0xFF
        quotient, remainder = divmod(byte, 4)
        four = [quotient + 0x30 + remainder, *[quotient + 0x30] * 3]
        while any(code in _EXCLUDED for code in four):
            for first in (0, 2):
                if four[first] in _EXCLUDED or four[first + 1] in _EXCLUDED:
                    four[first] += 1
                    four[first + 1] -= 1
        for index, code in enumerate(four):
            characters[4 * index + position] = chr(code)
    return characters[-1] + "".join(characters[:-1])


def table_block(name: str, fields: Sequence[Field], cards: Iterable[Card] = ()) -> tuple[Header, bytes]:
    """A binary table's header (mandatory keywords, columns, EXTNAME, then `cards`) and its rows."""
    stored = [field.stored for field in fields]
    rows = np.empty(
        len(stored[0]) if stored else 0,
        dtype=[(field.name, values.dtype, values.shape[1:]) for field, values in zip(fields, stored, strict=True)],
    )
    header = Header(
        [
            ("XTENSION", "BINTABLE", "binary table extension"),
            ("BITPIX", 8, "8-bit bytes"),
            ("NAXIS", 2, "2-dimensional binary table"),
            ("NAXIS1", rows.dtype.itemsize, "width of table in bytes"),
            ("NAXIS2", len(rows), "number of rows in table"),
            ("PCOUNT", 0, "size of special data area"),
            ("GCOUNT", 1, "one data group (required keyword)"),
            ("TFIELDS", len(fields), "number of fields in each row"),
        ]
    )
    for number, (field, values) in enumerate(zip(fields, stored, strict=True), start=1):
        rows[field.name] = values
        header.extend(field.cards(number, values))
    header.append("EXTNAME", name, "The name of this table")
    header.extend(cards)
    return header, rows.tobytes()
