"""From the plain data of a TOML file to a `Definition`, with every mistake named by table and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any

from vo.errors import AthanorError, ParameterError
from vo.wording import nearest

from .definition import CATEGORIES, ROLES, Definition, Input, Limits, Output, Parameter, Step
from .values import FILE_TYPES, TYPES, check_value

__all__ = ["RESERVED", "build_definition"]

ENVIRONMENTS = ("sas", "builtin", "any", "program", "inprocess", "pipeline")

SAS = ("", "optional", "required")

RESERVED = frozenset(
    {"phase", "runid", "executionduration", "destruction", "notify", "action", "array", "wait", "csrfmiddlewaretoken"}
)
"""Words that control jobs when they come with a request, in lower case; no parameter can have such a name."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_FUNCTION = re.compile(r"[a-z_][\w.]*:[a-z_]\w*")
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_FIELD = re.compile(r"\{([^{}]*)\}")

_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a text", lambda value: isinstance(value, str)),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "int": ("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "int | str": (
        "an integer or a text",
        lambda value: isinstance(value, int | str) and not isinstance(value, bool),
    ),
    "float | None": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "tuple[str, ...]": (
        "a list of texts",
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    ),
    "Mapping[str, tuple[str, ...]]": (
        "a table of texts and lists of texts",
        lambda value: isinstance(value, dict) and all(_is_template(item) for item in value.values()),
    ),
}
_PARTS: dict[str, type] = {"parameters": Parameter, "inputs": Input, "outputs": Output, "steps": Step}


class _Mistakes:
    """What is wrong with one file."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[str] = []

    def add(self, where: str, message: str) -> None:
        self.found.append(f"{self.source}: {where}: {message}")

    def stop(self) -> None:
        if self.found:
            raise AthanorError("\n".join(self.found))


def _is_template(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _required(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _scalars(kind: type, data: Mapping[str, Any], where: str, mistakes: _Mistakes) -> dict[str, Any]:
    """Fields of `kind` that are plain values; unknown keys, wrong types and missing keys are mistakes."""
    known = {item.metadata.get("key", item.name): item for item in fields(kind) if _is_scalar(kind, item)}
    result: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            near = nearest(key, known)
            mistakes.add(f"{where}{key}", f"there is no such key{f'; did you mean {near}?' if near else '.'}")
            continue
        words, fits = _KINDS[str(known[key].type)]
        if not fits(value):
            mistakes.add(f"{where}{key}", f"it must be {words}, not {value!r}.")
            continue
        result[known[key].name] = _frozen(value)
    for name, item in known.items():
        if _required(item) and name not in data:
            mistakes.add(f"{where}{name}", "it is missing.")
    return result


def _is_scalar(kind: type, item: Field[Any]) -> bool:
    return kind is not Definition or item.name not in {*_PARTS, "limits", "tasks"}


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: tuple(item) if isinstance(item, list) else (item,) for name, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _parts(key: str, data: Mapping[str, Any], mistakes: _Mistakes) -> list[dict[str, Any]]:
    rows = data.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        mistakes.add(key, f"it must be an array of tables: [[{key}]].")
        return []
    if key == "outputs" and data.get("environment") == "pipeline":
        rows = [{"role": "", "media_type": "", **row} for row in rows]  # where not said, those of the step's result
    labels = [row.get("name") or row.get("parameter") or number for number, row in enumerate(rows, start=1)]
    return [_scalars(_PARTS[key], row, f"{key}[{label}].", mistakes) for label, row in zip(labels, rows, strict=True)]


def build_definition(data: Mapping[str, Any], *, source: str) -> Definition:
    """The definition that plain data describe.

    Raises
    ------
    vo.errors.AthanorError
        With every mistake on a line of its own: ``file: table.key: what is wrong``.
    """
    mistakes = _Mistakes(source)
    own = _scalars(
        Definition, {key: value for key, value in data.items() if key not in {*_PARTS, "limits"}}, "", mistakes
    )
    limits = data.get("limits", {})
    if not isinstance(limits, dict):
        mistakes.add("limits", "it must be a table: [limits].")
        limits = {}
    numbers = _scalars(Limits, limits, "limits.", mistakes)
    parts = {key: _parts(key, data, mistakes) for key in _PARTS}
    mistakes.stop()
    definition = Definition(
        **own,
        limits=Limits(**numbers),
        **{key: tuple(_PARTS[key](**row) for row in rows) for key, rows in parts.items()},
    )
    _check_sense(definition, mistakes)
    mistakes.stop()
    return definition


def _check_sense(definition: Definition, mistakes: _Mistakes) -> None:
    if not _NAME.fullmatch(definition.name):
        mistakes.add("name", f"{definition.name!r} must be lower-case letters, digits, - and _.")
    _unique("parameters", [parameter.name.lower() for parameter in definition.parameters], mistakes)
    _unique("outputs", [output.name for output in definition.outputs], mistakes)
    for parameter in definition.parameters:
        _check_parameter(parameter, definition, mistakes)
    _check_files(definition, mistakes)
    _check_command(definition, mistakes)
    _check_limits(definition.limits, mistakes)
    if definition.sas not in SAS or (definition.sas and definition.environment != "builtin"):
        mistakes.add("sas", "only a builtin task has it: optional or required.")
    if definition.packages and definition.environment != "builtin":
        mistakes.add("packages", "only a builtin task has them.")
    for name in definition.packages:
        if not name.isidentifier():
            mistakes.add("packages", f"{name!r} is no name under which a package is imported.")
    if definition.category and definition.category not in CATEGORIES:
        mistakes.add("category", f"{definition.category!r} is none of {', '.join(CATEGORIES)}.")
    if definition.steps and definition.environment != "pipeline":
        mistakes.add("steps", 'only a definition with environment = "pipeline" has steps.')


def _unique(table: str, names: Sequence[str], mistakes: _Mistakes) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        mistakes.add(f"{table}[{name}].name", "it is given more than once.")


def _check_parameter(parameter: Parameter, definition: Definition, mistakes: _Mistakes) -> None:
    where = f"parameters[{parameter.name}]."
    if not _PARAMETER.fullmatch(parameter.name):
        mistakes.add(f"{where}name", "it must be letters, digits and _, beginning with a letter.")
    if parameter.name.lower() in RESERVED:
        mistakes.add(
            f"{where}name",
            f"it is a word that controls jobs; call it task_{parameter.name}, and give it argument = "
            f'"{parameter.name}" where the command takes it by that name.',
        )
    if parameter.argument and (definition.environment not in ("sas", "program") or parameter.variable):
        mistakes.add(f"{where}argument", "only a parameter that a task of SAS or a program takes as name=value has it.")
    if parameter.argument and not _PARAMETER.fullmatch(parameter.argument):
        mistakes.add(f"{where}argument", "it must be letters, digits and _, beginning with a letter.")
    if parameter.type not in TYPES:
        mistakes.add(f"{where}type", f"{parameter.type!r} is none of {', '.join(TYPES)}.")
        return
    if parameter.variable and not _VARIABLE.fullmatch(parameter.variable):
        mistakes.add(f"{where}variable", "it must be upper-case letters, digits and _.")
    if (parameter.type == "choice") != bool(parameter.options):
        mistakes.add(f"{where}options", "a choice has options, and only a choice has.")
    if parameter.min is not None and parameter.max is not None and parameter.min > parameter.max:
        mistakes.add(f"{where}min", "it is above max.")
    if parameter.required and parameter.default:
        mistakes.add(f"{where}default", "a required parameter has none.")
    if parameter.default:
        _check_default(parameter, definition, where, mistakes)
    if parameter.parent:
        _check_parent(parameter, definition, where, mistakes)


def _check_default(parameter: Parameter, definition: Definition, where: str, mistakes: _Mistakes) -> None:
    is_input = any(item.parameter == parameter.name for item in definition.inputs)
    for value in parameter.default.split() if parameter.multiple else [parameter.default]:
        try:
            canonical = check_value(parameter, value, is_input=is_input)
        except ParameterError as error:
            mistakes.add(f"{where}default", error.message)
        else:
            if canonical != value:
                mistakes.add(f"{where}default", f"write {canonical!r}, not {value!r}.")


def _check_parent(parameter: Parameter, definition: Definition, where: str, mistakes: _Mistakes) -> None:
    by_name = {item.name: item for item in definition.parameters}
    parent = by_name.get(parameter.parent)
    if parent is None:
        mistakes.add(f"{where}parent", f"there is no parameter {parameter.parent!r}.")
        return
    if parent.type not in {"bool", "choice"}:
        mistakes.add(f"{where}parent", f"{parent.name} is no bool and no choice.")
    allowed = ("yes", "no") if parent.type == "bool" else parent.options
    if parameter.parent_value not in (*allowed, *([""] if parent.type == "bool" else [])):
        mistakes.add(f"{where}parent_value", f"{parameter.parent_value!r} is none of {', '.join(allowed)}.")
    seen, step = {parameter.name}, parent
    while step is not None:
        if step.name in seen:
            mistakes.add(f"{where}parent", "its parents go round in a circle.")
            return
        seen.add(step.name)
        step = by_name.get(step.parent)


def _check_role(item: Input | Output, where: str, mistakes: _Mistakes) -> None:
    if item.type not in ROLES:
        mistakes.add(where, f"{item.type!r} is none of {', '.join(ROLES)}.")


def _check_files(definition: Definition, mistakes: _Mistakes) -> None:
    by_name = {parameter.name: parameter for parameter in definition.parameters}
    for item in definition.inputs:
        where = f"inputs[{item.parameter}].parameter"
        if item.parameter not in by_name:
            mistakes.add(where, "there is no such parameter.")
        elif by_name[item.parameter].type not in FILE_TYPES:
            mistakes.add(where, f"its type must be one of {', '.join(FILE_TYPES)}.")
        _check_role(item, f"inputs[{item.parameter}].type", mistakes)
    for output in definition.outputs:
        where = f"outputs[{output.name}]."
        _check_role(output, f"{where}type", mistakes)
        if output.parameter and output.pattern:
            mistakes.add(f"{where}pattern", "give a parameter or a pattern, not both.")
        if definition.environment == "pipeline":
            if output.parameter or output.pattern or output.when:
                mistakes.add(where.rstrip("."), "a pipeline's output has from, and no parameter, pattern or when.")
        elif output.source:
            mistakes.add(f"{where}from", "only a pipeline's output has it.")
        elif not output.parameter and not output.pattern and definition.environment != "inprocess":
            mistakes.add(f"{where}parameter", "give a parameter or a pattern.")
        if output.pattern and ("/" in output.pattern or output.pattern.startswith(".")):
            mistakes.add(f"{where}pattern", "it must be a plain file name with * and ?.")
        if output.parameter and output.parameter not in by_name:
            mistakes.add(f"{where}parameter", f"there is no parameter {output.parameter!r}.")
        if output.when and (output.when not in by_name or by_name[output.when].type != "bool"):
            mistakes.add(f"{where}when", f"there is no bool parameter {output.when!r}.")


def _check_command(definition: Definition, mistakes: _Mistakes) -> None:
    if definition.environment not in ENVIRONMENTS:
        mistakes.add("environment", f"{definition.environment!r} is none of {', '.join(ENVIRONMENTS)}.")
    elif definition.environment == "inprocess":
        if not _FUNCTION.fullmatch(definition.function):
            mistakes.add("function", "an in-process task needs package.module:function.")
    elif definition.environment == "pipeline":
        if definition.command or definition.function:
            mistakes.add("command", "a pipeline has steps, and no command or function of its own.")
    elif not definition.command or not definition.command[0] or "{" in definition.command[0]:
        mistakes.add("command", "it must begin with the program's name.")
    elif definition.environment == "program" and not definition.command[0].startswith("/"):
        mistakes.add("command", "it must begin with the full path of the program.")
    names = {parameter.name for parameter in definition.parameters}
    for number, item in enumerate(definition.command, start=1):
        for field in _FIELD.findall(item):
            if field not in names and not (field == "*" and item == "{*}"):
                mistakes.add(f"command[{number}]", f"{{{field}}} is no parameter, nor {{*}} standing alone.")


def _check_limits(limits: Limits, mistakes: _Mistakes) -> None:
    for item in fields(Limits):
        if item.name != "running" and getattr(limits, item.name) <= 0:
            mistakes.add(f"limits.{item.name}", "it must be above 0.")
    if limits.running < 0:
        mistakes.add("limits.running", "it must be at least 0.")
    if limits.duration > limits.max_duration:
        mistakes.add("limits.duration", "it is above max_duration.")
