"""From a query's text to its tokens, and from places in the text to error messages."""

from __future__ import annotations

import re
from typing import NamedTuple

from obstap.adql.limits import TOKENS
from vo.errors import QueryError

__all__ = ["Place", "Source", "Token", "tokenize"]

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
      | (?P<name>[A-Za-z][A-Za-z0-9_]*)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<op><>|!=|<=|>=|\|\||[-+*/=<>(),.])
      | (?P<text>'[^']*(?:''[^']*)*')
      | (?P<quoted>"[^"]*(?:""[^"]*)*")""",
    re.VERBOSE | re.ASCII,
)

_HINTS = {
    ";": "Leave it out: a request holds one query.",
    "%": "Write MOD(x, y) for the remainder of a division.",
    ":": "Write CAST(x AS type) to change a type; there are no parameters.",
    "!": "Write <> or != for 'not equal' and NOT for 'not'.",
    "&": "Write AND between conditions; ADQL has no operators on bits.",
    "|": "Write OR between conditions and || between texts.",
    "[": "ADQL has no arrays.",
    "`": 'Names are quoted in double quotes, as in "size".',
    "“": 'Names are quoted in straight double quotes, as in "size".',
    "”": 'Names are quoted in straight double quotes, as in "size".',
    "‘": "Texts are quoted in straight single quotes, as in 'text'.",
    "’": "Texts are quoted in straight single quotes, as in 'text'.",
    "\xa0": "This is a space of fixed width; write an ordinary one.",
    "−": "Write the minus as -.",
    "–": "Write the minus as -.",
    "_": 'A name that begins with an underscore is written in double quotes, as in "_name".',
}


class Place(NamedTuple):
    """A part of the text, by character offsets; `end` lies behind its last character."""

    start: int
    end: int

    def to(self, other: Place) -> Place:
        """The place from the beginning of this one to the end of another."""
        return Place(self.start, other.end)


class Token(NamedTuple):
    """A token.

    `kind` is name, quoted, number, text, op or end; `word` is the upper-case text of a name, the text of an operator,
    else empty.
    """

    kind: str
    text: str
    word: str
    place: Place


class Source:
    """A query's text, which knows how to complain about its parts."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def error(self, message: str, place: Place, hint: str = "") -> QueryError:
        """The error to raise about a part of the text."""
        before = self.text[: place.start]
        line_start = before.rfind("\n") + 1
        marked = self.text[place.start : place.end].partition("\n")[0]
        return QueryError(
            message,
            text=self.text,
            line=before.count("\n") + 1,
            column=place.start - line_start + 1,
            length=max(len(marked), 1),
            hint=hint,
        )


def tokenize(source: Source) -> list[Token]:
    """The tokens of a query, comments left out; the last one is of the kind ``end``.

    Raises
    ------
    vo.errors.QueryError
        At the first character that belongs to no token of ADQL, and at the first token too many.
    """
    text = source.text
    tokens = []
    position = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if start != position:
            break
        position = end
        kind = match.lastgroup
        if kind == "space":
            continue
        value = match.group()
        place = Place(start, end)
        if len(tokens) == TOKENS:
            raise source.error(
                f"The query has more than the {TOKENS:,} words, numbers and signs that are allowed.", place
            )
        if kind == "name":
            tokens.append(Token(kind, value, value.upper(), place))
        elif kind == "op":
            tokens.append(Token(kind, value, value, place))
        else:
            _check_end(source, kind, value, place)
            tokens.append(Token(kind, value, "", place))
    if position != len(text):
        raise _stray(source, position)
    tokens.append(Token("end", "", "", Place(_end(text), len(text))))
    return tokens


def _end(text: str) -> int:
    return len(text.rstrip())


def _check_end(source: Source, kind: str, value: str, place: Place) -> None:
    if "\0" in value:
        raise source.error("A text cannot hold the character NUL.", place)
    after = source.text[place.end : place.end + 1]
    if kind == "number" and (after.isalnum() or after in ("_", ".")) and after:
        tail = re.compile(r"[\w.]*").match(source.text, place.end)
        whole = Place(place.start, tail.end())
        hint = "Hexadecimal numbers are not part of ADQL." if value == "0" and after in "xX" else ""
        raise source.error(f"{source.text[whole.start : whole.end]} is not a number.", whole, hint)
    if kind == "quoted" and value == '""':
        raise source.error("A name in double quotes cannot be empty.", place)


def _stray(source: Source, position: int) -> QueryError:
    character = source.text[position]
    place = Place(position, position + 1)
    if character == "'":
        return source.error("The text that begins here is not closed.", place, "Its last character must be a '.")
    if character == '"':
        return source.error("The name that begins here is not closed.", place, 'Its last character must be a ".')
    return source.error(f"The character {character!r} is not allowed here.", place, _HINTS.get(character, ""))
