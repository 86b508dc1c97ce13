"""Writes a definition as JDL: a VOTable 1.3 without a table (OPUS, current layout)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from vo.errors import ParameterError, UsageError
from vo.wording import plain
from vo.xmltext import attribute, content

from ..definition import ROLES, Definition, Input, Limits, Output, Parameter
from .jdl_names import DATATYPES, FILE, NAMES, NAMESPACE, Names
from .script import script_of

__all__ = ["Exported", "write_jdl"]


@dataclass(frozen=True, slots=True)
class Exported:
    """A document, and what of the definition it cannot say."""

    document: str
    lost: tuple[str, ...]


def write_jdl(definition: Definition, *, names: str = "provdm") -> Exported:
    """The JDL of a task.

    Parameters
    ----------
    names
        ``provdm`` for utypes of the Provenance Data Model 1.0, ``opus`` for those that OPUS itself writes.

    Raises
    ------
    vo.errors.ParameterError
        When `names` is neither.
    vo.errors.UsageError
        When the definition is no program: a pipeline or a task in the engine has no script.
    """
    if names not in NAMES:
        raise ParameterError("names", f"{names[:40]!r} is unknown; use {' or '.join(NAMES)}.")
    if not definition.command:
        raise UsageError(
            f"{definition.name} is no program but {_article(definition.environment)}; JDL describes programs only."
        )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<VOTABLE xmlns="{NAMESPACE}" version="1.3">',
        *_resource(definition, NAMES[names]),
        "</VOTABLE>",
    ]
    return Exported("\n".join(lines) + "\n", tuple(_lost(definition)))


def _article(environment: str) -> str:
    return "a pipeline of other tasks" if environment == "pipeline" else "a function of the service"


def _start(tag: str, given: dict[str, str], *, empty: bool = False) -> str:
    text = "".join(f' {name}="{attribute(value)}"' for name, value in given.items())
    return f"<{tag}{text}{'/' if empty else ''}>"


def _plain(name: str, value: str, utype: str = "", datatype: str = "char") -> str:
    """A PARAM that is a fact about the task."""
    given = {"name": name, "value": value, "datatype": datatype}
    given |= {"arraysize": "*"} if datatype == "char" else {}
    return _start("PARAM", given | ({"utype": utype} if utype else {}), empty=True)


def _description(text: str) -> list[str]:
    return [f"<DESCRIPTION>{content(text)}</DESCRIPTION>"] if text else []


def _resource(definition: Definition, names: Names) -> Iterator[str]:
    given = {
        "ID": definition.name,
        "name": definition.name,
        "type": "meta",
        "utype": "voprov:ActivityDescription",
    }
    yield _start("RESOURCE", given)
    yield from _description("\n\n".join(filter(None, (definition.title, definition.description.strip()))))
    facts = {names.documentation: definition.documentation, "type": definition.type, "version": definition.version}
    for name, value in facts.items():
        yield _plain(name, value, f"voprov:ActivityDescription.{name}")
    yield _plain("executionDuration", str(definition.limits.duration), "uws:Job.executionDuration", "int")
    yield _plain("environment", definition.environment)
    yield _plain("script", script_of(definition))
    ids = _identifiers(definition)
    yield _start("GROUP", {"name": "InputParams"})
    for parameter in definition.parameters:
        yield from _parameter(parameter, ids[parameter.name], definition)
    yield "</GROUP>"
    yield _start("GROUP", {"name": "Used"})
    for item in definition.inputs:
        yield from _used(item, definition, names, ids)
    yield "</GROUP>"
    yield _start("GROUP", {"name": "Generated"})
    for output in definition.outputs:
        yield from _generated(output, definition, names, ids)
    yield "</GROUP>"
    yield "</RESOURCE>"


def _identifiers(definition: Definition) -> dict[str, str]:
    """The XML ID of each parameter: its name, where nothing else has it."""
    taken = {definition.name}
    result: dict[str, str] = {}
    for parameter in definition.parameters:
        identifier = parameter.name
        while identifier in taken:
            identifier = f"{identifier}_"
        taken.add(identifier)
        result[parameter.name] = identifier
    return result


def _parameter(parameter: Parameter, identifier: str, definition: Definition) -> Iterator[str]:
    datatype = DATATYPES.get(parameter.type, "char")
    given = {"ID": identifier, "name": parameter.name, "datatype": datatype}
    given |= {"arraysize": "*"} if datatype == "char" else {}
    words = {"yes": "true", "no": "false"} if parameter.type == "bool" else {}
    given["value"] = words.get(parameter.default, parameter.default)
    is_input = any(item.parameter == parameter.name for item in definition.inputs)
    if is_input and parameter.type == "file":
        given["xtype"] = FILE
    elif parameter.type not in ("int", "real", "string", "choice"):
        given["xtype"] = parameter.type
    given |= {} if parameter.required else {"type": "no_query"}
    given |= {"unit": parameter.unit} if parameter.unit else {}
    given |= {"ucd": parameter.ucd} if parameter.ucd else {}
    limits = {"MIN": parameter.min, "MAX": parameter.max}
    inner = _description(parameter.description.strip())
    values = [_start(tag, {"value": plain(value)}, empty=True) for tag, value in limits.items() if value is not None]
    values += [_start("OPTION", {"value": option}, empty=True) for option in parameter.options]
    if values:
        inner += ["<VALUES>", *values, "</VALUES>"]
    yield _start("PARAM", given, empty=not inner)
    if inner:
        yield from [*inner, "</PARAM>"]


def _used(item: Input, definition: Definition, names: Names, ids: dict[str, str]) -> Iterator[str]:
    parameter = definition.parameter(item.parameter)
    most = "*" if parameter is not None and parameter.multiple else "1"
    least = "1" if parameter is not None and parameter.required else "0"
    yield _start("GROUP", {"name": item.parameter, "ref": ids[item.parameter], "utype": names.usage})
    yield from _description(item.description.strip())
    yield _plain("role", item.role, f"{names.usage_attribute}.role")
    yield from _kind(item.type, f"{names.usage_attribute}.type")
    yield _plain("multiplicity", most if least == most else f"{least}..{most}", f"{names.usage_attribute}.multiplicity")
    yield _plain("default", "", "voprov:Entity.id")
    yield _plain("content_type", item.media_type, names.content_type)
    yield _plain("url", "file://$ID", names.url)
    yield "</GROUP>"


def _generated(output: Output, definition: Definition, names: Names, ids: dict[str, str]) -> Iterator[str]:
    given = {"name": output.name, "utype": names.generation}
    given |= {"ref": ids[output.parameter]} if output.parameter else {}
    parameter = definition.parameter(output.parameter) if output.parameter else None
    least = "1" if output.required and not output.when else "0"
    most = "*" if any(sign in output.pattern for sign in "*?[") else "1"
    yield _start("GROUP", given)
    yield from _description(output.description.strip())
    yield _plain("role", output.role, f"{names.generation_attribute}.role")
    yield from _kind(output.type, f"{names.generation_attribute}.type")
    multiplicity = most if least == most else f"{least}..{most}"
    yield _plain("multiplicity", multiplicity, f"{names.generation_attribute}.multiplicity")
    yield _plain("default", output.pattern or (parameter.default if parameter else ""), "voprov:Entity.id")
    yield _plain("content_type", output.media_type, names.content_type)
    yield "</GROUP>"


def _kind(type_: str, utype: str) -> Iterator[str]:
    """What a file is to the task, where that is not the first that readers think of."""
    if type_ != ROLES[0]:
        yield _plain("type", type_, utype)


_PARAMETER_LOST = {
    "multiple": "it takes a list",
    "parent": "another parameter switches it on",
    "group": "it stands under a heading",
    "advanced": "it is hidden at first",
    "unverified": "it could not be checked",
}
_DEFINITION_LOST = (
    "sas", "category", "executor", "partition", "account", "network", "retries", "priority", "stages", "open",
)  # fmt: skip


def _lost(definition: Definition) -> Iterator[str]:
    """What JDL has no words for, by table and key."""
    default = Definition(name="", version="", title="")
    for name in _DEFINITION_LOST:
        if getattr(definition, name) != getattr(default, name):
            yield f"{name}: JDL cannot say it."
    for item in fields(Limits):
        if item.name != "duration" and getattr(definition.limits, item.name) != item.default:
            yield f"limits.{item.name}: JDL cannot say it."
    for parameter in definition.parameters:
        yield from (
            f"parameters[{parameter.name}].{name}: {words}; JDL cannot say so."
            for name, words in _PARAMETER_LOST.items()
            if getattr(parameter, name)
        )
    for entry in definition.inputs:
        yield from _lost_of(f"inputs[{entry.parameter}]", entry, ("product_types", "copy"))
    for output in definition.outputs:
        yield from _lost_of(f"outputs[{output.name}]", output, ("when", "product_type"))


def _lost_of(where: str, item: Any, names: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{where}.{name}: JDL cannot say it." for name in names if getattr(item, name))
