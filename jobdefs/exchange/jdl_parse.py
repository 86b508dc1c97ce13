"""The elements of a JDL document, whichever layout and namespace it has; nothing is interpreted here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from vo.errors import TooLargeError, UsageError

__all__ = ["Entry", "Resource", "parse"]

LARGEST = 4 * 2**20
"""Bytes of a document."""


@dataclass(slots=True)
class Entry:
    """A parameter, a file that is used, or one that is generated.

    Parameters
    ----------
    given
        Attributes of its element, and for files ``role``, ``multiplicity``, ``default``, ``content_type``, ``url``.
    """

    name: str
    given: dict[str, str]
    description: str = ""
    low: str = ""
    high: str = ""
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class Resource:
    """What a document says."""

    name: str
    description: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    parameters: list[Entry] = field(default_factory=list)
    used: list[Entry] = field(default_factory=list)
    generated: list[Entry] = field(default_factory=list)


def parse(document: bytes) -> Resource:
    """The first RESOURCE of a VOTable.

    Raises
    ------
    vo.errors.TooLargeError
        When the document is too large for a description of a task.
    vo.errors.UsageError
        When it is no XML, uses entities, or has no RESOURCE with a name.
    """
    from defusedxml import DefusedXmlException, ElementTree  # noqa: PLC0415 - the pages of tasks write only

    if len(document) > LARGEST:
        raise TooLargeError(f"The document has {len(document):,} bytes; a JDL may have {LARGEST:,}.")
    try:
        root = ElementTree.fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise UsageError(f"This is no JDL: it cannot be read as XML ({error}).") from error
    element = next((item for item in root.iter() if _tag(item) == "RESOURCE"), None)
    if element is None:
        raise UsageError("This is no JDL: it has no RESOURCE.", hint="JDL is a VOTable with a RESOURCE of groups.")
    name = (element.get("name") or element.get("ID") or "").strip()
    if not name:
        raise UsageError("This is no JDL: its RESOURCE has no name.")
    resource = Resource(name, _text_of(element))
    for child in element:
        _read(child, resource)
    return resource


def _read(child: Any, resource: Resource) -> None:
    match _tag(child):
        case "PARAM":
            resource.facts[child.get("name", "").strip()] = child.get("value", "")
        case "LINK":
            resource.facts.setdefault("doculink", child.get("href", ""))
        case "GROUP":
            entries = list(_entries(child))
            match child.get("name", "").strip().lower():
                case "inputparams":
                    resource.parameters += entries
                case "used":
                    resource.used += entries
                case "generated":
                    resource.generated += entries


def _entries(group: Any) -> Iterator[Entry]:
    for item in group:
        if _tag(item) == "PARAM":
            yield _flat(item)
        elif _tag(item) == "GROUP":
            yield _nested(item)


def _flat(item: Any) -> Entry:
    """A parameter; or a file as older documents have it, its content type being the xtype and its place a link."""
    given = dict(item.attrib)
    values = next((child for child in item if _tag(child) == "VALUES"), None)
    link = next((child.get("href", "") for child in item if _tag(child) == "LINK"), "")
    if "entity" in given.get("utype", "").lower():
        given |= {"content_type": given.get("xtype", ""), "default": given.get("value", ""), "url": link}
    entry = Entry(given.get("name", "").strip(), given, _text_of(item))
    for child in values if values is not None else ():
        match _tag(child):
            case "MIN":
                entry.low = child.get("value", "")
            case "MAX":
                entry.high = child.get("value", "")
            case "OPTION":
                entry.options += (child.get("value", ""),)
    return entry


def _nested(group: Any) -> Entry:
    given = {name: group.get(name) for name in ("name", "ref") if group.get(name)}
    for child in group:
        if _tag(child) == "PARAM":
            given[child.get("name", "").strip()] = child.get("value", "")
        elif _tag(child) == "LINK":
            given.setdefault("url", child.get("href", ""))
    return Entry(group.get("name", "").strip(), given, _text_of(group))


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text_of(element: Any) -> str:
    texts = ("".join(child.itertext()) for child in element if _tag(child) == "DESCRIPTION")
    return next(texts, "").strip()
