"""Walking along the tokens of a query."""

from __future__ import annotations

from functools import cached_property

from obstap.adql.tokens import Place, Source, Token, tokenize
from obstap.adql.tree import Name
from obstap.names import RESERVED
from vo.errors import QueryError

__all__ = ["Cursor"]

_FOREIGN = {
    "LIMIT": "Write SELECT TOP n to limit the number of rows.",
    "OVER": "There are no window functions.",
    "QUALIFY": "There are no window functions.",
    "RETURNING": "Queries only read.",
    "TABLESAMPLE": "Use RAND() in a condition.",
    "CASE": "COALESCE or UNION may do.",
    "CROSS": "Separate the tables by a comma.",
}
"""What users bring along from other dialects, and what to say."""

_CLAUSE_WORDS = """
ALL AND AS ASC BETWEEN BY DESC DISTINCT EXCEPT EXISTS FROM FULL GROUP HAVING ILIKE IN INNER INTERSECT IS JOIN LEFT LIKE
NATURAL NOT NULL OFFSET ON OR ORDER OUTER RIGHT SELECT TOP UNION USING WHERE WITH
"""
_CLAUSES = frozenset(_CLAUSE_WORDS.split())
"""Reserved words that are not likely to be meant as names."""


class Cursor:
    """A position among the tokens of a query."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.index = 0
        self.token = self.tokens[0]

    def next_token(self) -> Token:
        """The token behind the present one."""
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """The present token; the cursor moves on."""
        token = self.token
        if token.kind != "end":
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def accept(self, *words: str) -> Token | None:
        """The present token if it is one of these keywords or operators, else None."""
        return self.advance() if self.token.word in words else None

    def expect(self, word: str, purpose: str) -> Token:
        """The present token, which must be this keyword or operator."""
        if self.token.word != word:
            raise self.unexpected(f"{word} {purpose}".rstrip())
        return self.advance()

    def place_since(self, start: Place) -> Place:
        """From a place to the last token before the present one."""
        return start.to(self.tokens[self.index - 1].place)

    def unexpected(self, expected: str) -> QueryError:
        """The error about the present token, where something else should stand."""
        token = self.token
        if token.kind == "end":
            return self.source.error(f"The query ends where {expected} should stand.", token.place)
        if token.word in _FOREIGN:
            return self.source.error(f"{token.word} is not part of ADQL.", token.place, _FOREIGN[token.word])
        previous = self.tokens[self.index - 1] if self.index else None
        hint = ""
        if previous is not None:
            if previous.word in _FOREIGN:
                return self.source.error(
                    f"{previous.word} is not part of ADQL.", previous.place, _FOREIGN[previous.word]
                )
            if previous.word == "=" == token.word:
                hint = "Equality is written with one =."
            if previous.word == "," and not hint:
                hint = "There may be a comma too many."
        if not hint and token.word in RESERVED and token.word not in _CLAUSES:
            hint = f'{token.word} is a reserved word; a name is written in double quotes: "{token.text}".'
        found = token.text if len(token.text) <= 40 else f"{token.text[:40]}…"
        return self.source.error(f"{found} stands where {expected} should.", token.place, hint)

    def at_name(self) -> bool:
        """Whether the present token can be an identifier."""
        return self.token.kind == "quoted" or (self.token.kind == "name" and self.token.word not in RESERVED)

    def name(self, purpose: str) -> Name:
        """The identifier that must stand here."""
        token = self.token
        if token.kind == "quoted":
            self.advance()
            return Name(token.text[1:-1].replace('""', '"'), True, token.place)
        if token.kind != "name":
            raise self.unexpected(purpose)
        if token.word in RESERVED:
            raise self.source.error(
                f"{token.text} is a reserved word and cannot be {purpose}.",
                token.place,
                _FOREIGN.get(token.word, f'In double quotes it can: "{token.text}".'),
            )
        self.advance()
        return Name(token.text, False, token.place)

    def opens_query(self, index: int | None = None) -> bool:
        """Whether the parenthesis at an index (the present token's by default) encloses a query."""
        index = self.index if index is None else index
        if self.tokens[index].word != "(":
            return False
        inner = self.tokens[index + 1]
        if inner.word in ("SELECT", "WITH"):
            return True
        if inner.word != "(" or index + 1 not in self._partners or not self.opens_query(index + 1):
            return False
        follower = self.tokens[self._partners[index + 1] + 1]
        return follower.word in ("UNION", "EXCEPT", "INTERSECT", "ORDER", "OFFSET", ")")

    @cached_property
    def _partners(self) -> dict[int, int]:
        """Index of the closing parenthesis of each opening one."""
        partners, open_ = {}, []
        for index, token in enumerate(self.tokens):
            if token.word == "(":
                open_.append(index)
            elif token.word == ")" and open_:
                partners[open_.pop()] = index
        return partners
