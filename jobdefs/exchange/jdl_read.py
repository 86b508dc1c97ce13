"""Makes a definition of a JDL document, of either of OPUS's layouts and with either set of utypes.

A script that is one simple command becomes the definition's command. Any other stays a script: the definition names
the file in which the site keeps it, and its parameters reach it as environment variables, which nothing evaluates.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vo.errors import ParameterError, UsageError

from ..definition import ROLES, Definition, Parameter
from ..schema import build_definition
from ..values import TYPES, check_value
from .jdl_names import FILE, kind_of
from .jdl_parse import Entry, Resource, parse
from .jdl_words import is_variable, multiplicity, unlike
from .script import BUILTIN, SimpleCommand, read_script

__all__ = ["Imported", "read_jdl"]

PROGRAMS = "/usr/local/bin"
"""Where programs are said to be that a script calls by their bare names."""

_PROGRAM = re.compile(r"[A-Za-z][\w.-]*")
_NAMED = re.compile(r"([A-Za-z]\w*)=\{(\w+)\}", re.ASCII)
_ENVIRONMENTS = ("sas", "any", "builtin")
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Imported:
    """A definition, the script that it needs, if any, and what was changed or left out on the way.

    Parameters
    ----------
    script
        What the site is to keep as the file that ``definition.command`` names; empty for a simple command.
    """

    definition: Definition
    script: str
    notes: tuple[str, ...]


def read_jdl(document: bytes, *, programs: str = PROGRAMS, scripts: str = PROGRAMS) -> Imported:
    """The task that a document describes.

    Parameters
    ----------
    programs
        Directory of the programs that scripts call by their bare names.
    scripts
        Directory in which the site keeps scripts.

    Raises
    ------
    vo.errors.AthanorError
        When it is no JDL, or describes nothing that a definition can say.
    """
    return _Import(parse(document), programs.rstrip("/"), scripts.rstrip("/")).result()


class _Import:
    def __init__(self, resource: Resource, programs: str, scripts: str) -> None:
        self._resource = resource
        self._facts = resource.facts
        self._programs = programs
        self._scripts = scripts
        self._notes: list[str] = []
        self._used = {entry.given.get("ref") or entry.name for entry in resource.used}
        self._names: dict[str, str] = {}  # name in the document → name of the parameter
        self._ids: dict[str, str] = {}  # XML ID → name in the document
        self._parameters: dict[str, dict[str, Any]] = {}
        self._inputs: list[dict[str, Any]] = []
        self._outputs: list[dict[str, Any]] = []
        self._files: dict[str, str] = {}  # result that is no parameter → name of its file

    def result(self) -> Imported:
        name = self._task_name()
        for entry in self._resource.parameters:
            self._add_parameter(entry)
        for entry in self._resource.used:
            self._add_used(entry)
        for entry in self._resource.generated:
            self._add_generated(entry)
        data = self._about(name)
        script = self._set_command(data, name)
        for unsaid in sorted(set(self._facts) - _KNOWN):
            if self._facts[unsaid]:
                self._notes.append(f"{unsaid}: {self._facts[unsaid][:80]!r} is left out.")
        data |= {"parameters": list(self._parameters.values()), "inputs": self._inputs, "outputs": self._outputs}
        return Imported(build_definition(data, source=f"{name}.toml"), script, tuple(self._notes))

    def _task_name(self) -> str:
        name = re.sub(r"[^a-z0-9_-]", "_", self._resource.name.lower()).lstrip("_-0123456789")[:_LONGEST_NAME]
        if not name:
            raise UsageError(f"The name {self._resource.name[:40]!r} has no letter with which a task's could begin.")
        if name != self._resource.name:
            self._notes.append(f"name: {self._resource.name!r} becomes {name!r}.")
        return name

    def _about(self, name: str) -> dict[str, Any]:
        title, _, description = self._resource.description.partition("\n")
        data: dict[str, Any] = {
            "name": name,
            "version": self._facts.get("version") or "1.0",
            "title": title.strip() or name,
            "description": description.strip(),
            "documentation": self._facts.get("docurl") or self._facts.get("doculink", ""),
        }
        if self._facts.get("type"):
            data["type"] = self._facts["type"]
        duration = self._facts.get("executionDuration") or self._facts.get("executionduration") or ""
        if re.fullmatch(r"0*[1-9][0-9]{0,8}", duration):
            data["limits"] = {"duration": int(duration), "max_duration": max(int(duration), 86_400)}
        return data

    def _parameter_name(self, name: str) -> str:
        """A name that a parameter may have and no other has; the document's own where possible."""
        plain = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("_0123456789")[: _LONGEST_NAME - 4] or "parameter"
        wanted, number = plain, 1
        taken = {known.lower() for known in self._parameters}
        while wanted.lower() in taken:
            number += 1
            wanted = f"{plain}_{number}"
        if wanted != name:
            self._notes.append(f"parameters: {name!r} becomes {wanted!r}.")
        self._names[name] = wanted
        return wanted

    def _add_parameter(self, entry: Entry) -> None:
        given = entry.given
        name = self._parameter_name(entry.name)
        self._ids[given.get("ID", entry.name)] = entry.name
        xtype = given.get("xtype", "")
        kind = "choice" if entry.options else kind_of(given.get("datatype", "char"))
        if xtype in TYPES:
            kind = xtype
        elif kind == "bool":  # programs expect the words of JDL
            kind = "choice"
            entry.options = ("true", "false")
        elif xtype == FILE:
            kind = "file"
            self._inputs.append({"parameter": name, "role": name, "media_type": FILE})
        data: dict[str, Any] = {"name": name, "type": kind, "description": entry.description}
        data |= {key: given[key] for key in ("unit", "ucd") if given.get(key)}
        if kind == "choice":
            data["options"] = list(entry.options)
        for key, text in (("min", entry.low), ("max", entry.high)):
            if text:
                self._set_limit(data, key, text)
        self._parameters[name] = data
        is_input = kind == "file" or {given.get("ID", entry.name), entry.name} & self._used
        self._set_default(data, given.get("value", ""), bool(is_input), required=given.get("type") != "no_query")

    def _set_limit(self, data: dict[str, Any], key: str, text: str) -> None:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if number - number == 0 and data["type"] in ("int", "real", "angle", "time"):
            data[key] = number
        else:
            self._notes.append(f"parameters[{data['name']}].{key}: {text[:40]!r} is left out.")

    def _set_default(self, data: dict[str, Any], value: str, is_input: bool, *, required: bool) -> None:
        if not value.strip():
            data["required"] = required
            return
        try:
            probe = Parameter(**{**data, "options": tuple(data.get("options", ()))})
            data["default"] = check_value(probe, value, is_input=is_input)
        except ParameterError as error:
            self._notes.append(f"parameters[{data['name']}].default: {value[:40]!r} is left out: {error.message}")
            data["required"] = required

    def _known_as(self, entry: Entry) -> str:
        """The name of the parameter to which a file belongs, by reference or by its name; empty where it has none."""
        return self._names.get(self._ids.get(entry.given.get("ref", ""), entry.name), "")

    def _add_used(self, entry: Entry) -> None:
        given = entry.given
        name = self._known_as(entry)
        least, most = multiplicity(given.get("multiplicity", ""))
        if not name:
            name = self._parameter_name(entry.name)
            self._parameters[name] = {
                "name": name,
                "type": "file",
                "description": entry.description,
                "required": least > 0,
            }
        data = self._parameters[name]
        if data["type"] not in ("table", "dataset", "file", "directory"):
            data["type"] = "file"
            data.pop("default", None)
        if most > 1:
            data["multiple"] = True
        self._inputs = [item for item in self._inputs if item["parameter"] != name]
        self._inputs.append(
            {
                "parameter": name,
                "role": given.get("role") or entry.name,
                "media_type": given.get("content_type") or FILE,
                "description": entry.description,
                **_kind(given),
            }
        )
        for key in ("default", "url"):
            if given.get(key) and given[key] != "file://$ID":
                self._notes.append(
                    f"inputs[{name}].{key}: {given[key][:80]!r} is left out; name files of this service."
                )

    def _add_generated(self, entry: Entry) -> None:
        given = entry.given
        parameter = self._known_as(entry) if "ref" in given or "utype" in given else ""
        least, _ = multiplicity(given.get("multiplicity", ""))
        name = re.sub(r"[^\w.-]", "_", entry.name) or "result"
        data: dict[str, Any] = {
            "name": name,
            "role": given.get("role") or name,
            "media_type": given.get("content_type") or FILE,
            "required": least > 0,
            "description": entry.description,
            **_kind(given),
        }
        if parameter:
            data["parameter"] = parameter
            if self._parameters[parameter]["type"] not in ("table", "dataset", "file", "directory"):
                self._parameters[parameter]["type"] = "file"
        else:
            data["pattern"] = self._file_name(entry)
            self._files[entry.name] = data["pattern"]
        self._outputs.append(data)

    def _file_name(self, entry: Entry) -> str:
        wanted = (entry.given.get("default") or entry.name).rpartition("/")[2].lstrip(".")
        name = re.sub(r"[^\w.+*?\[\]!-]", "_", wanted) or "result"
        if name != entry.given.get("default"):
            self._notes.append(f"outputs[{entry.name}].pattern: the file is taken to be called {name!r}.")
        return name

    def _set_command(self, data: dict[str, Any], name: str) -> str:
        """Set environment and command; gives the script that is to be kept, if any."""
        text = self._facts.get("script", "")
        if not text.strip():
            raise UsageError("The JDL has no script, so that there is nothing to run.")
        simple = read_script(text, {*self._names, *self._files})
        files = {name: file for name, file in self._files.items() if name not in self._names}
        patterns = {f"{{{name}}}" for name, file in files.items() if any(sign in file for sign in "*?[")}
        if simple is not None and not any(pattern in word for pattern in patterns for word in simple.words):
            words = self._words(simple)
            if self._set_variables(simple) and self._set_program(data, words):
                return ""
        return self._keep_script(data, name, text)

    def _words(self, simple: SimpleCommand) -> list[str]:
        """The words with the names of parameters as they are here, and those of files in place."""
        fields = self._files | {old: f"{{{new}}}" for old, new in self._names.items()}
        return [re.sub(r"\{(\w+)\}", lambda match: fields[match[1]], word) for word in simple.words]

    def _set_variables(self, simple: SimpleCommand) -> bool:
        for variable, name in simple.variables.items():
            known = self._names.get(name)
            if known is None or not is_variable(variable) or not re.fullmatch(r"[A-Z][A-Z0-9_]*", variable):
                return False
            self._parameters[known]["variable"] = variable
        return True

    def _set_program(self, data: dict[str, Any], words: list[str]) -> bool:
        environment = self._facts.get("environment", "")
        if environment == "builtin" and words[:2] == [*BUILTIN[:2]] and len(words) > 2:
            words = [words[2].removeprefix(BUILTIN[2]), *words[3:]]
        if environment in _ENVIRONMENTS and _PROGRAM.fullmatch(words[0]):
            data |= {"environment": environment, "command": [words[0], *self._collected(words[1:])]}
            return True
        if "/" in words[0] and not words[0].startswith("/"):
            return False
        program = words[0]
        if not program.startswith("/"):
            program = f"{self._programs}/{program}"
            self._notes.append(f"command: the program {words[0]!r} is taken to be {program}.")
        data |= {"environment": "program", "command": [program, *words[1:]]}
        return True

    def _collected(self, arguments: list[str]) -> list[str]:
        """Arguments with ``{*}`` in place of the ``name=value`` of all parameters, as `script_of` writes them."""
        names = [name for name, item in self._parameters.items() if not item.get("variable")]
        pairs = [_NAMED.fullmatch(argument) for argument in arguments]
        for start in range(len(arguments) - len(names) + 1):
            found = pairs[start : start + len(names)]
            if names and [pair and pair[2] for pair in found] == names:
                for pair in found:
                    self._parameters[pair[2]] |= {"argument": pair[1]} if pair[1] != pair[2] else {}
                return [*arguments[:start], "{*}", *arguments[start + len(names) :]]
        return arguments

    def _keep_script(self, data: dict[str, Any], name: str, text: str) -> str:
        path = f"{self._scripts}/{name}.sh"
        lines = ["#!/bin/bash", "# Values come as environment variables; nothing here is made of them."]
        taken: set[str] = set()
        for old, new in self._names.items():
            variable = unlike(f"JDL_{new.upper()}", taken)
            self._parameters[new]["variable"] = variable
            if is_variable(old):
                lines.append(f'{old}="${{{variable}-}}"')
            else:
                self._notes.append(f"command: {old!r} is no name of a variable that users may set; see {variable}.")
        lines += [f"{old}={shlex.quote(file)}" for old, file in self._files.items() if is_variable(old)]
        data |= {"environment": "program", "command": [path]}
        self._notes.append(
            f"command: the script is more than one simple command; it is kept as it is, to be looked through and put as"
            f" an executable file at {path}."
        )
        return "\n".join([*lines, "", text.replace("\r\n", "\n").rstrip("\n"), ""])


_KNOWN = frozenset(
    {"version", "docurl", "doculink", "type", "executionDuration", "executionduration", "script", "environment"}
)
"""Facts that a definition has a place for."""


def _kind(given: Mapping[str, str]) -> dict[str, str]:
    """What a file is to the task, in the words of the Recommendation; other documents have other words there."""
    return {"type": given["type"]} if given.get("type") in ROLES else {}
