"""A definition from a parameter file of SAS: the parameters of exactly that version, and what we know of the task."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vo.errors import ParameterError

from .definition import Definition, Input, Output, Parameter
from .registry import parse_definition
from .sas.environment import SUMMARY_VARIABLE
from .sas.par import ParParameter, read_range
from .schema import RESERVED
from .values import FILE_TYPES, TYPES, check_value
from .writing import to_toml

__all__ = ["Imported", "definition_from_par"]

TYPE_NAMES = {
    "boolean": "bool",
    "integer": "int",
    "float": "real",
    "double": "real",
    "str": "string",
    "text": "string",
    "attribute": "string",
    "array": "table",
    "set": "dataset",
}
"""Types of parameter files that definitions call otherwise."""

_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_FIXED = re.compile(r"([A-Za-z]\w*)=")


@dataclass(frozen=True, slots=True)
class Imported:
    """A definition, and what could not be said in it or was guessed."""

    definition: Definition
    notes: tuple[str, ...]


def definition_from_par(
    task: str, parameters: Sequence[ParParameter], *, version: str, own: Definition | None, environment: Definition
) -> Imported:
    """The definition of one task.

    Parameters
    ----------
    task
        Name of the program.
    parameters
        What its file says.
    version
        Of the definition: that of SAS.
    own
        The product's definition of the task, from which it takes what a parameter file does not say, for parameters
        that both have: inputs, outputs, units, UCDs, headings and descriptions.
    environment
        A definition whose parameters that go into environment variables are given to a task without `own`.

    Raises
    ------
    vo.errors.AthanorError
        When no right definition can be made.
    """
    return _Maker(task, version, own, environment).make(parameters)


class _Maker:
    """The making of one definition."""

    def __init__(self, task: str, version: str, own: Definition | None, environment: Definition) -> None:
        self.task, self.version, self.own = task, version, own
        self.environment = environment
        self.notes: list[str] = []

    def make(self, parameters: Sequence[ParParameter]) -> Imported:
        served = self._served(parameters)
        made = {one.name: self._parameter(one) for one in served}
        made = {name: self._below(parameter, served, made) for name, parameter in made.items()}
        made = {name: self._without_circle(parameter, made) for name, parameter in made.items()}
        known = self.own or self._unknown()
        inputs, outputs = self._known_files(self.own, made) if self.own else self._guessed_files(made, served)
        read = {item.parameter for item in inputs}
        kept = [self._default(parameter, is_input=parameter.name in read) for parameter in made.values()]
        carried, carried_inputs = self._carried({name.lower() for name in made})
        inputs = [*inputs, *carried_inputs]
        if self.own is not None:
            ours = [item.parameter.lower() for item in self.own.inputs]
            inputs.sort(key=lambda item: ours.index(item.parameter.lower()))
        definition = replace(
            known,
            version=self.version,
            parameters=(*kept, *carried),
            inputs=tuple(inputs),
            outputs=tuple(outputs),
        )
        again = parse_definition(to_toml(definition), source=f"{self.task}.par")
        return Imported(again, tuple(self.notes))

    def _carried(self, taken: set[str]) -> tuple[list[Parameter], list[Input]]:
        """What goes into environment variables, or is given by the command itself; no parameter file tells of it."""
        if self.own is not None:
            found = [item for item in self.own.parameters if item.variable or item.argument]
        else:
            wanted = (SUMMARY_VARIABLE, "SAS_")
            found = [
                replace(item, required=False)
                for item in self.environment.parameters
                if item.variable.startswith(wanted)
            ]
        found = [item for item in found if item.name.lower() not in taken]
        names = {item.name for item in found}
        return found, [item for item in (self.own or self.environment).inputs if item.parameter in names]

    def _note(self, name: str, text: str) -> None:
        self.notes.append(f"{self.task}: {name}: {text}")

    def _served(self, parameters: Sequence[ParParameter]) -> list[ParParameter]:
        """One parameter of each name that a definition can have, without those that the command fixes."""
        own = self.own.parameters if self.own else ()
        fixed = {item.argument.lower() for item in own if item.argument}
        fixed |= {match[1].lower() for item in (self.own.command if self.own else ()) if (match := _FIXED.match(item))}
        by_name: dict[str, ParParameter] = {}
        for one in parameters:
            other = by_name.get(one.name.lower())
            if one.name.lower() in fixed:
                self._note(one.name, "the command gives it itself.")
            elif not _PARAMETER.fullmatch(one.name):
                self._note(one.name, "it is no name that a parameter can have; left out.")
            elif other is None:
                by_name[one.name.lower()] = one
            elif (other.parent, other.parent_value) != (one.parent, one.parent_value):
                by_name[one.name.lower()] = replace(other, parent="", parent_value="", mandatory=False)
                self._note(one.name, "it belongs to several values of other parameters; here it belongs to none.")
        return list(by_name.values())

    def _parameter(self, one: ParParameter) -> Parameter:
        ours = self._ours(one.name)
        kind = self._type(one, ours)
        description = (ours.description if ours else "") or one.description or "The parameter file does not say."
        parameter = Parameter(
            name=one.name,
            type=kind,
            description=description if description.rstrip().endswith((".", "!", "?")) else f"{description}.",
            default=(one.default or "").strip(),
            required=one.mandatory,
            multiple=one.is_list,
            unit=ours.unit if ours else "",
            ucd=ours.ucd if ours else "",
            group=ours.group if ours else "",
            advanced=ours.advanced if ours else False,
            options=self._options(one) if kind == "choice" else (),
        )
        if one.constraints:
            parameter = self._constrained(parameter, one.constraints)
        elif ours is not None and ours.type == kind:
            parameter = replace(parameter, min=ours.min, max=ours.max)
        if one.name.lower() in RESERVED:
            self._note(one.name, f"it is a word that controls jobs; here it is called task_{one.name}.")
            parameter = replace(parameter, name=f"task_{one.name}", argument=one.name)
        return parameter

    def _ours(self, name: str) -> Parameter | None:
        return self.own.parameter(name) if self.own else None

    def _type(self, one: ParParameter, ours: Parameter | None) -> str:
        kind = TYPE_NAMES.get(one.type, one.type)
        if kind == "string" and ours is not None and ours.type == "expression":
            return "expression"
        if kind == "string" and any(one.options):
            self._note(one.name, "the values that switch others on are taken for all that it can have.")
        if kind in {"choice", "string"} and any(one.options):
            return "choice"
        if kind == "choice":
            self._note(one.name, "the file does not tell its options; any text is taken.")
            return "string"
        if kind not in TYPES or kind in {"expression", "region"}:
            self._note(one.name, f"its type {one.type!r} is not known; any text is taken.")
            return "string"
        return kind

    def _options(self, one: ParParameter) -> tuple[str, ...]:
        default = (one.default or "").strip()
        told = [option for option in one.options if option]
        return tuple(dict.fromkeys([*told, *(default.split() if one.is_list else [default] if default else [])]))

    def _constrained(self, parameter: Parameter, text: str) -> Parameter:
        found = read_range(parameter.name, text) if parameter.type in {"int", "real", "angle", "time"} else None
        limited = parameter if found is None else replace(parameter, min=found.low, max=found.high)
        if found is not None and found.exact:
            return limited
        self._note(parameter.name, f"its constraint stands in its description only: {text}")
        return replace(limited, description=f"{parameter.description.rstrip()} SAS demands: {text}.")

    def _below(self, parameter: Parameter, served: Sequence[ParParameter], made: dict[str, Parameter]) -> Parameter:
        """The parameter with the one that switches it on, where a definition can say so."""
        one = next(item for item in served if item.name == (parameter.argument or parameter.name))
        if not one.parent:
            return parameter
        parent = next((item for name, item in made.items() if name.lower() == one.parent.lower()), None)
        value = _bool(one.parent_value) if parent is not None and parent.type == "bool" else one.parent_value
        if parent is not None and parent.type == "bool" and value in {"yes", "no"}:
            return replace(parameter, parent=parent.name, parent_value="" if value == "yes" else "no")
        if parent is not None and value in parent.options and not parent.multiple:
            return replace(parameter, parent=parent.name, parent_value=value)
        self._note(parameter.name, f"it counts only while {one.parent} is {one.parent_value!r}; here it always counts.")
        return replace(parameter, required=False)

    def _without_circle(self, parameter: Parameter, made: dict[str, Parameter]) -> Parameter:
        by_name = {item.name: item for item in made.values()}
        seen, step = {parameter.name}, parameter
        while step.parent and step.parent not in seen:
            seen.add(step.parent)
            step = by_name[step.parent]
        if not step.parent:
            return parameter
        self._note(parameter.name, "parameters above it switch each other on; here it always counts.")
        return replace(parameter, parent="", parent_value="", required=False)

    def _default(self, parameter: Parameter, *, is_input: bool) -> Parameter:
        """The parameter with a default that fits; inputs of tasks that we know are as required as ours are."""
        ours = self._ours(parameter.name)
        if is_input and ours is not None and not ours.default:
            needed = ours.required and (bool(parameter.parent) or not ours.parent)
            return replace(parameter, default="", required=parameter.required or needed)
        if parameter.required:
            return replace(parameter, default="")
        found = []
        for word in parameter.default.split() if parameter.multiple else [parameter.default]:
            try:
                found.append(check_value(parameter, word, is_input=is_input) if word else "")
            except ParameterError as error:
                self._note(parameter.name, f"its default is left out: {error.message}")
                return replace(parameter, default="")
        return replace(parameter, default=" ".join(found))

    def _known_files(self, own: Definition, made: dict[str, Parameter]) -> tuple[list[Input], list[Output]]:
        names = {parameter.name.lower(): parameter for parameter in made.values()}
        for item in own.parameters:
            if item.name.lower() not in names and not item.variable and not item.argument:
                self._note(item.name, "the parameter file does not have it; left out.")
        inputs = [
            replace(item, parameter=names[item.parameter.lower()].name)
            for item in own.inputs
            if item.parameter.lower() in names and names[item.parameter.lower()].type in FILE_TYPES
        ]
        outputs = []
        for item in own.outputs:
            parameter, when = names.get(item.parameter.lower()), names.get(item.when.lower())
            if (item.parameter and parameter is None) or (item.when and (when is None or when.type != "bool")):
                self._note(item.name, "it is no product here, for its parameters are not in the parameter file.")
                continue
            outputs.append(replace(item, parameter=parameter.name if parameter else "", when=when.name if when else ""))
        return inputs, outputs

    def _guessed_files(
        self, made: dict[str, Parameter], served: Sequence[ParParameter]
    ) -> tuple[list[Input], list[Output]]:
        has_default = {one.name for one in served if (one.default or "").strip()}
        inputs, outputs = [], []
        for name, parameter in made.items():
            if parameter.type not in FILE_TYPES:
                continue
            is_output = name in has_default or name.lower().startswith("out")
            if is_output and parameter.type != "directory":
                switched = parameter.parent if not parameter.parent_value and parameter.parent else ""
                outputs.append(_guessed_output(parameter, when=switched))
            elif not is_output:
                inputs.append(Input(parameter.name, "input"))
        guessed = ", ".join(
            [*(f"{item.parameter} is read" for item in inputs), *(f"{item.parameter} is written" for item in outputs)]
        )
        self._note("files", f"guessed from types and defaults: {guessed or 'none'}.")
        return inputs, outputs

    def _unknown(self) -> Definition:
        return Definition(
            name=self.task,
            version=self.version,
            title=f"{self.task} of XMM-Newton SAS",
            documentation=f"https://xmm-tools.cosmos.esa.int/external/sas/current/doc/{self.task}/",
            environment="sas",
            command=(self.task, "{*}"),
        )


def _guessed_output(parameter: Parameter, *, when: str) -> Output:
    return Output(parameter.name, "product", "application/fits", parameter=parameter.name, when=when, required=False)


def _bool(text: str) -> str:
    try:
        return check_value(Parameter("value", "bool", ""), text)
    except ParameterError:
        return text
