"""From text to tokens (selectlib manual: operators in C and Fortran form, constants, attributes)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vo.errors import QueryError

__all__ = ["FILE_FILTERS", "Source", "Token", "tokenize"]

FILE_FILTERS = frozenset({"gti", "region", "mask", "image"})
"""Functions whose first argument is a block specifier, taken as it stands up to the comma or the parenthesis."""

_FORTRAN = {
    ".eq.": "==", ".ne.": "!=", ".lt.": "<", ".le.": "<=", ".gt.": ">", ".ge.": ">=",
    ".and.": "&&", ".or.": "||", ".not.": "!", ".true.": "true", ".false.": "false",
}  # fmt: skip
_FORTRAN_FORM = r"\.(?:eq|ne|lt|le|gt|ge|and|or|not|true|false)\."

_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<hex>0[xX][0-9a-fA-F]+)
    | (?P<number>(?:\d+(?:\.(?!(?:eq|ne|lt|le|gt|ge|and|or|not)\.)\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?)
    | (?P<fortran>{_FORTRAN_FORM})
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<attribute>\#[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<text>"(?:[^"\\]|\\.)*"|'[^']*')
    | (?P<operator>\*\*|&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%&|^~!<>()\[\],:])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BLOCKSPEC = re.compile(r"""\s*(?P<open>\()\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>(?:\[[^\]]*\]|[^,()\[\]])*))""")

_HINTS = {
    "=": "Write == for equality.",
    "$": "Attributes of the table are written #NAME.",
    "{": "Use parentheses.",
    "}": "Use parentheses.",
    ";": "Join conditions by && or ||.",
    "“": 'Use plain quotes: ".',
    "”": 'Use plain quotes: ".',
    "−": "Use the plain minus sign: -.",
    "–": "Use the plain minus sign: -.",
    "≤": "Write <=.",
    "≥": "Write >=.",
    "≠": "Write !=.",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the expression.

    Parameters
    ----------
    kind
        ``number``, ``name``, ``attribute``, ``text``, ``blockspec``, ``operator`` or ``end``.
    text
        As written; operators in C form, the content only of texts and block specifiers.
    start, end
        Offsets in the original text (of the ``#NAME`` for tokens out of an attribute's value).
    attribute
        The attribute whose value this token stands in, or an empty string.
    """

    kind: str
    text: str
    start: int
    end: int
    attribute: str = ""
    value: int | float = 0


@dataclass(frozen=True, slots=True)
class Source:
    """The original text, which every error quotes."""

    text: str

    def error(self, message: str, start: int, end: int, *, hint: str = "") -> QueryError:
        """A `QueryError` that marks the characters from `start` to `end`."""
        line = self.text.count("\n", 0, start) + 1
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        length = max(1, min(end, len(self.text)) - start)
        return QueryError(message, text=self.text, line=line, column=column, length=length, hint=hint)


def _number(text: str, source: Source, start: int) -> int | float:
    if re.fullmatch(r"\d+", text):
        if len(text) > 30:
            raise source.error(f"{text[:20]}… has too many digits.", start, start + len(text))
        return int(text)
    value = float(text.lower().replace("d", "e"))
    if value == float("inf"):
        raise source.error(f"{text} is larger than any number the language knows.", start, start + len(text))
    return value


def _unknown(source: Source, text: str, offset: int, origin: int) -> QueryError:
    character = text[offset]
    end = origin + 1
    if character in "\"'":
        return source.error("A text that begins here has no closing quote.", origin, end)
    if character == "=":
        return source.error("A single = is no operator.", origin, end, hint=_HINTS["="])
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return source.error(f"{shown} has no meaning here.", origin, end, hint=_HINTS.get(character, ""))


def tokenize(text: str, source: Source, *, place: tuple[int, int] | None = None, attribute: str = "") -> list[Token]:
    """Cut an expression into tokens, without an end mark.

    Parameters
    ----------
    text
        The expression, or the value of an attribute.
    source
        The original text, for errors.
    place
        Where the whole of `text` stands in the original, when it is the value of `attribute`; else None.

    Raises
    ------
    vo.errors.QueryError
        At a character that can't begin a token.
    """
    tokens: list[Token] = []
    offset = 0

    def add(kind: str, shown: str, begin: int, end: int, value: int | float = 0) -> None:
        first, last = place or (begin, end)
        tokens.append(Token(kind, shown, first, last, attribute, value))

    while offset < len(text):
        found = _TOKEN.match(text, offset)
        if found is None:
            raise _unknown(source, text, offset, place[0] if place else offset)
        kind, piece, end = found.lastgroup, found.group(), found.end()
        if kind == "number":
            add("number", piece, offset, end, _number(piece, source, place[0] if place else offset))
        elif kind == "hex":
            if len(piece) > 18:
                raise source.error(f"{piece[:20]}… has more than 64 bits.", *(place or (offset, end)))
            add("number", piece, offset, end, int(piece, 16))
        elif kind == "fortran":
            form = _FORTRAN[piece.lower()]
            add("name" if form in {"true", "false"} else "operator", form, offset, end)
        elif kind == "text":
            content = piece[1:-1] if piece[0] == "'" else re.sub(r"\\(.)", r"\1", piece[1:-1])
            add("text", content, offset, end)
        elif kind == "name" and piece.lower() in FILE_FILTERS and (spec := _BLOCKSPEC.match(text, end)):
            add("name", piece, offset, end)
            add("operator", "(", spec.start("open"), spec.end("open"))
            group = "plain" if spec.group("quoted") is None else "quoted"
            add("blockspec", spec.group(group).strip(), spec.start(group), max(spec.end(group), spec.start(group) + 1))
            end = spec.end()
        elif kind != "space":
            add(kind, piece, offset, end)
        offset = end
    return tokens
