"""The language of a pipeline's steps: templates, conditions, and which branches of one step another means.

A template is text with fields: ``{parameter}`` of the pipeline; ``{item}``, what the step is run for this time, and
``{item.column}``, a column of it; ``{step/result}``, a result of another step; ``{step/result[column]}``, that of the
branches whose item has the same value in a column as one's own; ``{step/result?}``, nothing where that step was left
out. A field that stands alone keeps several values; within a text they are joined by blanks. Of several templates for a
parameter that takes one value, the first that gives one counts.

A step that is run for each of several things has an *axis* for them. One that is run for each thing that another
branched step gives has that step's axes and one more: its branch ``1.2`` is the second thing of branch 1. A reference
between steps means the own branch where the other step has no axis that this one lacks; else all branches of the other
that lie in the same branch of the axes that both have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .definition import Definition, Output, Step

__all__ = [
    "TABLE_TYPES",
    "Condition",
    "TemplateField",
    "axes_of",
    "fields_of",
    "gives_rows",
    "gives_several",
    "in_order",
    "needs_of",
    "parse_condition",
    "parse_conditions",
    "read_field",
    "shared_axes",
    "stands_alone",
]

TABLE_TYPES = frozenset(
    {
        "application/x-votable+xml",
        "text/xml",
        "text/csv",
        "text/tab-separated-values",
        "application/x-ecsv",
        "text/ecsv",
        "application/json",
    }
)
"""Media types of results whose rows a step can be run for."""

FIELD = re.compile(r"\{([^{}]*)\}")

_REFERENCE = re.compile(r"(?P<step>[^/]*)/(?P<name>[^\[\]?]*)(?:\[(?P<column>[^\[\]?]+)\])?(?P<optional>\??)")

_CONDITION = re.compile(
    r"\s*(?P<item>item\.)?(?P<name>[A-Za-z_][\w-]*)\s*(?:(?P<sign>!?=)\s*(?P<values>[^=]*?)\s*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A field of a template: a ``parameter``, an ``item`` (`name` is the column or empty) or a ``result``.

    Parameters
    ----------
    column
        Of a result: only branches whose item has in this column what the reader's item has.
    optional
        Of a result: whether it may be missing, because its step was left out.
    """

    kind: str
    name: str
    step: str = ""
    column: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a parameter, or a column of the item, has one of some values, or none of them."""

    name: str
    is_item: bool
    values: tuple[str, ...]  # empty: the parameter is a bool that must be yes
    negated: bool = False


def read_field(text: str) -> TemplateField:
    """What stands between the braces of a field."""
    if text == "item" or text.startswith("item."):
        return TemplateField("item", text.removeprefix("item").removeprefix("."))
    if (matched := _REFERENCE.fullmatch(text)) is not None:
        column, optional = matched["column"] or "", bool(matched["optional"])
        return TemplateField("result", matched["name"], matched["step"], column, optional)
    step, slash, result = text.partition("/")
    return TemplateField("result", result, step) if slash else TemplateField("parameter", text)


def fields_of(step: Step) -> Iterator[TemplateField]:
    """All fields of the templates of a step."""
    for templates in step.parameters.values():
        for template in templates:
            yield from (read_field(text) for text in FIELD.findall(template))


def stands_alone(template: str) -> bool:
    """Whether a template is one field and nothing else."""
    return FIELD.fullmatch(template) is not None


def parse_conditions(text: str) -> tuple[Condition, ...] | None:
    """The conditions of `Step.when`, all of which must hold; None when one of them is none."""
    found = [parse_condition(part) for part in text.split("&&")]
    conditions = tuple(condition for condition in found if condition is not None)
    return conditions if len(conditions) == len(found) else None


def parse_condition(text: str) -> Condition | None:
    """One condition; None when it is none."""
    matched = _CONDITION.fullmatch(text)
    if matched is None or (matched["item"] and not matched["sign"]):
        return None
    values = tuple(value.strip() for value in (matched["values"] or "").split("|")) if matched["sign"] else ()
    return Condition(matched["name"], bool(matched["item"]), values, negated=matched["sign"] == "!=")


def needs_of(step: Step) -> tuple[str, ...]:
    """The steps that must have ended before one begins, each once."""
    named = [field.step for field in fields_of(step) if field.kind == "result"]
    source = [step.foreach.partition("/")[0]] if "/" in step.foreach else []
    return tuple(dict.fromkeys([*step.needs, *source, *named]))


def in_order(definition: Definition) -> list[Step]:
    """The steps, each after those that it needs.

    Raises
    ------
    ValueError
        With the names of steps that need each other.
    """
    left = {step.name: step for step in definition.steps}
    ordered: list[Step] = []
    while left:
        ready = [step for step in left.values() if not any(need in left for need in needs_of(step))]
        if not ready:
            raise ValueError(", ".join(_circle(left)))
        ordered += ready
        for step in ready:
            del left[step.name]
    return ordered


def axes_of(definition: Definition) -> dict[str, tuple[str, ...]]:
    """For each step its axes: the `foreach` that it has, after those of the step that this names."""
    axes: dict[str, tuple[str, ...]] = {}
    for step in in_order(definition):
        source, slash, _ = step.foreach.partition("/")
        outer = axes.get(source, ()) if slash else ()
        axes[step.name] = (*outer, step.foreach) if step.foreach else ()
    return axes


def shared_axes(mine: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many axes two steps have in common, from the outermost on."""
    count = 0
    while count < min(len(mine), len(other)) and mine[count] == other[count]:
        count += 1
    return count


def gives_rows(output: Output, definition: Definition) -> bool:
    """Whether an output is one table."""
    is_single = definition.environment == "inprocess" or not _is_open(output)
    return output.media_type in TABLE_TYPES and is_single


def gives_several(output: Output, definition: Definition) -> bool:
    """Whether an output may be several files."""
    return _is_open(output) and not gives_rows(output, definition)


def _is_open(output: Output) -> bool:
    """Whether it is not known beforehand how many files there are."""
    return not output.single and any(sign in output.pattern for sign in "*?[")


def _circle(left: dict[str, Step]) -> list[str]:
    """Steps of `left`, each of which needs another of them, that go round."""
    path = [next(iter(left))]
    while path.count(path[-1]) == 1:
        path.append(next(need for need in needs_of(left[path[-1]]) if need in left))
    return path[path.index(path[-1]) :]
