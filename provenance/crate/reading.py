"""The crate for people: ``README.md`` and ``ro-crate-preview.html``, which has no scripts and fetches nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from django.utils.html import escape

from provenance.crate.model import Crate
from provenance.crate.names import identifier
from provenance.crate.parts import Item, Part
from uws.times import format_time

__all__ = ["write_manifest", "write_preview", "write_readme"]

LONGEST_TABLE = 10_000
"""Rows of a table of the page."""

_STYLE = (
    "body{font-family:sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}"
    "td,th{border:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top}"
    "code{overflow-wrap:anywhere}td.n{text-align:right}"
)


def write_readme(crate: Crate, files: Sequence[Part]) -> bytes:
    """What it is, by what it was made, how to repeat it, and what lies in it."""
    lines = [f"# {_cell(_title(crate))}", "", *_facts(crate), ""]
    if crate.job.error_message:
        lines += ["It ended with this message:", "", *_quoted(crate.curtain.text(crate.job.error_message)), ""]
    lines += [f"* {_cell(note)}" for note in (*crate.notes, *_warnings(crate))]
    lines += ["", *_repeating(crate, files)]
    lines += ["## Parameters", "", "| parameter | value |", "|---|---|"]
    lines += [
        f"| {_cell(name)} | {_code(value)} |" for name, values in crate.job.parameters.items() for value in values
    ]
    lines += ["", "## Inputs and results", "", "| | name | file or address | bytes | SHA-256 when the job ran |"]
    lines += ["|---|---|---|---|---|", *_rows(crate)]
    lines += ["", "## Files", "", "| file | what | bytes | SHA-256 |", "|---|---|---|---|"]
    lines += [
        f"| [{_cell(part.path)}](<{identifier(part.path)}>) | {_cell(part.description)} | {part.written.size} "
        f"| `{part.written.sha256}` |"
        for part in files
        if part.written is not None
    ]
    lines += ["", "`sha256sum -c manifest-sha256.txt` checks them all.", "", *_citing(crate)]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def write_manifest(files: Sequence[Part]) -> bytes:
    """What ``sha256sum -c`` reads."""
    rows = [f"{part.written.sha256}  {part.path}\n" for part in files if part.written is not None]
    return "".join(rows).encode("utf-8", "replace")


def write_preview(crate: Crate, files: Sequence[Part]) -> bytes:
    """The same as a page."""
    return "".join(_page(crate, files)).encode("utf-8", "replace")


def _page(crate: Crate, files: Sequence[Part]) -> Iterator[str]:
    title = escape(_title(crate))
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "img-src 'self'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n<table>\n"
    )
    for name, value in _properties(crate):
        yield f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>\n"
    yield "</table>\n"
    told = [*crate.notes, *_warnings(crate)]
    if crate.job.error_message:
        told.insert(0, crate.curtain.text(crate.job.error_message))
    yield "".join(f"<p>{escape(note)}</p>\n" for note in told)
    yield "<h2>Parameters</h2>\n<table>\n"
    for name, values in crate.job.parameters.items():
        for value in values:
            yield f"<tr><th>{escape(name)}</th><td><code>{escape(value)}</code></td></tr>\n"
    yield "</table>\n<h2>Inputs and results</h2>\n<table>\n"
    for kind, item in _items(crate):
        yield (
            f"<tr><td>{kind}</td><th>{escape(item.name)}</th><td>{_link(item.path, item.path or item.url, item.url)}"
            f"</td><td><code>{escape(item.sha256)}</code></td></tr>\n"
        )
    yield "</table>\n<h2>Files</h2>\n<table>\n<tr><th>File</th><th>What</th><th>Bytes</th><th>SHA-256</th></tr>\n"
    written = [part for part in files if part.written is not None]
    for part in written[:LONGEST_TABLE]:
        yield (
            f"<tr><td>{_link(part.path, part.path, '')}</td><td>{escape(part.description)}</td>"
            f'<td class="n">{part.written.size}</td><td><code>{part.written.sha256}</code></td></tr>\n'
        )
    if len(written) > LONGEST_TABLE:
        yield f"<tr><td colspan=4>and {len(written) - LONGEST_TABLE} more</td></tr>\n"
    yield '</table>\n<p><a href="ro-crate-metadata.json">ro-crate-metadata.json</a> says the same to programs.</p>\n'
    yield "</body></html>\n"


def _link(path: str, text: str, url: str) -> str:
    """A link to a file of the crate or to an address, if browsers may follow it."""
    target = identifier(path) if path else url if url.startswith(("http://", "https://")) else ""
    return f'<a href="{escape(target)}">{escape(text)}</a>' if target else escape(text)


def _title(crate: Crate) -> str:
    return f"{crate.job.run_id or crate.definition.title}: a job of {crate.definition.name}"


def _properties(crate: Crate) -> Iterator[tuple[str, str]]:
    job = crate.job
    yield "Job", job.pk
    yield "Task", f"{crate.definition.name} {crate.definition.version}: {crate.definition.title}"
    yield "Service", crate.base_url
    yield "Phase", job.phase
    if job.start_time:
        yield "Began", format_time(job.start_time)
    if job.end_time:
        yield "Ended", format_time(job.end_time)
    yield (
        "Software",
        ", ".join(f"{name} {version}" for name, version in sorted(crate.curtain.software(job.software).items())),
    )
    if crate.whole.command:
        yield "Command", shlex.join(crate.whole.command)


def _facts(crate: Crate) -> list[str]:
    rows = [f"| {name} | {_code(value) if name == 'Command' else _cell(value)} |" for name, value in _properties(crate)]
    return ["| | |", "|---|---|", *rows]


def _items(crate: Crate) -> Iterator[tuple[str, Item]]:
    yield from (("input", item) for item in crate.whole.inputs)
    yield from (("result", item) for item in crate.whole.results)


def _rows(crate: Crate) -> Iterator[str]:
    for kind, item in _items(crate):
        size = "" if item.size is None else item.size
        place = f"[{_cell(item.path)}](<{identifier(item.path)}>)" if item.path else f"<{_cell(item.url)}>"
        yield f"| {kind} | {_cell(item.name)} | {place} | {size} | {_code(item.sha256)} |"


def _warnings(crate: Crate) -> list[str]:
    """What is not there, or is not what it was."""
    return [f"The {kind} {item.name}: {item.told}" for kind, item in _items(crate) if item.told]


def _repeating(crate: Crate, files: Sequence[Part]) -> list[str]:
    paths = {part.path for part in files}
    lines = ["## How to repeat it", ""]
    if "repeat.py" in paths:
        lines += [
            f"    python repeat.py {crate.base_url}",
            "",
            "makes the same job on that service (or on another one that has the task), waits for its end, downloads",
            "the results to `repeated/` and compares them with these. It needs Python with pyvo. `--upload` sends the",
            "files in `inputs/` instead of naming those of the service. Who you are is told by the variable",
            "`ATHANOR_TOKEN`, or by `ATHANOR_USER` and `ATHANOR_PASSWORD`.",
            "",
        ]
    if "repeat.sh" in paths:
        lines += [
            "    sh repeat.sh",
            "",
            "does it with an installation of XMM-Newton SAS that has been initialised in the shell (`SAS_DIR`,",
            "`SAS_CCFPATH`), in `repeated-sas/`. Inputs that are not in `inputs/` are fetched with curl.",
            "",
        ]
    return lines


def _citing(crate: Crate) -> list[str]:
    known = crate.definition.documentation
    return [
        "## Citation and licence",
        "",
        *([f"The task is documented at <{_cell(known)}>."] if known else []),
        f"The job ran as <{crate.base_url}/jobs/{crate.job.pk}/>. The service states no licence of the data: what",
        "comes from an archive is under the terms of that archive, which also says how it wants to be cited.",
    ]


def _cell(text: str) -> str:
    """A text in a cell or a heading of Markdown: one line, nothing in it a mark."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", text))


def _code(text: str) -> str:
    """A text as code in a cell."""
    if not text:
        return ""
    plain = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    return f"{fence} {plain} {fence}" if "`" in plain else f"`{plain}`"


def _quoted(text: str) -> Iterator[str]:
    yield from (f"    {line}" for line in re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", text).splitlines())
