"""Whether the steps of a pipeline make sense with the tasks that they run; each mistake is named by table and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from vo.errors import AthanorError, ParameterError
from vo.wording import nearest

from .definition import Definition, Output, Parameter, Step
from .steps import (
    FIELD,
    Condition,
    TemplateField,
    axes_of,
    gives_rows,
    gives_several,
    in_order,
    parse_conditions,
    read_field,
    shared_axes,
    stands_alone,
)
from .values import check_value

__all__ = ["link_steps"]

ON_FAILURE = ("stop", "continue")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")

Add = Callable[[str, str], None]


def link_steps(definition: Definition, tasks: Mapping[str, Definition], *, source: str) -> Definition:
    """The pipeline with the definitions of its tasks, its outputs described as those of the steps are.

    Parameters
    ----------
    tasks
        All definitions by name.
    source
        The file's name, for messages.

    Raises
    ------
    vo.errors.AthanorError
        With every mistake on a line of its own.
    """
    found: list[str] = []

    def add(where: str, message: str) -> None:
        found.append(f"{source}: {where}: {message}")

    def stop() -> None:
        if found:
            raise AthanorError("\n".join(found))

    _check_shape(definition, tasks, add)
    stop()
    used = {step.task: tasks[step.task] for step in definition.steps}
    linked = replace(definition, tasks=tuple(used.values()))
    checker = _Checker(linked, add)
    for step in linked.steps:
        checker.check_foreach(step)
    stop()
    for step in linked.steps:
        checker.check(step)
    outputs = tuple(checker.output(item) for item in linked.outputs)
    stop()
    return replace(linked, outputs=outputs)


def _check_shape(definition: Definition, tasks: Mapping[str, Definition], add: Add) -> None:
    """What must be right before anything else can be judged: names, tasks, and that nothing goes round."""
    names = [step.name for step in definition.steps]
    if not names:
        add("steps", "a pipeline needs at least one.")
    if definition.parameter("item") is not None:
        add("parameters[item].name", "the word stands for what a step is run for.")
    for name in sorted({name for name in names if names.count(name) > 1}):
        add(f"steps[{name}].name", "it is given more than once.")
    for step in definition.steps:
        where = f"steps[{step.name}]."
        if not _NAME.fullmatch(step.name):
            add(f"{where}name", "it must be lower-case letters, digits, - and _, beginning with a letter.")
        _check_task(step, tasks, f"{where}task", add)
        if step.on_failure not in ON_FAILURE:
            add(f"{where}on_failure", f"{step.on_failure!r} is none of {', '.join(ON_FAILURE)}.")
        for need in step.needs:
            if need not in names:
                add(f"{where}needs", _unknown("step", need, names))
    known = all(need in names for step in definition.steps for need in step.needs)
    if known and len(set(names)) == len(names):
        try:
            in_order(definition)
        except ValueError as error:
            add("steps", f"they need each other in a circle: {error}.")


def _check_task(step: Step, tasks: Mapping[str, Definition], where: str, add: Add) -> None:
    task = tasks.get(step.task)
    if task is None:
        add(where, _unknown("task", step.task, tasks))
    elif task.environment == "pipeline":
        add(where, f"{task.name} is a pipeline itself; a step runs a task.")


def _unknown(kind: str, name: str, known: object) -> str:
    near = nearest(name, list(known))  # type: ignore[call-overload]
    return f"there is no {kind} {name!r}{f'; did you mean {near}?' if near else '.'}"


class _Checker:
    """Checks steps whose names and order are right."""

    def __init__(self, definition: Definition, add: Add) -> None:
        self.definition = definition
        self.steps = {step.name: step for step in definition.steps}
        self.axes = axes_of(definition)
        self.add = add

    def check(self, step: Step) -> None:
        """Condition and parameters of a step."""
        where = f"steps[{step.name}]."
        self._check_when(step, f"{where}when")
        self._check_duration(step, f"{where}duration")
        task = self.definition.task(step.task)
        given = {name.lower() for name in step.parameters}
        for name, templates in step.parameters.items():
            parameter = task.parameter(name)
            if parameter is None and not task.open:
                known = [item.name for item in task.parameters]
                self.add(f"{where}parameters.{name}", f"{task.name}: {_unknown('parameter', name, known)}")
            self._check_templates(step, templates, parameter, task, f"{where}parameters.{name}")
        for parameter in task.parameters:
            if parameter.required and not parameter.parent and parameter.name.lower() not in given:
                self.add(f"{where}parameters.{parameter.name}", f"{task.name} cannot do without it.")

    def output(self, output: Output) -> Output:
        """An output of the pipeline, described as the result of the step that it comes from."""
        where = f"outputs[{output.name}].from"
        if not output.source:
            self.add(where, "it is missing: say step/result.")
            return output
        found = self._plain_result(read_field(output.source), where)
        if found is None:
            return output
        return replace(
            output,
            role=output.role or found.role,
            media_type=output.media_type or found.media_type,
            product_type=output.product_type or found.product_type,
            description=output.description or found.description,
        )

    def check_foreach(self, step: Step) -> None:
        """What a step is run for; the rest of the pipeline makes sense only where that does."""
        where = f"steps[{step.name}].foreach"
        if not step.foreach:
            return
        field = read_field(step.foreach)
        if field.kind == "parameter":
            parameter = self.definition.parameter(field.name)
            if parameter is None or parameter.name != field.name:
                self.add(where, _unknown("parameter", field.name, [item.name for item in self.definition.parameters]))
            elif not parameter.multiple:
                self.add(where, f"{field.name} has one value; a parameter with multiple = true has several.")
        elif field.kind == "item":
            self.add(where, "name a parameter of the pipeline, or step/result.")
        else:
            self._check_source(field, where)

    def _check_source(self, field: TemplateField, where: str) -> None:
        output = self._plain_result(field, where)
        if output is None:
            return
        task = self.definition.task(self.steps[field.step].task)
        if not gives_several(output, task) and not gives_rows(output, task):
            self.add(
                where,
                f"{field.step}/{field.name} is one file and no table of a known kind ({output.media_type}); "
                "a step is run for each of several files, or for each row of a table.",
            )

    def _check_when(self, step: Step, where: str) -> None:
        if not step.when:
            return
        conditions = parse_conditions(step.when)
        if conditions is None:
            self.add(where, "write parameter, parameter = value or item.column = value|value; join several by &&.")
            return
        for condition in conditions:
            if condition.is_item:
                self._check_column(step, condition.name, where)
            else:
                self._check_parameter_condition(condition, where)

    def _check_parameter_condition(self, condition: Condition, where: str) -> None:
        parameter = self.definition.parameter(condition.name)
        if parameter is None:
            self.add(where, _unknown("parameter", condition.name, [p.name for p in self.definition.parameters]))
            return
        if parameter.type not in {"bool", "choice"}:
            self.add(where, f"{parameter.name} is no bool and no choice.")
            return
        allowed = ("yes", "no") if parameter.type == "bool" else parameter.options
        if not condition.values and parameter.type == "choice":
            self.add(where, f"say which: {parameter.name} = {'|'.join(allowed)}.")
        for value in condition.values:
            if value not in allowed:
                self.add(where, f"{value!r} is none of {', '.join(allowed)}.")

    def _check_duration(self, step: Step, where: str) -> None:
        if isinstance(step.duration, int):
            if step.duration < 0:
                self.add(where, "it must be above 0.")
            return
        field = read_field(step.duration[1:-1]) if stands_alone(step.duration) else None
        if field is None or field.kind != "parameter":
            self.add(where, "write seconds, or {parameter} of the pipeline that says them.")
            return
        parameter = self.definition.parameter(field.name)
        if parameter is None or parameter.name != field.name:
            self.add(where, _unknown("parameter", field.name, [item.name for item in self.definition.parameters]))
        elif parameter.type != "int" or parameter.multiple or parameter.min is None or parameter.min < 1:
            self.add(where, f"{field.name} must be one int whose min is 1 or more.")

    def _check_templates(
        self, step: Step, templates: tuple[str, ...], parameter: Parameter | None, task: Definition, where: str
    ) -> None:
        several = len(templates) > 1 and not self._are_alternatives(templates)
        for template in templates:
            if "{" in FIELD.sub("", template) or "}" in FIELD.sub("", template):
                self.add(where, f"the braces of {template!r} do not match.")
                return
            fields = [read_field(text) for text in FIELD.findall(template)]
            has_several = [self._check_field(step, field, where) for field in fields]
            several |= any(has_several) and stands_alone(template)
            if not fields and parameter is not None:
                self._check_literal(parameter, template, task, where)
        if several and parameter is not None and not parameter.multiple:
            self.add(where, f"{task.name} takes one value of {parameter.name}, and these are several.")

    @staticmethod
    def _are_alternatives(templates: tuple[str, ...]) -> bool:
        """Whether each but the last may give nothing."""
        fields = [read_field(template[1:-1]) if stands_alone(template) else None for template in templates[:-1]]
        return all(field is not None and field.optional for field in fields)

    def _check_literal(self, parameter: Parameter, value: str, task: Definition, where: str) -> None:
        is_input = any(item.parameter == parameter.name for item in task.inputs)
        for word in value.split() if parameter.multiple else [value]:
            try:
                check_value(parameter, word, is_input=is_input)
            except ParameterError as error:
                self.add(where, error.message)

    def _check_field(self, step: Step, field: TemplateField, where: str) -> bool:
        """Whether a field may have several values."""
        match field.kind:
            case "parameter":
                parameter = self.definition.parameter(field.name)
                if parameter is None or parameter.name != field.name:
                    names = [item.name for item in self.definition.parameters]
                    self.add(where, _unknown("parameter", field.name, names))
                    return False
                return parameter.multiple
            case "item":
                self._check_column(step, field.name, where)
                return False
        output = self._result(field, where)
        if output is None:
            return False
        if field.column:
            self._check_same(step, field, where)
            return True
        mine, other = self.axes[step.name], self.axes[field.step]
        task = self.definition.task(self.steps[field.step].task)
        return shared_axes(mine, other) < len(other) or gives_several(output, task)

    def _check_same(self, step: Step, field: TemplateField, where: str) -> None:
        """``[column]`` compares the item of this step with those of another."""
        for name in (step.name, field.step):
            axes = self.axes[name]
            if not axes:
                self.add(where, f"[{field.column}] compares items, and {name} has none without foreach.")
            elif not any(self._is_table(axis) for axis in axes):
                names = {axis.rpartition("/")[2] for axis in axes}
                if field.column not in names:
                    known = " and ".join(sorted(names))
                    self.add(where, f"the item of {name} has no column {field.column!r}; {known} can be named.")

    def _check_column(self, step: Step, column: str, where: str) -> None:
        axes = self.axes[step.name]
        if not axes:
            self.add(where, "there is no item without foreach.")
            return
        names = {axis.rpartition("/")[2] for axis in axes}
        if not any(self._is_table(axis) for axis in axes):
            if column and column not in names:
                self.add(where, f"the item has no column {column!r}; {' and '.join(sorted(names))} can be named.")
        elif not column and self._is_table(axes[-1]):
            self.add(where, "the item is a row of a table: name a column, as {item.column}.")

    def _is_table(self, axis: str) -> bool:
        field = read_field(axis)
        if field.kind != "result" or field.step not in self.steps:
            return False
        task = self.definition.task(self.steps[field.step].task)
        return any(output.name == field.name and gives_rows(output, task) for output in task.outputs)

    def _plain_result(self, field: TemplateField, where: str) -> Output | None:
        if field.column or field.optional:
            self.add(where, f"write {field.step}/{field.name} alone; [column] and ? belong into parameters.")
            return None
        return self._result(field, where)

    def _result(self, field: TemplateField, where: str) -> Output | None:
        if field.kind != "result":
            self.add(where, f"{field.name!r} is no step/result.")
            return None
        if any(sign in field.name for sign in "[]?"):
            self.add(where, f"write {{step/result[column]?}}, not {{{field.step}/{field.name}}}.")
            return None
        step = self.steps.get(field.step)
        if step is None:
            self.add(where, _unknown("step", field.step, self.steps))
            return None
        outputs = {output.name: output for output in self.definition.task(step.task).outputs}
        if field.name not in outputs:
            self.add(where, f"{step.task}: {_unknown('result', field.name, outputs)}")
            return None
        return outputs[field.name]
