"""UWS documents in tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from defusedxml.ElementTree import fromstring

__all__ = ["assert_valid", "parse"]

UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"


def parse(document: bytes) -> ElementTree.Element:
    """The root of a UWS document, the namespace of UWS taken from the names of elements."""
    root = fromstring(document)
    for element in root.iter():
        element.tag = element.tag.removeprefix(UWS)
    return root


def assert_valid(document: bytes, *, schemas: Path) -> None:
    """Fail unless a document is valid against ``UWS-v1.1.xsd`` in the folder `schemas`, without the network."""
    from lxml import etree  # noqa: PLC0415 - only tests with schemas need it

    schema = _schema(schemas)
    tree = etree.fromstring(document, etree.XMLParser(no_network=True, resolve_entities=False))
    assert schema.validate(tree), "\n".join(f"line {item.line}: {item.message}" for item in schema.error_log)  # noqa: S101


@cache
def _schema(schemas: Path):
    from lxml import etree  # noqa: PLC0415

    class Local(etree.Resolver):
        def resolve(self, url, public_id, context):  # noqa: ARG002 - lxml's own signature
            if url.lower().endswith("xlink.xsd"):
                return self.resolve_filename(str(schemas / "XLINK.xsd"), context)
            return None

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    return etree.XMLSchema(etree.parse(str(schemas / "UWS-v1.1.xsd"), parser))
