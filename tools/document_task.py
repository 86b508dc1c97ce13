"""Write the reference pages of tasks from their definitions, and the page that lists them.

usage: python tools/document_task.py [NAME …]

Without a name, the pages of all tasks are written, and pages of tasks that are no more are removed. They stand in
docs/reference/tasks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jobdefs.definition import CATEGORIES, Definition, Input, Output, Parameter
from jobdefs.registry import all_definitions, get
from vo.wording import plain

DIRECTORY = Path(__file__).resolve().parent.parent / "docs" / "reference" / "tasks"

INDEX = "README.md"

INTRODUCTION = """What jobs can run, by what it is for. Each page is made from the task's definition by `make docs`;
[Define a task](../../howto/define-a-task.md) tells how to add one, and [Run XMM-Newton SAS](../../howto/sas.md) what
those of SAS need."""

ENVIRONMENTS = {
    "sas": "Runs where XMM-Newton SAS is configured, and is refused elsewhere.",
    "any": "Runs as the task of XMM-Newton SAS where that is configured, else as the built-in task of the same name.",
    "builtin": "Built in.",
    "inprocess": "Built in; runs within the job engine.",
    "program": "A program of the site.",
    "pipeline": "A [pipeline](../../howto/pipelines.md): its steps are jobs of other tasks.",
}

SHORT = {"sas": "SAS", "any": "SAS or built in", "pipeline": "pipeline", "program": "program"}

SAS = {
    "optional": " Where XMM-Newton SAS is configured its tasks do the work; elsewhere built-in ones do what they can.",
    "required": " The tasks of XMM-Newton SAS do the work; it is refused where SAS is not configured.",
}

UNVERIFIED = "Not verified against SAS."


def pages() -> dict[str, str]:
    """Every page by its file name: one of each task that users see, and the one that lists them."""
    tasks = [task for task in all_definitions().values() if not task.internal]
    return {INDEX: index(tasks), **{f"{task.name}.md": page(task) for task in tasks}}


def index(tasks: Sequence[Definition]) -> str:
    """The page that lists tasks under the headings of their categories."""
    parts = ["# Tasks", INTRODUCTION]
    for category in (*CATEGORIES, ""):
        rows = [
            f"| [{task.name}]({task.name}.md) | {_short(task)} | {_text(task.title)} |"
            for task in tasks
            if task.category == category
        ]
        if rows:
            parts.append(f"## {category or 'Others'}")
            parts.append("\n".join(["| task | runs as | what it does |", "|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def page(definition: Definition) -> str:
    """The page of a task in Markdown."""
    addresses = f"Job list: `/uws/{definition.name}`. Form: `/jobdefs/{definition.name}/`."
    if definition.documentation:
        addresses += f" See also <{definition.documentation}>."
    parts = [
        f"# {definition.name}",
        f"{_text(definition.title)}. Version {definition.version} of the definition.",
        *(_text(paragraph) for paragraph in definition.description.strip().split("\n\n") if paragraph),
        ENVIRONMENTS[definition.environment] + SAS.get(definition.sas, "") + _packages(definition),
        addresses,
    ]
    if definition.inputs:
        parts += ["## Inputs", _inputs(definition.inputs)]
    parts += ["## Products", _results(definition.outputs) if definition.steps else _products(definition.outputs)]
    if definition.steps:
        parts += ["## Steps", _steps(definition)]
    parts.append("## Parameters")
    for group in dict.fromkeys(parameter.group for parameter in definition.parameters):
        rows = [_row(parameter) for parameter in definition.parameters if parameter.group == group]
        parts.append(f"### {group or 'General'}")
        parts.append("\n".join(["| parameter | type | default | meaning |", "|---|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def _packages(definition: Definition) -> str:
    if not definition.packages:
        return ""
    names = " and ".join(f"`{name}`" for name in definition.packages)
    return f" It needs the Python package {names}, and is refused where that is not installed."


def _inputs(inputs: Sequence[Input]) -> str:
    rows = [
        f"| `{item.parameter}` | {_text(item.role)} | {', '.join(item.product_types)} "
        f"| {_text(item.description)}{' (a copy of its own, which it may change)' if item.copy else ''} |"
        for item in inputs
    ]
    return "\n".join(["| parameter | role | data product | meaning |", "|---|---|---|---|", *rows])


def _products(outputs: Sequence[Output]) -> str:
    if not outputs:
        return "It keeps no files; its log is what it gives."
    rows = [
        f"| `{item.name}` | {_text(item.role)} | `{item.media_type}` "
        f"| {_code(item.when) or ('always' if item.required else 'where there is one')} "
        f"| {_code(item.parameter or item.pattern)} | {_text(item.description)} |"
        for item in outputs
    ]
    head = "| result | role | media type | switched on by | file name | meaning |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _results(outputs: Sequence[Output]) -> str:
    rows = [
        f"| `{item.name}` | {_text(item.role)} | `{item.media_type}` | `{item.source}` | {_text(item.description)} |"
        for item in outputs
    ]
    return "\n".join(["| result | role | media type | from | meaning |", "|---|---|---|---|---|", *rows])


def _steps(definition: Definition) -> str:
    rows = [
        f"| `{step.name}` | `{step.task}` | {_code(step.foreach)} | {_code(step.when)} | {step.on_failure} "
        f"| {_text(step.description)} |"
        for step in definition.steps
    ]
    head = "| step | task | for each of | when | where it fails | meaning |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _row(parameter: Parameter) -> str:
    default = "*required*" if parameter.required else _code(parameter.default)
    kind = " or ".join(_code(option) for option in parameter.options) or parameter.type
    if parameter.multiple:
        kind = f"list of {kind}"
    if parameter.unit:
        kind += f", {parameter.unit}"
    below = f"below {_code(parameter.parent)}" if parameter.parent else ""
    if parameter.parent_value:
        below += f" = {_code(parameter.parent_value)}"
    notes = [
        f"at least {plain(parameter.min)}" if parameter.min is not None else "",
        f"at most {plain(parameter.max)}" if parameter.max is not None else "",
        below,
        f"as the environment variable {_code(parameter.variable)}" if parameter.variable else "",
    ]
    meaning = _text(parameter.description)
    if any(notes):
        meaning += f" ({', '.join(note for note in notes if note)})"
    if parameter.unverified:
        meaning += f" *{UNVERIFIED}*"
    return f"| `{parameter.name}` | {kind} | {default} | {meaning} |"


def _short(definition: Definition) -> str:
    with_sas = {"optional": "built in, better with SAS", "required": "built in, with SAS"}
    return with_sas.get(definition.sas) or SHORT.get(definition.environment, "built in")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _text(text: str) -> str:
    """Words in one line, without what Markdown takes for the borders of a table or for a tag."""
    return re.sub(r"([|]|<(?=[A-Za-z/]))", r"\\\1", " ".join(text.split()))


def main(names: Sequence[str]) -> int:
    """Write the pages of these tasks, or of all."""
    for name in names:
        get(name)
    made = pages()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for file, text in made.items():
        if not names or file == INDEX or file.removesuffix(".md") in names:
            (DIRECTORY / file).write_text(text, encoding="utf-8")
    for path in [] if names else DIRECTORY.glob("*.md"):
        if path.name not in made:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
