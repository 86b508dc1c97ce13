"""What all parts of the parser share: the tokens, the making of nodes, the kinds of values, the words of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from vo.errors import QueryError

from .syntax import Attribute, Binary, Call, Column, Node, Number, Pair, Text, Unary, to_text
from .tokens import Source, Token

__all__ = ["ANY", "ARITHMETIC", "CONDITION", "MAX_DEPTH", "NUMBER", "PAIR", "TEXT", "Grammar"]

NUMBER, CONDITION, TEXT, ANY, PAIR = "a number", "a condition", "a text", "a column", "a pair"
"""Kinds of values; ANY is what a column of unknown type is."""

ARITHMETIC = {"|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
"""Arithmetic operators with their precedence."""

MAX_DEPTH = 25
"""How deep parentheses, functions and powers may be nested; far from Python's own limit."""

_MAX_HEIGHT = 120


class Grammar:
    """One expression on its way from tokens to a tree.

    Parameters
    ----------
    columns
        Name in capitals → the table's own spelling; None when the table is not known.
    kinds
        Column → kind, as far as types are known.
    """

    def __init__(
        self, tokens: list[Token], source: Source, columns: Mapping[str, str] | None, kinds: Mapping[str, str]
    ) -> None:
        self.tokens = tokens
        self.source = source
        self.columns = columns
        self.kinds = kinds
        self.index = 0
        self.depth = 0
        self.in_arguments = False
        length = len(source.text)
        self.stop = Token("end", "", length, length + 1)

    @property
    def token(self) -> Token:
        """The token that comes next; the end mark after the last."""
        return self.tokens[self.index] if self.index < len(self.tokens) else self.stop

    @property
    def next_token(self) -> Token:
        """The token after `token`."""
        return self.tokens[self.index + 1] if self.index + 1 < len(self.tokens) else self.stop

    def at(self, *texts: str) -> bool:
        """Whether one of these operators comes next."""
        return self.token.kind == "operator" and self.token.text in texts

    def take(self) -> Token:
        """The token that comes next, which is done with."""
        token = self.token
        self.index += 1
        return token

    def fail(self, message: str, token: Token | Node, *, hint: str = "") -> QueryError:
        """The error that marks a token or a node."""
        attribute = token.attribute if isinstance(token, Token) else ""
        where = f"In the value of #{attribute.split(' ')[-1]}: " if attribute else ""
        return self.source.error(where + message, token.start, token.end, hint=hint)

    def expect(self, text: str, why: str, opened: Token) -> Token:
        """Take the operator that ends what `opened` began."""
        if self.at(text):
            return self.take()
        if self.token.kind == "end":
            raise self.fail(
                f"The {opened.text} that opens {why} is never closed.", opened, hint=f"A {text} is missing."
            )
        raise self.unexpected(f"{text} to end {why}")

    def unexpected(self, wanted: str) -> QueryError:
        """The error for a token that can't stand where `wanted` should."""
        token = self.token
        if token.kind == "end":
            return self.fail(f"The expression ends where {wanted} should follow.", token)
        hint = ""
        if token.kind == "name":
            hint = {
                "and": "Write && or .and.",
                "or": "Write || or .or.",
                "not": "Write ! or .not.",
                "eq": "Write == or .eq.",
            }.get(token.text.lower(), "")
        elif token.text in {")", "]"}:
            hint = f"There is a {token.text} too many, or something is missing before it."
        elif token.text == ":":
            hint = "Intervals follow the word in: PI in [500:2000]."
        return self.fail(f"Found {token.text or 'nothing'} where {wanted} should stand.", token, hint=hint)

    def build(self, kind: Callable[..., Node], *arguments: object, parts: Iterable[Node], start: int, end: int) -> Node:
        """A node above these parts."""
        height = 1 + max((part.height for part in parts), default=0)
        if height > _MAX_HEIGHT:
            raise self.source.error(
                f"The expression is nested more than {_MAX_HEIGHT} levels deep.", start, end, hint="Use intervals."
            )
        return kind(*arguments, start=start, end=end, height=height)

    def kind(self, node: Node) -> str:
        """The kind of a node's value."""
        match node:
            case (
                Number() | Unary() | Binary(operator="+" | "-" | "*" | "/" | "%" | "**" | "&" | "|" | "^" | "<<" | ">>")
            ):
                return NUMBER
            case Text():
                return TEXT
            case Column(name=name):
                return self.kinds.get(name, ANY)
            case Attribute():
                return ANY
            case Pair():
                return PAIR
            case Call(name="near" | "ifthenelse"):
                return CONDITION
            case Call():
                return NUMBER
        return CONDITION

    def need(self, node: Node, wanted: str, what: str) -> None:
        """Refuse a node whose value is of another kind than `what` takes."""
        kind = self.kind(node)
        if kind in {wanted, ANY}:
            return
        shown = to_text(node)
        shown = shown if len(shown) <= 40 else shown[:37] + "…"
        hint = ""
        if wanted == CONDITION and kind == NUMBER:
            hint = f"Compare it with something: {shown} != 0."
        if wanted == NUMBER and kind == PAIR:
            hint = "A pair belongs before in: (X,Y) in CIRCLE(xcenter,ycenter,radius)."
        raise self.fail(f"{shown} is {kind}, but {what} takes {wanted}.", node, hint=hint)
