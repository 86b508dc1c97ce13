"""Whether a definition of earlier days can still be run here."""

from __future__ import annotations

import os
from importlib.util import find_spec

from jobdefs import registry
from jobdefs.definition import Definition
from uws.engine.sas import runs_sas
from uws.pipelines.readiness import check_programs
from vo.errors import UsageError

__all__ = ["check_still_runs"]


def check_still_runs(definition: Definition) -> None:
    """Refuse a definition whose programs are gone, or no longer allowed.

    A function of the service, and a program of the site, must be one that a definition of today names too: what the
    operator has taken out of service stays so, whatever old jobs say.

    Raises
    ------
    vo.errors.UsageError
        What is missing.
    """
    check_programs(definition)
    if definition.environment != "pipeline":
        _check(definition)
        return
    for step in definition.steps:
        if not step.when:
            _check(definition.task(step.task))


def _check(task: Definition) -> None:
    today = registry.all_definitions().values()
    if task.environment == "inprocess":
        if task.function not in {item.function for item in today if item.environment == "inprocess"}:
            raise UsageError(f"{task.label} is no longer a task of this service.")
    elif task.environment == "program":
        program = task.command[0]
        allowed = {item.command[0] for item in today if item.environment == "program"}
        if program not in allowed or not os.access(program, os.X_OK):
            raise UsageError(f"{task.label} runs a program that this service no longer has.")
    elif task.environment == "builtin" or (task.environment == "any" and not runs_sas(task)):
        name = task.command[0]
        if not name.isidentifier() or find_spec(f"jobdefs.tasks.{name}") is None:
            raise UsageError(f"{task.label} is a built-in task that this service no longer has.")
