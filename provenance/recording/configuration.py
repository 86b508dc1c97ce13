"""Writes how a job was configured: its parameters, given or left at their defaults, and files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jobdefs.activation import effective, is_active
from jobdefs.checking import check
from jobdefs.definition import Definition
from provenance.models import (
    Activity,
    ConfigFile,
    ConfigFileDescription,
    Entity,
    Parameter,
    ParameterDescription,
)
from provenance.recording.descriptions import DEFINITION, SETUP
from uws.models import Job, JobInput
from vo.errors import UsageError
from vo.wording import storable

__all__ = ["add_config_files", "add_parameters", "definition_digest"]

NAME = 100
"""Characters of the name of a parameter that are kept; a task that is open takes longer ones."""


def add_parameters(activity: Activity, job: Job, definition: Definition, values: Mapping[str, Entity]) -> None:
    """Write parameters, those left at their defaults too if they counted.

    Parameters
    ----------
    values
        By the parameter: what came from another activity's result.
    """
    known = ParameterDescription.objects.filter(activity_description=activity.description)
    descriptions = {name.lower(): pk for name, pk in known.values_list("name", "pk")}
    Parameter.objects.bulk_create(
        Parameter(
            activity=activity,
            name=storable(name)[:NAME],
            value=storable(value),
            is_default=is_default,
            value_entity=values.get(name),
            description_id=descriptions.get(name.lower()),
        )
        for name, value, is_default in _parameters(job, definition)
    )


def add_config_files(
    activity: Activity, job: Job, definition: Definition, used: Sequence[tuple[JobInput, Entity]]
) -> None:
    """Write the files that configured a job: the definition of its task, and inputs by which the task was set up."""
    known = ConfigFileDescription.objects.filter(activity_description=activity.description)
    descriptions = dict(known.values_list("name", "pk"))
    setup = {item.parameter for item in definition.inputs if item.type == SETUP}
    ConfigFile.objects.bulk_create(
        [
            ConfigFile(
                activity=activity,
                name=DEFINITION,
                location=f"jobdefs/{definition.name}/",
                comment=f"Version {definition.version}" if definition.version else "",
                sha256=definition_digest(job.definition_document),
                description_id=descriptions.get(DEFINITION),
            ),
            *(
                ConfigFile(
                    activity=activity,
                    name=item.name,
                    location=entity.location,
                    comment=entity.identifier,
                    sha256=item.sha256,
                    description_id=descriptions.get(item.parameter),
                )
                for item, entity in used
                if item.parameter in setup
            ),
        ]
    )


def definition_digest(document: Mapping[str, Any]) -> str:
    """The sha256 of a definition: of its JSON with sorted keys and without blanks."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _parameters(job: Job, definition: Definition) -> Iterator[tuple[str, str, bool]]:
    """Each value, and whether it is a default: what was given as it was given, then what the task took besides."""
    for name, values in job.parameters.items():
        yield from ((name, value, False) for value in values)
    if job.start_time is None:  # a job that never began took nothing
        return
    try:
        full = effective(definition, check(definition, job.parameters, complete=False))
    except UsageError:  # it ended because of them
        return
    given = {name.lower() for name, values in job.parameters.items() if any(values)}
    for parameter in definition.parameters:
        if parameter.name.lower() not in given and is_active(definition, full, parameter):
            yield from ((parameter.name, value, True) for value in full.get(parameter.name, ()) if value)
