"""Which parameters count: those whose parents are switched on, and what giving one switches on.

SAS switches a boolean parent on when one of its children is given (``xcolumn=RAWX`` implies ``withimageset=yes``),
unless the parent is given itself. The same holds here for a choice, as long as all the children that are given want
the same option. A child that says no does not switch its parent on. A child whose parent was explicitly set to
something else is ignored, as SAS does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .definition import Definition, Parameter

__all__ = ["activate", "active_outputs", "effective", "is_active"]

Values = Mapping[str, Sequence[str]]


def _wanted(child: Parameter) -> str:
    return child.parent_value or "yes"


def activate(definition: Definition, values: Values) -> dict[str, list[str]]:
    """The values with the parents that they switch on.

    Parameters
    ----------
    values
        By canonical name, as `jobdefs.checking.check` gives them.
    """
    result = {name: list(given) for name, given in values.items()}
    changed = True
    while changed:
        changed = False
        wishes: dict[str, set[str]] = {}
        for child in definition.parameters:
            if child.parent and child.parent not in result and child.name in result:
                wants = result[child.name] != ["no"] or child.type != "bool"
                wishes.setdefault(child.parent, set()).update([_wanted(child)] if wants else [])
        for parent, wanted in wishes.items():
            if len(wanted) == 1:
                result[parent] = [*wanted]
                changed = True
    return result


def effective(definition: Definition, values: Values) -> dict[str, list[str]]:
    """A value for every parameter that has one: given, switched on, or its default."""
    result = activate(definition, values)
    for parameter in definition.parameters:
        if (
            parameter.name not in result
            and not parameter.required
            and (parameter.default or parameter.type == "string")
        ):
            result[parameter.name] = parameter.default.split() if parameter.multiple else [parameter.default]
    return result


def is_active(definition: Definition, values: Values, parameter: Parameter) -> bool:
    """Whether the parameter counts, given the `effective` values."""
    by_name = {item.name: item for item in definition.parameters}
    step = parameter
    while step.parent:
        if values.get(step.parent) != [_wanted(step)]:
            return False
        step = by_name[step.parent]
    return True


def active_outputs(definition: Definition, values: Values) -> dict[str, str]:
    """The outputs that a run with these values writes.

    Parameters
    ----------
    values
        As `jobdefs.checking.check` gives them.

    Returns
    -------
    dict
        Name of the output → its file's name, or the glob pattern of an output that has one. Of an input that the task
        changes it is the reference to that.
    """
    full = effective(definition, values)
    read = {item.parameter for item in definition.inputs}
    result: dict[str, str] = {}
    for output in definition.outputs:
        if output.when and full.get(output.when) != ["yes"]:
            continue
        parameter = definition.parameter(output.parameter) if output.parameter else None
        switch = definition.parameter(output.when) if output.when else None
        if any(item is not None and not is_active(definition, full, item) for item in (parameter, switch)):
            continue
        if parameter is None:
            result[output.name] = output.pattern
        elif full.get(parameter.name):
            value = full[parameter.name][0]
            has_block = parameter.type == "table" and parameter.name not in read
            result[output.name] = value.partition(":")[0] if has_block else value
    return result
