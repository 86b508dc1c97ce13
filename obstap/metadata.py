"""What a published table is: the metadata of TAP_SCHEMA and what the engines need beside it.

TAP 1.1 §4 (TAP_SCHEMA) names the attributes; data types are VOTable's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["DATATYPES", "IDENTIFIER_UCD", "Column", "ForeignKey", "Position", "Region", "Table"]

TEXTS = ("char", "unicodeChar")

DATATYPES = ("boolean", "short", "int", "long", "float", "double", *TEXTS)
"""VOTable data types that columns may have."""

IDENTIFIER_UCD = "meta.id;meta.main"
"""UCD, in lower case, of the column that identifies a row."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a field of an answer.

    Parameters
    ----------
    name
        Name without quotes, in the case in which it is published.
    datatype
        VOTable data type, one of `DATATYPES`.
    arraysize
        VOTable array size, empty for scalars; ``*`` for text of any length.
    xtype
        DALI extended type: timestamp, point, circle, polygon, interval, adql:REGION, or empty.
    indexed, principal, std
        The flags of TAP_SCHEMA.columns.
    """

    name: str
    datatype: str
    arraysize: str = ""
    xtype: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    description: str = ""
    indexed: bool = False
    principal: bool = False
    std: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the values are made of characters, as times are too."""
        return self.datatype in TEXTS

    @property
    def is_array(self) -> bool:
        """Whether each value has several elements that are no characters."""
        return bool(self.arraysize) and not self.is_text

    @property
    def fixed_size(self) -> int | None:
        """Number of elements, or characters, of each value: 1 for a scalar, None where it varies."""
        if not self.arraysize:
            return 1
        if self.arraysize.endswith("*"):
            return None
        return math.prod(map(int, self.arraysize.split("x")))


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns of this table that point to those of another."""

    target: str
    columns: tuple[tuple[str, str], ...]
    description: str = ""
    utype: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """A pair of columns with ICRS coordinates in degrees, and the hidden column that indexes them.

    `cell` is a BIGINT: the nested HEALPix cell of order 29 of (lon, lat); NULL where either is.
    Tables are stored in its order.
    """

    lon: str
    lat: str
    cell: str


@dataclass(frozen=True, slots=True)
class Region:
    """A text column that shows a sky region, and the hidden columns that compute with it.

    `shape` is DOUBLE[] in degrees: 3 numbers are a circle (lon, lat, radius), 2n >= 6 a polygon.
    `x`, `y`, `z` are the unit vector of the centre of a bounding cone, `radius` its radius in degrees;
    all NULL where the region is.
    """

    text: str
    shape: str
    x: str
    y: str
    z: str
    radius: str


@dataclass(frozen=True, slots=True)
class Table:
    """A published table.

    Parameters
    ----------
    name
        ``schema.table`` as published.
    columns
        The visible columns in their order.
    hidden
        Columns that serve the engine: name to engine-neutral type (BIGINT, DOUBLE, DOUBLE[], VARCHAR).
    key
        The column that identifies a row for upserts, or empty.
    url_prefixed
        Visible text columns that hold a path below the service's base URL; answers show the full URL.
    origin
        What is known of where its data come from: names of `obstap.origin.ORIGIN` and values.
    """

    name: str
    columns: tuple[Column, ...]
    description: str = ""
    utype: str = ""
    type: str = "table"
    index: int | None = None
    key: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()
    regions: tuple[Region, ...] = ()
    url_prefixed: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    origin: tuple[tuple[str, str], ...] = ()

    @property
    def schema(self) -> str:
        """The schema's name."""
        return self.name.partition(".")[0]

    def column(self, name: str) -> Column:
        """The visible column of that name, by exact name.

        Raises
        ------
        KeyError
            When there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a JSON manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Table:
        """The table that `to_dict` described."""
        return cls(
            **{
                **data,
                "columns": tuple(Column(**column) for column in data["columns"]),
                "positions": tuple(Position(**position) for position in data["positions"]),
                "regions": tuple(Region(**region) for region in data["regions"]),
                "url_prefixed": tuple(data["url_prefixed"]),
                "origin": tuple((name, value) for name, value in data.get("origin", ())),
                "foreign_keys": tuple(
                    ForeignKey(**{**key, "columns": tuple(tuple(pair) for pair in key["columns"])})
                    for key in data["foreign_keys"]
                ),
            }
        )
