"""Rows in a FITS file within the document (VOTable 1.5 §5.2).

What the columns are is said by the FIELDs; the binary table of the file gives their values, in the same order.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vo.votable.decoder import Decoder
from vo.votable.model import Block, Field, Limits, Values, wrong

__all__ = ["FitsRows"]

_BEGIN = b"SIMPLE  ="


class FitsRows(Decoder):
    """Gathers the file, and reads its table when it is there as a whole.

    Parameters
    ----------
    extension
        Number of the extension that holds the table.
    """

    def __init__(self, fields: Sequence[Field], limits: Limits, *, extension: int) -> None:
        super().__init__(fields, limits)
        self._extension = extension
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        self._pieces.append(data)

    def end(self) -> None:
        """Read the table.

        Raises
        ------
        vo.errors.UsageError
            When the file cannot be read, or its table is not what the FIELDs say.
        """
        # Ordinary documents hold no FITS, and astropy takes half a second to load.
        from astropy.io import fits  # noqa: PLC0415

        data = b"".join(self._pieces)
        if not data.startswith(_BEGIN):
            raise wrong("what stands in FITS is no FITS file.")
        try:
            with fits.open(io.BytesIO(data), memmap=False, lazy_load_hdus=True) as file:
                self._read(file[self._extension])
        except (OSError, IndexError, KeyError, TypeError, ValueError, fits.VerifyError) as error:
            raise wrong(f"extension {self._extension} of the FITS file within cannot be read ({error}).") from error

    def _read(self, hdu: Any) -> None:
        if hdu.header.get("XTENSION") != "BINTABLE":
            raise wrong(f"extension {self._extension} of the FITS file within is no binary table.")
        rows = hdu.header["NAXIS2"]
        self.check_rows(rows)
        columns = list(hdu.columns)
        if len(columns) != len(self.fields):
            raise wrong(f"the FITS table within has {len(columns)} columns, and there are {len(self.fields)} FIELDs.")
        for field, column in zip(self.fields, columns, strict=True):
            if "P" in column.format or "Q" in column.format:
                raise wrong(
                    "a column of the FITS table within has values of variable size; write such a table as BINARY2.",
                    column=field.name,
                )
        if rows:
            values = zip(self.fields, columns, strict=True)
            self.add(
                Block(
                    rows, tuple(_values(field, column, hdu.data.field(i)) for i, (field, column) in enumerate(values))
                )
            )


def _values(field: Field, column: Any, data: Any) -> Values:
    layout = field.layout
    array = np.asarray(data)
    rows = len(array)
    if layout.text != (array.dtype.kind in "SU"):
        raise wrong(
            f"the FITS column within has the format {column.format}, which is no {field.datatype}.", column=field.name
        )
    if layout.text:
        texts = array.tolist() if array.ndim == 1 else ["".join(row) for row in array.tolist()]
        missing = np.fromiter((not text for text in texts), bool, rows)
        return Values([text or None for text in texts], missing)
    if array.dtype.kind == "c":
        array = array.view(array.real.dtype)
    flat = array.reshape(-1)
    absent = np.zeros(len(flat), bool)
    if flat.dtype.kind == "f":
        absent = np.isnan(flat)
    elif column.null is not None:
        absent = flat == column.null
    elements = _native(field, np.where(absent, 0, flat) if flat.dtype.kind in "iu" else flat)
    if layout.scalar:
        elements[absent] = 0
        return Values(elements, absent)
    count = len(flat) // rows
    if layout.count is not None and count != layout.count:
        raise wrong(f"its values have {count} elements; they must have {layout.count}.", column=field.name)
    missing = absent.reshape(rows, -1).all(axis=1)
    gaps = absent if flat.dtype.kind != "f" and absent.any() else None
    return Values(elements, missing, np.arange(rows + 1, dtype=np.int64) * count, gaps)


def _native(field: Field, flat: NDArray[np.generic]) -> NDArray[np.generic]:
    native = field.layout.native
    if flat.dtype.kind == "b" or native.kind == "b":
        fits = flat.dtype.kind == native.kind
    elif native.kind in "iu":
        bounds = np.iinfo(native)
        fits = flat.dtype.kind in "iu" and bool(((flat >= bounds.min) & (flat <= bounds.max)).all())
    else:
        fits = True
    if not fits:
        raise wrong(f"its values in the FITS table within are no {field.datatype}.", column=field.name)
    return flat.astype(native)
