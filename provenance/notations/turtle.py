"""Turtle (W3C RDF 1.1) in the terms of PROV-O (W3C Recommendation of 2013-04-30), streamed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from provenance.notations.statements import KINDS, PREFIXES, Document, Name, Statement, Value, xsd_type
from provenance.notations.text import lexical

__all__ = ["write_turtle"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_NO_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_ECHAR = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"

_TERMS = {"prov:label": "rdfs:label", "prov:location": "prov:atLocation", "prov:type": "a"}
"""Attributes of PROV-DM that PROV-O calls otherwise."""


class _Relation(NamedTuple):
    """How PROV-O says a relation: by a property, and where there is more to say by a node of a class besides."""

    property: str
    qualified: str
    klass: str
    influencer: str


_RELATIONS: Mapping[str, _Relation] = {
    "used": _Relation("prov:used", "prov:qualifiedUsage", "prov:Usage", "prov:entity"),
    "wasGeneratedBy": _Relation("prov:wasGeneratedBy", "prov:qualifiedGeneration", "prov:Generation", "prov:activity"),
    "wasDerivedFrom": _Relation("prov:wasDerivedFrom", "prov:qualifiedDerivation", "prov:Derivation", "prov:entity"),
    "wasAttributedTo": _Relation("prov:wasAttributedTo", "prov:qualifiedAttribution", "prov:Attribution", "prov:agent"),
    "wasAssociatedWith": _Relation(
        "prov:wasAssociatedWith", "prov:qualifiedAssociation", "prov:Association", "prov:agent"
    ),
    "wasInformedBy": _Relation(
        "prov:wasInformedBy", "prov:qualifiedCommunication", "prov:Communication", "prov:activity"
    ),
    "wasInfluencedBy": _Relation(
        "prov:wasInfluencedBy", "prov:qualifiedInfluence", "prov:Influence", "prov:influencer"
    ),
    "hadMember": _Relation("prov:hadMember", "", "", ""),
    "alternateOf": _Relation("prov:alternateOf", "", "", ""),
}
_THIRD = {"prov:time": "prov:atTime", "prov:activity": "prov:hadActivity", "prov:plan": "prov:hadPlan"}
_CLASSES = {"entity": "prov:Entity", "activity": "prov:Activity", "agent": "prov:Agent"}


def write_turtle(document: Document) -> Iterator[bytes]:
    """The document, a piece for each statement."""
    spaces = {**PREFIXES, "rdfs": _RDFS, **document.namespaces}
    del spaces["xsi"]
    yield "".join(f"@prefix {prefix}: <{_iri(iri)}> .\n" for prefix, iri in spaces.items()).encode() + b"\n"

    def term(name: Name) -> str:
        return str(name) if _PLAIN.fullmatch(name.local) else f"<{_iri(document.iri(name))}>"

    for statement in document.statements:
        text = _relation(statement, term) if KINDS[statement.kind].is_relation else _thing(statement, term)
        yield text.encode("utf-8", errors="replace")


def _thing(statement: Statement, term: Callable[[Name], str]) -> str:
    klass = _CLASSES.get(statement.kind) or f"voprov:{statement.kind[0].upper()}{statement.kind[1:]}, prov:Entity"
    lines = [f"a {klass}"]
    for name, value in zip(("prov:startedAtTime", "prov:endedAtTime"), statement.arguments, strict=False):
        if value is not None:
            lines.append(f"{name} {_value(value, term)}")
    lines += [f"{_TERMS.get(name, name)} {_value(value, term)}" for name, value in statement.attributes]
    assert statement.name is not None  # noqa: S101 - only relations go without a name
    return f"{term(statement.name)} " + " ;\n    ".join(lines) + " .\n"


def _relation(statement: Statement, term: Callable[[Name], str]) -> str:
    source, target, *more = statement.arguments
    assert isinstance(source, Name)  # noqa: S101 - a relation has two ends
    assert isinstance(target, Name)  # noqa: S101
    relation = _RELATIONS.get(statement.kind)
    if relation is None:
        return f"{term(source)} voprov:{statement.kind} {term(target)} .\n"
    lines = [f"{relation.property} {term(target)}"]
    roles = KINDS[statement.kind].arguments[2:]
    extra = [
        f"{_THIRD[role]} {_value(value, term)}" for role, value in zip(roles, more, strict=False) if value is not None
    ]
    extra += [
        f"prov:hadRole [ a prov:Role ; rdfs:label {_value(value, term)} ]"
        if name == "prov:role"
        else f"{_TERMS.get(name, name)} {_value(value, term)}"
        for name, value in statement.attributes
    ]
    if extra and relation.qualified:
        inside = " ; ".join([f"a {relation.klass}", f"{relation.influencer} {term(target)}", *extra])
        lines.append(f"{relation.qualified} [ {inside} ]")
    return f"{term(source)} " + " ;\n    ".join(lines) + " .\n"


def _value(value: Value, term: Callable[[Name], str]) -> str:
    if type(value) is str:
        return f'"{value.translate(_ECHAR)}"'
    if isinstance(value, Name):
        return term(value)
    return f'"{lexical(value)}"^^{xsd_type(value)}'


def _iri(text: str) -> str:
    return _NO_IRI.sub(lambda found: f"%{ord(found[0]):02X}", text)
