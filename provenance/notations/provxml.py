"""PROV-XML (W3C Note of 2013-04-30), streamed; valid against its schema in both models.

An identifier is an ``xsd:QName`` there, whose local part begins with a letter and holds no slash; so prefixes are made
for what comes before. Kinds that W3C PROV does not know stand within ``prov:other``, the element for them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from provenance.notations.statements import KINDS, Document, Name, Statement, Value, xsd_type
from provenance.notations.text import lexical
from vo.xmltext import attribute, content

__all__ = ["LOCAL_NAME", "write_xml"]

LOCAL_NAME = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])[A-Za-z_][A-Za-z0-9_.-]*$", re.ASCII)
"""What the end of an identifier must be for its XML to say the same identifier."""

_ORDER = ("prov:label", "prov:location", "prov:role", "prov:type", "prov:value")
"""The schema's order of PROV's own attributes; those of other namespaces come after them."""

_RANK = {name: place for place, name in enumerate(_ORDER)}

_NAMESPACES = (
    'xmlns:prov="http://www.w3.org/ns/prov#" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def write_xml(document: Document) -> Iterator[bytes]:
    """The document, a piece for each statement."""
    names = _Names(document)
    own = "".join(f' xmlns:{prefix}="{attribute(iri)}"' for prefix, iri in document.namespaces.items())
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<prov:document {_NAMESPACES}{own}>\n'.encode()
    for statement in document.statements:
        element = _element(statement, names)
        if KINDS[statement.kind].is_ivoa:
            element = f"  <prov:other>\n{element}  </prov:other>\n"
        yield element.encode("utf-8", errors="replace")
    yield b"</prov:document>\n"


class _Names:
    """Qualified names that XML can hold, and the declarations of prefixes that they need."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[Name, tuple[str, str]] = {}

    def qname(self, name: Name, made: dict[str, str]) -> str:
        """The name, for an attribute or an element; prefixes that it needs are added to those that were made."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._split(name)
        space, local = known
        return f"{made.setdefault(space, f'n{len(made) + 1}')}:{local}" if space else local

    def _split(self, name: Name) -> tuple[str, str]:
        """What a prefix must be made for, and what follows it; the whole name where there is a prefix already."""
        if LOCAL_NAME.fullmatch(name.local):
            return "", attribute(str(name))
        iri = self._document.iri(name)
        found = LOCAL_NAME.search(iri)
        if found is not None:
            return iri[: found.start()], found[0]
        return f"{iri}{'/' if '#' in iri else '#'}", "_" + hashlib.sha256(iri.encode()).hexdigest()[:16]


def _element(statement: Statement, names: _Names) -> str:
    kind = KINDS[statement.kind]
    tag = f"{'voprov' if kind.is_ivoa else 'prov'}:{statement.kind}"
    made: dict[str, str] = {}
    start = "" if statement.name is None else f' prov:id="{names.qname(statement.name, made)}"'
    inside = [
        _argument(name, value, names, made)
        for name, value in zip(kind.arguments, statement.arguments, strict=False)
        if value is not None
    ]
    inside += [_attribute(name, value, names, made) for name, value in _ordered(statement.attributes)]
    declared = "".join(f' xmlns:{prefix}="{attribute(space)}"' for space, prefix in made.items())
    if not inside:
        return f"  <{tag}{start}{declared}/>\n"
    return f"  <{tag}{start}{declared}>\n{''.join(inside)}  </{tag}>\n"


def _ordered(attributes: Sequence[tuple[str, Value]]) -> Sequence[tuple[str, Value]]:
    return attributes if len(attributes) < 2 else sorted(attributes, key=lambda pair: _RANK.get(pair[0], len(_RANK)))


def _argument(name: str, value: object, names: _Names, made: dict[str, str]) -> str:
    if isinstance(value, Name):
        return f'    <{name} prov:ref="{names.qname(value, made)}"/>\n'
    return f"    <{name}>{lexical(value)}</{name}>\n"  # type: ignore[arg-type]


def _attribute(name: str, value: Value, names: _Names, made: dict[str, str]) -> str:
    if isinstance(value, Name):
        return f'    <{name} xsi:type="xsd:QName">{names.qname(value, made)}</{name}>\n'
    if type(value) is str:
        return f"    <{name}>{content(value)}</{name}>\n"
    return f'    <{name} xsi:type="{xsd_type(value)}">{lexical(value)}</{name}>\n'
