"""The metadata of VOTables without rows, as FITS-plus and VOParquet files carry them (VOTable 1.4 §4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from obstap.metadata import Column
from obstap.publish.source import Source
from vo.errors import UsageError

__all__ = ["Described", "apply", "frame_of", "read_fields", "read_head"]

_YEAR = re.compile(r"[BJ]?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Described:
    """What a TABLE says of itself; each of its fields as a column, and the frame of its coordinates if it has any."""

    description: str = ""
    utype: str = ""
    fields: tuple[Column, ...] = ()
    frames: dict[str, str] = field(default_factory=dict)


def read_fields(document: bytes) -> list[Described]:
    """The tables of a VOTable document.

    Raises
    ------
    vo.errors.UsageError
        When the document is no XML, or has entities.
    """
    try:
        root = fromstring(document.rstrip(b"\0 "))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise UsageError(f"The VOTable with the metadata cannot be read: {error}.") from error
    systems = {item.get("ID", ""): _system(item) for item in _below(root, "COOSYS")}
    return [_table(item, systems) for item in _below(root, "TABLE")]


def read_head(path: Path, table: str = "") -> Described:
    """The first table of a VOTable, or that of a name, ID or number; read up to where its rows begin.

    Raises
    ------
    vo.errors.UsageError
        When the document is no XML, or has entities.
    """
    seen: list[Element] = []
    systems: dict[str, str] = {}
    try:
        for event, item in iterparse(path, events=("start", "end"), forbid_dtd=True):
            name = _local(item)
            if event == "start" and name == "TABLE":
                seen.append(item)
            elif event == "end" and name == "COOSYS":
                systems[item.get("ID", "")] = _system(item)
            elif (name == "DATA" and event == "start") or (name == "TABLE" and event == "end"):
                here = seen[-1]
                if not table or table in (here.get("name"), here.get("ID"), str(len(seen) - 1)):
                    return _table(here, systems)
            elif event == "end" and name in ("TR", "STREAM"):
                item.clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise UsageError(f"The VOTable cannot be read: {error}.") from error
    return Described()


def apply(table: Described, source: Source) -> None:
    """Let `source` say what `table` says of its columns, taken in their order; data types stay what they are."""
    source.description = table.description or source.description
    source.utype = table.utype or source.utype
    columns = []
    for column, told in zip(source.columns, table.fields, strict=True):
        more = {
            name: value
            for name in ("name", "xtype", "unit", "ucd", "utype", "description")
            if (value := getattr(told, name))
        }
        columns.append(replace(column, **more))
    source.columns = tuple(columns)
    source.frames = {**source.frames, **table.frames}


def frame_of(system: str, equinox: str) -> str:
    """The frame that COOSYS names, such as ``ICRS`` or ``FK5 J2000``; the older eq_FK5 are named FK5."""
    name = system.removeprefix("eq_").upper()
    return f"{name} {equinox}" if name != "ICRS" and _YEAR.fullmatch(equinox) else name


def _system(item: Element) -> str:
    return frame_of(item.get("system", ""), item.get("equinox", ""))


def _below(element: Element, name: str) -> Iterator[Element]:
    """Elements of that name at any depth, whatever their namespace."""
    return (item for item in element.iter() if _local(item) == name)


def _local(item: Element) -> str:
    return item.tag.rpartition("}")[2] if isinstance(item.tag, str) else ""


def _description(element: Element) -> str:
    for child in element:
        if _local(child) == "DESCRIPTION":
            return " ".join("".join(child.itertext()).split())
    return ""


def _table(element: Element, systems: dict[str, str]) -> Described:
    fields, frames = [], {}
    for item in _below(element, "FIELD"):
        name = item.get("name") or item.get("ID") or ""
        fields.append(
            Column(
                name=name,
                datatype=item.get("datatype", ""),
                arraysize=item.get("arraysize", ""),
                xtype=item.get("xtype", ""),
                unit=item.get("unit", ""),
                ucd=item.get("ucd", ""),
                utype=item.get("utype", ""),
                description=_description(item),
            )
        )
        if systems.get(item.get("ref", "")):
            frames[name] = systems[item.get("ref", "")]
    return Described(_description(element), element.get("utype", ""), tuple(fields), frames)
