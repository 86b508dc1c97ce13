"""Reading FITS files block by block and their tables chunk by chunk (FITS standard 4.0, sections 3, 4.4 and 7.3).

Only the bytes of the rows in hand are in memory. Rows are read into one reused buffer rather than mapped: a file that
shrinks meanwhile then gives an error instead of a bus error, and resident memory does not grow with the file.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vo.errors import NotFoundError, UsageError

from .fitscards import BLOCK, Header

__all__ = ["Chunk", "Column", "FitsFile", "Hdu", "Table", "open_fits"]

CHUNK_BYTES = 2 * 2**20
"""Bytes of rows taken at a time: they and the columns made from them stay in the processor's cache."""

_LARGEST_HEADER = 64 * 2**20
_MOST_AXES = 32
"""Of an array that can be read; FITS 4.0, 4.4.1, allows 999."""
_MOST_FIELDS = 999
"""FITS 4.0, 7.3.1."""
_TYPES = {
    "L": "S1",
    "X": "u1",
    "B": "u1",
    "I": ">i2",
    "J": ">i4",
    "K": ">i8",
    "A": "S",
    "E": ">f4",
    "D": ">f8",
    "C": ">c8",
    "M": ">c16",
    "P": ">i8",
    "Q": ">i8",
}
_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
_UNSIGNED = {("I", 2**15): "u2", ("J", 2**31): "u4", ("K", 2**63): "u8", ("B", -128): "i1"}
_FORM = re.compile(r"(\d*)([LXBIJKAEDCMPQ])")


@dataclass(frozen=True, slots=True)
class Hdu:
    """One block of a file: its header and where its data are.

    Parameters
    ----------
    index
        Position in the file; 0 is the primary block.
    start, offset, size
        First byte of the header, first byte of the data, bytes of data without padding.
    """

    index: int
    header: Header
    start: int
    offset: int
    size: int

    @property
    def name(self) -> str:
        """EXTNAME, or PRIMARY, or nothing."""
        return self.header.text("EXTNAME") or ("PRIMARY" if self.index == 0 else "")

    @property
    def names(self) -> set[str]:
        """What the block may be called, in capitals: EXTNAME and HDUNAME."""
        return {name.upper() for name in (self.name, self.header.text("HDUNAME")) if name}

    @property
    def kind(self) -> str:
        """PRIMARY, BINTABLE, IMAGE or TABLE."""
        return "PRIMARY" if self.index == 0 else self.header.text("XTENSION").upper()

    @property
    def padded(self) -> int:
        """Bytes of data with padding."""
        return -(-self.size // BLOCK) * BLOCK


class FitsFile:
    """An open FITS file.

    Parameters
    ----------
    name
        The file as the user named it; used in messages.
    descriptor
        Open for reading; closed with this object.
    """

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor
        self.length = os.fstat(descriptor).st_size
        self.hdus = _read_structure(self)

    def __enter__(self) -> FitsFile:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)

    def find(self, block: str = "") -> Hdu:
        """The block of that name or number; without one, EVENTS, else the first binary table.

        Raises
        ------
        NotFoundError
            There is no such block; the message names those that there are.
        """
        wanted = block.strip().upper()
        if wanted:
            found = next((hdu for hdu in self.hdus if wanted in hdu.names), None)
            if found is None and wanted.isdigit() and int(wanted) < len(self.hdus):
                found = self.hdus[int(wanted)]
        else:
            tables = [hdu for hdu in self.hdus if hdu.kind == "BINTABLE"]
            found = next((hdu for hdu in tables if "EVENTS" in hdu.names), tables[0] if tables else None)
        if found is None:
            there = ", ".join(hdu.name or str(hdu.index) for hdu in self.hdus)
            missing = f"no block '{block.strip()}'" if wanted else "no table"
            raise NotFoundError(f"There is {missing} in {self.name}; its blocks are: {there}.")
        return found

    def table(self, hdu: Hdu) -> Table:
        """The binary table in that block.

        Raises
        ------
        UsageError
            The block is no binary table, or its header does not describe one.
        """
        return Table(self, hdu)

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the buffer with the file's bytes from `offset` on."""
        done = 0
        while done < len(buffer):
            count = os.preadv(self.descriptor, [buffer[done:]], offset + done)
            if count == 0:
                raise UsageError(f"{self.name} ended while it was read: byte {offset + done} is not there.")
            done += count

    def read(self, offset: int, size: int) -> bytearray:
        """That many bytes from `offset` on."""
        data = bytearray(size)
        self.read_into(memoryview(data), offset)
        return data

    def image(self, hdu: Hdu) -> np.ndarray | None:
        """The pixels of a primary array or IMAGE extension, scaled, in native byte order; None when it has none."""
        naxis = int(hdu.header.number("NAXIS") or 0)
        if naxis == 0 or hdu.size == 0:
            return None
        shape = [int(hdu.header.number(f"NAXIS{axis}") or 0) for axis in range(naxis, 0, -1)]
        kinds = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
        bitpix = hdu.header.number("BITPIX")
        if bitpix not in kinds:
            raise UsageError(f"{self.name} is damaged: BITPIX of block {hdu.name or hdu.index} is {bitpix}.")
        stored = np.frombuffer(self.read(hdu.offset, hdu.size), dtype=kinds[int(bitpix)])
        pixels = stored.reshape(shape).astype(stored.dtype.newbyteorder("="))
        scale, zero = hdu.header.number("BSCALE") or 1, hdu.header.number("BZERO") or 0
        return pixels if (scale, zero) == (1, 0) else pixels * scale + zero


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a binary table.

    Parameters
    ----------
    number
        1-based, as in TTYPEn.
    code, repeat
        TFORM's letter and count.
    offset, size
        Place and bytes in the row.
    scale, zero, null
        TSCAL, TZERO and TNULL.
    low, high
        TLMIN and TLMAX, the legal limits of (scaled) values, or None.
    """

    name: str
    number: int
    code: str
    repeat: int
    offset: int
    size: int
    unit: str = ""
    scale: float = 1
    zero: float = 0
    null: int | None = None
    low: float | int | None = None
    high: float | int | None = None

    @property
    def scalar(self) -> bool:
        """Whether each row holds one number or truth value."""
        return self.repeat == 1 and self.code in "LBIJKED"

    @property
    def integer(self) -> bool:
        """Whether values are whole numbers."""
        return self.code in "BIJK" and self.scale == 1 and self.zero == int(self.zero) and abs(self.zero) <= 2**63

    def values(self, rows: np.ndarray) -> np.ndarray:
        """The column's values, scaled, in native byte order.

        Parameters
        ----------
        rows
            Bytes, shape (number of rows, bytes of a row).

        Returns
        -------
        numpy.ndarray
            Shape (number of rows,), or (number of rows, repeat) for vectors; text columns as ``str``.
        """
        field_bytes = rows[:, self.offset : self.offset + self.size]
        if self.code == "A":
            stripped = np.char.rstrip(np.ascontiguousarray(field_bytes).view(f"S{max(self.size, 1)}")[:, 0])
            return np.char.decode(stripped, "ascii", "replace")
        stored = field_bytes.view(_TYPES[self.code])
        stored = stored[:, 0] if self.repeat == 1 else stored
        if self.code == "L":
            return stored == b"T"
        if (self.scale, self.zero) == (1, 0):
            return stored.astype(stored.dtype.newbyteorder("="))
        unsigned = _UNSIGNED.get((self.code, self.zero)) if self.scale == 1 else None
        if unsigned is not None:
            sign = 1 << (8 * stored.dtype.itemsize - 1)
            flipped = stored.astype(f"u{stored.dtype.itemsize}") ^ np.array(sign, f"u{stored.dtype.itemsize}")
            return flipped.view(unsigned)
        if self.integer:
            return stored.astype("i8") + int(self.zero)
        return stored * float(self.scale) + float(self.zero)


@dataclass(slots=True)
class Chunk(Mapping[str, np.ndarray]):
    """Some rows of a table; a mapping of column name (any case) to values, made when first asked for.

    The rows are valid until the next chunk is taken; the values stay.
    """

    table: Table
    start: int
    rows: np.ndarray
    _values: dict[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        key = name.upper()
        if key not in self._values:
            self._values[key] = self.table.columns[key].values(self.rows)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.columns)

    def __len__(self) -> int:
        return len(self.table.columns)

    def is_null(self, name: str) -> np.ndarray | None:
        """Which rows have no value in that column (TNULL of the stored number); None where the column has no TNULL."""
        column = self.table.columns[name.upper()]
        if column.null is None or column.code not in "BIJK":
            return None
        plain = Column(column.name, column.number, column.code, column.repeat, column.offset, column.size)
        return plain.values(self.rows) == column.null


class Table:
    """A binary table of a FITS file.

    Attributes
    ----------
    columns
        Capitalised name → `Column`, in the table's order.
    length, width
        Number of rows; bytes of a row.
    """

    def __init__(self, file: FitsFile, hdu: Hdu) -> None:
        if hdu.kind != "BINTABLE":
            kind = "an ASCII table" if hdu.kind == "TABLE" else "an image"
            raise UsageError(f"Block {hdu.name or hdu.index} of {file.name} is {kind}; a binary table is needed.")
        self.file = file
        self.hdu = hdu
        self.header = hdu.header
        self.width = int(hdu.header.number("NAXIS1") or 0)
        self.length = int(hdu.header.number("NAXIS2") or 0)
        self.columns = _columns(file, hdu, self.width)
        if not self.columns or not self.width:  # rows of no bytes could be as many as one likes
            raise UsageError(f"Block {hdu.name or hdu.index} of {file.name} has no columns.")

    def chunks(self, rows: int = 0) -> Iterator[Chunk]:
        """All rows, some at a time.

        Parameters
        ----------
        rows
            Rows of a chunk; 0 for as many as fit `CHUNK_BYTES`.
        """
        step = rows or max(CHUNK_BYTES // max(self.width, 1), 1)
        buffer = bytearray(min(step, self.length) * self.width)
        matrix = np.frombuffer(buffer, dtype=np.uint8)
        for start in range(0, self.length, step):
            count = min(step, self.length - start)
            used = count * self.width
            self.file.read_into(memoryview(buffer)[:used], self.hdu.offset + start * self.width)
            yield Chunk(self, start, matrix[:used].reshape(count, self.width))

    def all(self) -> Chunk:
        """All rows at once; for small tables."""
        return next(self.chunks(max(self.length, 1)), Chunk(self, 0, np.empty((0, self.width), np.uint8)))


def open_fits(path: str) -> FitsFile:
    """Open a FITS file, compressed by gzip or not, and check that it is whole.

    A compressed file is unpacked once into a nameless temporary file.

    Raises
    ------
    NotFoundError
        There is no such file.
    UsageError
        It can't be read, is no FITS file, or is cut short; the message says where.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {path}.") from error
    except OSError as error:
        raise UsageError(f"{path} can't be opened: {error.strerror}.") from error
    try:
        if Path(path).is_dir():
            raise UsageError(f"{path} is a directory; a FITS file is needed.")
        if os.pread(descriptor, 2, 0) == b"\x1f\x8b":
            descriptor = _unpacked(path, descriptor)
        return FitsFile(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _unpacked(path: str, descriptor: int) -> int:
    with tempfile.TemporaryFile() as target:
        try:
            with gzip.open(path) as source:
                shutil.copyfileobj(source, target, 2**20)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UsageError(f"{path} is cut short or damaged: gzip can't unpack it ({error}).") from error
        target.flush()
        unpacked = os.dup(target.fileno())
    os.close(descriptor)
    return unpacked


def _read_structure(file: FitsFile) -> list[Hdu]:
    if os.pread(file.descriptor, 9, 0) != b"SIMPLE  =":
        raise UsageError(f"{file.name} is no FITS file: it does not begin with SIMPLE.")
    hdus: list[Hdu] = []
    position = 0
    while position < file.length:
        if hdus and os.pread(file.descriptor, 8, position) != b"XTENSION":
            break  # special records or padding may follow the last block (FITS 4.0, 3.5)
        hdu = _read_hdu(file, len(hdus), position)
        hdus.append(hdu)
        position = hdu.offset + hdu.padded
    return hdus


def _read_hdu(file: FitsFile, index: int, start: int) -> Hdu:
    raw = bytearray()
    while not _ended(raw):
        block = os.pread(file.descriptor, BLOCK, start + len(raw))
        if len(block) < BLOCK or len(raw) > _LARGEST_HEADER:
            raise UsageError(f"{file.name} is cut short or damaged: the header of block {index} has no end.")
        raw += block
    header = Header.parse(raw.decode("latin-1"))
    size = _data_size(file, index, header)
    hdu = Hdu(index, header, start, start + len(raw), size)
    if hdu.offset + size > file.length:
        raise UsageError(
            f"{file.name} is cut short: block {hdu.name or index} should end at byte {hdu.offset + size}, "
            f"but the file has {file.length} bytes."
        )
    return hdu


def _ended(raw: bytearray) -> bool:
    last = raw[-BLOCK:]
    return any(last[start : start + 80].rstrip() == b"END" for start in range(0, len(last), 80))


def _data_size(file: FitsFile, index: int, header: Header) -> int:
    def whole(keyword: str, default: int | None = None) -> int:
        value = header.get(keyword, default)
        if not isinstance(value, int) or isinstance(value, bool) or (value < 0 and keyword != "BITPIX"):
            raise UsageError(f"{file.name} is damaged: {keyword} of block {index} is {value!r}, not a count.")
        return value

    naxis = whole("NAXIS")
    if naxis == 0:
        return 0
    for keyword, most in (("NAXIS", _MOST_AXES), ("TFIELDS", _MOST_FIELDS)):
        if whole(keyword, 0) > most:
            raise UsageError(f"{file.name} is damaged: {keyword} of block {index} is above {most}.")
    size = 1
    for axis in range(1, naxis + 1):
        size *= whole(f"NAXIS{axis}")
    return abs(whole("BITPIX")) // 8 * whole("GCOUNT", 1) * (whole("PCOUNT", 0) + size)


def _columns(file: FitsFile, hdu: Hdu, width: int) -> dict[str, Column]:
    header = hdu.header
    columns: dict[str, Column] = {}
    offset = 0
    for number in range(1, int(header.number("TFIELDS") or 0) + 1):
        form = _FORM.match(header.text(f"TFORM{number}").upper())
        if form is None:
            raise UsageError(f"{file.name} is damaged: block {hdu.name} has no proper TFORM{number}.")
        repeat, code = int(form[1] or 1), form[2]
        size = -(-repeat // 8) if code == "X" else repeat * _BYTES[code]
        name = header.text(f"TTYPE{number}") or f"COL{number}"
        null = header.number(f"TNULL{number}")
        scale = header.number(f"TSCAL{number}")
        column = Column(
            name=name,
            number=number,
            code=code,
            repeat=repeat,
            offset=offset,
            size=size,
            unit=header.text(f"TUNIT{number}"),
            scale=1 if scale is None else scale,
            zero=header.number(f"TZERO{number}") or 0,
            null=null if isinstance(null, int) else None,
            low=header.number(f"TLMIN{number}"),
            high=header.number(f"TLMAX{number}"),
        )
        columns.setdefault(name.upper(), column)
        offset += size
    if offset != width:
        raise UsageError(
            f"{file.name} is damaged: the columns of block {hdu.name} take {offset} bytes a row, NAXIS1 says {width}."
        )
    return columns
