"""What a query says: the nodes of its syntax tree, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass

from obstap.adql.tokens import Place

__all__ = [
    "Arithmetic",
    "Between",
    "Call",
    "Cast",
    "ColumnName",
    "Comparison",
    "Derived",
    "Exists",
    "Expression",
    "InList",
    "InQuery",
    "IsNull",
    "Join",
    "Junction",
    "Like",
    "Name",
    "Negation",
    "Not",
    "Null",
    "Number",
    "Order",
    "Output",
    "Predicate",
    "Query",
    "Select",
    "SetOperation",
    "Star",
    "SubQuery",
    "TableName",
    "Text",
    "Value",
    "With",
]


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier without its quotes; `quoted` tells whether it had some."""

    text: str
    quoted: bool
    place: Place

    def matches(self, published: str) -> bool:
        """Whether this names something that is published so: exactly when quoted, else in any case."""
        return self.text == published if self.quoted else self.text.lower() == published.lower()


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column, with or without its table."""

    parts: tuple[Name, ...]
    place: Place

    @property
    def text(self) -> str:
        """As the user wrote it, without spaces."""
        return ".".join(f'"{part.text}"' if part.quoted else part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Number:
    """A number without sign: an int if it had neither point nor exponent."""

    value: int | float
    place: Place


@dataclass(frozen=True, slots=True)
class Text:
    """A text in single quotes."""

    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Null:
    """NULL."""

    place: Place


@dataclass(frozen=True, slots=True)
class Negation:
    """A value with a minus before it."""

    operand: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two values and one of + - * / || between them."""

    operator: str
    left: Value
    right: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Call:
    """A function, by its upper-case name; `name_place` is that of the name alone."""

    name: str
    arguments: tuple[Value, ...]
    place: Place
    name_place: Place
    distinct: bool = False
    star: bool = False


@dataclass(frozen=True, slots=True)
class Cast:
    """CAST(operand AS target(length))."""

    operand: Value
    target: str
    length: int | None
    place: Place


@dataclass(frozen=True, slots=True)
class SubQuery:
    """A query in parentheses that stands for a value."""

    query: Query
    place: Place


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values and one of = <> < > <= >= between them."""

    operator: str
    left: Value
    right: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Between:
    """operand [NOT] BETWEEN low AND high."""

    operand: Value
    low: Value
    high: Value
    negated: bool
    place: Place


@dataclass(frozen=True, slots=True)
class InList:
    """operand [NOT] IN (values)."""

    operand: Value
    values: tuple[Value, ...]
    negated: bool
    place: Place


@dataclass(frozen=True, slots=True)
class InQuery:
    """operand [NOT] IN (query)."""

    operand: Value
    query: Query
    negated: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Like:
    """operand [NOT] LIKE pattern, or ILIKE, which folds case."""

    operand: Value
    pattern: Value
    negated: bool
    folds: bool
    place: Place


@dataclass(frozen=True, slots=True)
class IsNull:
    """operand IS [NOT] NULL."""

    operand: Value
    negated: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Exists:
    """EXISTS (query)."""

    query: Query
    place: Place


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by AND, or by OR."""

    operator: str
    operands: tuple[Predicate, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Not:
    """NOT operand."""

    operand: Predicate
    place: Place


Value = ColumnName | Number | Text | Null | Negation | Arithmetic | Call | Cast | SubQuery
Predicate = Comparison | Between | InList | InQuery | Like | IsNull | Exists | Junction | Not
Expression = Value | Predicate


@dataclass(frozen=True, slots=True)
class Star:
    """``*`` or ``table.*``."""

    qualifier: tuple[Name, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Output:
    """A value of the select list and the name that it was given."""

    value: Value
    alias: Name | None
    place: Place


@dataclass(frozen=True, slots=True)
class TableName:
    """A table of the FROM clause."""

    parts: tuple[Name, ...]
    alias: Name | None
    place: Place


@dataclass(frozen=True, slots=True)
class Derived:
    """A query of the FROM clause."""

    query: Query
    alias: Name
    place: Place


@dataclass(frozen=True, slots=True)
class Join:
    """Two sources joined; `kind` is INNER, LEFT, RIGHT or FULL."""

    kind: str
    natural: bool
    left: TableSource
    right: TableSource
    on: Predicate | None
    using: tuple[Name, ...]
    place: Place


TableSource = TableName | Derived | Join


@dataclass(frozen=True, slots=True)
class Order:
    """A term of ORDER BY."""

    value: Value
    descending: bool


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT without its ORDER BY."""

    distinct: bool
    top: int | None
    items: tuple[Star | Output, ...]
    sources: tuple[TableSource, ...]
    where: Predicate | None
    group_by: tuple[Value, ...]
    having: Predicate | None
    place: Place


@dataclass(frozen=True, slots=True)
class SetOperation:
    """Two operands and UNION, EXCEPT or INTERSECT between them; `every` is ALL."""

    operator: str
    every: bool
    left: Select | SetOperation | Query
    right: Select | SetOperation | Query
    place: Place


@dataclass(frozen=True, slots=True)
class With:
    """A named query of the WITH clause."""

    name: Name
    query: Query


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query, or one in parentheses."""

    body: Select | SetOperation | Query
    order_by: tuple[Order, ...]
    offset: int | None
    place: Place
    offset_place: Place | None = None
    withs: tuple[With, ...] = ()
