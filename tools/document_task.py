"""Write the reference page of a task from its definition.

usage: python tools/document_task.py NAME > docs/reference/NAME.md
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jobdefs.definition import Definition, Parameter
from jobdefs.registry import get
from vo.wording import plain


def page(definition: Definition) -> str:
    """The page in Markdown."""
    addresses = f"Job list: `/uws/{definition.name}`. Form: `/jobdefs/{definition.name}/`."
    parts = [
        f"# {definition.name}",
        f"{definition.title}. Version {definition.version} of the definition.",
        definition.description.strip(),
        f"{addresses} See also <{definition.documentation}>.",
        "## Products",
        _results(definition) if definition.steps else _products(definition),
        *(["## Steps", _steps(definition)] if definition.steps else []),
        "## Parameters",
    ]
    for group in dict.fromkeys(parameter.group for parameter in definition.parameters):
        rows = "\n".join(_row(parameter) for parameter in definition.parameters if parameter.group == group)
        parts.append(f"### {group or 'General'}")
        parts.append(f"| parameter | type | default | meaning |\n|---|---|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def _products(definition: Definition) -> str:
    rows = [
        f"| `{item.name}` | {item.role} | `{item.media_type}` | {f'`{item.when}`' if item.when else 'always'} "
        f"| `{item.parameter or item.pattern}` |"
        for item in definition.outputs
    ]
    return "\n".join(["| result | role | media type | switched on by | file name |", "|---|---|---|---|---|", *rows])


def _results(definition: Definition) -> str:
    rows = [
        f"| `{item.name}` | {item.role} | `{item.media_type}` | `{item.source}` | {item.description} |"
        for item in definition.outputs
    ]
    return "\n".join(["| result | role | media type | from | meaning |", "|---|---|---|---|---|", *rows])


def _steps(definition: Definition) -> str:
    rows = [
        f"| `{step.name}` | `{step.task}` | {_code(step.foreach)} | {_code(step.when)} | {step.on_failure} "
        f"| {step.description} |"
        for step in definition.steps
    ]
    head = "| step | task | for each of | when | where it fails | meaning |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _row(parameter: Parameter) -> str:
    default = "*required*" if parameter.required else f"`{parameter.default}`" if parameter.default else ""
    kind = " or ".join(f"`{option}`" for option in parameter.options) or parameter.type
    if parameter.unit:
        kind += f", {parameter.unit}"
    limits = [
        f"at least {plain(parameter.min)}" if parameter.min is not None else "",
        f"at most {plain(parameter.max)}" if parameter.max is not None else "",
    ]
    notes = [note for note in (*limits, f"below `{parameter.parent}`" if parameter.parent else "") if note]
    meaning = " ".join(parameter.description.split())
    if notes:
        meaning = f"{meaning} ({', '.join(notes)})"
    return f"| `{parameter.name}` | {kind} | {default} | {meaning.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    sys.stdout.write(page(get(sys.argv[1])))
