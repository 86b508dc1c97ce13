"""PROV-JSON (W3C member submission of 2013-04-24), streamed.

Kinds that W3C PROV does not know stand under names of their own, as the IVOA's voprov writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from provenance.notations.statements import KINDS, Document, Statement, Value, xsd_type
from provenance.notations.text import lexical

__all__ = ["write_json"]

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write_json(document: Document) -> Iterator[bytes]:
    """The document, a piece for each statement."""
    yield b'{\n "prefix": ' + _encode(dict(document.namespaces)).encode()
    for kind in KINDS:
        own = [item for item in document.statements if item.kind == kind]
        if own:
            yield f',\n "{kind}": {{'.encode()
            yield from _entries(own)
            yield b"\n }"
    yield b"\n}\n"


def _entries(statements: Iterable[Statement]) -> Iterator[bytes]:
    for number, statement in enumerate(statements, start=1):
        key = f"_:{statement.kind}{number}" if statement.name is None else str(statement.name)
        comma = "" if number == 1 else ","
        yield f"{comma}\n  {_encode(key)}: {_encode(_content(statement))}".encode("utf-8", errors="replace")


def _content(statement: Statement) -> dict[str, Any]:
    content: dict[str, Any] = {
        name: lexical(value)
        for name, value in zip(KINDS[statement.kind].arguments, statement.arguments, strict=False)
        if value is not None
    }
    for name, value in statement.attributes:
        written = _value(value)
        if name not in content:
            content[name] = written
        elif isinstance(content[name], list):
            content[name].append(written)
        else:
            content[name] = [content[name], written]
    return content


def _value(value: Value) -> Any:
    if type(value) is str:
        return value
    if isinstance(value, datetime) or type(value) is not str:
        return {"$": lexical(value), "type": xsd_type(value)}
    return value
