"""PROV-JSON (W3C member submission of 2013-04-24), streamed.

Kinds that W3C PROV does not know stand under names of their own, as the IVOA's voprov writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from provenance.notations.statements import KINDS, Document, Name, Statement, xsd_type
from provenance.notations.text import lexical

__all__ = ["write_json"]

LINES = 2_000
"""Statements of a kind that get a line each; of more, `TOGETHER` share one: that is several times as fast."""

TOGETHER = 100

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write_json(document: Document) -> Iterator[bytes]:
    """The document, in pieces."""
    yield b'{\n "prefix": ' + _encode(dict(document.namespaces)).encode()
    by_kind: dict[str, list[Statement]] = {kind: [] for kind in KINDS}
    for statement in document.statements:
        by_kind[statement.kind].append(statement)
    for kind, statements in by_kind.items():
        if statements:
            yield f',\n "{kind}": {{\n  '.encode()
            yield from _entries(kind, statements)
            yield b"\n }"
    yield b"\n}\n"


def _entries(kind: str, statements: Sequence[Statement]) -> Iterator[bytes]:
    step = 1 if len(statements) <= LINES else TOGETHER
    arguments = KINDS[kind].arguments
    for first in range(0, len(statements), step):
        entries = {
            f"_:{kind}{number}" if statement.name is None else f"{statement.name[0]}:{statement.name[1]}": _content(
                statement, arguments
            )
            for number, statement in enumerate(statements[first : first + step], start=first + 1)
        }
        text = _encode(entries)[1:-1]
        yield f",\n  {text}".encode("utf-8", errors="replace") if first else text.encode("utf-8", errors="replace")


def _content(statement: Statement, arguments: Sequence[str]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in zip(arguments, statement.arguments, strict=False):
        if value is not None:
            content[name] = f"{value[0]}:{value[1]}" if type(value) is Name else lexical(value)
    for name, value in statement.attributes:
        written = value if type(value) is str else {"$": lexical(value), "type": xsd_type(value)}
        if name not in content:
            content[name] = written
        elif isinstance(content[name], list):
            content[name].append(written)
        else:
            content[name] = [content[name], written]
    return content
