"""Tables in FITS files (FITS standard 4.0 §7), with the metadata that FITS-plus files bring in a VOTable.

FITS-plus is the form in which STIL (TOPCAT, STILTS) writes FITS by default: the primary HDU holds the text of a VOTable
without rows, and says so by ``VOTMETA = T``; its n-th TABLE describes the n-th table of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from obstap.ingest.fitsfile import BLOCK, FitsFile, Hdu, read_headers
from obstap.ingest.words import Words
from obstap.publish.fits_columns import ascii_columns, binary_columns
from obstap.publish.fits_rows import Layout, text_rows, value_rows
from obstap.publish.source import Source
from obstap.publish.votable_metadata import apply, read_metadata
from vo.errors import UsageError

__all__ = ["FitsSource"]


class FitsSource(Source):
    """A table of a FITS file.

    Parameters
    ----------
    hdu
        Number or EXTNAME of the table; by default it is the only or first one.

    Raises
    ------
    vo.errors.UsageError
        When the file is broken or has no such table.
    """

    def __init__(self, path: Path, *, hdu: str = "") -> None:
        file = read_headers(path)
        chosen = _choose(file, hdu)
        notes: list[str] = []
        self._is_text = chosen.structure.get("XTENSION", "").strip("' ") == "TABLE"
        self._fields = tuple(ascii_columns(chosen) if self._is_text else binary_columns(chosen, notes))
        self._layout = _layout(file, chosen)
        super().__init__([field.column for field in self._fields], rows=self._layout.rows)
        self.notes = notes
        self._describe(file, chosen)

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, in pieces of bounded size."""
        chosen = [
            (column.name, field)
            for column, field in zip(self.columns, self._fields, strict=True)
            if names is None or column.name in names
        ]
        fields = [field for _, field in chosen]
        for arrays in (text_rows if self._is_text else value_rows)(self._layout, fields):
            yield pa.RecordBatch.from_arrays(arrays, names=[name for name, _ in chosen])

    def _describe(self, file: FitsFile, chosen: Hdu) -> None:
        words = Words(chosen.header, file.primary.header)
        frame = words.text("RADESYS", "RADECSYS").upper()
        equinox = words.number("EQUINOX")
        if frame:
            system = f"{frame} {equinox:g}" if equinox is not None and frame != "ICRS" else frame
            self.frames = dict.fromkeys((column.name for column in self.columns), system)
        self._take_votable(file, chosen)

    def _take_votable(self, file: FitsFile, chosen: Hdu) -> None:
        """Take the metadata of a FITS-plus file, where its VOTable fits the table."""
        primary = file.primary
        if Words(primary.header).text("VOTMETA") not in ("True", "T"):
            return
        place = [hdu.index for hdu in file.tables()].index(chosen.index)
        with file.path.open("rb") as stream:
            stream.seek(len(primary.raw))
            table = read_metadata(stream.read(primary.data_size), table=str(place))
        if table is None or len(table.fields) != len(self.columns):
            self.notes.append("The VOTable in the primary HDU does not describe this table; it is left aside.")
            return
        apply(table, self)


def _choose(file: FitsFile, hdu: str) -> Hdu:
    tables = list(file.tables())
    listing = ", ".join(table.place for table in tables)
    if not tables:
        raise UsageError("The file has no table.")
    if not hdu:
        return tables[0]
    for table in tables:
        if hdu.isdecimal() and int(hdu) == table.index:
            return table
        if hdu.upper() == table.name:
            return table
    raise UsageError(f"The file has no table {hdu!r}; its tables are {listing}.")


def _layout(file: FitsFile, chosen: Hdu) -> Layout:
    start = 0
    for hdu in file.hdus:
        start += len(hdu.raw)
        if hdu is chosen:
            break
        start += -(-hdu.data_size // BLOCK) * BLOCK
    row_bytes, rows = chosen.axes
    heap = Words(chosen.header).number("THEAP")
    place = row_bytes * rows if heap is None else int(heap)
    return Layout(
        path=file.path,
        start=start,
        row_bytes=row_bytes,
        rows=rows,
        heap=start + place,
        end=start + chosen.data_size,
    )
