"""What a query means: names resolved, types known. What `resolve` makes and `translate` reads.

Values are equal when they mean the same, wherever they stand; that is how GROUP BY knows its terms again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from obstap.adql.tokens import Place
from obstap.metadata import Column, Position, Region

__all__ = [
    "Aggregate",
    "Between",
    "Call",
    "Cast",
    "Comparison",
    "Constant",
    "Derived",
    "Exists",
    "Field",
    "InList",
    "InQuery",
    "IsNull",
    "Item",
    "Join",
    "Junction",
    "Kind",
    "Like",
    "Not",
    "Predicate",
    "Query",
    "Relation",
    "ScalarQuery",
    "Select",
    "SetOperation",
    "Shape",
    "Table",
    "Value",
]


class Kind(Enum):
    """The types that the rules of the language tell apart."""

    NULL = "NULL"
    BOOLEAN = "BOOLEAN"
    SHORT = "SMALLINT"
    INT = "INTEGER"
    LONG = "BIGINT"
    FLOAT = "REAL"
    DOUBLE = "DOUBLE PRECISION"
    TEXT = "VARCHAR"
    TIME = "TIMESTAMP"
    POINT = "POINT"
    CIRCLE = "CIRCLE"
    POLYGON = "POLYGON"
    REGION = "REGION"
    MOC = "MOC"
    OTHER = "array"

    __hash__ = object.__hash__


@dataclass(eq=False, slots=True)
class Relation:
    """A table, or a query, of a FROM clause.

    Parameters
    ----------
    alias
        The engine's name of it, unique in the whole query.
    columns
        Published names, each with the engine's name of the column.
    positions, regions
        Which columns belong together, by the engine's names of them.
    url_prefixed
        Columns (the engine's names) that hold paths below the service's URL.
    hidden
        Columns of a table that stand beside the published ones.
    """

    alias: str
    columns: tuple[tuple[Column, str], ...]
    positions: tuple[Position, ...] = ()
    regions: dict[str, Region] = field(default_factory=dict)
    url_prefixed: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, text, truth value, time (ISO 8601), MOC (`vo.moc.Moc`) or NULL."""

    value: object
    kind: Kind
    about: Column = field(compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation, by the engine's name."""

    relation: Relation
    column: str
    kind: Kind
    about: Column = field(compare=False)
    place: Place | None = field(default=None, compare=False)

    @property
    def region(self) -> Region | None:
        """The region that this column shows as text, if it is such a column."""
        return self.relation.regions.get(self.column)

    @property
    def shape_of(self) -> Region | None:
        """The region of which this is the hidden column that computes, if it is one."""
        return next((region for region in self.relation.regions.values() if region.shape == self.column), None)


@dataclass(frozen=True, slots=True)
class Shape:
    """A region made of numbers: a point of 2, a circle of 3, a polygon of 2n >= 6, a box of 4."""

    parts: tuple[Value, ...]
    kind: Kind
    about: Column = field(compare=False)
    box: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function: ADQL's upper-case name, or + - * / // || and NEGATE."""

    name: str
    arguments: tuple[Value, ...]
    kind: Kind
    about: Column = field(compare=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of the rows of a group; no arguments mean COUNT(*)."""

    name: str
    arguments: tuple[Value, ...]
    distinct: bool
    kind: Kind
    about: Column = field(compare=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """A value converted to `kind`; texts are cut at `length`."""

    operand: Value
    kind: Kind
    about: Column = field(compare=False)
    length: int | None = None


@dataclass(frozen=True, slots=True)
class ScalarQuery:
    """A query of one column that stands for a value."""

    query: Query
    kind: Kind
    about: Column = field(compare=False)


Value = Constant | Field | Shape | Call | Aggregate | Cast | ScalarQuery


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values compared."""

    operator: str
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Between:
    """A value between two others, limits included."""

    operand: Value
    low: Value
    high: Value
    negated: bool


@dataclass(frozen=True, slots=True)
class InList:
    """A value among others."""

    operand: Value
    values: tuple[Value, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class InQuery:
    """A value in the only column of a query."""

    operand: Value
    query: Query
    negated: bool


@dataclass(frozen=True, slots=True)
class Like:
    """A text that matches a pattern."""

    operand: Value
    pattern: Value
    negated: bool
    folds: bool


@dataclass(frozen=True, slots=True)
class IsNull:
    """A value that is NULL."""

    operand: Value
    negated: bool


@dataclass(frozen=True, slots=True)
class Exists:
    """A query that has rows."""

    query: Query


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by AND or OR."""

    operator: str
    operands: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that does not hold."""

    operand: Predicate


Predicate = Comparison | Between | InList | InQuery | Like | IsNull | Exists | Junction | Not


@dataclass(eq=False, slots=True)
class Table:
    """A published table in FROM; `name` is its lower-case ``schema.table``."""

    name: str
    relation: Relation


@dataclass(eq=False, slots=True)
class Derived:
    """A query in FROM: its own text, or the name of a query of the WITH clause."""

    query: Query | str
    relation: Relation


@dataclass(eq=False, slots=True)
class Join:
    """Two sources joined where `on` holds."""

    kind: str
    left: TableSource
    right: TableSource
    on: Predicate


TableSource = Table | Derived | Join


@dataclass(eq=False, slots=True)
class Item:
    """A column of a query's answer: the engine's name of it, and what is told of it."""

    name: str
    value: Value
    about: Column


@dataclass(eq=False, slots=True)
class Select:
    """One SELECT.

    `extras` are columns that serve the enclosing query and are not part of the answer; `positions` and `regions` tell
    what they serve for, as in `Relation`.
    """

    distinct: bool
    top: int | None
    items: list[Item]
    sources: list[TableSource]
    where: Predicate | None
    group_by: list[Value]
    having: Predicate | None
    extras: tuple[tuple[str, Field], ...] = ()
    positions: tuple[Position, ...] = ()
    regions: dict[str, Region] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class SetOperation:
    """Two queries and UNION, EXCEPT or INTERSECT between them."""

    operator: str
    every: bool
    left: Query
    right: Query

    @property
    def items(self) -> list[Item]:
        """The columns of the answer, named and described as those of the first operand."""
        return self.left.items


@dataclass(eq=False, slots=True)
class Query:
    """A query with its order: `order_by` holds column numbers (from 1) or values, and whether they descend."""

    body: Select | SetOperation | Query
    items: list[Item]
    order_by: list[tuple[int | Value, bool]]
    offset: int | None
    withs: list[tuple[str, Query]] = field(default_factory=list)
