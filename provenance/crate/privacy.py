"""What of a job is not taken away: where things lie on the service's machine, and addresses of people."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings

from jobdefs.definition import Definition
from provenance.commands import plain_command
from provenance.graph import Graph
from uws.engine.sas import SOURCE_ROOT
from uws.models import Job

__all__ = ["Curtain", "person", "portable_definition"]

_ADDRESS = re.compile(r"[^\s@/]+@[^\s@/]+")


def person(text: str) -> str:
    """A name of a user; of one that is a mail address the part before the sign."""
    return _ADDRESS.sub(lambda found: found[0].partition("@")[0], text)


def portable_definition(definition: Definition) -> Definition:
    """The definition without the directory in which the site keeps its own program."""
    made = replace(definition, tasks=tuple(portable_definition(task) for task in definition.tasks))
    if definition.environment == "program" and definition.command:
        return replace(made, command=(PurePath(definition.command[0]).name, *definition.command[1:]))
    return made


class Curtain:
    """Takes directories of the service's machine out of texts, the longest first.

    Parameters
    ----------
    jobs
        Whose own directories and inputs may be named.
    """

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        told: dict[str, str] = {}
        for job in jobs:
            told[str(job.workdir)] = "JOB"
            told |= {item.path: f"inputs/{item.name}" for item in job.inputs.all()}
        told |= {
            str(settings.ATHANOR_HOME): "ATHANOR_HOME",
            str(SOURCE_ROOT): "ATHANOR",
            sys.prefix: "PYTHON",
            settings.SAS_DIR: "SAS_DIR",
            settings.HEADAS: "HEADAS",
            **dict.fromkeys(str(settings.SAS_CCFPATH).split(":"), "SAS_CCFPATH"),
        }
        real = {str(Path(path).resolve()): name for path, name in told.items() if path.startswith("/")}
        paths = {path.rstrip("/"): name for path, name in (real | told).items() if _is_told(path)}
        self._names = paths
        ordered = sorted(paths, key=len, reverse=True)
        self._found = re.compile("|".join(f"{re.escape(path)}(?![\\w-])" for path in ordered)) if ordered else None

    def text(self, text: str) -> str:
        """The text with names for the directories."""
        return self._found.sub(lambda found: self._names[found[0]], text) if self._found else text

    def data(self, value: Any) -> Any:
        """The same for all texts within plain data."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(item) for item in value]
        return value

    def software(self, versions: Mapping[str, Any]) -> dict[str, str]:
        """Names and versions of software; of one that is a directory, as of calibration files, its last part."""
        told = {str(name): self.text(str(version)) for name, version in versions.items()}
        return {name: PurePath(version).name if version.startswith("/") else version for name, version in told.items()}

    def graph(self, graph: Graph) -> None:
        """Draw it before the nodes of a graph of provenance."""
        for activity in graph.activities.values():
            activity.command = [self.text(word) for word in plain_command(activity.command)]
            activity.comment = self.text(activity.comment)
            activity.software = self.software(activity.software)
        for key, agent in list(graph.agents.items()):
            graph.agents[key] = agent._replace(identifier=person(agent.identifier), name=person(agent.name))


def _is_told(path: str) -> bool:
    """Whether a path is long enough to be a place of the site and not ``/usr``."""
    return path.startswith("/") and path.rstrip("/").count("/") >= 2
