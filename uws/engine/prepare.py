"""From a job to the task that an executor runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from jobdefs.command import active_outputs
from jobdefs.definition import Definition
from uws.digests import known_digest
from uws.engine.command import (
    build_argv,
    build_environment,
    build_sandbox,
    build_variables,
    service_versions,
    software_versions,
    speakers_of,
)
from uws.executors import Task
from uws.models import Job, JobInput, JobKind
from uws.parameters import check_complete
from uws.references import copied_inputs, replacements
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
    files = _input_files(definition, inputs)
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
        job.software = service_versions()
        return Task(**common)
    if definition.environment == "inprocess":
        job.software = service_versions()
        return Task(
            **common,
            function=definition.function,
            parameters=job.parameters,
            base_url=job.base_url,
            user_id=job.owner_id,
        )
    values = check_complete(definition, job.parameters)
    paths = replacements(inputs, copied=copied_inputs(definition))
    job.command = build_argv(definition, values, paths)
    job.software = software_versions(definition)
    return Task(
        **common,
        argv=tuple(job.command),
        environment=build_environment(definition)
        | build_variables(definition, values, paths, work=job.workdir / "work"),
        sandbox=build_sandbox(definition),
        outputs=tuple(_outputs(definition, active_outputs(definition, values), inputs)),
        speakers=tuple(speakers_of(definition)),
    )


def _input_files(definition: Definition, inputs: list[JobInput]) -> tuple[dict[str, Any], ...]:
    """One entry a file, with its checksum if that is known."""
    copied = copied_inputs(definition)
    directories = {parameter.name for parameter in definition.parameters if parameter.type == "directory"}
    files: dict[str, dict[str, Any]] = {}
    for item in inputs:
        path = Path(item.path)
        try:
            known = known_digest(path)
        except OSError as error:
            raise UnavailableError(f"The file of {item.parameter}={item.reference} is no longer here.") from error
        sha256 = item.sha256 or known
        entry = files.setdefault(item.name, {"name": item.name, "path": item.path, "sha256": sha256})
        if item.parameter in copied:
            entry["copy"] = True
        if item.parameter in directories and not path.is_dir():
            entry["unpack"] = True
        if sha256 != item.sha256:
            item.sha256 = sha256
            item.save(update_fields=["sha256"])
    return tuple(files.values())


def _outputs(definition: Definition, active: dict[str, str], inputs: list[JobInput]) -> list[dict[str, Any]]:
    """What the run is to write; an output that an input is changed into has the name of the input's copy."""
    copied = copied_inputs(definition)
    changed = {item.parameter: item.name for item in reversed(inputs) if item.parameter in copied}
    return [
        {
            "name": output.name,
            "file" if output.parameter else "pattern": changed.get(output.parameter) or active[output.name],
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
