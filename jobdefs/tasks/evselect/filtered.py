"""The filtered event list: the rows that passed, or all rows with a flag, and the other blocks of the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..fitscards import Header
from ..fitsio import Column, FitsFile, Hdu, Table
from ..fitsout import Writer
from ..intervals import contains
from ..reporting import TaskError
from .dss import WrittenSubspace
from .exposure import Exposure, exposure_table
from .scan import Selected

__all__ = ["FilteredList", "Flag", "make_flag"]


@dataclass(frozen=True, slots=True)
class Flag:
    """A bit that tells the rows that passed.

    Parameters
    ----------
    offset
        Byte of the row.
    mask
        The bit in that byte.
    column
        Name of a column to be made; empty where there is one.
    """

    offset: int
    mask: int
    column: str = ""


def make_flag(table: Table, name: str, bit: int) -> Flag:
    """The flag in column `name`, which is made with 8 bits where there is none.

    Parameters
    ----------
    bit
        0 for the least significant bit; -1 for the most significant.

    Raises
    ------
    TaskError
        The column is not integer, or has fewer bits.
    """
    column: Column | None = table.columns.get(name.upper())
    if column is not None and not (column.scalar and column.integer and column.zero == 0):
        raise TaskError("ColType", f"flagcolumn={name} is no plain integer column.")
    size = 1 if column is None else column.size
    if bit >= 8 * size:
        made = "is made with" if column is None else "has"
        raise TaskError("ColType", f"flagbit={bit} does not fit: column {name} {made} {8 * size} bits.")
    bit = 8 * size - 1 if bit < 0 else bit
    offset = table.width if column is None else column.offset
    return Flag(offset + size - 1 - bit // 8, 1 << bit % 8, name if column is None else "")


class FilteredList:
    """Writes the filtered list while the table is scanned: the blocks before the table, the table, those after it.

    Parameters
    ----------
    primary, header
        New headers of the primary block and of the table; the latter gets the flag's column, NAXIS1 and, in the end,
        NAXIS2.
    flag
        Non-destructive mode: all rows are written, with this flag.
    subspace
        Its blocks end the file.
    left_out
        Numbers of the blocks that `subspace` writes anew.
    exposure
        Tables EXPOSUnn are cut to the good times of their CCD; None leaves them whole.
    """

    def __init__(
        self,
        writer: Writer,
        table: Table,
        *,
        primary: Header,
        header: Header,
        flag: Flag | None,
        subspace: WrittenSubspace,
        left_out: set[int],
        exposure: Exposure | None,
    ) -> None:
        self._writer = writer
        self._table = table
        self._flag = flag
        self._subspace = subspace
        self._left_out = left_out
        self._cut = _exposures_to_cut(table, exposure)
        self._rows = 0
        self._width = table.width + bool(flag and flag.column)
        if flag and flag.column:
            number = int(header.number("TFIELDS") or 0) + 1
            header.set("NAXIS1", self._width)
            header.set("TFIELDS", number)
            header.append(f"TTYPE{number}", flag.column, "selected by evselect")
            header.append(f"TFORM{number}", "B", "data format of field: BYTE")
        writer.copy(table.file, table.file.hdus[0], primary)
        self._copy(table.file.hdus[1 : table.hdu.index])
        self._stream = writer.stream(header)

    def add(self, selected: Selected) -> None:
        """Take the next chunk."""
        rows = selected.rows if self._flag is None else self._flagged(selected, self._flag)
        self._rows += len(rows)
        self._stream.write(rows)

    def finish(self) -> None:
        """Complete the table (with its heap, if there is one) and write the blocks after it."""
        table, values = self._table, {"NAXIS2": self._rows}
        main = table.width * table.length
        if table.hdu.size > main:
            self._stream.copy(table.file, table.hdu.offset + main, table.hdu.size - main)
            start = table.header.number("THEAP")
            if start is not None:
                values["THEAP"] = int(start) - main + self._width * self._rows
        self._stream.finish(**values)
        self._copy(table.file.hdus[table.hdu.index + 1 :])
        self._subspace.write_blocks(self._writer)

    def _flagged(self, selected: Selected, flag: Flag) -> np.ndarray:
        rows = np.zeros((len(selected.mask), self._width), dtype=np.uint8)
        rows[:, : self._table.width] = selected.chunk.rows
        byte = rows[:, flag.offset]
        byte[:] = np.where(selected.mask, byte | flag.mask, byte & (0xFF ^ flag.mask))
        return rows

    def _copy(self, hdus: list[Hdu]) -> None:
        for hdu in hdus:
            if hdu.index in self._cut:
                _copy_cut(self._writer, self._table.file, hdu, self._cut[hdu.index])
            elif hdu.index not in self._left_out:
                self._writer.copy(self._table.file, hdu)


def _exposures_to_cut(table: Table, exposure: Exposure | None) -> dict[int, np.ndarray]:
    """Number of the block → good times, for the tables EXPOSUnn of CCDs whose good times changed."""
    if exposure is None or exposure.column != "CCDNR":
        return {}
    tables = [(exposure_table(table.file, number), ccd) for number, ccd in exposure.ccds.items() if ccd.changed]
    return {hdu.index: ccd.times for hdu, ccd in tables if hdu is not None}


def _copy_cut(writer: Writer, file: FitsFile, hdu: Hdu, times: np.ndarray) -> None:
    source = file.table(hdu)
    if "TIME" not in source.columns:
        writer.copy(file, hdu)
        return
    stream = writer.stream(Header(hdu.header))
    count = 0
    for chunk in source.chunks():
        rows = chunk.rows[contains(times, chunk["TIME"])]
        count += len(rows)
        stream.write(rows)
    stream.finish(NAXIS2=count)
