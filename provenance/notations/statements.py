"""What a document of provenance states, before any notation (W3C PROV-DM; IVOA ProvenanceDM 1.0)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

__all__ = ["KINDS", "PREFIXES", "Document", "Kind", "Name", "Statement", "Value", "xsd_type"]


class Name(NamedTuple):
    """A qualified name: what follows the namespace of a prefix, in characters that an IRI may hold."""

    prefix: str
    local: str

    def __str__(self) -> str:
        return f"{self.prefix}:{self.local}"


Value = str | bool | int | float | datetime | Name
"""What an attribute holds; a `Name` is a reference."""


class Kind(NamedTuple):
    """A kind of statement.

    Parameters
    ----------
    arguments
        Names of its formal arguments, in the order of PROV-N (PROV-N §3).
    is_ivoa
        Whether W3C PROV does not know it; its element is then one of the namespace ``voprov``.
    is_relation
        Whether it ties two things, and needs no name of its own.
    """

    arguments: tuple[str, ...] = ()
    is_ivoa: bool = False
    is_relation: bool = True


KINDS: Mapping[str, Kind] = {
    "entity": Kind(is_relation=False),
    "activity": Kind(("prov:startTime", "prov:endTime"), is_relation=False),
    "agent": Kind(is_relation=False),
    "used": Kind(("prov:activity", "prov:entity", "prov:time")),
    "wasGeneratedBy": Kind(("prov:entity", "prov:activity", "prov:time")),
    "wasDerivedFrom": Kind(("prov:generatedEntity", "prov:usedEntity", "prov:activity")),
    "wasAttributedTo": Kind(("prov:entity", "prov:agent")),
    "wasAssociatedWith": Kind(("prov:activity", "prov:agent", "prov:plan")),
    "wasInformedBy": Kind(("prov:informed", "prov:informant")),
    "wasInfluencedBy": Kind(("prov:influencee", "prov:influencer")),
    "hadMember": Kind(("prov:collection", "prov:entity")),
    "alternateOf": Kind(("prov:alternate1", "prov:alternate2")),
    "valueEntity": Kind((), True, False),
    "datasetEntity": Kind((), True, False),
    "activityDescription": Kind((), True, False),
    "usageDescription": Kind((), True, False),
    "generationDescription": Kind((), True, False),
    "entityDescription": Kind((), True, False),
    "valueDescription": Kind((), True, False),
    "datasetDescription": Kind((), True, False),
    "parameterDescription": Kind((), True, False),
    "configFileDescription": Kind((), True, False),
    "parameter": Kind((), True, False),
    "configFile": Kind((), True, False),
    "isDescribedBy": Kind(("voprov:described", "voprov:descriptor"), True),
    "isRelatedTo": Kind(("voprov:related", "voprov:relator"), True),
    "wasConfiguredBy": Kind(("voprov:configured", "voprov:configurator"), True),
}
"""Every kind of statement, those of W3C PROV first."""

PREFIXES: Mapping[str, str] = {
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
"""Prefixes that every notation knows."""


class Statement(NamedTuple):
    """One statement.

    Parameters
    ----------
    kind
        Of `KINDS`.
    name
        What it is about; None for most relations.
    arguments
        Values of the formal arguments, in their order; None for those that are not said, which may be left out at the
        end.
    attributes
        Pairs of qualified name (``prov:label``) and value; a name may come more than once.
    """

    kind: str
    name: Name | None
    arguments: Sequence[Name | datetime | None] = ()
    attributes: Sequence[tuple[str, Value]] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Statements, and what the prefixes of their names stand for.

    Parameters
    ----------
    namespaces
        Prefix → IRI, without those of `PREFIXES`.
    statements
        Those of a long document are made as they are asked for, once.
    """

    namespaces: Mapping[str, str]
    statements: Iterable[Statement]

    def iri(self, name: Name) -> str:
        """The whole identifier."""
        return (PREFIXES.get(name.prefix) or self.namespaces[name.prefix]) + name.local


def xsd_type(value: Value) -> str:
    """The XML Schema type by which a value that is no text is written; integers beyond 32 bits are long."""
    match value:
        case bool():
            return "xsd:boolean"
        case int():
            return "xsd:int" if -(2**31) <= value < 2**31 else "xsd:long"
        case float():
            return "xsd:double"
        case datetime():
            return "xsd:dateTime"
        case Name():
            return "xsd:QName"
    return "xsd:string"
