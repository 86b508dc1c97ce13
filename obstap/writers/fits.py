"""A FITS binary table (FITS 4.0 §7.3) after a primary HDU that holds its metadata as VOTable ("FITS-plus" of STIL).

The number of rows and the widths of texts stand before the rows, so the answer is gathered in a temporary file first;
whatever goes wrong is raised before the first byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from obstap.metadata import Column
from obstap.names import unique
from obstap.writers.base import PIECE_BYTES, Info, Rows, Writer
from obstap.writers.fitslayout import Layout, Survey, printable
from obstap.writers.spool import Spool
from obstap.writers.votable import footer, header
from vo.errors import UsageError

if TYPE_CHECKING:
    from astropy.io.fits import Header

__all__ = ["Fits"]

BLOCK = 2880
"""Bytes of a FITS block."""

MOST_COLUMNS = 999
"""Columns that a FITS table may have."""

LONGEST_NAME = 60


class Fits(Writer):
    """FITS."""

    media_types = ("application/fits",)
    aliases = ("fits",)
    extension = "fits"

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,  # noqa: ARG002 - all rows have come before the first byte goes
    ) -> Iterator[bytes]:
        """Write the file; a cut is told by the keyword QSTATUS and in the VOTable.

        Raises
        ------
        vo.errors.UsageError
            When there are more columns, or more rows, than the format takes.
        vo.errors.UnavailableError
            When the temporary file cannot be written.
        """
        if len(columns) > MOST_COLUMNS:
            raise UsageError(f"A FITS table has at most {MOST_COLUMNS} columns; the answer has {len(columns)}.")
        surveys = [Survey(column) for column in columns]
        wanted = pa.schema([pa.field(str(number), survey.kind) for number, survey in enumerate(surveys)])
        with Spool(wanted) as spool:
            rows = Rows(batches, maxrec)
            number = 0
            for batch in rows:
                arrays = [survey.take(array) for survey, array in zip(surveys, batch, strict=True)]
                spool.append(pa.RecordBatch.from_arrays(arrays, schema=wanted))
                number += batch.num_rows
            spool.finish()
            layout = Layout(surveys, number)
            yield _primary(header(columns, infos) + footer(rows.late))
            yield _block(_table_header(layout, number, overflow=rows.overflow))
            for piece in _pieces(spool.batches(), layout):
                yield layout.rows(piece)
            if layout.heap_fields:
                for piece in _pieces(spool.batches(layout.heap_fields), layout):
                    yield layout.heap(piece)
            yield bytes(-(number * layout.row_bytes + layout.heap_bytes) % BLOCK)


def _pieces(batches: Iterable[pa.RecordBatch], layout: Layout) -> Iterator[pa.RecordBatch]:
    """The batches cut so that the rows of each take a bounded space; always in the same places."""
    step = max(1, PIECE_BYTES // layout.row_bytes)
    for batch in batches:
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


def _primary(metadata: bytes) -> bytes:
    """The primary HDU; the first five keywords in this order are the sign of FITS-plus."""
    cards = _header()
    cards["SIMPLE"] = (True, "FITS 4.0")
    cards["BITPIX"] = (8, "bytes")
    cards["NAXIS"] = 1
    cards["NAXIS1"] = (len(metadata), "bytes of a VOTable document")
    cards["VOTMETA"] = (True, "the VOTable has the metadata of the table below")
    cards["EXTEND"] = True
    return _block(cards) + metadata + bytes(-len(metadata) % BLOCK)


def _table_header(layout: Layout, rows: int, *, overflow: bool) -> Header:
    cards = _header()
    cards["XTENSION"] = ("BINTABLE", "binary table")
    cards["BITPIX"] = 8
    cards["NAXIS"] = 2
    cards["NAXIS1"] = (layout.row_bytes, "bytes of a row")
    cards["NAXIS2"] = (rows, "rows")
    cards["PCOUNT"] = (layout.heap_bytes, "bytes of the heap")
    cards["GCOUNT"] = 1
    cards["TFIELDS"] = (len(layout.fields), "columns")
    cards["EXTNAME"] = "result"
    cards["QSTATUS"] = ("OVERFLOW", "there may be more rows than these") if overflow else ("OK", "all rows are here")
    names = unique([_name(field.column.name) for field in layout.fields], fold=True)
    for number, (name, field) in enumerate(zip(names, layout.fields, strict=True), 1):
        told = {
            "TTYPE": name,
            "TFORM": field.form(layout.descriptor),
            "TUNIT": _line(field.column.unit),
            "TNULL": field.null,
            "TDIM": field.shape,
            "TDISP": field.display,
            "TUCD": _line(field.column.ucd),
            "TUTYP": _line(field.column.utype),
            "TCOMM": _line(field.column.description),
        }
        for keyword, value in told.items():
            if value not in ("", None):
                cards[f"{keyword}{number}"] = value
    return cards


def _header() -> Header:
    from astropy.io.fits import Header  # noqa: PLC0415 - it loads with the first answer that needs it

    return Header()


def _block(cards: Header) -> bytes:
    return cards.tostring().encode("ascii")


def _name(name: str) -> str:
    """A name of letters, digits and underscores (FITS 4.0 §7.3.2); the VOTable has the true one."""
    return re.sub("[^A-Za-z0-9_]", "_", name[:LONGEST_NAME]) or "_"


def _line(text: str) -> str:
    return printable(" ".join(text.split()))
