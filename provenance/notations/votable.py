"""PROV-VOTABLE: a VOTable 1.4 with a table for each kind of statement, streamed.

The drafts of ProvSAP name the form and leave its columns open; here a column is what a statement says, with its
``utype`` in the model. Names are whole IRIs, since a VOTable declares no prefixes; times are DALI timestamps; values of
an attribute that comes more than once stand in one cell, with `SEPARATOR` between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from obstap.names import unique
from provenance.notations.statements import KINDS, Document, Name, Statement, Value, xsd_type
from provenance.notations.text import lexical
from vo.xmltext import attribute, content

__all__ = ["SEPARATOR", "write_votable"]

SEPARATOR = " | "
"""Between values that share a cell."""

TOGETHER = 500
"""Rows in a piece."""

_OPENING = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<INFO name="QUERY_STATUS" value="OK"/>
"""
_W3C_KINDS = ("wasInfluencedBy", "alternateOf")
_W3C_ATTRIBUTES = ("prov:type", "prov:label")
"""What the IVOA's model does not have; all else is of both."""

_TYPES = {str: "xsd:string", Name: "xsd:QName", datetime: "xsd:dateTime"}
_DATATYPES = {"xsd:boolean": "boolean", "xsd:int": "int", "xsd:long": "long", "xsd:double": "double"}


class _Column(NamedTuple):
    name: str
    utype: str
    datatype: str
    xtype: str = ""


def write_votable(document: Document) -> Iterator[bytes]:
    """The document, in pieces; a table for every kind of which it has statements."""
    yield _OPENING.encode()
    by_kind: dict[str, list[Statement]] = {kind: [] for kind in KINDS}
    for statement in document.statements:
        by_kind[statement.kind].append(statement)
    for kind, statements in by_kind.items():
        if statements:
            yield from _table(kind, statements, document)
    yield b"</RESOURCE>\n</VOTABLE>\n"


def _table(kind: str, statements: Sequence[Statement], document: Document) -> Iterator[bytes]:
    columns = _columns(kind, statements)
    head = [f'<TABLE name="{kind}" utype="{_utype(kind)}">\n']
    head += [_field(column) for column in columns.values()]
    yield "".join([*head, "<DATA><TABLEDATA>\n"]).encode()
    row = _row_writer(kind, columns, document)
    for first in range(0, len(statements), TOGETHER):
        rows = "".join(map(row, statements[first : first + TOGETHER]))
        yield rows.encode("utf-8", errors="replace")
    yield b"</TABLEDATA></DATA>\n</TABLE>\n"


def _columns(kind: str, statements: Sequence[Statement]) -> dict[str, _Column]:
    """The columns of a kind's table by the qualified name of what they hold: those that some statement says."""
    types: dict[str, set[str]] = {}
    wide: set[str] = set()
    names = ("", *KINDS[kind].arguments)
    for statement in statements:
        said = dict(zip(names, (statement.name, *statement.arguments), strict=False))
        for name, value in (*said.items(), *statement.attributes):
            if value is None:
                continue
            types.setdefault(name, set()).add(_TYPES.get(type(value)) or xsd_type(value))
            text = value if type(value) is str else value.local if type(value) is Name else ""
            if not text.isascii():  # type: ignore[union-attr]
                wide.add(name)
        if len(dict(statement.attributes)) < len(statement.attributes):
            several = Counter(name for name, _ in statement.attributes)
            for name in (name for name, count in several.items() if count > 1):
                types[name].add("xsd:string")
    order = [name for name in names if name in types]
    order += [name for name in types if name not in names]
    shown = unique([_shown(name) for name in order], fold=True)
    return {
        name: _column(kind, name, title, types[name], is_wide=name in wide)
        for name, title in zip(order, shown, strict=True)
    }


def _shown(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{prefix}_{local}" if prefix == "athanor" or name in _W3C_ATTRIBUTES else local or "id"


def _column(kind: str, name: str, shown: str, types: set[str], *, is_wide: bool) -> _Column:
    prefix, _, local = name.rpartition(":")
    utype = "" if prefix == "athanor" else f"{_utype(kind, name in _W3C_ATTRIBUTES)}.{local or 'id'}"
    if types == {"xsd:int", "xsd:long"}:
        types = {"xsd:long"}
    (only, *others) = sorted(types)
    if not others and only in _DATATYPES:
        return _Column(shown, utype, _DATATYPES[only])
    xtype = "timestamp" if not others and only == "xsd:dateTime" else ""
    return _Column(shown, utype, "unicodeChar" if is_wide else "char", xtype)


def _utype(kind: str, is_w3c: bool = False) -> str:
    space = "prov" if is_w3c or kind in _W3C_KINDS else "voprov"
    return f"{space}:{kind[0].upper()}{kind[1:]}"


def _field(column: _Column) -> str:
    given = [("name", column.name), ("datatype", column.datatype)]
    if column.datatype in ("char", "unicodeChar"):
        given.append(("arraysize", "*"))
    given += [(name, value) for name, value in (("xtype", column.xtype), ("utype", column.utype)) if value]
    return "<FIELD " + " ".join(f'{name}="{attribute(value)}"' for name, value in given) + "/>\n"


def _row_writer(kind: str, columns: dict[str, _Column], document: Document) -> Callable[[Statement], str]:
    names = ("", *KINDS[kind].arguments)
    empty = dict.fromkeys(columns, "")

    @lru_cache(maxsize=10_000)
    def iri(name: Name) -> str:
        return content(document.iri(name))

    def cell(value: Value) -> str:
        if type(value) is str:
            return content(value)
        if type(value) is Name:
            return iri(value)
        if type(value) is datetime:
            return value.astimezone(UTC).replace(tzinfo=None).isoformat()
        return lexical(value)

    def row(statement: Statement) -> str:
        cells = dict(empty)
        for name, value in zip(names, (statement.name, *statement.arguments), strict=False):
            if value is not None:
                cells[name] = cell(value)
        for name, value in statement.attributes:
            cells[name] = f"{cells[name]}{SEPARATOR}{cell(value)}" if cells[name] else cell(value)
        return f"<TR><TD>{'</TD><TD>'.join(cells.values())}</TD></TR>\n"

    return row
