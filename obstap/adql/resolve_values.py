"""Values and conditions: what their names and types are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

from obstap.adql import bound, tree
from obstap.adql.bound import Kind
from obstap.adql.constants import computed, number, parse_time
from obstap.adql.functions import AGGREGATES, FUNCTIONS, Function
from obstap.adql.kinds import GEOMETRY, INTEGERS, NUMBERS, column_of, comparable, described, widest
from obstap.adql.limits import DIGITS
from obstap.adql.scope import Scope
from obstap.adql.tokens import Place, Source
from obstap.adql.units import factor
from obstap.metadata import Column
from vo.errors import UsageError

__all__ = ["Context", "ValueResolver"]

_CASTS = {
    "SMALLINT": Kind.SHORT,
    "INTEGER": Kind.INT,
    "BIGINT": Kind.LONG,
    "REAL": Kind.FLOAT,
    "DOUBLE PRECISION": Kind.DOUBLE,
    "CHAR": Kind.TEXT,
    "VARCHAR": Kind.TEXT,
    "TIMESTAMP": Kind.TIME,
    "POINT": Kind.POINT,
    "CIRCLE": Kind.CIRCLE,
    "POLYGON": Kind.POLYGON,
}

_TRUTH = {1: True, 0: False, "1": True, "0": False, "true": True, "false": False, "t": True, "f": False}


@dataclass(frozen=True, slots=True)
class Context:
    """Where a value stands: which columns it can name, and why it can hold no aggregate, if it cannot."""

    scope: Scope
    no_aggregates: str = ""


class ValueResolver(ABC):
    """Resolves values and conditions; `query` and `geometry` come from the classes that resolve those."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @abstractmethod
    def query(self, node: tree.Query, outer: Scope | None) -> bound.Query:
        """A sub-query."""

    @abstractmethod
    def geometry(self, node: tree.Call, context: Context) -> bound.Value:
        """A function of geometry."""

    @abstractmethod
    def udf(self, node: tree.Call, context: Context) -> bound.Value:
        """A user-defined function with rules of its own."""

    @abstractmethod
    def shape_constant(self, text: str, kind: Kind, place: Place) -> bound.Value:
        """The region that a text has in the form of DALI."""

    def value(self, node: tree.Value, context: Context) -> bound.Value:
        """A value with its type."""
        return _VALUES[type(node)](self, node, context)

    def condition(self, node: tree.Predicate, context: Context) -> bound.Predicate:
        """A condition with its names resolved."""
        return _CONDITIONS[type(node)](self, node, context)

    def number(self, node: tree.Value, context: Context, purpose: str) -> bound.Value:
        """A value that must be a number (or NULL)."""
        return self._of(node, context, NUMBERS, "a number", purpose)

    def text(self, node: tree.Value, context: Context, purpose: str) -> bound.Value:
        """A value that must be a text (or NULL)."""
        return self._of(node, context, frozenset({Kind.TEXT}), "a text", purpose)

    def _of(self, node: tree.Value, context: Context, kinds: frozenset[Kind], wanted: str, purpose: str) -> bound.Value:
        value = self.value(node, context)
        if value.kind in kinds or value.kind is Kind.NULL:
            return value
        hint = "Convert it with CAST." if value.kind in NUMBERS | {Kind.TEXT, Kind.TIME} else ""
        raise self.source.error(f"{purpose} takes {wanted}, and this is {described(value.kind)}.", node.place, hint)

    # values

    def _column(self, node: tree.ColumnName, context: Context) -> bound.Value:
        found = context.scope.find(node)
        if isinstance(found, bound.Field):
            return bound.Field(found.relation, found.column, found.kind, found.about, node.place)
        return found

    def _constant_number(self, node: tree.Number, context: Context) -> bound.Value:  # noqa: ARG002 - one of a family
        return number(node.value)

    def _constant_text(self, node: tree.Text, context: Context) -> bound.Value:  # noqa: ARG002
        return bound.Constant(node.value, Kind.TEXT, column_of(Kind.TEXT))

    def _null(self, node: tree.Null, context: Context) -> bound.Value:  # noqa: ARG002
        return bound.Constant(None, Kind.NULL, column_of(Kind.NULL))

    def _negation(self, node: tree.Negation, context: Context) -> bound.Value:
        operand = self.number(node.operand, context, "-")
        return _made("NEGATE", (operand,), operand.kind, operand.about.unit)

    def _arithmetic(self, node: tree.Arithmetic, context: Context) -> bound.Value:
        operator = node.operator
        if operator == "||":
            left, right = (self.text(side, context, "||") for side in (node.left, node.right))
            return bound.Call("||", (left, right), Kind.TEXT, column_of(Kind.TEXT))
        left, right = (self.number(side, context, operator) for side in (node.left, node.right))
        kind = widest(left.kind, right.kind)
        if operator == "/" and kind in INTEGERS:
            operator = "//"
        return _made(operator, (left, right), kind, _unit_of(operator, left, right))

    def _call(self, node: tree.Call, context: Context) -> bound.Value:
        function = FUNCTIONS[node.name]
        if node.name in AGGREGATES:
            return self._aggregate(node, context)
        if function.takes == "geometry":
            return self.geometry(node, context)
        if function.takes == "udf":
            return self.udf(node, context)
        if node.name == "COALESCE":
            return self._coalesce(node, context)
        if node.name == "IN_UNIT":
            return self._in_unit(node, context)
        return self._plain_call(node, function, context)

    def _plain_call(self, node: tree.Call, function: Function, context: Context) -> bound.Value:
        if function.takes == "time":
            return self._time_call(node, function, context)
        take = self.text if function.takes == "text" else self.number
        arguments = tuple(take(argument, context, node.name) for argument in node.arguments)
        if node.name in ("ROUND", "TRUNCATE") and len(arguments) == 2:
            self._require_digits(node.arguments[1], node.name)
        kind = {"double": Kind.DOUBLE, "int": Kind.INT, "text": Kind.TEXT}.get(function.gives)
        if kind is None:
            kind = widest(*(argument.kind for argument in arguments))
        unit = arguments[0].about.unit if function.keeps else function.unit
        return _made(node.name, arguments, kind, unit)

    def _require_digits(self, node: tree.Value, name: str) -> None:
        digits = node.operand if isinstance(node, tree.Negation) else node
        if not isinstance(digits, tree.Number) or not isinstance(digits.value, int):
            raise self.source.error(
                f"The second argument of {name} must be a whole number such as 2 or -1.", node.place
            )
        if digits.value > DIGITS:
            raise self.source.error(
                f"The second argument of {name} must lie between -{DIGITS} and {DIGITS}.", node.place
            )

    def _time_call(self, node: tree.Call, function: Function, context: Context) -> bound.Value:
        argument = self._as_time(self.value(node.arguments[0], context))
        if argument.kind is Kind.NULL:
            argument = bound.Cast(argument, Kind.TIME, column_of(Kind.TIME))
        if argument.kind is not Kind.TIME:
            raise self.source.error(
                f"{node.name} takes a timestamp, and this is {described(argument.kind)}.", node.arguments[0].place
            )
        return bound.Call(node.name, (argument,), Kind.DOUBLE, column_of(Kind.DOUBLE, function.unit))

    def _as_time(self, value: bound.Value) -> bound.Value:
        if isinstance(value, bound.Constant) and value.kind is Kind.TEXT and (time := parse_time(value.value)):
            return bound.Constant(time, Kind.TIME, column_of(Kind.TIME))
        return value

    def _aggregate(self, node: tree.Call, context: Context) -> bound.Value:
        if context.no_aggregates:
            raise self.source.error(f"{node.name} cannot stand in {context.no_aggregates}.", node.place)
        inner = Context(context.scope, "another aggregate")
        if node.star:
            return bound.Aggregate("COUNT", (), False, Kind.LONG, column_of(Kind.LONG, ucd="meta.number"))
        if node.name == "IVO_STRING_AGG":
            arguments = tuple(self.text(argument, inner, node.name) for argument in node.arguments)
            if not isinstance(arguments[1], bound.Constant):
                raise self.source.error(
                    f"The second argument of {node.name} must be a text in quotes, such as ', '.",
                    node.arguments[1].place,
                )
            return bound.Aggregate(node.name, arguments, node.distinct, Kind.TEXT, column_of(Kind.TEXT))
        if node.name == "IVO_HISTOGRAM":
            return self.udf(node, inner)
        operand = self.value(node.arguments[0], inner)
        kind, about = self._aggregated(node, operand)
        return bound.Aggregate(node.name, (operand,), node.distinct, kind, about)

    def _aggregated(self, node: tree.Call, operand: bound.Value) -> tuple[Kind, Column]:
        kind = operand.kind
        if node.name == "COUNT":
            return Kind.LONG, column_of(Kind.LONG, ucd="meta.number")
        if node.name in ("MIN", "MAX"):
            if kind in NUMBERS | {Kind.TEXT, Kind.TIME, Kind.NULL}:
                return kind, operand.about
        elif kind in NUMBERS or kind is Kind.NULL:
            result = Kind.LONG if node.name == "SUM" and kind in INTEGERS else Kind.DOUBLE
            return result, column_of(result, operand.about.unit)
        raise self.source.error(f"{node.name} cannot be made of {described(kind)}.", node.arguments[0].place)

    def _coalesce(self, node: tree.Call, context: Context) -> bound.Value:
        arguments = [self.value(argument, context) for argument in node.arguments]
        kinds = {argument.kind for argument in arguments} - {Kind.NULL}
        if kinds <= NUMBERS:
            kind = widest(*(argument.kind for argument in arguments))
        elif len(kinds) == 1:
            (kind,) = kinds
        else:
            raise self.source.error(
                "The arguments of COALESCE have different types: "
                f"{' and '.join(sorted({described(kind) for kind in kinds}))}.",
                node.place,
                "Convert them with CAST.",
            )
        units = {argument.about.unit for argument in arguments if not isinstance(argument, bound.Constant)}
        return bound.Call("COALESCE", tuple(arguments), kind, column_of(kind, units.pop() if len(units) == 1 else ""))

    def _in_unit(self, node: tree.Call, context: Context) -> bound.Value:
        operand = self.number(node.arguments[0], context, "IN_UNIT")
        wanted = node.arguments[1]
        if not isinstance(wanted, tree.Text):
            raise self.source.error(
                "The second argument of IN_UNIT must be a unit in quotes, such as 'km'.", wanted.place
            )
        if not operand.about.unit:
            raise self.source.error("The unit of this value is not known.", node.arguments[0].place)
        try:
            scale = factor(operand.about.unit, wanted.value)
        except UsageError as error:
            raise self.source.error(error.message, wanted.place, error.hint) from error
        return bound.Call("*", (operand, number(scale)), Kind.DOUBLE, column_of(Kind.DOUBLE, wanted.value))

    def _cast(self, node: tree.Cast, context: Context) -> bound.Value:
        kind = _CASTS[node.target]
        operand = self.value(node.operand, context)
        if not _castable(operand.kind, kind):
            raise self.source.error(
                f"CAST cannot convert {described(operand.kind)} to {node.target}.", node.operand.place
            )
        if kind in GEOMETRY and isinstance(operand, bound.Field) and operand.region is not None:
            raise self.source.error(
                f"{operand.about.name} is a region already.",
                node.operand.place,
                "Functions of geometry take it as it is.",
            )
        if isinstance(operand, bound.Constant) and operand.kind is Kind.TEXT:
            if kind is Kind.TIME:
                return self._time_constant(operand, node.operand.place)
            if kind in GEOMETRY:
                return self.shape_constant(operand.value, kind, node.operand.place)
        column = column_of(kind, operand.about.unit if kind in NUMBERS else "")
        if node.length is not None:
            column = replace(column, arraysize=f"{node.length}*")
        return bound.Cast(operand, kind, column, node.length)

    def _time_constant(self, text: bound.Constant, place: Place) -> bound.Constant:
        time = parse_time(text.value)
        if time is None:
            raise self.source.error(
                f"{text.value!r} is not a time.", place, "Write it as '2024-12-31' or '2024-12-31T23:59:59.5'."
            )
        return bound.Constant(time, Kind.TIME, column_of(Kind.TIME))

    def _scalar_query(self, node: tree.SubQuery, context: Context) -> bound.Value:
        query = self._one_column(node.query, context)
        (item,) = query.items
        return bound.ScalarQuery(query, item.value.kind, item.about)

    def _one_column(self, node: tree.Query, context: Context) -> bound.Query:
        query = self.query(node, context.scope)
        if len(query.items) != 1:
            raise self.source.error(f"This sub-query must give one column; it gives {len(query.items)}.", node.place)
        return query

    # conditions

    def _comparison(self, node: tree.Comparison, context: Context) -> bound.Predicate:
        left, right = self._pair(node.left, self.value(node.left, context), node.right, context)
        return bound.Comparison(node.operator, left, right)

    def _pair(
        self, left_node: tree.Value, left: bound.Value, right_node: tree.Value, context: Context
    ) -> tuple[bound.Value, bound.Value]:
        """Two values that are compared, constants converted to the other's type."""
        right = self.value(right_node, context)
        left, right = self._adapted(left, right, left_node.place), self._adapted(right, left, right_node.place)
        self._require_comparable(left.kind, right.kind, right_node.place)
        return left, right

    def _adapted(self, value: bound.Value, other: bound.Value, place: Place) -> bound.Value:
        if not isinstance(value, bound.Constant):
            return value
        if other.kind is Kind.TIME and value.kind is Kind.TEXT:
            return self._time_constant(value, place)
        if other.kind is Kind.BOOLEAN and value.kind in (Kind.TEXT, Kind.INT):
            key = value.value.lower() if value.kind is Kind.TEXT else value.value
            if key not in _TRUTH:
                raise self.source.error("A boolean is compared with 1 or 0.", place)
            return bound.Constant(_TRUTH[key], Kind.BOOLEAN, column_of(Kind.BOOLEAN))
        return value

    def _require_comparable(self, left: Kind, right: Kind, place: Place) -> None:
        if not comparable(left, right):
            hint = "Compare AREA, DISTANCE, CONTAINS or INTERSECTS." if left is right and left is not Kind.OTHER else ""
            text = f"{described(left)} cannot be compared with {described(right)}."
            raise self.source.error(text[0].upper() + text[1:], place, hint)

    def _between(self, node: tree.Between, context: Context) -> bound.Predicate:
        operand = self.value(node.operand, context)
        operand, low = self._pair(node.operand, operand, node.low, context)
        operand, high = self._pair(node.operand, operand, node.high, context)
        return bound.Between(operand, low, high, node.negated)

    def _in_list(self, node: tree.InList, context: Context) -> bound.Predicate:
        operand = self.value(node.operand, context)
        values = []
        for value_node in node.values:
            operand, value = self._pair(node.operand, operand, value_node, context)
            values.append(value)
        return bound.InList(operand, tuple(values), node.negated)

    def _in_query(self, node: tree.InQuery, context: Context) -> bound.Predicate:
        operand = self.value(node.operand, context)
        query = self._one_column(node.query, context)
        self._require_comparable(operand.kind, query.items[0].value.kind, node.operand.place)
        return bound.InQuery(operand, query, node.negated)

    def _like(self, node: tree.Like, context: Context) -> bound.Predicate:
        word = "ILIKE" if node.folds else "LIKE"
        operand, pattern = (self.text(side, context, word) for side in (node.operand, node.pattern))
        return bound.Like(operand, pattern, node.negated, node.folds)

    def _is_null(self, node: tree.IsNull, context: Context) -> bound.Predicate:
        return bound.IsNull(self.value(node.operand, context), node.negated)

    def _exists(self, node: tree.Exists, context: Context) -> bound.Predicate:
        return bound.Exists(self.query(node.query, context.scope))

    def _junction(self, node: tree.Junction, context: Context) -> bound.Predicate:
        return bound.Junction(node.operator, tuple(self.condition(operand, context) for operand in node.operands))

    def _negated(self, node: tree.Not, context: Context) -> bound.Predicate:
        return bound.Not(self.condition(node.operand, context))


_VALUES = {
    tree.ColumnName: ValueResolver._column,
    tree.Number: ValueResolver._constant_number,
    tree.Text: ValueResolver._constant_text,
    tree.Null: ValueResolver._null,
    tree.Negation: ValueResolver._negation,
    tree.Arithmetic: ValueResolver._arithmetic,
    tree.Call: ValueResolver._call,
    tree.Cast: ValueResolver._cast,
    tree.SubQuery: ValueResolver._scalar_query,
}

_CONDITIONS = {
    tree.Comparison: ValueResolver._comparison,
    tree.Between: ValueResolver._between,
    tree.InList: ValueResolver._in_list,
    tree.InQuery: ValueResolver._in_query,
    tree.Like: ValueResolver._like,
    tree.IsNull: ValueResolver._is_null,
    tree.Exists: ValueResolver._exists,
    tree.Junction: ValueResolver._junction,
    tree.Not: ValueResolver._negated,
}


def _made(name: str, arguments: Sequence[bound.Value], kind: Kind, unit: str) -> bound.Value:
    """A call, or its value where it is constant."""
    constant = computed(name, arguments)
    if constant is not None and (kind is Kind.DOUBLE) == (constant.kind is Kind.DOUBLE):
        return replace(constant, about=column_of(constant.kind, unit)) if unit else constant
    return bound.Call(name, tuple(arguments), kind, column_of(kind, unit))


def _unit_of(operator: str, left: bound.Value, right: bound.Value) -> str:
    """The unit of a sum, or of a product or quotient with a constant."""
    if operator in ("+", "-"):
        if isinstance(left, bound.Constant) or left.about.unit == right.about.unit:
            return right.about.unit
        return left.about.unit if isinstance(right, bound.Constant) else ""
    if isinstance(right, bound.Constant):
        return left.about.unit
    return right.about.unit if operator == "*" and isinstance(left, bound.Constant) else ""


def _castable(given: Kind, wanted: Kind) -> bool:
    if given is Kind.NULL or given is wanted:
        return True
    if wanted is Kind.TEXT:
        return given in NUMBERS | {Kind.TIME, Kind.BOOLEAN}
    if wanted is Kind.TIME or wanted in GEOMETRY:
        return given is Kind.TEXT
    return given in NUMBERS | {Kind.TEXT, Kind.BOOLEAN}
