"""What a VOTable holds: fields, and their values in blocks of rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vo.errors import UsageError
from vo.votable.layout import Layout, layout_of

__all__ = ["Block", "Field", "Head", "Limits", "Values", "wrong"]


@dataclass(frozen=True)
class Field:
    """A FIELD (VOTable 1.5 §4.1).

    Parameters
    ----------
    null
        The value that stands for none (VALUES null), as it is written; empty when there is none.
    frame
        The frame of its coordinates, such as ``ICRS`` or ``FK5 J2000``, where the FIELD refers to a COOSYS.

    Raises
    ------
    vo.errors.UsageError
        When the data type is unknown or the array size is none.
    """

    name: str
    datatype: str
    arraysize: str = ""
    xtype: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    description: str = ""
    null: str = ""
    frame: str = ""

    @cached_property
    def layout(self) -> Layout:
        """How the values are made of elements."""
        return layout_of(self.name, self.datatype, self.arraysize)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the rows of a TABLE (VOTable 1.5 §4): what it says of itself, and its columns.

    `infos` are the names and values of the INFO elements of the table and of what it stands in.
    """

    name: str
    description: str
    utype: str
    fields: tuple[Field, ...]
    infos: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Values:
    """The values of one field in a block of rows.

    Parameters
    ----------
    data
        Texts are a list of one str or None a row. Scalars are an array of one element a row, arrays the elements of
        all rows one after the other; complex numbers are two elements each, and bits are booleans. Elements have the
        native numpy type of the field's data type.
    missing
        The rows that have no value, whatever stands there.
    offsets
        Of arrays alone: where in `data` each row begins, and after the last row where it ends.
    gaps
        Of arrays alone: the elements that have no value, or None when all have; in `data` they stand as they came.
    """

    data: NDArray[np.generic] | list[str | None]
    missing: NDArray[np.bool_]
    offsets: NDArray[np.int64] | None = None
    gaps: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows: the values of each field, in the order of the fields."""

    rows: int
    columns: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be.

    Parameters
    ----------
    size
        Bytes of the document.
    rows
        Rows of the table.
    fields
        Columns of the table.
    cell
        Characters of one cell in XML, or bytes of one in binary.
    """

    size: int = 2**30
    rows: int = 10**8
    fields: int = 2000
    cell: int = 2**22


def wrong(message: str, *, row: int | None = None, column: str = "") -> UsageError:
    """The error that tells what is wrong with a table, and where; rows count from 1."""
    place = [f"row {row}"] if row is not None else []
    if column:
        place.append(f"column {column}")
    where = f"{', '.join(place)}: " if place else ""
    return UsageError(f"{where}{message}")
