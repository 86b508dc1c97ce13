"""Rules of types: which kind a column has, what two kinds make together, what an answer's column is told to be."""

from __future__ import annotations

from dataclasses import replace

from obstap.adql.bound import Kind
from obstap.metadata import Column

__all__ = ["GEOMETRY", "INTEGERS", "NUMBERS", "column_of", "comparable", "described", "kind_of", "widest"]

_ORDER = (Kind.SHORT, Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE)

INTEGERS = frozenset({Kind.SHORT, Kind.INT, Kind.LONG})
NUMBERS = frozenset(_ORDER)
GEOMETRY = frozenset({Kind.POINT, Kind.CIRCLE, Kind.POLYGON, Kind.REGION})

_SCALARS = {
    "boolean": Kind.BOOLEAN,
    "short": Kind.SHORT,
    "int": Kind.INT,
    "long": Kind.LONG,
    "float": Kind.FLOAT,
    "double": Kind.DOUBLE,
}

_XTYPES = {"point": Kind.POINT, "circle": Kind.CIRCLE, "polygon": Kind.POLYGON}

_COLUMNS = {
    Kind.NULL: Column("", "char", "*"),
    Kind.BOOLEAN: Column("", "boolean"),
    Kind.SHORT: Column("", "short"),
    Kind.INT: Column("", "int"),
    Kind.LONG: Column("", "long"),
    Kind.FLOAT: Column("", "float"),
    Kind.DOUBLE: Column("", "double"),
    Kind.TEXT: Column("", "char", "*"),
    Kind.TIME: Column("", "char", "*", "timestamp"),
    Kind.POINT: Column("", "double", "2", "point", unit="deg"),
    Kind.CIRCLE: Column("", "double", "3", "circle", unit="deg"),
    Kind.POLYGON: Column("", "double", "*", "polygon", unit="deg"),
    Kind.REGION: Column("", "double", "*", "", unit="deg"),
    Kind.OTHER: Column("", "double", "*"),
}


def kind_of(column: Column) -> Kind:
    """The kind of a published column."""
    if column.datatype in ("char", "unicodeChar"):
        return Kind.TIME if column.xtype == "timestamp" else Kind.TEXT
    if column.arraysize and column.arraysize != "1":
        return _XTYPES.get(column.xtype, Kind.OTHER)
    return _SCALARS.get(column.datatype, Kind.OTHER)


def described(kind: Kind) -> str:
    """A kind in words for messages."""
    if kind in NUMBERS:
        return "a number"
    return {
        Kind.NULL: "NULL",
        Kind.BOOLEAN: "a boolean",
        Kind.TEXT: "a text",
        Kind.TIME: "a timestamp",
        Kind.OTHER: "an array",
    }.get(kind, f"a {kind.value}")


def widest(*kinds: Kind) -> Kind:
    """The kind that holds numbers of all these kinds; that of integers with REAL is DOUBLE PRECISION."""
    numbers = [kind for kind in kinds if kind is not Kind.NULL]
    if not numbers:
        return Kind.NULL
    if Kind.FLOAT in numbers and any(kind is not Kind.FLOAT for kind in numbers):
        return Kind.DOUBLE
    return max(numbers, key=_ORDER.index)


def comparable(left: Kind, right: Kind) -> bool:
    """Whether values of two kinds can be compared."""
    if Kind.NULL in (left, right):
        return True
    if left in NUMBERS and right in NUMBERS:
        return True
    return left is right and left in (Kind.TEXT, Kind.TIME, Kind.BOOLEAN)


def column_of(kind: Kind, unit: str = "", ucd: str = "") -> Column:
    """What is told of a computed value."""
    column = _COLUMNS[kind]
    return replace(column, unit=unit, ucd=ucd) if unit or ucd else column
