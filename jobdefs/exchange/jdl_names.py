"""What JDL calls things: OPUS's own words, and those of the IVOA Provenance Data Model 1.0 (REC 2020-04-11).

OPUS took its utypes from drafts of the model. Readers take either; a writer chooses one `Names`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DATATYPES", "FILE", "NAMES", "NAMESPACE", "Names", "kind_of"]

NAMESPACE = "http://www.ivoa.net/xml/VOTable/v1.3"
"""Of VOTable 1.3, in which JDL is written."""

FILE = "application/octet-stream"
"""The xtype of a parameter that is a file which the user sends."""

DATATYPES = {"bool": "boolean", "int": "int", "real": "double", "angle": "double"}
"""Type of a parameter → VOTable data type; all others are text."""

_READ = {
    "boolean": "bool", "bit": "bool", "unsignedByte": "int", "short": "int", "int": "int", "long": "int",
    "float": "real", "double": "real",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """The utypes of one of the two vocabularies, and the name of the parameter that links to the documentation."""

    documentation: str
    usage: str
    generation: str
    usage_attribute: str
    generation_attribute: str
    content_type: str
    url: str


NAMES = {
    "provdm": Names(
        documentation="docurl",
        usage="voprov:UsageDescription",
        generation="voprov:GenerationDescription",
        usage_attribute="voprov:UsageDescription",
        generation_attribute="voprov:GenerationDescription",
        content_type="voprov:DatasetDescription.contentType",
        url="voprov:EntityDescription.docurl",
    ),
    "opus": Names(
        documentation="doculink",
        usage="voprov:UsedDescription",
        generation="voprov:WasGeneratedBy",
        usage_attribute="voprov:UsedDescription",
        generation_attribute="voprov:WasGeneratedByDescription",
        content_type="voprov:EntityDescription.content_type",
        url="voprov:EntityDescription.url",
    ),
}
"""``provdm``: the Recommendation's; ``opus``: what OPUS writes."""


def kind_of(datatype: str) -> str:
    """The type of a parameter of this VOTable data type."""
    return _READ.get(datatype, "string")
