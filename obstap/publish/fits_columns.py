"""The columns of FITS tables as their headers describe them (FITS standard 4.0 §7.2, §7.3).

Beside the standard's keywords those are read that have become usual: TUCDn, TUTYPn, TXTYPn and TCOMMn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from astropy.io import fits

from obstap.ingest.fitsfile import MOST, Hdu
from obstap.ingest.words import Words
from obstap.metadata import Column
from vo.errors import UsageError

__all__ = ["FitsColumn", "ascii_columns", "binary_columns"]

CODES = {
    "L": ("boolean", "u1", 1),
    "X": ("boolean", "u1", 1),
    "B": ("short", "u1", 1),
    "I": ("short", ">i2", 1),
    "J": ("int", ">i4", 1),
    "K": ("long", ">i8", 1),
    "E": ("float", ">f4", 1),
    "D": ("double", ">f8", 1),
    "C": ("float", ">f4", 2),
    "M": ("double", ">f8", 2),
    "A": ("char", "S", 1),
}
"""Data type, numpy type of an element and elements of a value, by the letter of TFORM."""

UNSIGNED = {("B", -128): "short", ("I", 32_768): "int", ("J", 2**31): "long", ("K", 2**63): "long"}
"""Columns whose TZERO only moves the range of a whole number (§7.3.2), and what holds it."""

BOILERPLATE = re.compile(r"(label|name|title)\b.*\b(field|column)|(field|column)\s*(name|label|title|#?\d+)", re.I)
"""Comments of TTYPEn that programs write for every column."""

_BINARY = re.compile(r"(\d*)([LXBIJKAEDCMPQ])(.*)")
_VARIABLE = re.compile(r"([LXBIJKAEDCM])(?:\((\d+)\))?")
_ASCII = re.compile(r"([AIFED])(\d+)(?:\.(\d+))?")
_DIMENSIONS = re.compile(r"\(\s*\d+\s*(?:,\s*\d+\s*)*\)")


@dataclass(frozen=True, slots=True)
class FitsColumn:
    """How a column lies in the rows, and what is told of it.

    Parameters
    ----------
    code
        The letter of TFORM that tells the type of an element.
    count
        Elements (bits, characters) of a value; of variable arrays none.
    offset, width
        Bytes before the column in a row, and its own.
    descriptor
        Numpy type of the pair that points into the heap, or empty.
    null
        The whole number, or the text in ASCII tables, that stands for no value.
    digits
        Digits after a decimal point that is not written (ASCII tables).
    """

    column: Column
    code: str
    count: int
    offset: int
    width: int
    descriptor: str = ""
    scale: float = 1.0
    zero: float = 0.0
    null: int | str | None = None
    digits: int = 0

    @property
    def element(self) -> str:
        """Numpy type of an element, without the length of text."""
        return CODES[self.code][1]

    @property
    def scaled(self) -> bool:
        """Whether values are computed with scale and zero as real numbers."""
        return (self.scale, self.zero) != (1.0, 0.0) and (self.code, self.zero) not in UNSIGNED


def binary_columns(hdu: Hdu, notes: list[str]) -> list[FitsColumn]:
    """The columns of a binary table; of those that are left out `notes` tell.

    Raises
    ------
    vo.errors.UsageError
        When a TFORM is none or the columns do not fill the rows.
    """
    words, found, offset = Words(hdu.header), [], 0
    for number in range(1, _fields(hdu, words) + 1):
        made = _binary(hdu, words, number, offset)
        offset += made.width
        if made.width:
            found.append(made)
        else:
            notes.append(f"Column {made.column.name} has no width; it is left out.")
    if offset > hdu.axes[0]:
        raise UsageError(f"{hdu.place}: its columns need {offset} bytes, but a row has {hdu.axes[0]} (NAXIS1).")
    return found


def ascii_columns(hdu: Hdu) -> list[FitsColumn]:
    """The columns of an ASCII table.

    Raises
    ------
    vo.errors.UsageError
        When a TFORM or TBCOL is none.
    """
    words = Words(hdu.header)
    return [_ascii(hdu, words, number) for number in range(1, _fields(hdu, words) + 1)]


def _fields(hdu: Hdu, words: Words) -> int:
    count = words.number("TFIELDS")
    if count is None or not 1 <= count <= MOST:
        raise UsageError(f"{hdu.place}: TFIELDS is {words.text('TFIELDS') or 'missing'}; it must be 1 to {MOST}.")
    return int(count)


def _binary(hdu: Hdu, words: Words, number: int, offset: int) -> FitsColumn:
    form = words.text(f"TFORM{number}")
    match = _BINARY.fullmatch(form)
    if match is None:
        raise UsageError(f"{hdu.place}: TFORM{number} is {_quoted(form)}; it is no form of a binary table.")
    repeat, code = int(match[1] or 1), match[2]
    descriptor = ""
    if code in "PQ":
        inner = _VARIABLE.match(match[3])
        if inner is None or repeat > 1:
            raise UsageError(f"{hdu.place}: TFORM{number} is {form!r}; it is no form of an array of variable length.")
        descriptor, width = (">i4", 8 * repeat) if code == "P" else (">i8", 16 * repeat)
        code, repeat = inner[1], 0
    else:
        width = _width(code, repeat)
    scale, zero = _scaling(words, number, code)
    datatype = CODES[code][0]
    if (scale, zero) != (1.0, 0.0):
        datatype = UNSIGNED.get((code, zero), "double") if scale == 1.0 else "double"
    arraysize = "*" if descriptor else _arraysize(code, repeat, words.text(f"TDIM{number}"))
    null = words.number(f"TNULL{number}") if code in "BIJK" else None
    return FitsColumn(
        column=_described(hdu, words, number, datatype, arraysize),
        code=code,
        count=repeat,
        offset=offset,
        width=width,
        descriptor=descriptor,
        scale=scale,
        zero=zero,
        null=None if null is None else int(null),
    )


def _width(code: str, repeat: int) -> int:
    if code == "X":
        return -(-repeat // 8)
    if code == "A":
        return repeat
    _, element, parts = CODES[code]
    return repeat * parts * np.dtype(element).itemsize


def _scaling(words: Words, number: int, code: str) -> tuple[float, float]:
    if code in "LXA":
        return 1.0, 0.0
    scale, zero = words.number(f"TSCAL{number}"), words.number(f"TZERO{number}")
    return 1.0 if scale is None else scale, zero or 0.0


def _arraysize(code: str, repeat: int, dimensions: str) -> str:
    sizes = [int(size) for size in re.findall(r"\d+", dimensions)] if _DIMENSIONS.fullmatch(dimensions) else []
    if int(np.prod(sizes or [0])) != repeat:
        sizes = [repeat] if repeat != 1 else []
    if code == "A":
        return "x".join(map(str, sizes)) if len(sizes) > 1 else f"{repeat}*" if repeat > 1 else "*"
    if code in "CM":
        sizes = [2, *sizes]
    return "x".join(map(str, sizes))


def _ascii(hdu: Hdu, words: Words, number: int) -> FitsColumn:
    form, place = words.text(f"TFORM{number}"), words.number(f"TBCOL{number}")
    match = _ASCII.fullmatch(form)
    if match is None:
        raise UsageError(f"{hdu.place}: TFORM{number} is {_quoted(form)}; it is no form of an ASCII table.")
    code, width = match[1], int(match[2])
    if place is None or place < 1 or place - 1 + width > hdu.axes[0]:
        raise UsageError(f"{hdu.place}: TBCOL{number} and TFORM{number} lead outside the {hdu.axes[0]} bytes of a row.")
    scale, zero = (1.0, 0.0) if code == "A" else _scaling(words, number, code)
    datatype = {"A": "char", "I": "int" if width < 10 else "long", "E": "float" if width < 16 else "double"}.get(
        code, "double"
    )
    if (scale, zero) != (1.0, 0.0):
        datatype = "double"
    arraysize = (f"{width}*" if width > 1 else "*") if code == "A" else ""
    return FitsColumn(
        column=_described(hdu, words, number, datatype, arraysize),
        code=code,
        count=1,
        offset=int(place) - 1,
        width=width,
        scale=scale,
        zero=zero,
        null=words.text(f"TNULL{number}") or None,
        digits=int(match[3] or 0) if code in "FED" else 0,
    )


def _described(hdu: Hdu, words: Words, number: int, datatype: str, arraysize: str) -> Column:
    return Column(
        name=words.text(f"TTYPE{number}") or f"col{number}",
        datatype=datatype,
        arraysize=arraysize,
        xtype=words.text(f"TXTYP{number}"),
        unit=words.text(f"TUNIT{number}"),
        ucd=words.text(f"TUCD{number}"),
        utype=words.text(f"TUTYP{number}"),
        description=words.text(f"TCOMM{number}", f"TDESC{number}") or _comment(hdu.header, f"TTYPE{number}"),
    )


def _comment(header: fits.Header, keyword: str) -> str:
    try:
        comment = header.comments[keyword].strip()
    except (KeyError, fits.VerifyError):
        return ""
    return "" if BOILERPLATE.search(comment) else comment


def _quoted(form: str) -> str:
    return repr(form) if form else "missing"
