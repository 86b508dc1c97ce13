"""The parameters of a job against its definition: all mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vo.errors import ParameterError, ParameterErrors
from vo.wording import did_you_mean

from .activation import active_outputs, effective, is_active
from .definition import Definition, Parameter
from .values import check_value

__all__ = ["check"]

MAX_VALUES = 1000
"""Most values of one parameter."""

MAX_PARAMETERS = 1000
"""Most parameters of one job."""


def check(
    definition: Definition, given: Mapping[str, Sequence[str]], *, complete: bool, local: bool = False
) -> dict[str, list[str]]:
    """The values in canonical form.

    Parameters
    ----------
    given
        Parameter names, in any case, with their values. Values of list parameters may be separated by blanks.
        An empty value stands for the default.
    complete
        Whether the job is to run: required parameters must be there, and outputs must not overwrite each other.
    local
        Whether the values come from a command line, where files are named by paths and not by references.

    Returns
    -------
    dict
        Canonical name → values, in the definition's order, of what was given; see `jobdefs.activation` for what that
        switches on.

    Raises
    ------
    vo.errors.ParameterErrors
        One `ParameterError` for each mistake.
    """
    errors: list[ParameterError] = []
    merged = _by_name(definition, given, errors)
    inputs = {item.parameter for item in definition.inputs}
    values: dict[str, list[str]] = {}
    for parameter in definition.parameters:
        found = _values(parameter, merged.pop(parameter.name, []), parameter.name in inputs, local, errors)
        if found:
            values[parameter.name] = found
    if complete and not errors:
        errors += [*_missing(definition, values), *([] if local else _clashes(definition, values))]
    if errors:
        raise ParameterErrors(errors)
    return {**values, **merged}


def _by_name(
    definition: Definition, given: Mapping[str, Sequence[str]], errors: list[ParameterError]
) -> dict[str, list[str]]:
    if len(given) > MAX_PARAMETERS:
        raise ParameterErrors(
            [ParameterError("…", f"There are {len(given):,} parameters; {MAX_PARAMETERS:,} are allowed.")]
        )
    spelling = {parameter.name.lower(): parameter.name for parameter in definition.parameters}
    merged: dict[str, list[str]] = {}
    for name, values in given.items():
        known = spelling.get(name.lower())
        if known is None and not definition.open:
            errors.append(_unknown(definition, name, spelling))
            continue
        merged.setdefault(known or name, []).extend(values)
    return merged


def _unknown(definition: Definition, name: str, spelling: Mapping[str, str]) -> ParameterError:
    shown = name if name.isprintable() and len(name) <= 64 else repr(name[:63])
    return ParameterError(
        shown, f"{definition.name} has no such parameter.", hint=did_you_mean(name, spelling.values())
    )


def _values(
    parameter: Parameter, given: Sequence[str], is_input: bool, local: bool, errors: list[ParameterError]
) -> list[str]:
    words = [word for value in given for word in value.split()] if parameter.multiple else [*given]
    words = [word for word in words if word.strip()]
    if len(words) > 1 and not parameter.multiple:
        errors.append(ParameterError(parameter.name, f"It takes one value, not {len(words)}."))
        return []
    if len(words) > MAX_VALUES:
        errors.append(ParameterError(parameter.name, f"It has {len(words):,} values; {MAX_VALUES:,} are allowed."))
        return []
    found = []
    for word in words:
        try:
            found.append(check_value(parameter, word, is_input=is_input, local=local))
        except ParameterError as error:
            errors.append(error)
    return found


def _missing(definition: Definition, values: Mapping[str, Sequence[str]]) -> list[ParameterError]:
    full = effective(definition, values)
    return [
        ParameterError(parameter.name, "It is missing.", hint=parameter.description.split("\n")[0])
        for parameter in definition.parameters
        if parameter.required and parameter.name not in full and is_active(definition, full, parameter)
    ]


def _clashes(definition: Definition, values: Mapping[str, Sequence[str]]) -> list[ParameterError]:
    by_file: dict[str, str] = {}
    errors = []
    parameters = {output.name: output.parameter for output in definition.outputs if output.parameter}
    for output, file in active_outputs(definition, values).items():
        if output not in parameters:
            continue
        other = by_file.setdefault(file, parameters[output])
        if other != parameters[output]:
            errors.append(ParameterError(parameters[output], f"{other} writes the file {file} too."))
    return errors
