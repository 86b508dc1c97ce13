"""A job as plain data, in the order of the UWS schema; the XML and the JSON of a job are written from it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from uws.models import Job, JobKind
from uws.phases import Phase
from uws.scheduling import queue_position
from uws.selectors import child_counts, list_children
from uws.times import format_time
from uws.uploads import list_uploads, upload_of
from vo.xmltext import is_writable

__all__ = ["describe_children", "describe_job", "describe_parameters", "describe_results"]

VERSION = "1.1"
"""Of UWS, as the documents state it."""

CHILDREN = 1000
"""Jobs of a pipeline or an array that the JSON of the job lists."""

USAGE = ("cpu_seconds", "max_rss_bytes", "wall_seconds", "sandbox")
"""What is told of the run of a job that has ended."""


def describe_job(job: Job, *, url: str, detailed_errors: bool = False) -> dict[str, Any]:
    """Everything about a job (UWS 1.1 §2.2.2.2).

    Parameters
    ----------
    url
        Of the job.
    detailed_errors
        Whether ``/error`` always tells more than the message.
    """
    described: dict[str, Any] = {"version": VERSION, "jobId": job.id}
    if job.run_id:
        described["runId"] = job.run_id
    described |= {
        "ownerId": job.owner.get_username() if job.owner else None,
        "phase": job.phase,
        "quote": format_time(job.quote) or None,
        "creationTime": format_time(job.creation_time),
        "startTime": format_time(job.start_time) or None,
        "endTime": format_time(job.end_time) or None,
        "executionDuration": job.execution_duration,
        "destruction": format_time(job.destruction) or None,
        "parameters": describe_parameters(job, url=url),
        "results": describe_results(job, url=url),
    }
    if job.error_message:
        described["errorSummary"] = {
            "type": job.error_type or "fatal",
            "hasDetail": detailed_errors or bool(job.error_detail),
            "message": job.error_message,
        }
    if job.messages:
        described["messages"] = job.messages
    described["jobInfo"] = _info(job)
    return described


def describe_parameters(job: Job, *, url: str) -> list[dict[str, Any]]:
    """One item a value; a value that XML cannot hold, or a file, stands for itself by its URL (UWS 1.1 §2.1.11)."""
    described = []
    uploads = list_uploads(job=job)
    for name, values in job.parameters.items():
        href = f"{url}/parameters/{quote(name, safe='')}"
        sent = upload_of(name, values) in uploads
        described += [
            {"id": name, "value": value} if is_writable(value) and not sent else {"id": name, "href": href}
            for value in values
        ]
    named = {name.lower() for name in job.parameters}
    described += [
        {"id": name, "href": f"{url}/parameters/{quote(name, safe='')}"}
        for name in uploads
        if name.lower() not in named
    ]
    return described


def describe_results(job: Job, *, url: str) -> list[dict[str, Any]]:
    """One item a result, in the order in which they were recorded."""
    return [
        {
            "id": result.name,
            "href": f"{url}/results/{quote(result.name, safe='')}",
            "mime-type": result.media_type,
            "size": result.size,
            "sha256": result.sha256,
        }
        for result in job.results.order_by("pk")
    ]


def describe_children(job: Job, *, url: str) -> dict[str, Any]:
    """The jobs that a pipeline or an array has made, as many as one answer should hold; nothing for other jobs.

    Parameters
    ----------
    url
        Of the list in which the job stands.
    """
    if job.kind == JobKind.TASK:
        return {}
    lists = url.rpartition("/")[0]
    return {
        "jobs": [
            {
                "id": child.pk,
                "href": f"{lists}/{quote(child.definition)}/{child.pk}",
                "step": child.step,
                "branch": child.branch,
                "label": child.label,
                "phase": child.phase,
            }
            for child in list_children(job=job)[:CHILDREN]
        ]
    }


def _relations(job: Job) -> dict[str, Any]:
    """What a job has to do with others."""
    relations: dict[str, Any] = {}
    if job.parent_id is not None:
        relations["parent"] = {"id": job.parent_id, "step": job.step, "branch": job.branch}
    if job.retry_of_id is not None:
        relations["retryOf"] = job.retry_of_id
    if job.taken_over:
        relations["takenOver"] = job.taken_over
    if job.kind != JobKind.TASK:
        relations |= {"kind": job.kind, "children": child_counts(job=job)}
    return relations


def _info(job: Job) -> dict[str, Any]:
    info: dict[str, Any] = {"definition": job.definition, "definitionVersion": job.definition_version}
    info |= _relations(job)
    if job.executor:
        info["executor"] = job.executor
    if job.phase == Phase.HELD and job.held_reason:
        info["heldReason"] = job.held_reason
    if (position := queue_position(job)) is not None:
        info["queuePosition"] = position
    if job.stage:
        info["stage"] = job.stage
    if job.progress_total:
        info["progress"] = {"done": job.progress_done, "total": job.progress_total}
    if job.phase in (Phase.COMPLETED, Phase.ERROR, Phase.ABORTED):
        info |= {key: job.usage[key] for key in USAGE if key in job.usage}
    if job.exit_code is not None:
        info["exitCode"] = job.exit_code
    return info
