"""The header of ECSV files (Astropy Proposal for Enhancement 6, version 1.0), a description of columns in YAML.

astropy keeps the same description in the metadata of Parquet files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from obstap.metadata import Column
from vo.errors import UsageError

__all__ = ["Header", "read_yaml"]

DATATYPES = {
    "bool": "boolean",
    "int8": "short",
    "uint8": "short",
    "int16": "short",
    "uint16": "int",
    "int32": "int",
    "uint32": "long",
    "int64": "long",
    "uint64": "long",
    "float16": "float",
    "float32": "float",
    "float64": "double",
    "float128": "double",
}

_ARRAY = re.compile(r"(\w+)\[(.*)\]")
_ISO = frozenset({"iso", "isot", "fits"})


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says of the table."""

    columns: tuple[Column, ...]
    description: str = ""
    delimiter: str = " "
    frames: dict[str, str] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """Plain data; objects of astropy are the mappings of their attributes."""


def _object(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _object)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _object)


def read_yaml(text: str) -> Header:
    """The header that a YAML text holds.

    Raises
    ------
    vo.errors.UsageError
        When it is no YAML, or describes columns in a way that is not ECSV's.
    """
    try:
        data = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader that makes no objects
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"The ECSV header is no YAML: {str(error).splitlines()[0]}.") from error
    described = data.get("datatype") if isinstance(data, dict) else None
    if not isinstance(described, list) or not all(isinstance(item, dict) and item.get("name") for item in described):
        raise UsageError("The ECSV header does not list the columns under 'datatype', each with its name.")
    delimiter = data.get("delimiter", " ")
    if delimiter not in (" ", ","):
        raise UsageError(f"The ECSV header names the delimiter {delimiter!r}; it must be a blank or a comma.")
    meta = _mapping(data.get("meta"))
    objects = _mapping(meta.get("__serialized_columns__"))
    return Header(
        columns=tuple(_column(item, _times(objects)) for item in described),
        description=_text(meta.get("description")),
        delimiter=delimiter,
        frames=_frames(objects),
    )


def _mapping(value: Any) -> dict[str, Any]:
    """A mapping, also one written as a list of mappings (``!!omap``)."""
    if isinstance(value, list):
        pairs = [item for part in value for item in (part.items() if isinstance(part, dict) else [part])]
        return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, tuple) and len(pair) == 2}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _column(item: Mapping[str, Any], times: frozenset[str]) -> Column:
    name, kind = str(item["name"]), _text(item.get("datatype"))
    datatype, arraysize = DATATYPES.get(kind, ""), ""
    if kind == "string":
        datatype, arraysize = "char", "*"
        if subtype := _text(item.get("subtype")):
            datatype, arraysize = _array(name, subtype)
    if not datatype:
        raise UsageError(
            f"Column {name} has the ECSV data type {kind!r}; published columns hold {', '.join(DATATYPES)} or string."
        )
    meta = _mapping(item.get("meta"))
    xtype = "timestamp" if name in times and datatype == "char" else _text(meta.get("xtype"))
    return Column(
        name=name,
        datatype=datatype,
        arraysize=arraysize,
        xtype=xtype,
        unit=_text(item.get("unit")),
        ucd=_text(meta.get("ucd")),
        utype=_text(meta.get("utype")),
        description=_text(item.get("description")),
    )


def _array(name: str, subtype: str) -> tuple[str, str]:
    match = _ARRAY.fullmatch(subtype)
    if match is None or match[1] not in DATATYPES:
        raise UsageError(
            f"Column {name} holds values of the ECSV subtype {subtype!r}; only arrays of numbers are published."
        )
    try:
        shape = json.loads(f"[{match[2]}]")
    except ValueError:
        shape = ["?"]
    if not all(size is None or (isinstance(size, int) and size > 0) for size in shape) or None in shape[1:]:
        raise UsageError(f"Column {name} has the ECSV subtype {subtype!r}, whose shape is none that can be published.")
    return DATATYPES[match[1]], "x".join("*" if size is None else str(size) for size in reversed(shape))


def _times(objects: Mapping[str, Any]) -> frozenset[str]:
    """Text columns that hold times in ISO 8601."""
    return frozenset(
        str(_mapping(told.get("value")).get("name", name))
        for name, told in objects.items()
        if isinstance(told, dict) and told.get("__class__") == "astropy.time.core.Time" and told.get("format") in _ISO
    )


def _frames(objects: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(part["name"]): str(told.get("frame", "")).upper()
        for told in objects.values()
        if isinstance(told, dict) and str(told.get("__class__", "")).endswith("SkyCoord")
        for part in told.values()
        if isinstance(part, dict) and "name" in part
    }
