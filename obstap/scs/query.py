"""From the parameters of a cone search to a query of a table (Simple Cone Search 1.03 §2, DALI 1.1)."""

from __future__ import annotations

from dataclasses import dataclass

from obstap.metadata import IDENTIFIER_UCD, Column, Table
from obstap.names import qualified, quoted
from vo.constraints import parse_number
from vo.dali import Parameters
from vo.errors import ParameterError

__all__ = ["Cone", "is_searchable", "read_cone"]

MAIN = {"id": "ID_MAIN", "lon": "POS_EQ_RA_MAIN", "lat": "POS_EQ_DEC_MAIN"}
"""UCDs that mark the identifier and the position (SCS 1.03 §2.2); clients look for these old words."""


@dataclass(frozen=True, slots=True)
class Cone:
    """A cone search as a query.

    Parameters
    ----------
    adql
        The query.
    ucds
        UCDs of the columns that the standard asks for, by their names.
    is_empty
        Whether only the columns are asked for, not rows.
    """

    adql: str
    ucds: dict[str, str]
    is_empty: bool


def is_searchable(table: Table) -> bool:
    """Whether a table has what a cone search needs: a position and an identifier."""
    return bool(table.positions) and _identifier(table) is not None


def read_cone(parameters: Parameters, table: Table) -> Cone:
    """The query that RA, DEC, SR and VERB ask of a table that is searchable.

    Raises
    ------
    vo.errors.ParameterError
        When one is missing or wrong.
    """
    ra = _angle(parameters, "RA", "right ascension of the centre", 0.0, 360.0)
    dec = _angle(parameters, "DEC", "declination of the centre", -90.0, 90.0)
    radius = _angle(parameters, "SR", "search radius", 0.0, 180.0)
    position, identifier = table.positions[0], _identifier(table)
    shown = ", ".join(_selected(table, _verbosity(parameters)))
    place = f"{quoted(position.lon)}, {quoted(position.lat)}"
    adql = f"SELECT {shown}\nFROM {qualified(table.name)}\nWHERE DISTANCE({place}, {ra!r}, {dec!r}) <= {radius!r}"
    ucds = {identifier.name: MAIN["id"], position.lon: MAIN["lon"], position.lat: MAIN["lat"]}
    return Cone(adql, ucds, is_empty=radius == 0)


def _angle(parameters: Parameters, name: str, meaning: str, lowest: float, highest: float) -> float:
    given = parameters.required(name, f"{meaning} in degrees")
    value = parse_number(name, given)
    if not lowest <= value <= highest:
        raise ParameterError(name, f"{value:g} lies outside {lowest:g} to {highest:g} degrees.")
    return value


def _verbosity(parameters: Parameters) -> int:
    """VERB, 2 by default; pyvo's 0 asks for as little as 1 does."""
    text = parameters.single("VERB") or "2"
    if text not in ("0", "1", "2", "3"):
        raise ParameterError("VERB", f"{text[:40]!r} is unknown; use 1 for few columns, 2 for the usual, 3 for all.")
    return int(text)


def _selected(table: Table, verbosity: int) -> list[str]:
    """The columns to select: the required ones, the principal ones from 2 on, all from 3 on."""
    position, identifier = table.positions[0], _identifier(table)
    required = {identifier.name, position.lon, position.lat}
    wanted = {3: table.columns, 2: [column for column in table.columns if column.principal]}.get(verbosity, [])
    names = required | {column.name for column in wanted}
    return [_item(column, identifier) for column in table.columns if column.name in names]


def _item(column: Column, identifier: Column) -> str:
    """A column as it is selected; the identifier must be text."""
    name = quoted(column.name)
    return f"CAST({name} AS VARCHAR) AS {name}" if column is identifier and not column.is_text else name


def _identifier(table: Table) -> Column | None:
    """The column that identifies a row: the table's key, or the one marked as its main identifier."""
    for column in table.columns:
        if column.name == table.key:
            return column
    return next((column for column in table.columns if column.ucd.lower() == IDENTIFIER_UCD), None)
