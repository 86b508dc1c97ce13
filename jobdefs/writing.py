"""A definition as a TOML document that people can read and `jobdefs.registry.parse_definition` reads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from vo.wording import plain

from .definition import Definition, Limits, Output

__all__ = ["to_toml"]

WIDTH = 118
"""Texts that would make longer lines are folded."""

_TABLES = ("inputs", "outputs", "parameters", "steps")
_ELSEWHERE = {*_TABLES, "limits", "tasks"}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\r": "\\r", "\n": "\\n"}


def to_toml(definition: Definition) -> str:
    """The document. Keys that have their default value are left out; `Definition.tasks` is no part of it."""
    lines = list(_keys(definition, _ELSEWHERE))
    limits = list(_keys(definition.limits, set()))
    if definition.limits != Limits():
        lines += ["", "[limits]", *limits]
    group = ""
    for table in _TABLES:
        for item in getattr(definition, table):
            if table == "parameters" and item.group != group:
                group = item.group
                lines += ["", f"# {_heading(group)}"]
            lines += ["", f"[[{table}]]", *_keys(item, {"parameters"} | _unsaid(item))]
            if table == "steps" and item.parameters:
                lines += ["[steps.parameters]", *_templates(item.parameters)]
    return "\n".join(lines) + "\n"


def _keys(item: Any, left_out: set[str]) -> Iterator[str]:
    for one in fields(item):
        value = getattr(item, one.name)
        if one.name not in left_out and (one.default is MISSING or value != one.default):
            yield from _assignment(one.metadata.get("key", one.name), value)


def _heading(group: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in group).split()) or "Others"


def _unsaid(item: object) -> set[str]:
    """What the output of a pipeline leaves to the result that it comes from."""
    names = {"role", "media_type"} if isinstance(item, Output) and item.source else set()
    return {name for name in names if not getattr(item, name)}


def _templates(parameters: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, values in parameters.items():
        key = name if name.replace("_", "").isalnum() and name.isascii() else _quoted(name)
        yield from _assignment(key, values[0] if len(values) == 1 else tuple(values))


def _assignment(key: str, value: object) -> Iterator[str]:
    match value:
        case bool():
            yield f"{key} = {'true' if value else 'false'}"
        case int():
            yield f"{key} = {value}"
        case float():
            yield f"{key} = {plain(value)}"
        case str():
            yield from _text(key, value)
        case tuple():
            yield from _list(key, [_quoted(item) for item in value])


def _list(key: str, items: Sequence[str]) -> Iterator[str]:
    line = f"{key} = [{', '.join(items)}]"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{key} = ["
    yield from (f"    {item}," for item in items)
    yield "]"


def _text(key: str, value: str) -> Iterator[str]:
    line = f"{key} = {_quoted(value)}"
    if "\n" not in value.strip("\n") and len(line) <= WIDTH:
        yield line
        return
    yield f'{key} = """'
    *lines, last = value.split("\n")
    for text in lines:
        yield from _folded(text)
    *folded, end = _folded(last)
    yield from folded
    yield f'{end}"""'


def _folded(text: str) -> Iterator[str]:
    """Lines of a text without line breaks, each but the last with the mark that it goes on.

    A line is broken before a word, since blanks after the mark are not read.
    """
    line = ""
    words = _escaped(text, several=True).split(" ")
    for number, word in enumerate(words):
        if line and word and len(line) + len(word) > WIDTH - 2:
            yield f"{line}\\"
            line = ""
        line += word if number == len(words) - 1 else f"{word} "
    yield line


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str, *, several: bool = False) -> str:
    """The text within quotes; in several lines single quotes may stand as they are."""
    escaped = "".join(_ESCAPES.get(one, one if one.isprintable() else f"\\U{ord(one):08x}") for one in text)
    return escaped.replace('\\"', '"').replace('"""', '""\\"') if several else escaped
