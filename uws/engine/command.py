"""What is run for a task: SAS's own program where SAS is configured, else the built-in task of the same name."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from jobdefs.command import argv, variables
from jobdefs.definition import Definition
from jobdefs.packages import missing_packages, package_versions
from uws.engine.sas import SOURCE_ROOT, check_sas, learn_version, runs_sas, site_installation, site_versions
from uws.machine import describe_machine
from vo.errors import UsageError

__all__ = [
    "build_argv",
    "build_environment",
    "build_sandbox",
    "build_variables",
    "check_runnable",
    "service_versions",
    "software_versions",
    "speakers_of",
]

FETCHES_XMM = "fetch_xmm"
"""The built-in task that asks the archive of XMM-Newton for files."""

PACKAGES = ("numpy", "astropy")
"""Python packages with which every built-in task works."""


def check_runnable(definition: Definition) -> None:
    """Refuse a task that this service cannot run.

    Raises
    ------
    vo.errors.UsageError
        What is missing, and which setting says where it is.
    """
    check_sas(definition)
    missing = missing_packages(definition)
    if missing:
        raise UsageError(
            f"{definition.name} needs the Python package {' and '.join(missing)}, which this service does not have.",
            hint="The operator can install it into the virtual environment of the service.",
        )
    if _fetches(definition) and not settings.ATHANOR_XMM_ARCHIVE:
        raise UsageError(
            f"{definition.name} fetches files from the archive of XMM-Newton, which this service does not allow.",
            hint="The operator can allow it by ATHANOR_XMM_ARCHIVE.",
        )


def build_argv(
    definition: Definition, values: Mapping[str, Sequence[str]], replacements: Mapping[str, str]
) -> list[str]:
    """The argument list that runs the task; the program is named by its full path."""
    program, *arguments = argv(definition, values, replacements)
    if definition.environment == "program":
        return [program, *arguments]
    # -P: no module is taken from the directory that the job writes.
    if _is_sas_program(definition):
        return [sys.executable, "-P", "-m", "jobdefs.sas", program, *arguments]
    return [sys.executable, "-P", "-m", f"jobdefs.tasks.{program}", *arguments]


def build_environment(definition: Definition) -> dict[str, str]:
    """Environment variables of the run beyond those that every run has."""
    if definition.environment == "program":
        return {}
    made = {"PYTHONPATH": str(SOURCE_ROOT), "PYTHONUNBUFFERED": "1"}
    if runs_sas(definition):
        made |= site_installation().to_environment()
    if _fetches(definition):
        made["ATHANOR_XMM_ARCHIVE"] = settings.ATHANOR_XMM_ARCHIVE
    return made


def build_variables(
    definition: Definition, values: Mapping[str, Sequence[str]], replacements: Mapping[str, str], *, work: Path
) -> dict[str, str]:
    """Environment variables that parameters make; those that name files hold full paths.

    Parameters
    ----------
    work
        The directory in which the command starts.
    """
    made = variables(definition, values, replacements)
    files = {item.parameter for item in definition.inputs}
    named = {parameter.variable for parameter in definition.parameters if parameter.name in files}
    return {
        name: " ".join(str(work / path) for path in value.split()) if name in named else value
        for name, value in made.items()
    }


def build_sandbox(definition: Definition) -> dict[str, Any]:
    """What confines the run: see `uws.executors.Task`.

    Built-in tasks read Python, its packages, ``jobdefs`` and ``vo``, and so does what launches SAS's tasks; these read
    SAS, HEASoft and the calibration files besides; the site's programs read themselves. All read what
    ``ATHANOR_SANDBOX_PATHS`` names. A container has walls of its own, and cannot be made within ours.
    """
    mode = settings.ATHANOR_SANDBOX
    if definition.environment == "program":
        readable = [definition.command[0]]
    else:
        readable = [sys.prefix, sys.base_prefix, *(str(SOURCE_ROOT / name) for name in ("jobdefs", "vo"))]
    if runs_sas(definition):
        sas = site_installation()
        readable += [sas.root, *sas.ccfpath.split(os.pathsep), sas.headas]
        mode = "off" if sas.container else mode
    return {
        "mode": mode,
        "readable": [path for path in (*readable, *settings.ATHANOR_SANDBOX_PATHS) if path],
        "hidden": [str(settings.ATHANOR_HOME), str(SOURCE_ROOT)],
    }


def speakers_of(definition: Definition) -> list[str]:
    """The names under which a run tells the errors that fail it; none where those of every task do.

    What a task of SAS says of an error counts, whichever of its parts says it. A built-in task or a program of the
    site may call tasks and do without what one of them could not make: its own errors count, theirs are shown.
    """
    if definition.environment in ("sas", "any"):
        return []
    return sorted({definition.name, Path(definition.command[0]).name})


def service_versions() -> dict[str, str]:
    """Names and versions of what does the work that the engine does itself."""
    return {"athanor": settings.ATHANOR_VERSION, "python": platform.python_version(), **describe_machine()}


def software_versions(definition: Definition) -> dict[str, str]:
    """Names and versions of what runs a task, as far as they are known before it runs."""
    versions = {"athanor": settings.ATHANOR_VERSION}
    if definition.environment == "program":
        return versions
    if not _is_sas_program(definition):
        versions["python"] = platform.python_version()
        versions |= package_versions((*PACKAGES, *definition.packages))
    if version := learn_version(definition):
        versions["sas"] = version
    if runs_sas(definition):
        versions |= site_versions()
    return versions


def _fetches(definition: Definition) -> bool:
    return definition.environment == "builtin" and definition.command[0] == FETCHES_XMM


def _is_sas_program(definition: Definition) -> bool:
    return definition.environment in ("sas", "any") and runs_sas(definition)
