"""What is run for a task: SAS's own binary where SAS is configured, else the built-in task of the same name."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from jobdefs.command import argv
from jobdefs.definition import Definition
from vo.errors import UsageError

__all__ = ["build_argv", "build_environment", "build_sandbox", "check_runnable", "software_versions"]

SOURCE_ROOT = Path(__file__).resolve().parent.parent.parent
"""Directory that holds the packages; built-in tasks are found there."""


def check_runnable(definition: Definition) -> None:
    """Refuse a task that this service cannot run.

    Raises
    ------
    vo.errors.UsageError
        When the task needs SAS and there is none.
    """
    if definition.environment == "sas" and not settings.SAS_DIR:
        raise UsageError(
            f"{definition.name} needs XMM-Newton SAS, which this service does not have.",
            hint="The operator can configure it by SAS_DIR and SAS_CCFPATH.",
        )


def build_argv(
    definition: Definition, values: Mapping[str, Sequence[str]], replacements: Mapping[str, str]
) -> list[str]:
    """The argument list that runs the task; the program is named by its full path."""
    program, *arguments = argv(definition, values, replacements)
    if definition.environment == "program":
        return [program, *arguments]
    if _uses_sas(definition):
        return [str(Path(settings.SAS_DIR) / "bin" / program), *arguments]
    # -P: no module is taken from the directory that the job writes.
    return [sys.executable, "-P", "-m", f"jobdefs.tasks.{program}", *arguments]


def build_environment(definition: Definition) -> dict[str, str]:
    """Environment variables of the run beyond those that every run has."""
    if _uses_sas(definition):
        root = Path(settings.SAS_DIR)
        return {
            "PATH": os.pathsep.join([f"{root}/bin", f"{root}/binextra", "/usr/local/bin", "/usr/bin", "/bin"]),
            "LD_LIBRARY_PATH": os.pathsep.join([f"{root}/lib", f"{root}/libextra", f"{root}/libsys"]),
            "SAS_DIR": str(root),
            "SAS_PATH": str(root),
            "SAS_CCFPATH": settings.SAS_CCFPATH,
        }
    if definition.environment == "program":
        return {}
    return {"PYTHONPATH": str(SOURCE_ROOT), "PYTHONUNBUFFERED": "1"}


def build_sandbox(definition: Definition) -> dict[str, Any]:
    """What confines the run: see `uws.executors.Task`.

    Built-in tasks read Python, its packages, ``jobdefs`` and ``vo``; SAS's tasks read SAS and its calibration files;
    the site's programs read themselves. All read what ``ATHANOR_SANDBOX_PATHS`` names.
    """
    if definition.environment == "program":
        readable = [definition.command[0]]
    elif _uses_sas(definition):
        readable = [settings.SAS_DIR, *settings.SAS_CCFPATH.split(os.pathsep)]
    else:
        readable = [sys.prefix, sys.base_prefix, *(str(SOURCE_ROOT / name) for name in ("jobdefs", "vo"))]
    return {
        "mode": settings.ATHANOR_SANDBOX,
        "readable": [*readable, *settings.ATHANOR_SANDBOX_PATHS],
        "hidden": [str(settings.ATHANOR_HOME), str(SOURCE_ROOT)],
    }


def software_versions(definition: Definition) -> dict[str, str]:
    """Names and versions of what runs a task, as far as they are known before it runs."""
    versions = {"athanor": settings.ATHANOR_VERSION}
    if definition.environment == "program" or _uses_sas(definition):
        return versions
    return {**versions, "python": platform.python_version()}


def _uses_sas(definition: Definition) -> bool:
    return bool(settings.SAS_DIR) and definition.environment in ("sas", "any")
