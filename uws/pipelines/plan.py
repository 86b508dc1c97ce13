"""What a pipeline has to do next, from its definition and what its children have come to; nothing of databases."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from jobdefs.definition import Definition, Step
from jobdefs.steps import (
    FIELD,
    Condition,
    TemplateField,
    axes_of,
    fields_of,
    gives_rows,
    in_order,
    needs_of,
    parse_conditions,
    read_field,
    shared_axes,
    stands_alone,
)
from uws.entities import result_id
from uws.pipelines.state import OPEN, Branch, Child, Item, Plan, Row, State, Wanted, branch_name
from vo.errors import UsageError

__all__ = ["make_plan"]


def make_plan(
    definition: Definition,
    values: Mapping[str, Sequence[str]],
    children: Mapping[tuple[str, str], Child],
    read_rows: Callable[[Child, str], Sequence[Row]],
    *,
    most: int,
) -> Plan:
    """Judge every branch of every step.

    Parameters
    ----------
    values
        Of the pipeline's parameters, defaults included.
    children
        By step and branch.
    read_rows
        Gives the rows of the table that is a result of a child; raises `vo.errors.UsageError` when it is none.
    most
        Branches that are allowed in all; a plan with more says so, and not all that it has are looked for.
    """
    planner = _Planner(definition, values, children, read_rows, most)
    for step in in_order(definition):
        planner.judge(step)
        if len(planner.plan.states) > most:
            planner.plan.errors.append(f"The pipeline would have more than {most:,} jobs.")
            break
    if planner.plan.stops:
        planner.plan.wanted.clear()
    return planner.plan


class _Planner:
    def __init__(
        self,
        definition: Definition,
        values: Mapping[str, Sequence[str]],
        children: Mapping[tuple[str, str], Child],
        read_rows: Callable[[Child, str], Sequence[Row]],
        most: int,
    ) -> None:
        self.definition = definition
        self.values = values
        self.children = children
        self.read_rows = read_rows
        self.most = most
        self.steps = {step.name: step for step in definition.steps}
        self.axes = axes_of(definition)
        self.plan = Plan(definition)
        self.items: dict[tuple[tuple[str, ...], Branch], Item] = {}
        self._domains: dict[tuple[str, ...], list[Branch]] = {(): [()]}
        self._branches: dict[str, list[Branch]] = {}
        self._by_column: dict[tuple[str, Branch, str], dict[str, list[Branch]]] = {}

    def judge(self, step: Step) -> None:
        """Find the branches of a step and the state of each."""
        self._branches[step.name] = self._domain(self.axes[step.name])
        for branch in self._branches[step.name]:
            name = branch_name(branch)
            child = self.children.get((step.name, name))
            state = child.state if child else self._prospect(step, branch)
            self.plan.states[step.name, name] = state
            if state == State.READY:
                self.plan.wanted.append(self._wanted(step, branch))

    # branches

    def _domain(self, axes: tuple[str, ...]) -> list[Branch]:
        """The branches along these axes that are known so far."""
        if axes not in self._domains:
            source, slash, result = axes[-1].partition("/")
            found = []
            for outer in self._branches[source] if slash else self._domain(axes[:-1]):
                if len(found) > self.most:
                    break
                for number, item in enumerate(self._things(source, result, outer), start=1):
                    branch = (*outer, number)
                    self.items[axes, branch] = item
                    found.append(branch)
            self._domains[axes] = found
        return self._domains[axes]

    def _things(self, source: str, result: str, outer: Branch) -> list[Item]:
        """What a step is run for, within one branch of what gives it."""
        if not result:
            return [Item(value, {source: value}) for value in self.values.get(source, ())]
        child = self.children.get((source, branch_name(outer)))
        if child is None or child.state != State.COMPLETED:
            return []
        task = self.definition.task(self.steps[source].task)
        if any(output.name == result and gives_rows(output, task) for output in task.outputs):
            if result not in child.results:
                return []
            try:
                return [Item("", row) for row in self.read_rows(child, result)]
            except UsageError as error:
                self.plan.errors.append(f"{source}/{result} of job {child.id}: {error}")
                return []
        return [Item(reference, {result: reference}) for reference in _references(child, result)]

    def _is_settled(self, name: str, within: Branch) -> bool:
        """Whether all branches of a step that lie within a branch are known."""
        foreach = self.steps[name].foreach
        source, slash, _ = foreach.partition("/")
        if not slash:
            return True
        part = within[: len(self.axes[source])]
        if not self._is_settled(source, part):
            return False
        return not any(self._state(source, branch) in OPEN for branch in self._within(source, part))

    def _within(self, name: str, within: Branch) -> list[Branch]:
        branches = self._branches[name]  # they are in order
        if not within:
            return branches
        return branches[bisect_left(branches, within) : bisect_left(branches, (*within[:-1], within[-1] + 1))]

    # states

    def _state(self, name: str, branch: Branch) -> State:
        return self.plan.states[name, branch_name(branch)]

    def _states(self, name: str, within: Branch, branches: Sequence[Branch]) -> set[State]:
        """The states of branches of a step within a branch; where there are none, of the failure that is the cause."""
        found = {self._state(name, branch) for branch in branches}
        source, slash, _ = self.steps[name].foreach.partition("/")
        if found or not slash:
            return found
        part = within[: len(self.axes[source])]
        return self._states(source, part, self._within(source, part)) & {State.FAILED, State.BLOCKED}

    def _meant(self, step: Step, branch: Branch, what: TemplateField) -> Branch:
        """The branch within which another step is meant; where items are compared, one that has several."""
        other = self.axes[what.step]
        shared = shared_axes(self.axes[step.name], other)
        return branch[: min(shared, len(other) - 1) if what.column else shared]

    def _read(self, step: Step, branch: Branch, what: TemplateField) -> list[Branch]:
        """The branches of another step that a field reads; `vo.errors.UsageError` when an item lacks the column."""
        within = self._meant(step, branch, what)
        if not what.column:
            return self._within(what.step, within)
        wanted = self._named(step, branch, what.column)
        key = what.step, within, what.column
        if key not in self._by_column:
            found: dict[str, list[Branch]] = {}
            other = self.steps[what.step]
            for item in self._within(what.step, within):
                found.setdefault(self._named(other, item, what.column), []).append(item)
            self._by_column[key] = found
        return self._by_column[key].get(wanted, [])

    def _prospect(self, step: Step, branch: Branch) -> State:
        """The state of a branch that has no child yet."""
        read = {item for item in fields_of(step) if item.kind == "result"}
        verdicts = [self._verdict(step, branch, item) for item in read]
        only_needed = set(step.needs) | set(needs_of(step)) - {item.step for item in read}
        verdicts += [self._verdict(step, branch, TemplateField("result", "", name)) for name in only_needed]
        if not self._holds(step, branch):
            return State.LEFT_OUT
        for state in (State.WAITING, State.BLOCKED, State.LEFT_OUT):
            if state in verdicts:
                return state
        return State.READY

    def _verdict(self, step: Step, branch: Branch, what: TemplateField) -> State:
        """What a step whose result is read, or (without a name) that is only needed, makes of this one.

        READY when nothing hinders.
        """
        other = what.step
        within = self._meant(step, branch, what)
        if not self._is_settled(other, within):
            return State.WAITING
        try:
            states = self._states(other, within, self._read(step, branch, what))
        except UsageError:
            return State.READY  # `_wanted` tells it
        if states & OPEN:
            return State.WAITING
        if State.COMPLETED in states:
            return State.READY
        if states & {State.FAILED, State.BLOCKED}:
            return State.BLOCKED
        return State.LEFT_OUT if what.name and not what.optional else State.READY

    def _holds(self, step: Step, branch: Branch) -> bool:
        conditions = (parse_conditions(step.when) if step.when else None) or ()
        return all(self._is_true(condition, step, branch) for condition in conditions)

    def _is_true(self, condition: Condition, step: Step, branch: Branch) -> bool:
        if condition.is_item:
            actual = [self._column(step, branch, condition.name) or ""]
        else:
            actual = list(self.values.get(condition.name, ()))
        found = any(value.strip() in (condition.values or ("yes",)) for value in actual)
        return found != condition.negated

    # parameters

    def _wanted(self, step: Step, branch: Branch) -> Wanted:
        parameters: dict[str, list[str]] = {}
        try:
            for name, templates in step.parameters.items():
                filled = [found for template in templates if (found := self._fill(step, branch, template))]
                if filled:
                    several = filled if self._takes_several(step, name) else filled[:1]
                    parameters[name] = [value for values in several for value in values]
        except UsageError as error:
            return Wanted(step, branch_name(branch), error=str(error), label=self._label(step, branch))
        return Wanted(step, branch_name(branch), parameters, self._duration(step), label=self._label(step, branch))

    def _label(self, step: Step, branch: Branch) -> str:
        return _label(self._item(step, branch)) if branch else ""

    def _takes_several(self, step: Step, name: str) -> bool:
        parameter = self.definition.task(step.task).parameter(name)
        return parameter is None or parameter.multiple

    def _duration(self, step: Step) -> int | None:
        if isinstance(step.duration, int):
            return step.duration or None
        found = self.values.get(step.duration[1:-1], ())
        return int(found[0]) if found and found[0] else None

    def _fill(self, step: Step, branch: Branch, template: str) -> list[str]:
        if stands_alone(template):
            return self._field(step, branch, read_field(template[1:-1]))

        def joined(match: re.Match[str]) -> str:
            what = read_field(match[1])
            found = self._field(step, branch, what)
            if not found and what.kind == "result" and not what.optional:
                raise UsageError(f"{what.step} gave no {what.name}.")
            return " ".join(found)

        return [FIELD.sub(joined, template)]

    def _field(self, step: Step, branch: Branch, what: TemplateField) -> list[str]:
        if what.kind == "parameter":
            return [value for value in self.values.get(what.name, ()) if value]
        if what.kind == "result":
            branches = self._read(step, branch, what)
            found = [self.children.get((what.step, branch_name(item))) for item in branches]
            completed = [child for child in found if child and child.state == State.COMPLETED]
            return [reference for child in completed for reference in _references(child, what.name)]
        value = self._named(step, branch, what.name) if what.name else self._item(step, branch).value
        return [value] if value else []

    def _item(self, step: Step, branch: Branch) -> Item:
        return self.items[self.axes[step.name], branch]

    def _named(self, step: Step, branch: Branch, column: str) -> str:
        """A column of the item; `vo.errors.UsageError` when it has none of that name."""
        value = self._column(step, branch, column)
        if value is None:
            known = ", ".join(self._item(step, branch).columns)
            raise UsageError(f"What {step.name} is run for has no column {column!r}; there are: {known}.")
        return value

    def _column(self, step: Step, branch: Branch, column: str) -> str | None:
        """A column of the item, or of those in which it lies, the innermost first."""
        axes = self.axes[step.name]
        for depth in range(len(axes), 0, -1):
            columns = self.items[axes[:depth], branch[:depth]].columns
            if column in columns:
                return columns[column]
        return None


def _references(child: Child, result: str) -> list[str]:
    """The results of that name: one, or those numbered from 1."""
    if result in child.results:
        return [result_id(child.id, result)]
    numbered = re.compile(rf"{re.escape(result)}-(\d+)")
    found = sorted((int(match[1]), match[0]) for name in child.results if (match := numbered.fullmatch(name)))
    return [result_id(child.id, name) for _, name in found]


def _label(item: Item) -> str:
    """What an item is called where there is little room."""
    if item.value:
        return re.split(r"[/?]", item.value)[-1][:80]
    return ", ".join(value for value in list(item.columns.values())[:3] if value)[:80]
