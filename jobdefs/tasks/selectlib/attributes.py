"""``#NAME``: attributes of the table (header keywords) and symbolic constants, replaced by their values.

The value may be any piece of an expression, and may itself contain attributes (selectlib manual, Attributes).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from vo.wording import nearest

from .tokens import Source, Token, tokenize

__all__ = ["CONSTANTS", "expand_text", "expand_tokens"]

CONSTANTS: dict[str, float] = {
    "PI": math.pi,
    "E": math.e,
    "RAD": math.pi / 180,
    "DEG": 180 / math.pi,
    "ARCSEC": math.pi / 180 / 3600,
    "ARCMIN": math.pi / 180 / 60,
}
"""Symbolic constants; they come before header keywords of the same name."""

_MAX_TOKENS = 20_000
_MAX_TEXT = 262_144
_ATTRIBUTE = re.compile(r"#([A-Za-z_][A-Za-z0-9_-]*)")


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))
    return str(value).strip()


def _lookup(token: Token, header: Mapping[str, object], source: Source) -> str:
    name = token.text[1:].upper()
    if name in CONSTANTS:
        return repr(CONSTANTS[name])
    if name == "ROW":
        raise source.error("The row number #ROW is not available here.", token.start, token.end)
    if name not in header:
        near = nearest(name, [*header, *CONSTANTS])
        raise source.error(
            f"The table has no attribute {token.text}.",
            token.start,
            token.end,
            hint=f"Did you mean #{near}?" if near else "",
        )
    return _value_text(header[name])


def _dissolve(token: Token, header: Mapping[str, object], source: Source) -> list[Token]:
    name = token.text[1:].upper()
    if token.attribute and name in token.attribute.split(" "):
        path = " → ".join(f"#{step}" for step in (*token.attribute.split(" "), name))
        raise source.error(f"The attribute #{name} contains itself: {path}.", token.start, token.end)
    trail = f"{token.attribute} {name}".strip()
    value = _lookup(token, header, source)
    return tokenize(value, source, place=(token.start, token.end), attribute=trail)


def expand_tokens(tokens: list[Token], header: Mapping[str, object], source: Source) -> list[Token]:
    """Tokens with every attribute replaced by the tokens of its value, recursively.

    Raises
    ------
    vo.errors.QueryError
        For an unknown attribute (with the nearest keyword), one that contains itself, and values that grow too long.
    """
    result: list[Token] = []
    pending = tokens[::-1]
    while pending:
        token = pending.pop()
        if token.kind == "attribute":
            pending.extend(_dissolve(token, header, source)[::-1])
        else:
            result.append(token)
        if len(result) + len(pending) > _MAX_TOKENS:
            raise source.error(f"The expression has more than {_MAX_TOKENS:,} words.", token.start, token.end)
    return result


def expand_text(text: str, header: Mapping[str, object]) -> str:
    """The expression's text with attributes replaced; call it after `expand_tokens` has accepted the same text."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1).upper()
        if name in CONSTANTS:
            return repr(CONSTANTS[name])
        return _value_text(header[name]) if name in header else found.group()

    while _ATTRIBUTE.search(text) and len(text) < _MAX_TEXT:
        replaced = _ATTRIBUTE.sub(value, text)
        if replaced == text:
            break
        text = replaced
    return text
