"""Values and conditions: from tokens to nodes (ADQL 2.1 §2.2.3, §2.3 and the grammar of appendix A)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

from obstap.adql import tree
from obstap.adql.chains import chained
from obstap.adql.cursor import Cursor
from obstap.adql.functions import AGGREGATES, FUNCTIONS
from obstap.adql.limits import DEPTH
from obstap.adql.tokens import Place, Token
from obstap.names import RESERVED

__all__ = ["ValueParser"]

_COMPARISONS = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
_LEVELS = {"+": 1, "-": 1, "||": 1, "*": 2, "/": 2}
_PREDICATES = get_args(tree.Predicate)

_TYPES = frozenset(
    {"SMALLINT", "INTEGER", "BIGINT", "REAL", "CHAR", "VARCHAR", "TIMESTAMP", "POINT", "CIRCLE", "POLYGON"}
)
_TYPE_HINTS = {
    "INT": "Write INTEGER.",
    "FLOAT": "Write REAL or DOUBLE PRECISION.",
    "DOUBLE": "Write DOUBLE PRECISION.",
    "NUMERIC": "Write DOUBLE PRECISION.",
    "DECIMAL": "Write DOUBLE PRECISION.",
    "TEXT": "Write VARCHAR.",
    "STRING": "Write VARCHAR.",
    "DATE": "Write TIMESTAMP.",
}


class ValueParser(Cursor, ABC):
    """Reads values and conditions; `subquery` comes from the class that reads queries."""

    _depth = 0

    @abstractmethod
    def subquery(self) -> tuple[tree.Query, Place]:
        """The query in parentheses that stands here, and the place of both."""

    def condition(self, clause: str) -> tree.Predicate:
        """The condition that must stand here."""
        node = self._either()
        if not isinstance(node, _PREDICATES):
            hint = f"Compare it: 1 = {node.name}(…)." if isinstance(node, tree.Call) else ""
            raise self.source.error(f"{clause} needs a condition, and this is a value.", node.place, hint)
        return node

    def value(self) -> tree.Value:
        """The value that must stand here."""
        return self._value(self._either())

    def _value(self, node: tree.Expression) -> tree.Value:
        if isinstance(node, _PREDICATES):
            raise self.source.error("A condition stands where a value should.", node.place)
        return node

    def _predicate(self, node: tree.Expression) -> tree.Predicate:
        if not isinstance(node, _PREDICATES):
            hint = f"Compare it: 1 = {node.name}(…)." if isinstance(node, tree.Call) else ""
            raise self.source.error("A value stands where a condition should.", node.place, hint)
        return node

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count a level of nesting."""
        self._depth += 1
        if self._depth > DEPTH:
            raise self.source.error(f"The query is nested deeper than {DEPTH} levels.", self.token.place)
        yield
        self._depth -= 1

    def _either(self) -> tree.Expression:
        return self._junction("OR")

    def _junction(self, operator: str) -> tree.Expression:
        first = self._junction("AND") if operator == "OR" else self._negation()
        if self.token.word != operator:
            return first
        operands = [self._predicate(first)]
        while self.accept(operator):
            operands.append(self._predicate(self._junction("AND") if operator == "OR" else self._negation()))
        return tree.Junction(operator, tuple(operands), operands[0].place.to(operands[-1].place))

    def _negation(self) -> tree.Expression:
        if not (word := self.accept("NOT")):
            return self._relation()
        with self.nested():
            operand = self._predicate(self._negation())
        return tree.Not(operand, word.place.to(operand.place))

    def _relation(self) -> tree.Expression:
        if word := self.accept("EXISTS"):
            query, place = self.subquery()
            return tree.Exists(query, word.place.to(place))
        left = self._arithmetic(1)
        word = self.token.word
        if word in _COMPARISONS:
            self.advance()
            right = self._value(self._arithmetic(1))
            operator = "<>" if word == "!=" else word
            return tree.Comparison(operator, self._value(left), right, left.place.to(right.place))
        if word == "IS":
            self.advance()
            negated = bool(self.accept("NOT"))
            end = self.expect("NULL", "after IS")
            return tree.IsNull(self._value(left), negated, left.place.to(end.place))
        if word in ("NOT", "BETWEEN", "IN", "LIKE", "ILIKE"):
            return self._test(self._value(left))
        return left

    def _test(self, operand: tree.Value) -> tree.Predicate:
        negated = bool(self.accept("NOT"))
        if self.accept("BETWEEN"):
            low = self._value(self._arithmetic(1))
            self.expect("AND", "between the limits of BETWEEN")
            high = self._value(self._arithmetic(1))
            return tree.Between(operand, low, high, negated, operand.place.to(high.place))
        if self.accept("IN"):
            if self.opens_query():
                query, place = self.subquery()
                return tree.InQuery(operand, query, negated, operand.place.to(place))
            self.expect("(", "after IN")
            values = self.listed()
            end = self.expect(")", "after the values of IN")
            return tree.InList(operand, values, negated, operand.place.to(end.place))
        if word := self.accept("LIKE", "ILIKE"):
            pattern = self._value(self._arithmetic(1))
            place = operand.place.to(pattern.place)
            return tree.Like(operand, pattern, negated, word.word == "ILIKE", place)
        raise self.unexpected("BETWEEN, IN, LIKE or ILIKE")

    def _arithmetic(self, level: int) -> tree.Expression:
        left = self._factor() if level == 2 else self._arithmetic(2)
        if _LEVELS.get(self.token.word) != level:
            return left
        operands, operators = [self._value(left)], []
        while _LEVELS.get(self.token.word) == level:
            operators.append(self.advance())
            operands.append(self._value(self._factor() if level == 2 else self._arithmetic(2)))
        return chained(operands, operators, self.source)

    def _factor(self) -> tree.Expression:
        if sign := self.accept("+", "-"):
            operand = self._value(self._primary())
            return tree.Negation(operand, sign.place.to(operand.place)) if sign.word == "-" else operand
        return self._primary()

    def _primary(self) -> tree.Expression:
        token = self.token
        if token.kind == "number":
            self.advance()
            return tree.Number(self._number(token), token.place)
        if token.kind == "text":
            self.advance()
            return tree.Text(token.text[1:-1].replace("''", "'"), token.place)
        if token.word == "(":
            return self._parenthesis()
        if token.kind == "quoted":
            return self.column_name()
        if token.kind != "name":
            raise self.unexpected("a value")
        if self.next_token().word == "(":
            if token.word == "CAST":
                return self._cast()
            if token.word in FUNCTIONS or token.word not in RESERVED:
                return self._call()
        if token.word == "NULL":
            self.advance()
            return tree.Null(token.place)
        if token.word in RESERVED:
            raise self._misplaced(token)
        return self.column_name()

    def _misplaced(self, token: Token) -> Exception:
        if token.word in FUNCTIONS or token.word == "CAST":
            return self.source.error(
                f"The function {token.word} needs its arguments in parentheses.",
                token.place,
                f'A column of this name is written "{token.text}".',
            )
        if token.word in ("TRUE", "FALSE"):
            return self.source.error(f"ADQL has no {token.word}.", token.place, "Compare a boolean column with 1 or 0.")
        if self.next_token().word == "(":
            return self.source.error(f"{token.word} is not a function of ADQL.", token.place)
        return self.unexpected("a value")

    def _parenthesis(self) -> tree.Expression:
        with self.nested():
            if self.opens_query():
                query, place = self.subquery()
                return tree.SubQuery(query, place)
            self.advance()
            node = self._either()
            self.expect(")", "to close the parenthesis")
        return node

    def _number(self, token: Token) -> int | float:
        if token.text.isdigit() and len(token.text) <= 19 and int(token.text) < 1 << 63:
            return int(token.text)
        value = float(token.text)
        if not math.isfinite(value):
            raise self.source.error("This number is larger than any that can be computed with.", token.place)
        return value

    def whole_number(self, purpose: str) -> int:
        """The digits that must stand here."""
        token = self.token
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > 18:
            raise self.unexpected(f"a whole number without sign {purpose}")
        self.advance()
        return int(token.text)

    def column_name(self) -> tree.ColumnName:
        """The column that must stand here, with or without its table."""
        parts = [self.name("a column")]
        while self.accept("."):
            parts.append(self.name("a column"))
        if len(parts) > 4:
            place = parts[0].place.to(parts[-1].place)
            raise self.source.error("A column has at most a catalogue, a schema and a table before its name.", place)
        return tree.ColumnName(tuple(parts), parts[0].place.to(parts[-1].place))

    def listed(self) -> tuple[tree.Value, ...]:
        """The values, separated by commas, that must stand here."""
        values = [self.value()]
        while self.accept(","):
            values.append(self.value())
        return tuple(values)

    def _call(self) -> tree.Call:
        name = self.advance()
        with self.nested():
            self.expect("(", "")
            distinct = star = False
            arguments: tuple[tree.Value, ...] = ()
            if name.word in AGGREGATES:
                quantifier = self.accept("DISTINCT", "ALL")
                distinct = quantifier is not None and quantifier.word == "DISTINCT"
                star = name.word == "COUNT" and quantifier is None and bool(self.accept("*"))
            if not star and self.token.word != ")":
                arguments = self.listed()
            end = self.expect(")", f"after the arguments of {name.word}")
        return tree.Call(name.word, arguments, name.place.to(end.place), name.place, distinct, star)

    def _cast(self) -> tree.Cast:
        start = self.advance().place
        with self.nested():
            self.expect("(", "")
            operand = self.value()
            self.expect("AS", "before the type of CAST")
            target = self._type()
            length = None
            if target in ("CHAR", "VARCHAR") and self.accept("("):
                length = self.whole_number("for the length of the text")
                self.expect(")", "after the length")
            end = self.expect(")", "after the type of CAST")
        return tree.Cast(operand, target, length, start.to(end.place))

    def _type(self) -> str:
        token = self.token
        if token.word == "DOUBLE" and self.next_token().word == "PRECISION":
            self.advance()
            self.advance()
            return "DOUBLE PRECISION"
        if token.word in _TYPES:
            return self.advance().word
        if token.kind != "name":
            raise self.unexpected("a type")
        raise self.source.error(
            f"CAST cannot convert to {token.text}.",
            token.place,
            _TYPE_HINTS.get(token.word, f"Types are DOUBLE PRECISION, {', '.join(sorted(_TYPES))}."),
        )
