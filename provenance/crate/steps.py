"""The jobs that a pipeline or an array has made, as far as its crate tells of them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.functions import Length

from jobdefs.command import variables
from jobdefs.definition import Definition
from jobdefs.writing import to_toml
from provenance.commands import plain_command
from provenance.crate.inputs import inputs_of
from provenance.crate.model import Crate, result_item
from provenance.crate.names import safe_part
from provenance.crate.parts import Part, Step
from provenance.crate.privacy import portable_definition
from uws.models import Job, JobKind
from uws.parameters import check_complete
from uws.references import copied_inputs, replacements
from uws.selectors import list_children
from vo.errors import AthanorError

__all__ = ["MOST_STEPS", "add_steps", "children_of", "variables_of"]

MOST_STEPS = 1000
"""Jobs of a pipeline or an array of which a crate tells."""


def children_of(job: Job) -> Iterator[Job]:
    """The jobs that a job has made, and what these have made, each with its parent, from whom it has its definition."""
    order = ("creation_time", "step", Length("branch"), "branch", "pk")
    found = list_children(job=job).order_by(*order).defer(None).prefetch_related("inputs", "results")
    for child in found[: MOST_STEPS + 1]:
        child.parent = job
        yield child
        if child.kind != JobKind.TASK:
            yield from children_of(child)


def variables_of(job: Job, definition: Definition) -> dict[str, str]:
    """Variables of the environment that parameters made, with paths as the command saw them."""
    if not any(parameter.variable for parameter in definition.parameters) or not job.command:
        return {}
    try:
        values = check_complete(definition, job.parameters)
        paths = replacements(list(job.inputs.all()), copied=copied_inputs(definition))
        return variables(definition, values, paths)
    except AthanorError:
        return {}  # a service that has changed since does not read its old parameters any more


def add_steps(crate: Crate, children: list[Job]) -> None:
    """Add the logs and definitions of the jobs that the job has made, and what they used and made."""
    if len(children) > MOST_STEPS:
        crate.notes.append(f"It has made more than {MOST_STEPS:,} jobs, of which the first are told.")
        children = children[:MOST_STEPS]
    documents: dict[str, Part] = {}
    for task in crate.definition.tasks:
        documents[task.name] = _add_definition(crate, task)
    for number, child in enumerate(children, start=1):
        task = Definition.from_dict(child.definition_document)
        words = "-".join(word for word in (child.step or "row", child.branch) if word)
        folder = f"steps/{number:04d}-{safe_part(words)}/"
        step = Step(child, folder, command=[crate.curtain.text(word) for word in plain_command(child.command)])
        if task.name == crate.definition.name:
            step.definition = crate.whole.definition
        else:
            step.definition = documents.get(task.name) or _add_definition(crate, task)
            documents[task.name] = step.definition
        step.variables = variables_of(child, task)
        step.inputs = inputs_of(child, task, crate.base_url)
        step.results = [
            result_item(result, child, crate.base_url) for result in sorted(child.results.all(), key=lambda row: row.pk)
        ]
        crate.add_logs(step)
        crate.steps.append(step)
    made = {item.identifier: item.url for step in crate.steps for item in step.results}
    for item in (item for step in crate.steps for item in step.inputs):
        item.url = made.get(item.identifier, item.url)


def _add_definition(crate: Crate, task: Definition) -> Part:
    text = to_toml(portable_definition(task))
    path = f"steps/definitions/{safe_part(task.name)}.toml"
    return crate.add_text(path, text, "application/toml", f"The task {task.name} as it ran")
