"""Everything about a job, for its operator."""

from __future__ import annotations

import json
import shlex
from typing import Any

from uws.models import Job
from uws.notices import standing
from uws.operating.tables import WIDTH, cut, printable, wrap
from uws.selectors import LOG_CHUNK, log_tail
from uws.times import format_time
from vo.quantities import human_duration, human_size

__all__ = ["job_record", "job_text"]

LOG_LINES = 10
"""How many lines of the end of each log are shown."""


def job_record(job: Job) -> dict[str, Any]:
    """A job as plain data: a line of a list in JSON or CSV."""
    return {
        "id": job.pk,
        "phase": job.phase,
        "definition": job.definition,
        "version": job.definition_version,
        "owner": job.owner.get_username() if job.owner else None,
        "runId": job.run_id,
        "kind": job.kind,
        "parent": job.parent_id,
        "created": format_time(job.creation_time),
        "started": format_time(job.start_time) or None,
        "ended": format_time(job.end_time) or None,
        "destruction": format_time(job.destruction) or None,
        "executor": job.executor,
        "priority": job.priority,
        "cores": job.cores,
        "cpuSeconds": job.cpu_seconds,
        "diskBytes": job.disk_bytes,
        "error": job.error_message,
    }


def job_text(job: Job) -> list[str]:
    """Lines that tell everything about a job."""
    lines = [f"{job.definition} {job.definition_version} {job.pk}".replace("  ", " ")]
    lines += _facts(job)
    changes = list(job.phase_changes.all())
    lines += _section("History", [f"{format_time(it.time)}  {it.phase:<9}  {it.note}".rstrip() for it in changes])
    parameters = [f"{name} = {printable(value)}" for name, values in job.parameters.items() for value in values]
    lines += _section("Parameters", parameters)
    inputs = [f"{it.parameter}: {it.name}, {human_size(it.size)}, {it.entity_id}" for it in job.inputs.order_by("pk")]
    lines += _section("Inputs", inputs)
    lines += _section("Command", _command(job))
    lines += _section("Software", [f"{name} {version}" for name, version in job.software.items()])
    lines += _section("Results", _results(job))
    lines += _section("Children", [f"{it.pk}  {it.phase:<9}  {it.step} {it.branch}".rstrip() for it in _children(job)])
    lines += _section("Told of its end", [f"{it.address}: {standing(it)}" for it in job.notices.order_by("pk")])
    error = "\n".join(part for part in (job.error_message, job.error_detail) if part)
    lines += _section(f"Error ({job.error_type or 'fatal'})", _clean(error))
    lines += _section("Warnings and errors of its tasks", [printable(_told(message)) for message in job.messages])
    for stream in ("stdout", "stderr"):
        log = log_tail(job=job, offset=-LOG_CHUNK, stream=stream)[0].splitlines()[-LOG_LINES:]
        lines += _section(f"End of {stream}", [cut(printable(line), WIDTH - 2) for line in log])
    return lines


def _told(message: dict[str, str]) -> str:
    code = f" ({message['code']})" if message["code"] else ""
    return f"{message['task']}: {message['level']}{code}, {message['text']}"


def _facts(job: Job) -> list[str]:
    """What has a value, one a line."""
    usage = job.usage
    facts = {
        "name": printable(job.run_id),
        "phase": job.phase,
        "held": job.held_reason,
        "owner": job.owner.get_username() if job.owner else "public workspace",
        "kind": job.kind if job.kind != "task" else "",
        "parent": " ".join(part for part in (job.parent_id or "", job.step, job.branch) if part),
        "retry of": job.retry_of_id or "",
        "waits for": f"{job.waiting_for} jobs" if job.waiting_for else "",
        "created": format_time(job.creation_time),
        "started": format_time(job.start_time),
        "ended": format_time(job.end_time),
        "quote": format_time(job.quote),
        "destruction": format_time(job.destruction),
        "may run": human_duration(job.execution_duration) if job.execution_duration else "without limit",
        "priority": str(job.priority),
        "cores": str(job.cores),
        "executor": job.executor,
        "engine": job.engine,
        "handle": json.dumps(job.handle) if job.handle else "",
        "host": job.host,
        "restarts": str(job.restarts or ""),
        "stage": printable(job.stage),
        "progress": f"{job.progress_done} of {job.progress_total}" if job.progress_total else "",
        "exit code": "" if job.exit_code is None else str(job.exit_code),
        "processor": human_duration(usage["cpu_seconds"]) if usage.get("cpu_seconds") else "",
        "wall time": human_duration(usage["wall_seconds"]) if usage.get("wall_seconds") else "",
        "memory": human_size(usage["max_rss_bytes"]) if usage.get("max_rss_bytes") else "",
        "disk": human_size(job.disk_bytes) if job.disk_bytes else "",
        "directory": str(job.workdir) if job.workdir.is_dir() else "",
        "end": "not heard by all yet" if job.is_final and not job.announced else "",
    }
    return [line for name, value in facts.items() if value for line in wrap(value, first=f"  {name:<12} ")]


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(piece for line in lines for piece in wrap(line, first="  "))] if lines else []


def _command(job: Job) -> list[str]:
    """The command as a shell takes it, an argument a line where one line is too short."""
    arguments = [printable(shlex.quote(argument)) for argument in job.command]
    line = " ".join(arguments)
    return line.splitlines() if len(line) <= WIDTH - 2 else " \\\n  ".join(arguments).splitlines()


def _results(job: Job) -> list[str]:
    return [
        f"{it.name}: {it.path}, {it.media_type}, {human_size(it.size)}, sha256 {it.sha256}"
        for it in job.results.order_by("pk")
    ]


def _children(job: Job) -> list[Job]:
    return list(job.children.filter(deleted=False).order_by("creation_time", "pk"))


def _clean(text: str) -> list[str]:
    return [printable(line) for line in text.splitlines()]
