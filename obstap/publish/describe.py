"""Whether what a file says of its columns can be published: names, units (VOUnits 1.1), UCDs (UCD1+ 1.4)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from astropy import units
from astropy.io.votable.ucd import parse_ucd

from obstap.metadata import Column
from obstap.names import REGULAR, RESERVED
from vo.errors import UsageError

__all__ = ["RESERVED_SCHEMAS", "checked_columns", "checked_name"]

RESERVED_SCHEMAS = frozenset({"ivoa", "tap_schema", "tap_upload", "provenance", "information_schema", "public"})
"""Schemas in which nothing is published from files: those of the service and of its engines."""

MOST_COLUMNS = 1500
"""Columns of a table; PostgreSQL has room for 1600."""

LONGEST_NAME = 63
"""Bytes of a name; PostgreSQL cuts longer ones."""

_FORMATS = ("vounit", "fits", "cds", "ogip", "generic")
_LOOSE = re.compile(r"\s|[A-Za-z]\d|\^")
"""What VOUnits do not have though astropy reads it: blanks, powers without a sign between, and another sign."""
_ARRAYSIZE = re.compile(r"(\d+x)*(\d+\*?|\*)")
_BOUNDED = re.compile(r"\d+\*")
_XTYPES = {"adql:timestamp": "timestamp", "adql:point": "", "adql:region": "adql:REGION", "stc-s": "adql:REGION"}
_SHAPES = {"point": "2", "circle": "3", "polygon": "*"}


def checked_name(name: str) -> str:
    """A name ``schema.table`` under which a file may be published.

    Raises
    ------
    vo.errors.UsageError
        When it is none.
    """
    schema, dot, table = name.partition(".")
    for part, what in ((schema, "schema"), (table, "table")):
        if not dot or not REGULAR.fullmatch(part):
            raise UsageError(
                f"{name!r} is no name of a table; write schema.table with letters, digits and '_',"
                " such as xmm.catalogue."
            )
        if part.upper() in RESERVED:
            raise UsageError(f"The {what} cannot be called {part!r}, a reserved word of ADQL; choose another name.")
        if len(part) > LONGEST_NAME:
            raise UsageError(f"The name of the {what} has {len(part)} letters; {LONGEST_NAME} are allowed.")
    if schema.lower() in RESERVED_SCHEMAS or schema.lower().startswith("pg_"):
        raise UsageError(f"The schema {schema} is the service's own; choose another, such as the name of the mission.")
    return name


def checked_columns(columns: Sequence[Column], warn: list[str]) -> tuple[Column, ...]:
    """The columns as they are published; what was changed, and what is doubtful, is told in `warn`.

    Raises
    ------
    vo.errors.UsageError
        When there are no columns or too many, a name is empty, too long or used twice, or a type is none of tables.
    """
    if not columns:
        raise UsageError("The table has no columns.")
    if len(columns) > MOST_COLUMNS:
        raise UsageError(f"The table has {len(columns)} columns; {MOST_COLUMNS} are allowed.")
    _check_names(columns)
    odd_units: dict[str, list[str]] = {}
    checked = tuple(_checked(column, warn, odd_units) for column in columns)
    warn.extend(_about_unit(unit, names) for unit, names in odd_units.items())
    return checked


def _check_names(columns: Sequence[Column]) -> None:
    seen: dict[str, str] = {}
    for number, column in enumerate(columns, start=1):
        name = column.name
        if not name.strip() or any(not letter.isprintable() for letter in name):
            raise UsageError(f"Column {number} has the name {name!r}; a name has letters and no control characters.")
        if len(name.encode()) > LONGEST_NAME:
            raise UsageError(f"The name of column {name} has {len(name.encode())} bytes; {LONGEST_NAME} are allowed.")
        if name.lower() in seen:
            both = f"{seen[name.lower()]} and {name}" if seen[name.lower()] != name else f"two called {name}"
            raise UsageError(f"The table has the columns {both}; names must differ in more than case.")
        seen[name.lower()] = name


def _checked(column: Column, warn: list[str], odd_units: dict[str, list[str]]) -> Column:
    if column.arraysize and not _ARRAYSIZE.fullmatch(column.arraysize):
        raise UsageError(f"Column {column.name} has the arraysize {column.arraysize!r}; write such as 3, 2x4 or *.")
    if column.is_text and _BOUNDED.fullmatch(column.arraysize):
        # TAP_SCHEMA's size has no right value for a greatest length, and validators want one.
        column = replace(column, arraysize="*")
    if column.unit:
        written = _vounit(column.unit)
        if written != column.unit:
            odd_units.setdefault(column.unit, []).append(column.name)
        column = replace(column, unit=written or column.unit)
    if column.ucd:
        warn.extend(_about_ucd(column))
    return _with_xtype(column, warn)


def _with_xtype(column: Column, warn: list[str]) -> Column:
    xtype = _XTYPES.get(column.xtype.lower(), column.xtype)
    if xtype in _SHAPES:
        sizes = {_SHAPES[xtype], "*"}
        fits = column.datatype in ("float", "double") and (column.arraysize in sizes or xtype == "polygon")
        if not (fits and column.arraysize):
            warn.append(f"Column {column.name} has the xtype {xtype} but not its type; the xtype is left out.")
            return replace(column, xtype="")
        return replace(column, xtype=xtype, datatype="double")
    if (xtype in ("timestamp", "adql:REGION") and not column.is_text) or (column.xtype and not xtype):
        warn.append(f"Column {column.name} has the xtype {column.xtype} but not its type; the xtype is left out.")
        xtype = ""
    return replace(column, xtype=xtype)


def _about_unit(unit: str, names: list[str]) -> str:
    """What is told of a unit that is not written as VOUnits has it, and of the columns that have it."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    where = f"{', '.join(names[:3])}{more} {'have' if len(names) > 1 else 'has'}"
    written = _vounit(unit)
    what = "is no VOUnit and published as it is" if written is None else f"is published as {written!r}"
    return f"The unit {unit!r}, which {where}, {what}."


@cache
def _vounit(text: str) -> str | None:
    """A unit in VOUnits' syntax: as it is where that is its own, else turned into it; None if no syntax fits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy advises against units that are right nevertheless
        if not _LOOSE.search(text) and _parsed(text, "vounit") is not None:
            return text
        for syntax in _FORMATS:
            unit = _parsed(text, syntax)
            if unit is not None:
                try:
                    return unit.to_string("vounit")
                except (ValueError, TypeError):
                    return None
    return None


def _parsed(text: str, syntax: str) -> units.UnitBase | None:
    try:
        unit = units.Unit(text, format=syntax, parse_strict="raise")
    except (ValueError, TypeError, ZeroDivisionError, OverflowError, RecursionError):
        return None
    return None if isinstance(unit, units.UnrecognizedUnit) else unit


def _about_ucd(column: Column) -> Iterator[str]:
    try:
        parse_ucd(column.ucd, check_controlled_vocabulary=True, has_colon=True)
    except ValueError as error:
        yield f"Column {column.name} has the UCD {column.ucd!r}: {str(error).rstrip('.')}."
