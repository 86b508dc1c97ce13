"""From tokens to the tree: recursive descent with precedence climbing.

Precedence is C's, but that bit operators bind tighter than comparisons: selectlib's own documents write
``FLAG & b110 != 0``, and the data subspace of real products shows that ``FLAG&0xfffffef==0`` was read as
``(FLAG & 0xfffffef) == 0``. ``**`` stands above the signs, as in Fortran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vo.wording import did_you_mean

from .attributes import expand_tokens
from .grammar import ANY, ARITHMETIC, CONDITION, MAX_DEPTH, NUMBER, PAIR, TEXT
from .inclusion import BASED_INTEGER, FilterGrammar
from .syntax import Attribute, Binary, Boolean, Call, Column, Logical, Node, Not, Number, Pair, Text, Unary, to_text
from .tokens import FILE_FILTERS, Source, Token, tokenize
from .vocabulary import ALL_NAMES, FUNCTIONS, UNSUPPORTED, shape_form

__all__ = ["CONDITION", "MAX_TEXT", "NUMBER", "TEXT", "parse", "parse_without_table"]

MAX_TEXT = 65_536
"""Longest expression, in characters."""

_ORDER = frozenset({"<", "<=", ">", ">="})
_EQUALITY = frozenset({"==", "!="})
_BITS = frozenset({"&", "|", "^", "<<", ">>"})


class _Parser(FilterGrammar):
    """Conditions, arithmetic and names."""

    # conditions

    def expression(self) -> Node:
        """``a || b``, the whole language."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"Parentheses are nested more than {MAX_DEPTH} deep.", self.token)
        node = self.joined("||", lambda: self.joined("&&", self.negation))
        self.depth -= 1
        return node

    def joined(self, operator: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self.at(operator):
            self.take()
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        for item in operands:
            self.need(item, CONDITION, operator)
        flat = tuple(
            part
            for item in operands
            for part in (item.operands if isinstance(item, Logical) and item.operator == operator else (item,))
        )
        return self.build(Logical, operator, flat, parts=flat, start=flat[0].start, end=flat[-1].end)

    def negation(self) -> Node:
        signs = []
        while self.at("!"):
            signs.append(self.take())
        node = self.equality()
        return self.negated(signs, node)

    def negated(self, signs: Sequence[Token], node: Node) -> Node:
        for sign in reversed(signs):
            self.need(node, CONDITION, "!")
            node = self.build(Not, node, parts=(node,), start=sign.start, end=node.end)
        return node

    def equality(self) -> Node:
        left = self.relation()
        while self.at(*_EQUALITY):
            operator = self.take()
            left = self.comparison(operator, left, self.relation())
        return left

    def relation(self) -> Node:
        left = self.arithmetic(1)
        compared = False
        while True:
            if self.at(*_ORDER):
                if compared:
                    raise self.fail(
                        "Comparisons can't be chained.", self.token, hint="Write PI in [low:high], or join two by &&."
                    )
                operator = self.take()
                left = self.comparison(operator, left, self.arithmetic(1))
                compared = True
            elif self.token.kind == "name" and self.token.text.lower() == "in" and not compared:
                self.take()
                left = self.inclusion(left)
                compared = True
            else:
                return left

    def comparison(self, operator: Token, left: Node, right: Node) -> Node:
        kinds = {self.kind(left), self.kind(right)} - {ANY}
        if PAIR in kinds:
            self.need(left if self.kind(left) == PAIR else right, NUMBER, operator.text)
        if len(kinds) == 2 or (kinds == {CONDITION} and operator.text in _ORDER):
            raise self.fail(
                f"{operator.text} can't compare {self.kind(left)} with {self.kind(right)}.",
                operator,
                hint="Put parentheses around what belongs together." if CONDITION in kinds else "",
            )
        return self.build(Binary, operator.text, left, right, parts=(left, right), start=left.start, end=right.end)

    # numbers

    def arithmetic(self, lowest: int) -> Node:
        left = self.unary()
        while self.token.kind == "operator" and (level := ARITHMETIC.get(self.token.text, 0)) >= lowest:
            operator = self.take()
            right = self.arithmetic(level + 1)
            left = self.operation(operator, left, right)
        return left

    def operation(self, operator: Token, left: Node, right: Node) -> Node:
        for side in (left, right):
            self.need(side, NUMBER, operator.text)
            if operator.text in _BITS and isinstance(side, Number) and isinstance(side.value, float):
                raise self.fail(f"{operator.text} takes integers, not {to_text(side)}.", side)
        return self.build(Binary, operator.text, left, right, parts=(left, right), start=left.start, end=right.end)

    def unary(self) -> Node:
        signs = []
        while self.at("-", "+", "~", "!"):
            signs.append(self.take())
            if len(signs) > MAX_DEPTH:
                raise self.fail(f"More than {MAX_DEPTH} signs in a row.", signs[-1])
        node = self.power()
        for sign in reversed(signs):
            if sign.text == "!":
                node = self.negated([sign], node)
                continue
            self.need(node, NUMBER, sign.text)
            if sign.text == "-" and isinstance(node, Number):
                node = Number(-node.value, start=sign.start, end=node.end)
            else:
                node = self.build(Unary, sign.text, node, parts=(node,), start=sign.start, end=node.end)
        return node

    def power(self) -> Node:
        base = self.primary()
        if not self.at("**"):
            return base
        operator = self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"More than {MAX_DEPTH} powers in a row.", operator)
        exponent = self.unary()
        self.depth -= 1
        return self.operation(operator, base, exponent)

    def primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.take()
            return Number(token.value, start=token.start, end=token.end)
        if token.kind == "text":
            self.take()
            return Text(token.text, start=token.start, end=token.end)
        if token.kind == "name" and token.text.lower() != "in":
            return self.named()
        if token.kind == "attribute":
            self.take()
            return Attribute(token.text[1:], start=token.start, end=token.end)
        if self.at("("):
            return self.parenthesis()
        raise self.unexpected("a column, a number or a condition")

    def parenthesis(self) -> Node:
        opened = self.take()
        items = self.expressions(in_arguments=False)
        closed = self.expect(")", "the parenthesis", opened)
        if len(items) == 1:
            return items[0]
        for item in items:
            self.need(item, NUMBER, "a pair")
        if len(items) != 2:
            raise self.fail("Only figures in a plane are known: give two coordinates.", items[2])
        return self.build(Pair, tuple(items), parts=items, start=opened.start, end=closed.end)

    # names

    def named(self) -> Node:
        token = self.token
        name = token.text
        called = self.next_token.kind == "operator" and self.next_token.text == "("
        if not called:
            self.take()
            return self.identifier(token)
        lower = name.lower()
        if lower in FILE_FILTERS:
            return self.file_filter(())
        if form := shape_form(name):
            return self.shape(form, None)
        if lower in FUNCTIONS:
            return self.function()
        if lower in UNSUPPORTED:
            raise self.fail(f"{name}() is not supported.", token, hint=UNSUPPORTED[lower])
        raise self.fail(f"There is no function {name}.", token, hint=did_you_mean(lower, ALL_NAMES))

    def identifier(self, token: Token) -> Node:
        name, lower = token.text, token.text.lower()
        place = {"start": token.start, "end": token.end}
        if lower in {"true", "false"}:
            return Boolean(lower == "true", **place)
        if self.columns is not None and name.upper() in self.columns:
            return Column(self.columns[name.upper()], **place)
        if (constant := BASED_INTEGER.fullmatch(name)) and len(name) <= 65:
            digits, base = next(
                (constant.group(group), base)
                for group, base in (("binary", 2), ("octal", 8), ("hex", 16))
                if constant.group(group)
            )
            return Number(int(digits, base), **place)
        if self.columns is None:
            return Column(name, **place)
        if lower in UNSUPPORTED:
            raise self.fail(f"{name} is not supported.", token, hint=UNSUPPORTED[lower])
        if name.upper() in {"RA", "DEC"}:
            return Column(name.upper(), **place)
        known = self.columns.values()
        hint = did_you_mean(name, known) or f"It has {', '.join(known)}."
        raise self.fail(f"The table has no column {name}.", token, hint=hint)

    def function(self) -> Node:
        token = self.take()
        name = token.text.lower()
        arguments, closed = self.arguments(token)
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} or more"
            raise self.fail(f"{token.text} takes {wanted} arguments, not {len(arguments)}.", token)
        wanted = CONDITION if name == "ifthenelse" else NUMBER
        for argument in arguments:
            self.need(argument, wanted, token.text)
        return self.build(Call, name, tuple(arguments), parts=arguments, start=token.start, end=closed.end)

    def expressions(self, *, in_arguments: bool) -> list[Node]:
        """One or more expressions, separated by commas."""
        outside, self.in_arguments = self.in_arguments, in_arguments
        items = [self.expression()]
        while self.at(","):
            self.take()
            items.append(self.expression())
        self.in_arguments = outside
        return items

    def arguments(self, token: Token) -> tuple[list[Node], Token]:
        opened = self.take()
        items = [] if self.at(")") else self.expressions(in_arguments=True)
        return items, self.expect(")", token.text, opened)


def parse(
    text: str,
    *,
    header: Mapping[str, object],
    columns: Sequence[str],
    kinds: Mapping[str, str] | None = None,
) -> Node:
    """Parse a selection expression on a table.

    Parameters
    ----------
    header
        Attributes for ``#NAME``.
    columns
        Columns of the table.
    kinds
        Column → `NUMBER`, `CONDITION` or `TEXT`, as far as the types are known.

    Raises
    ------
    vo.errors.QueryError
        With the place of the mistake in `text` and, where there is one, the nearest right thing.
    """
    source = Source(text)
    tokens = expand_tokens(_tokens(text, source), header, source)
    return _run(_Parser(tokens, source, {name.upper(): name for name in columns}, kinds or {}))


def parse_without_table(text: str) -> Node:
    """Parse an expression whose table is not known: any name is a column, attributes stay as they are.

    Raises
    ------
    vo.errors.QueryError
        As `parse`; after an attribute an error may be the attribute's doing.
    """
    source = Source(text)
    return _run(_Parser(_tokens(text, source), source, None, {}))


def _tokens(text: str, source: Source) -> list[Token]:
    if len(text) > MAX_TEXT:
        raise source.error(f"The expression is longer than {MAX_TEXT:,} characters.", 0, 1)
    return tokenize(text, source)


def _run(parser: _Parser) -> Node:
    if not parser.tokens:
        raise parser.source.error("The expression is empty.", 0, 1, hint="Write true to select every row.")
    node = parser.expression()
    if parser.token.kind != "end":
        raise parser.unexpected("an operator or the end")
    parser.need(node, CONDITION, "a selection")
    return node
