"""A selection as a list of data subspace (DSS) filters, one for each axis."""

from __future__ import annotations

from dataclasses import dataclass

from .blocks import Block

__all__ = ["Constraint", "RegionRow"]


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One shape of a region table (CXC region convention).

    Parameters
    ----------
    shape
        Name in capitals, with a leading ``!`` where the shape is excluded.
    x, y, r, rotang
        Columns X, Y, R and ROTANG; coordinates and radii in the units of the columns, angles in degrees.
    """

    shape: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    r: tuple[float, ...] = ()
    rotang: tuple[float, ...] = ()
    component: int = 1


@dataclass(frozen=True, slots=True)
class Constraint:
    """One filter of a data subspace.

    Parameters
    ----------
    axis
        DSTYP: a column's name in capitals, or ``POS(X,Y)`` for a pair.
    kind
        ``range``, ``bits``, ``gti``, ``region`` or ``mask``.
    value
        DSVAL: ``10000:12000``, ``:4``, ``0``, ``b00xx…`` (most significant bit first), or ``TABLE`` / ``IMAGE``
        where DSREF names an extension.
    form
        DSFORM: ``X`` for bits, else empty.
    columns
        The columns that the filter tests.
    source
        Block specifier of the file filter, as it was written; empty for others.
    table
        What `source` named (kinds gti, region and mask).
    region
        Rows of the REG table (kind region made of shapes).
    """

    axis: str
    kind: str
    value: str
    form: str = ""
    columns: tuple[str, ...] = ()
    source: str = ""
    table: Block | None = None
    region: tuple[RegionRow, ...] = ()
