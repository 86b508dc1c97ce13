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
    """The document, in pieces: those of the first kind as they come, then the other kinds."""
    yield b'{\n "prefix": ' + _encode(dict(document.namespaces)).encode()
    parts: dict[str, _Part] = {}
    first = None
    for statement in document.statements:
        part = parts.get(statement.kind)
        if part is None:
            part = parts[statement.kind] = _Part(statement.kind)
            first = first or part
        part.add(statement)
        if part is first and part.lines:
            yield from part.take()
    for kind in (first.kind if first else "", *KINDS):
        if kind in parts:
            yield from parts.pop(kind).end()
    yield b"\n}\n"


class _Part:
    """The statements of a kind, as text: what is kept of them is a fraction of what they take."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.lines = [f',\n "{kind}": {{\n  '.encode()]
        self._arguments = KINDS[kind].arguments
        self._entries: dict[str, dict[str, Any]] = {}
        self._count = 0
        self._separator = ""

    def add(self, statement: Statement) -> None:
        self._count += 1
        name = statement.name
        key = f"_:{self.kind}{self._count}" if name is None else f"{name[0]}:{name[1]}"
        self._entries[key] = _content(statement, self._arguments)
        if self._count <= LINES or len(self._entries) >= TOGETHER:
            self._close_line()

    def take(self) -> list[bytes]:
        lines, self.lines = self.lines, []
        return lines

    def end(self) -> list[bytes]:
        if self._entries:
            self._close_line()
        return [*self.take(), b"\n }"]

    def _close_line(self) -> None:
        text = f"{self._separator}{_encode(self._entries)[1:-1]}"
        self.lines.append(text.encode("utf-8", errors="replace"))
        self._entries = {}
        self._separator = ",\n  "


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
