"""Reads the descriptions of tasks and of kinds of entities."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection

from django.db.models import Model

from provenance.graph import (
    ActivityDescriptionNode,
    ConfigFileDescriptionNode,
    EntityDescriptionNode,
    ParameterDescriptionNode,
    RoleDescriptionNode,
)
from provenance.models import (
    ActivityDescription,
    ConfigFileDescription,
    EntityDescription,
    GenerationDescription,
    ParameterDescription,
    UsageDescription,
)
from provenance.reading.rows import rows_of

__all__ = ["config_file_descriptions", "entity_descriptions", "parameter_descriptions", "tasks"]

_ENTITY = ("id", "name", "type", "content_type", "value_type", "unit", "ucd", "utype", "description", "docurl")
_PARAMETER = ("id", "name", "value_type", "unit", "ucd", "utype", "min", "max", '"default"', "options", "description")
_CONFIG_FILE = ("id", "name", "content_type", "description")


def entity_descriptions(keys: Collection[int]) -> dict[int, EntityDescriptionNode]:
    """Kinds of entities by primary key."""
    return {row[0]: EntityDescriptionNode(*row) for row in rows_of(EntityDescription, "id", keys, *_ENTITY)}


def parameter_descriptions(field: str, keys: Collection[int]) -> list[tuple[int, ParameterDescriptionNode]]:
    """Parameters of tasks whose `field` is one of the keys, each after the primary key of its task."""
    return [
        (task, ParameterDescriptionNode(*row[:9], json.loads(row[9]), row[10]))
        for task, *row in rows_of(ParameterDescription, field, keys, "activity_description_id", *_PARAMETER)
    ]


def config_file_descriptions(field: str, keys: Collection[int]) -> list[tuple[int, ConfigFileDescriptionNode]]:
    """Configuration files of tasks whose `field` is one of the keys, each after the primary key of its task."""
    rows = rows_of(ConfigFileDescription, field, keys, "activity_description_id", *_CONFIG_FILE)
    return [(task, ConfigFileDescriptionNode(*row)) for task, *row in rows]


def tasks(keys: Collection[int], *, of_jobs: Collection[int], in_full: bool) -> dict[int, ActivityDescriptionNode]:
    """Tasks by primary key.

    Parameters
    ----------
    of_jobs
        Those that describe jobs, not other activities of the service.
    in_full
        Whether with all that they use, generate and are configured with.
    """
    names = ("id", "name", "version", "description", "docurl", "type", "subtype")
    found = {
        row[0]: ActivityDescriptionNode(*row, is_task=row[0] in of_jobs)
        for row in rows_of(ActivityDescription, "id", keys, *names)
    }
    if not in_full:
        return found
    usages, generations = _roles(UsageDescription, keys), _roles(GenerationDescription, keys)
    parameters: dict[int, list[ParameterDescriptionNode]] = defaultdict(list)
    for task, parameter in parameter_descriptions("activity_description_id", keys):
        parameters[task].append(parameter)
    files: dict[int, list[ConfigFileDescriptionNode]] = defaultdict(list)
    for task, file in config_file_descriptions("activity_description_id", keys):
        files[task].append(file)
    return {
        pk: node._replace(
            usages=usages[pk], generations=generations[pk], parameters=parameters[pk], config_files=files[pk]
        )
        for pk, node in found.items()
    }


def _roles(model: type[Model], keys: Collection[int]) -> dict[int, list[RoleDescriptionNode]]:
    names = ("activity_description_id", "id", "role", "type", "multiplicity", "description", "entity_description_id")
    rows = rows_of(model, "activity_description_id", keys, *names)
    kinds = entity_descriptions({row[6] for row in rows} - {None})
    found: dict[int, list[RoleDescriptionNode]] = defaultdict(list)
    for task, *row, kind in rows:
        found[task].append(RoleDescriptionNode(*row, kinds.get(kind)))
    return found
