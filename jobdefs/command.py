"""The argument list that runs a task. No shell ever sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from vo.errors import ParameterError

from .activation import activate, active_outputs, effective, is_active
from .definition import Definition, Parameter

__all__ = ["active_outputs", "argv", "references", "variables"]

_FIELD = re.compile(r"\{(\w+)\}")

Values = Mapping[str, Sequence[str]]


def argv(definition: Definition, values: Values, replacements: Mapping[str, str]) -> list[str]:
    """The program and its arguments.

    Parameters
    ----------
    values
        As `jobdefs.checking.check` gave them.
    replacements
        Reference → path, for every reference that `references` lists. They stand for values of input parameters and
        for the files that expressions name.

    Returns
    -------
    list
        `definition.command` with ``{name}`` replaced by the values of a parameter (given, or its default), joined by
        blanks, and an item ``{*}`` by ``name=value`` for each parameter that was given or switched on and counts;
        `Parameter.argument` stands for its name where it has one.

    Raises
    ------
    vo.errors.ParameterError
        When a value that stands alone would be taken for an option.
    """
    full = _replaced(definition, effective(definition, values), replacements)
    result: list[str] = []
    for item in definition.command:
        if item == "{*}":
            result += _assignments(definition, activate(definition, values), full)
        else:
            result.append(_FIELD.sub(lambda field: " ".join(full.get(field.group(1), [])), item))
            _check_option(definition, item, result[-1])
    return result


def variables(definition: Definition, values: Values, replacements: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that parameters with a `Parameter.variable` make of their values, without empty ones.

    Parameters
    ----------
    values, replacements
        As of `argv`.
    """
    full = _replaced(definition, effective(definition, values), replacements)
    return {
        parameter.variable: " ".join(full[parameter.name])
        for parameter in definition.parameters
        if parameter.variable and any(full.get(parameter.name, ()))
    }


def references(definition: Definition, values: Values) -> list[tuple[str, str]]:
    """Every file that the values refer to, as pairs of parameter and reference, each pair once.

    They are the values of input parameters, with a block's name if there is one (``ivo://…:EVENTS``), and the data
    sets that file filters of expressions name (``gti(job:…/gti:STDGTI,TIME)``), without the block.
    """
    from .tasks.selectlib import file_references  # noqa: PLC0415 (brings numpy)

    found = [(item.parameter, value) for item in definition.inputs for value in values.get(item.parameter, [])]
    for parameter in definition.parameters:
        if parameter.type == "expression":
            found += [
                (parameter.name, reference.text)
                for value in values.get(parameter.name, [])
                for reference in file_references(value)
            ]
    return list(dict.fromkeys(found))


def _replaced(definition: Definition, values: Values, replacements: Mapping[str, str]) -> dict[str, list[str]]:
    inputs = {item.parameter for item in definition.inputs}
    result = {name: list(given) for name, given in values.items()}
    for parameter in definition.parameters:
        given = result.get(parameter.name, [])
        if parameter.name in inputs:
            result[parameter.name] = [replacements.get(value, value) for value in given]
        elif parameter.type == "expression" and replacements:
            result[parameter.name] = [_replace_in_expression(value, replacements) for value in given]
    return result


def _replace_in_expression(text: str, replacements: Mapping[str, str]) -> str:
    from .tasks.selectlib import file_references  # noqa: PLC0415 (brings numpy)

    for reference in reversed(file_references(text)):
        path = replacements.get(reference.text, reference.text)
        text = text[: reference.start] + path + text[reference.end :]
    return text


def _assignments(definition: Definition, given: Values, full: Values) -> list[str]:
    everything = effective(definition, given)
    return [
        f"{parameter.argument or parameter.name}={' '.join(full[parameter.name])}"
        for parameter in definition.parameters
        if parameter.name in given and not parameter.variable and is_active(definition, everything, parameter)
    ]


def _check_option(definition: Definition, item: str, rendered: str) -> None:
    field = _FIELD.fullmatch(item)
    if field is None or not rendered.startswith("-"):
        return
    parameter: Parameter | None = definition.parameter(field.group(1))
    if parameter is not None and parameter.type not in {"int", "real", "angle", "time"}:
        raise ParameterError(parameter.name, f"{rendered!r} must not begin with a dash.")
