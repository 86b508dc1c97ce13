"""From a job to the task that an executor runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from jobdefs.command import active_outputs
from jobdefs.definition import Definition
from uws.digests import known_digest
from uws.engine.command import build_argv, build_environment, build_sandbox, software_versions
from uws.executors import Task
from uws.models import Job, JobInput, JobKind
from uws.parameters import check_complete
from uws.references import replacements
from vo.errors import UnavailableError

__all__ = ["prepare_task"]

CPU_MARGIN = 60
"""Seconds of processor time beyond execution duration times cores."""


def prepare_task(job: Job) -> Task:
    """What is run for a job; the job gets the command and the versions of its software.

    Raises
    ------
    vo.errors.UnavailableError
        When an input file is no longer there.
    vo.errors.UsageError
        When the service has changed since the job was queued, and its parameters fit no more.
    """
    definition = Definition.from_dict(job.definition_document)
    inputs = list(job.inputs.order_by("pk"))
    files = _input_files(inputs)
    common: dict[str, Any] = {
        "job_id": job.pk,
        "workdir": job.workdir,
        "limits": _limits(job, definition),
        "inputs": files,
        "notify": settings.ATHANOR_HOME / "run",
        "network": definition.network,
        "resources": _resources(job, definition),
    }
    if job.kind != JobKind.TASK:
        job.software = {"athanor": settings.ATHANOR_VERSION}
        return Task(**common)
    if definition.environment == "inprocess":
        job.software = {"athanor": settings.ATHANOR_VERSION}
        return Task(
            **common,
            function=definition.function,
            parameters=job.parameters,
            base_url=job.base_url,
            user_id=job.owner_id,
        )
    values = check_complete(definition, job.parameters)
    job.command = build_argv(definition, values, replacements(inputs))
    job.software = software_versions(definition)
    return Task(
        **common,
        argv=tuple(job.command),
        environment=build_environment(definition),
        sandbox=build_sandbox(definition),
        outputs=tuple(_outputs(definition, active_outputs(definition, values))),
    )


def _input_files(inputs: list[JobInput]) -> tuple[dict[str, Any], ...]:
    """One entry a file, with its checksum if that is known."""
    files = {}
    for item in inputs:
        try:
            known = known_digest(Path(item.path))
        except OSError as error:
            raise UnavailableError(f"The file of {item.parameter}={item.reference} is no longer here.") from error
        sha256 = item.sha256 or known
        files[item.name] = {"name": item.name, "path": item.path, "sha256": sha256}
        if sha256 != item.sha256:
            item.sha256 = sha256
            item.save(update_fields=["sha256"])
    return tuple(files.values())


def _outputs(definition: Definition, active: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": output.name,
            "file" if output.parameter else "pattern": active[output.name],
            "media_type": output.media_type,
            "role": output.role,
            "product_type": output.product_type,
            "required": output.required,
        }
        for output in definition.outputs
        if output.name in active
    ]


def _resources(job: Job, definition: Definition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "owner": job.owner.get_username() if job.owner else "",
        "cores": definition.limits.cores,
        "memory_bytes": definition.limits.memory,
        "wall_seconds": job.execution_duration,
        "partition": definition.partition,
        "account": definition.account,
    }


def _limits(job: Job, definition: Definition) -> dict[str, float]:
    seconds = job.execution_duration
    return {
        "wall_seconds": seconds,
        "cpu_seconds": seconds * definition.limits.cores + CPU_MARGIN if seconds else 0,
        "memory_bytes": definition.limits.memory,
        "file_bytes": definition.limits.file_size,
    }
