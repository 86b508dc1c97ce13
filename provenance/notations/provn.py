"""PROV-N (W3C Recommendation of 2013-04-30), streamed.

Kinds that W3C PROV does not know are written as its extensions (PROV-N §5): with the prefix ``voprov``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from provenance.notations.statements import KINDS, Document, Name, Statement, Value, xsd_type
from provenance.notations.text import lexical

__all__ = ["write_provn"]

_LOCAL_SPECIAL = re.compile(r"[=\'(),:;\"\[\]]|\.(?=$)|^[.-]")
"""What a local name holds only after a backslash (PROV-N §3.7.1, PN_CHARS_ESC)."""

_NO_LOCAL = re.compile(r"[^\w/@~&+*?#$!%.=\'(),:;\"\[\]-]")
_ECHAR = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})


def write_provn(document: Document) -> Iterator[bytes]:
    """The document, a line for each statement."""
    lines = ["document", *(f"  prefix {prefix} <{iri}>" for prefix, iri in document.namespaces.items()), ""]
    yield ("\n".join(lines) + "\n").encode()
    for statement in document.statements:
        yield f"  {_line(statement)}\n".encode("utf-8", errors="replace")
    yield b"endDocument\n"


def _line(statement: Statement) -> str:
    kind = KINDS[statement.kind]
    arguments = [*statement.arguments, *[None] * (len(kind.arguments) - len(statement.arguments))]
    words = ["-" if value is None else _argument(value) for value in arguments]
    if statement.kind == "wasDerivedFrom":
        words += ["-", "-"]  # generation and usage, without names here
    if statement.name is not None:
        separator = "; " if kind.is_relation else ", "
        words = [_name(statement.name) + (separator + words[0] if words else ""), *words[1:]]
    if statement.attributes:
        pairs = ", ".join(f"{name}={_value(value)}" for name, value in statement.attributes)
        words.append(f"[{pairs}]")
    return f"{'voprov:' if kind.is_ivoa else ''}{statement.kind}({', '.join(words)})"


def _argument(value: Name | datetime) -> str:
    return _name(value) if isinstance(value, Name) else lexical(value)


def _name(name: Name) -> str:
    local = _NO_LOCAL.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), name.local)
    return f"{name.prefix}:{_LOCAL_SPECIAL.sub(lambda found: chr(92) + found[0], local)}"


def _value(value: Value) -> str:
    if type(value) is str:
        return f'"{value.translate(_ECHAR)}"'
    if isinstance(value, Name):
        return f"'{_name(value)}'"
    return f'"{lexical(value)}" %% {xsd_type(value)}'
