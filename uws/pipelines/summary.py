"""The result of an array: a VOTable with one row for each of its jobs."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

from uws.models import Job, Result
from vo.xmltext import attribute, content

__all__ = ["write_summary"]

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n<RESOURCE type="results">\n'
)
TEXT = 'datatype="unicodeChar" arraysize="*"'


def write_summary(parent: Job, path: Path) -> None:
    """Write the table: row, the parameters of the row, job id, phase, URLs of the results, error."""
    children = parent.children.order_by("creation_time", "pk").values_list(
        "branch", "pk", "phase", "parameters", "error_message", "definition"
    )
    rows = sorted(children, key=lambda row: int(row[0]))
    names = list(dict.fromkeys(name for row in rows for name in row[3]))
    results: dict[str, list[str]] = defaultdict(list)
    for job_id, name in Result.objects.filter(job__parent=parent).order_by("pk").values_list("job_id", "name"):
        results[job_id].append(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}")
    with part.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        file.write(f'<TABLE name="{attribute(parent.definition)}">\n')
        file.write('<FIELD name="row" datatype="int" ucd="meta.record;meta.id"/>\n')
        file.writelines(f'<FIELD name="{attribute(name)}" {TEXT}/>\n' for name in names)
        file.writelines(f'<FIELD name="{name}" {TEXT}/>\n' for name in ("job_id", "phase", "results", "error"))
        file.write("<DATA><TABLEDATA>\n")
        for branch, pk, phase, parameters, error, definition in rows:
            place = f"{parent.base_url}/uws/{quote(definition)}/{pk}/results"
            urls = " ".join(f"{place}/{quote(name)}" for name in results[pk])
            cells = [branch, *(" ".join(parameters.get(name, ())) for name in names), pk, phase, urls, error]
            file.write("<TR>" + "".join(f"<TD>{content(cell)}</TD>" for cell in cells) + "</TR>\n")
        file.write("</TABLEDATA></DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n")
    part.replace(path)
