"""Writes a definition as a CommandLineTool of the Common Workflow Language, v1.2, in JSON.

What a job checks and CWL has no words for (ranges, which parameter switches which on) stands in the documentation of
the inputs. Parameters that switch others, and those that are switched, have no default of their own here: they are
given to the task only where the user gives them, so that the task's own rules hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vo.errors import UsageError
from vo.wording import plain

from ..definition import Definition, Output, Parameter
from .cwl_values import Expressions, literal, template

__all__ = ["write_cwl"]

VERSION = "v1.2"

MIB = 2**20

_TYPES = {"int": "long", "real": "double", "angle": "double"}
_SOFTWARE = {
    "sas": ("XMM-Newton SAS", "https://www.cosmos.esa.int/web/xmm-newton/sas"),
    "any": ("XMM-Newton SAS", "https://www.cosmos.esa.int/web/xmm-newton/sas"),
    "builtin": ("Athanor", ""),
}


def write_cwl(definition: Definition) -> str:
    """The tool as a JSON document (media type ``application/cwl+json``).

    Raises
    ------
    vo.errors.UsageError
        When the definition is no program: what a pipeline runs is decided while it runs (branches, conditions, what
        may fail), which no CWL workflow says, and a function of the service has no command.
    """
    if not definition.command:
        what = "a pipeline, which chooses its steps while it runs" if definition.steps else "a function of the service"
        raise UsageError(
            f"{definition.name} is {what}; CWL describes programs only.",
            hint="Ask for its steps one by one: "
            + ", ".join(dict.fromkeys(step.task for step in definition.steps))
            + "."
            if definition.steps
            else "",
        )
    return json.dumps(_Tool(definition).document(), indent=2, ensure_ascii=False) + "\n"


class _Tool:
    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._inputs = {item.parameter: item for item in definition.inputs}
        self._parents = {item.parent for item in definition.parameters if item.parent}
        files = {name for name in self._inputs if definition.parameter(name)}
        present = {item.name for item in definition.parameters if item.required or self._has_default(item)}
        several = {item.name for item in definition.parameters if item.multiple}
        self._expressions = Expressions(files=files, present=present, several=several)

    def document(self) -> dict[str, Any]:
        definition = self._definition
        arguments, positions = self._command()
        document: dict[str, Any] = {
            "cwlVersion": VERSION,
            "class": "CommandLineTool",
            "id": definition.name,
            "label": definition.title,
        }
        if definition.description.strip():
            document["doc"] = definition.description.strip()
        document["baseCommand"] = self._base()
        if arguments:
            document["arguments"] = arguments
        document["inputs"] = {item.name: self._input(item, positions) for item in definition.parameters}
        document["outputs"] = {item.name: self._output(item) for item in definition.outputs}
        environment, working = self._environment(), self._working()
        requirements: dict[str, Any] = {
            "ResourceRequirement": {
                "coresMin": definition.limits.cores,
                "ramMin": -(-definition.limits.memory // MIB),
            },
            "ToolTimeLimit": {"timelimit": definition.limits.duration},
            **({"NetworkAccess": {"networkAccess": True}} if definition.network else {}),
            **({"EnvVarRequirement": {"envDef": environment}} if environment else {}),
            **({"InitialWorkDirRequirement": {"listing": working}} if working else {}),
        }
        if self._expressions.used:
            requirements["InlineJavascriptRequirement"] = {}
        document["requirements"] = requirements
        document["hints"] = {"SoftwareRequirement": {"packages": self._software()}}
        return document

    def _base(self) -> list[str]:
        program = self._definition.command[0]
        if self._definition.environment == "builtin":
            return ["python3", "-m", f"jobdefs.tasks.{program}"]
        return [program]

    def _software(self) -> dict[str, Any]:
        name, address = _SOFTWARE.get(self._definition.environment, ("", ""))
        if not name:
            return {self._definition.command[0].rpartition("/")[2]: {"version": [self._definition.version]}}
        return {name: {"specs": [address]} if address else {}}

    def _command(self) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Arguments that are templates, and the places of the parameters that are given as ``name=value``."""
        arguments: list[dict[str, Any]] = []
        positions: dict[str, int] = {}
        place = 0
        for item in self._definition.command[1:]:
            if item == "{*}":
                for parameter in self._definition.parameters:
                    if not parameter.variable:
                        place += 1
                        positions[parameter.name] = place
                continue
            place += 1
            arguments.append({"position": place, "valueFrom": template(item, self._expressions)})
        return arguments, positions

    def _has_default(self, parameter: Parameter) -> bool:
        switched = parameter.parent or parameter.name in self._parents
        return bool(parameter.default) and not switched and parameter.name not in self._inputs

    def _input(self, parameter: Parameter, positions: dict[str, int]) -> dict[str, Any]:
        kind = self._type(parameter)
        if parameter.multiple:
            kind = {"type": "array", "items": kind}
        has_default = self._has_default(parameter)
        entry: dict[str, Any] = {
            "type": kind if parameter.required or has_default else ["null", kind],
            "doc": "\n".join(self._told(parameter)),
        }
        if has_default:
            entry["default"] = self._default(parameter)
        if parameter.name in positions:
            binding = {"position": positions[parameter.name], "prefix": f"{parameter.argument or parameter.name}="}
            entry["inputBinding"] = {**binding, "separate": False}
            if parameter.multiple:
                entry["inputBinding"]["itemSeparator"] = " "
        return entry

    def _type(self, parameter: Parameter) -> Any:
        if parameter.name in self._inputs:
            return "Directory" if parameter.type == "directory" else "File"
        if parameter.type == "bool":
            return {"type": "enum", "symbols": ["yes", "no"]}
        if parameter.type == "choice":
            return {"type": "enum", "symbols": list(parameter.options)}
        return _TYPES.get(parameter.type, "string")

    def _default(self, parameter: Parameter) -> Any:
        convert = {"long": int, "double": float}.get(str(self._type(parameter)), str)
        if parameter.multiple:
            return [convert(value) for value in parameter.default.split()]
        return convert(parameter.default)

    def _told(self, parameter: Parameter) -> Iterator[str]:
        yield parameter.description.strip() or parameter.name
        if parameter.unit:
            yield f"Unit: {parameter.unit}."
        if parameter.min is not None:
            yield f"At least {plain(parameter.min)}."
        if parameter.max is not None:
            yield f"At most {plain(parameter.max)}."
        if parameter.default and not self._has_default(parameter):
            yield f"Default: {parameter.default}."
        if parameter.parent:
            yield f"Counts where {parameter.parent} is {parameter.parent_value or 'yes'}."
        if parameter.name in self._inputs:
            yield f"Media type: {self._inputs[parameter.name].media_type}."

    def _output(self, output: Output) -> dict[str, Any]:
        several = any(sign in output.pattern for sign in "*?[")
        kind: Any = {"type": "array", "items": "File"} if several else "File"
        certain = output.required and not output.when and not self._is_switched(output.parameter)
        told = [output.description.strip() or output.name, f"Media type: {output.media_type}."]
        if output.when:
            told.append(f"Written where {output.when} is yes.")
        return {
            "type": kind if certain or several else ["null", kind],
            "doc": "\n".join(told),
            "outputBinding": {"glob": self._glob(output)},
        }

    def _is_switched(self, name: str) -> bool:
        parameter = self._definition.parameter(name) if name else None
        return parameter is not None and bool(parameter.parent or not (parameter.required or parameter.default))

    def _glob(self, output: Output) -> str:
        if not output.parameter:
            return literal(output.pattern)
        parameter = self._definition.parameter(output.parameter)
        return self._expressions.file_name(output.parameter, parameter.default if parameter is not None else "")

    def _environment(self) -> list[dict[str, str]]:
        return [
            {"envName": item.variable, "envValue": self._expressions.text(item.name)}
            for item in self._definition.parameters
            if item.variable
        ]

    def _working(self) -> list[dict[str, Any]]:
        """Files of which the task gets copies of its own."""
        copied = [item.parameter for item in self._definition.inputs if item.copy]
        return [{"entry": f"$(inputs.{name})", "writable": True} for name in copied]
